"""Taking back a moment that one wrote down oneself."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import MomentCorrected
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/moments")

    @routes.post("/{moment}")
    async def take_back(request: Request, moment: str) -> Response:
        await web.posted(request)
        here = await web.signed_in(request)
        if not any(each.moment == moment and each.mine for each in here.row.written):
            return web.message(request, "not_found", 404)
        event = MomentCorrected(moment=moment, peer=here.peer)
        return await web.done(here, "moment_back", [Input(event, derived_id(moment, "corrected"))])

    return routes
