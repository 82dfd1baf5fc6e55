"""Taking back what one agreed to a partner telling us, and giving it again."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.referring import agreement
from services.gateway.web import Web
from shared.events import ConsentWithdrawn
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/agreements")

    @routes.post("/{partner}/{scope}")
    async def change(request: Request, partner: str, scope: str) -> Response:
        answers = await web.posted(request)
        here = await web.signed_in(request)
        if here.row.agreement(partner, scope) is None:
            return web.message(request, "not_found", 404)
        if answers.first("reply") == "again":
            given = agreement(web, here.peer, partner, scope)
            return await web.done(here, "agreement_again", [Input(given, web.once(here, answers, f"{partner}:{scope}:again"))])
        event = ConsentWithdrawn(peer=here.peer, wording=scope, partner=partner)
        return await web.done(here, "agreement_back", [Input(event, web.once(here, answers, f"{partner}:{scope}:back"))])

    return routes
