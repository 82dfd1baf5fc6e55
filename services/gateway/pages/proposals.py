"""The four answers, each of them equal."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.forms import ProposalAnswer
from services.gateway.problems import Problems
from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import Answer, ProposalAnswered
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/proposals")

    @routes.get("/{proposal}")
    async def think_again(request: Request, proposal: str) -> Response:
        """The other three answers, for somebody who said yes."""
        here = await web.signed_in(request)
        if not here.row.may_answer(proposal):
            return web.message(request, "proposal_closed", 404)
        if proposal not in here.row.said_yes:
            return RedirectResponse("/me", 303)
        answers = {key: text for key, text in web.catalogue.words["answers"].items() if key != Answer.YES}
        return web.page(request, "me/proposal", proposal=proposal, answers=answers)

    @routes.post("/{proposal}")
    async def answer(request: Request, proposal: str) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(ProposalAnswer, answers)
        if isinstance(checked, Problems):
            return web.message(request, "bad_request", 400)
        if not here.row.may_answer(proposal):
            return web.message(request, "proposal_closed", 404)
        event = ProposalAnswered(peer=here.peer, proposal=proposal, answer=Answer(checked.answer))
        id = derived_id(f"{here.peer}:{proposal}", checked.answer)
        return await web.done(here, "answer", [Input(event, id)])

    return routes
