"""One moment: what each of the two may say of it, and clearing away what was not taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway import reading, story
from services.gateway.pages.pairs import NotTheirPair
from services.gateway.story import Telling
from services.gateway.views import MomentView
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import (
    Correction,
    Event,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRememberedDifferently,
    MomentThanked,
    MomentUpheld,
    RefusalCleared,
)
from shared.stream.append import Input

Said = Callable[[MomentView, str], Event]
"""From a moment and who says something of it to the event."""

SAYS: Mapping[str, Said] = {
    "back": lambda moment, peer: MomentCorrected(moment=moment.id, peer=peer, reason=Correction(moment.reason)),
    "same": lambda moment, peer: MomentCorrected(moment=moment.id, peer=peer, reason=Correction.SAME_MOMENT),
    "again": lambda moment, peer: MomentPutBack(moment=moment.id, peer=peer),
    "keep": lambda moment, peer: MomentUpheld(moment=moment.id, peer=peer),
    "apart": lambda moment, peer: MomentKeptApart(moment=moment.id, peer=peer),
    "differently": lambda moment, peer: MomentRememberedDifferently(moment=moment.id, peer=peer),
}
"""What can be said of a moment, but for a thank you, which also goes to somebody."""


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me")

    @routes.get("/moments/{moment}")
    async def look(request: Request, moment: str) -> Response:
        _, found = await _theirs(web, request, moment)
        return web.message(request, "not_found", 404) if found is None else web.page(request, "me/one_moment", moment=found)

    @routes.get("/moments/{moment}/differently")
    async def what_follows(request: Request, moment: str) -> Response:
        """What it means to say that, before it is said."""
        _, found = await _theirs(web, request, moment)
        if found is None:
            return web.message(request, "not_found", 404)
        if "differently" not in found.acts:
            return RedirectResponse(f"/me/moments/{moment}", 303)
        return web.page(request, "me/differently", moment=found)

    @routes.post("/moments/{moment}/{act}")
    async def say(request: Request, moment: str, act: str) -> Response:
        await web.posted(request)
        here, found = await _theirs(web, request, moment)
        if found is None or (act != "thank" and act not in SAYS):
            return web.message(request, "not_found", 404)
        if act not in found.acts:
            return web.message(request, "moment_settled", 409)
        event = await _thanks(web, here, found) if act == "thank" else SAYS[act](found, here.peer)
        # The same tap twice is one; once it was put back, it can be taken back again.
        id = derived_id(f"{moment}:{found.turns}", f"{here.peer}:{act}")
        return await web.done(here, f"moment_{act}", [Input(event, id)])

    @routes.post("/refused/{moment}")
    async def clear(request: Request, moment: str) -> Response:
        """Gone is gone: who taps twice is told the same."""
        answers = await web.posted(request)
        here = await web.signed_in(request)
        if not any(each.moment == moment for each in here.row.refusals):
            return RedirectResponse("/me?said=cleared", 303)
        event = RefusalCleared(moment=moment, peer=here.peer)
        return await web.done(here, "cleared", [Input(event, web.once(here, answers, f"cleared:{moment}"))])

    return routes


async def _theirs(web: Web, request: Request, moment: str) -> tuple[Here, MomentView | None]:
    """Raises NotSignedIn, RedisError."""
    here = await web.signed_in(request)
    return here, await story.moment(await Telling.begin(web, here), moment)


async def _thanks(web: Web, here: Here, moment: MomentView) -> Event:
    """Raises NotTheirPair, RedisError."""
    found = await reading.pair(web, here, moment.pair)
    if found is None:
        raise NotTheirPair
    return MomentThanked(moment=moment.id, pair=moment.pair, peer=here.peer, to=found[0].other(here.peer))
