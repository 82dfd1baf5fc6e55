"""What a coordinator does for somebody who has no internet, and for nobody else: tells them, answers and leaves for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.desk.forms import AnswerForThem, LeaveForThem, Told
from services.gateway.desk.seat import Saying, Seat
from services.gateway.inbox import inbox
from services.gateway.problems import Problems
from services.gateway.store import BY_HAND, PEERS, SERVICE, ByHandRow
from services.gateway.views import ItemView
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import Answer, PeerLeft, PeerTold, ProposalAnswered
from shared.stream.names import Partition


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk/people/{peer}"), seat.web

    async def found(peer: str) -> Here:
        """Raises HTTPException 404, for whoever has a page of their own; RedisError."""
        there = await web.find(BY_HAND, peer)
        here = None if there is None else await web.peer(there[0], peer)
        if here is None:
            raise HTTPException(404)
        return here

    @routes.post("/told")
    async def told(request: Request, peer: str) -> Response:
        """All that stood on the page when it was opened; what came since is still to be told."""
        by, answers = await seat.posted_by(request)
        here, checked = await found(peer), web.check(Told, answers)
        if isinstance(checked, Problems) or checked.until > web.host.clock.now_ms():
            return web.message(request, "bad_request", 400)
        said = Saying(PeerTold(peer=peer, until_ms=checked.until), derived_id(peer, f"told:{checked.until}"))
        return seat.back_to(f"/desk/people/{peer}", "told", await seat.act(by, "person_told", peer, here.partition, said))

    @routes.post("/proposals/{proposal}")
    async def answer(request: Request, peer: str, proposal: str) -> Response:
        by, answers = await seat.posted_by(request)
        here, checked = await found(peer), web.check(AnswerForThem, answers)
        if isinstance(checked, Problems):
            return web.message(request, "bad_request", 400)
        shown = True
        if here.row.may_answer(proposal):
            event = ProposalAnswered(peer=peer, proposal=proposal, answer=Answer(checked.answer), by="coordinator")
            said = Saying(event, derived_id(f"{peer}:{proposal}", checked.answer))
            shown = await seat.act(by, "answered_for_them", proposal, here.partition, said)
        return seat.back_to(f"/desk/people/{peer}", "answered", shown)

    @routes.get("/leave")
    async def leave_form(request: Request, peer: str) -> Response:
        await seat.taken_by(request)
        here = await found(peer)
        return seat.page(request, "leave", peer=peer, alias=here.profile.alias)

    @routes.post("/leave")
    async def leave(request: Request, peer: str) -> Response:
        by, answers = await seat.posted_by(request)
        there = await web.find(PEERS, peer)
        if there is None:
            return RedirectResponse("/desk?said=left", 303)  # a second tap
        here, checked = await found(peer), web.check(LeaveForThem, answers)
        if isinstance(checked, Problems):
            return seat.page(request, "leave", 422, peer=peer, alias=here.profile.alias, problems=checked, posted=answers)
        said = Saying(PeerLeft(peer=peer), derived_id(peer, "left"))
        return seat.back_to("/desk", "left", await seat.act(by, "left_for_them", peer, here.partition, said))

    return routes


async def by_hand(web: Web, partition: Partition, peer: str) -> ByHandRow | None:
    """None for whoever has a page of their own. Raises RedisError."""
    text: Any = await web.host.redis.hget(BY_HAND.path(partition, SERVICE), peer)
    return None if text is None else BY_HAND.load(text)


async def to_tell(web: Web, here: Here, row: ByHandRow) -> tuple[ItemView, ...]:
    """What we would have written, kind words included, and nobody has told them yet. Raises RedisError."""
    return tuple(each for each in await inbox(web, here) if each.at_ms > row.told_ms)
