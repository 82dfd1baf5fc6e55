"""What a gateway is measured beside: FastAPI, Jinja and XADD, as their guides have them, with the same form and pages.

It takes the whole form, checks that it is one, appends it readable to a stream and shows the same page. Nothing is sealed,
nothing is counted, nothing comes once where it was sent twice.
"""

from __future__ import annotations

import json
import os
import sys
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from redis.asyncio import Redis
from starlette.middleware.gzip import GZipMiddleware

from services.gateway import catalogue
from services.gateway.fields import Choices
from services.gateway.forms import Ask
from services.gateway.posted import Posted
from services.gateway.problems import Problems, check
from services.gateway.rendering import Pages
from shared.programme import load


def site(redis: Redis) -> FastAPI:
    app, programme, words = FastAPI(openapi_url=None), load(), catalogue.load()
    pages, choices = Pages(programme, words, try_out=True), Choices.of(programme, words.aliases)

    @app.post("/ask/check")
    async def send(request: Request) -> Response:
        fields = {name: tuple(values) for name, values in parse_qs((await request.body()).decode()).items()}
        if isinstance(check(Ask, Posted(fields), choices, words.errors), Problems):
            return Response(status_code=422)
        await redis.xadd("requests", {"body": json.dumps(fields)})
        return RedirectResponse("/ask/sent", 303)

    @app.get("/ask/sent")
    async def sent() -> Response:
        return pages.page("sent", reference="K7QF-2M4D", certain=False)

    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    return app


if __name__ == "__main__":
    uvicorn.run(site(Redis.from_url(os.environ["REDIS_URL"])), port=int(sys.argv[1]), log_config=None, access_log=False)
