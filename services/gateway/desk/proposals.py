"""A suggestion that waits for a coordinator: the two side by side, and a yes or a no to it. As `twoway proposals` does."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.desk.forms import DecideDraft
from services.gateway.desk.seat import Saying, Seat
from services.gateway.desk.waiting import draft
from services.gateway.problems import Problems
from services.gateway.store import DRAFTS
from shared.clock import derived_id
from shared.events import ProposalApproved, ProposalDeclined
from shared.stream.append import OtherBody


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk/proposals/{proposal}"), seat.web

    @routes.get("")
    async def page(request: Request, proposal: str) -> Response:
        by = await seat.taken_by(request)
        if (there := await web.find(DRAFTS, proposal)) is None:
            return gone(request)
        await seat.saw(by, "proposal", proposal)
        return seat.page(request, "proposal", draft=await draft(web, there[0], proposal, there[1]))

    @routes.post("")
    async def decide(request: Request, proposal: str) -> Response:
        """The first word counts, a coordinator's here or an operator's at the console: both say it under the same id."""
        by, answers = await seat.posted_by(request)
        if (there := await web.find(DRAFTS, proposal)) is None:
            return gone(request)
        partition, row = there
        checked = web.check(DecideDraft, answers)
        if isinstance(checked, Problems):
            return seat.page(request, "proposal", 422, draft=await draft(web, partition, proposal, row), problems=checked,
                             posted=answers)
        said = (Saying(ProposalApproved(proposal=proposal), derived_id(proposal, "approved")) if checked.decision == "approve"
                else Saying(ProposalDeclined(proposal=proposal, for_ever=checked.decision == "decline_for_ever"),
                            derived_id(proposal, "declined")))
        if row.decided is not None:
            return gone(request)
        try:
            shown = await seat.act(by, f"proposal_{checked.decision}", proposal, partition, said)
        except OtherBody:
            return gone(request)
        return seat.back_to("/desk", checked.decision, shown)

    def gone(request: Request) -> Response:
        """Decided, run out, or over because something changed for one of the two: nothing of which is a mistake."""
        return web.message(request, "desk_decided", 404)

    return routes

