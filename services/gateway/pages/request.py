"""The request of somebody who has one: said anew without losing the place in the queue."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway import changing, reading
from services.gateway.problems import Problems
from services.gateway.web import Web
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/request")

    @routes.get("/change")
    async def form(request: Request) -> Response:
        here = await web.signed_in(request)
        me, details = await reading.me(web, here), await reading.details(web, here)
        if me.request is None or details is None:
            return RedirectResponse("/me", 303)
        return web.page(request, "me/change", posted=changing.shown(details, me.request.capacity), again=True)

    @routes.post("/change")
    async def change(request: Request) -> Response:
        answers = await web.posted(request)
        here = await web.signed_in(request)
        asked, before = changing.checked(web, here, answers), await reading.details(web, here)
        if here.row.request is None or before is None:
            return web.message(request, "already_sent")
        if isinstance(asked, Problems):
            return web.page(request, "me/change", 422, posted=answers, problems=asked, again=True)
        event, details = changing.changed(web, here, here.row.request, before, asked)
        clear = orjson.dumps({"capacity": event.capacity, **details.model_dump(mode="json")}, option=orjson.OPT_SORT_KEYS)
        return await web.done(here, "changed", [Input(event, web.once(here, answers, "change"), clear=clear)])

    return routes
