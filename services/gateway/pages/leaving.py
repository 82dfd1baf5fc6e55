"""The goodbye. The write that passes `peer.left` destroys the key; this page is the last that the person sees."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.forms import Leave
from services.gateway.problems import Problems
from services.gateway.web import NotSignedIn, Web
from shared.clock import derived_id
from shared.events import PeerLeft
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/leave")

    @routes.get("")
    async def form(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/leave")

    @routes.post("")
    async def leave(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.maybe_here(request), web.check(Leave, answers)
        if here is None and not await web.goodbyes.said(answers.first("form")):
            raise NotSignedIn
        if here is not None:
            if isinstance(checked, Problems):
                return web.page(request, "me/leave", 422, posted=answers, problems=checked)
            await web.goodbyes.begin(answers.first("form"))
            await web.forwarder.append(here.partition, Input(PeerLeft(peer=here.peer), derived_id(here.peer, "left")))
        response = web.pages.message("goodbye", 200)
        await web.forget(request, response)  # any other session of theirs ends with their row
        return response

    return routes
