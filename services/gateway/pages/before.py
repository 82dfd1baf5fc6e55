"""Writing down a moment of a pair that has ended: people often do so late, and it happened."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.pages.pairs import NotTheirPair, check_moment, moment_choices, moment_shared
from services.gateway.problems import Problems
from services.gateway.store import Before
from services.gateway.web import Here, Web


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/before")

    @routes.get("/{pair}")
    async def form(request: Request, pair: str) -> Response:
        _, before = await _theirs(web, request, pair)
        return _form(web, request, before)

    @routes.post("/{pair}")
    async def moment(request: Request, pair: str) -> Response:
        answers = await web.posted(request)
        here, before = await _theirs(web, request, pair)
        checked = check_moment(web, answers, before.formed_ms)
        if isinstance(checked, Problems):
            return _form(web, request, before, 422, posted=answers, problems=checked)
        shared = moment_shared(web, here, answers, pair, before.other, before.formed_ms, checked)
        return await web.done(here, "moment", [shared])

    return routes


async def _theirs(web: Web, request: Request, pair: str) -> tuple[Here, Before]:
    """Raises NotSignedIn, NotTheirPair, RedisError."""
    here = await web.signed_in(request)
    before = here.row.ended_lately(pair, web.host.clock.now_ms())
    if before is None:
        raise NotTheirPair
    return here, before


def _form(web: Web, request: Request, before: Before, status: int = 200, **context: object) -> Response:
    earlier = web.catalogue.words["names"]["earlier"]
    return web.page(request, "me/moment", status, action=f"/me/before/{before.pair}", alias=earlier,
                    ended_ms=before.ended_ms, **moment_choices(web, earlier), **context)
