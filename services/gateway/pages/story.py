"""A person's own story, month by month, and as a file to keep."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway import story
from services.gateway.story import Start, Telling
from services.gateway.story_files import as_csv, as_json
from services.gateway.web import Web


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me")

    @routes.get("/story")
    async def page(request: Request, pair: str = "", start: str = "") -> Response:
        """Of a pair that is not theirs there is nothing here, whether there is such a pair or not."""
        telling = await Telling.begin(web, await web.signed_in(request))
        if pair and pair not in telling.names and pair not in telling.stories:
            return web.message(request, "not_found", 404)
        return web.page(request, "me/story", story=await story.page(telling, pair or None, Start.read(start)))

    @routes.get("/story.csv")
    async def spreadsheet(request: Request) -> Response:
        telling = await Telling.begin(web, await web.signed_in(request))
        return _file(as_csv(telling, await story.everything(telling)), "text/csv; charset=utf-8", "my-story.csv")

    @routes.get("/story.json")
    async def for_programs(request: Request) -> Response:
        telling = await Telling.begin(web, await web.signed_in(request))
        return _file(as_json(telling, await story.everything(telling)), "application/json", "my-story.json")

    return routes


def _file(content: bytes, media_type: str, name: str) -> Response:
    """Under a name that says nothing of the programme, and kept by no browser or proxy on the way."""
    return Response(content, media_type=media_type, headers={
        "content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"})
