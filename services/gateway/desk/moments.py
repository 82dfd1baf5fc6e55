"""A moment that one of a pair remembers differently: an operator's word on it. As `twoway moments` does."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.desk.forms import SettleMoment
from services.gateway.desk.seat import Saying, Seat
from services.gateway.desk.waiting import differ
from services.gateway.problems import Problems
from services.gateway.store import DIFFERS
from shared.clock import derived_id
from shared.events import Correction, MomentCorrected, MomentUpheld


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk/moments/{moment}"), seat.web

    @routes.get("")
    async def page(request: Request, moment: str) -> Response:
        by, there = await seat.taken_by(request), await web.find(DIFFERS, moment)
        found = None if there is None else await differ(web, there[0], moment, there[1])
        if found is None:
            return web.message(request, "desk_settled", 404)
        await seat.saw(by, "moment", moment)
        return seat.page(request, "moment", differ=found)

    @routes.post("")
    async def settle(request: Request, moment: str) -> Response:
        by, answers = await seat.posted_by(request)
        there = await web.find(DIFFERS, moment)
        found = None if there is None else await differ(web, there[0], moment, there[1])
        if there is None or found is None:
            return web.message(request, "desk_settled", 404)
        checked = web.check(SettleMoment, answers)
        if isinstance(checked, Problems):
            return seat.page(request, "moment", 422, differ=found, problems=checked, posted=answers)
        event = (MomentUpheld(moment=moment) if checked.decision == "uphold"
                 else MomentCorrected(moment=moment, peer=None, reason=Correction.OPERATOR))
        said = Saying(event, derived_id(moment, f"desk {checked.decision} {found.since_ms}"))
        return seat.back_to("/desk", checked.decision, await seat.act(by, f"moment_{checked.decision}", moment, there[0], said))

    return routes
