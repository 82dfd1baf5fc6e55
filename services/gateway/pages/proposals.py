"""The four answers, each of them equal."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.forms import ProposalAnswer
from services.gateway.problems import Problems
from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import Answer, ProposalAnswered
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/proposals")

    @routes.post("/{proposal}")
    async def answer(request: Request, proposal: str) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(ProposalAnswer, answers)
        if isinstance(checked, Problems):
            return web.message(request, "bad_request", 400)
        if proposal not in here.row.proposals:
            return web.message(request, "proposal_closed", 404)
        event = ProposalAnswered(peer=here.peer, proposal=proposal, answer=Answer(checked.answer))
        id = derived_id(f"{here.peer}:{proposal}", checked.answer)
        return await web.done(here, "answer", [Input(event, id)])

    return routes
