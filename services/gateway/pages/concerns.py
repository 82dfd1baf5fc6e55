"""Telling the people of the programme that something is wrong. Urgent help stands on the answer, always (rule 16)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway import danger
from services.gateway.forms import RaiseConcern
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import ConcernRaised, FreeText
from shared.stream.append import Input

ACTION = "/me/concern"


def router(web: Web) -> APIRouter:
    routes = APIRouter()

    @routes.get(ACTION)
    async def form(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/concern", action=ACTION)

    @routes.post(ACTION)
    async def concern(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(RaiseConcern, answers)
        if isinstance(checked, Problems):
            return web.page(request, "me/concern", 422, action=ACTION, posted=answers, problems=checked)
        return await raise_concern(web, request, here, answers, checked.text, None)

    return routes


async def raise_concern(web: Web, request: Request, here: Here, answers: Posted, text: str, pair: str | None) -> Response:
    """Raises OtherBody, RedisError."""
    id = web.once(here, answers, f"concern:{pair}")
    event = ConcernRaised(concern=derived_id(id, "concern"), peer=here.peer, pair=pair,
                          text=web.host.vault.seal(here.peer, here.key, FreeText(text=text)),
                          danger=danger.suggested(text))
    await web.forwarder.append(here.partition, Input(event, id, clear=text.encode()))
    return web.message(request, "concern_raised")
