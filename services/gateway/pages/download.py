"""Everything held about a person, in one file, whenever they like (rule 15)."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from services.gateway.download.document import MEDIA_TYPE, everything
from services.gateway.web import Web


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/download")
    one_at_a_time = asyncio.Lock()
    """One file goes through the whole log: two at once would only make everybody else's pages wait."""

    @routes.get("")
    async def page(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/download")

    @routes.post("")
    async def download(request: Request) -> Response:
        """By a form, so that no browser or mail program fetches it ahead. The name says nothing of the programme."""
        await web.posted(request)
        here = await web.signed_in(request)
        await web.limits.download_of(here.peer)
        async with one_at_a_time:
            content = await everything(web, here)
        return Response(content, headers={"content-type": MEDIA_TYPE, "cache-control": "no-store",
                                          "content-disposition": 'attachment; filename="my-page.html"'})

    return routes
