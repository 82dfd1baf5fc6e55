"""A peer's own page, and what concerns nobody but that peer: request, breaks."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway import reading
from services.gateway.forms import AnswerPulse, TakeBreak
from services.gateway.problems import Problems
from services.gateway.web import Web
from shared.clock import DAY_MS, derived_id
from shared.events import BreakEnded, BreakKind, BreakStarted, Listened, PulseAnswered, RequestResumed, SupportWithdrawn
from shared.stream.append import Input, OtherBody


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me")

    @routes.get("")
    async def page(request: Request, said: str = "") -> Response:
        here = await web.signed_in(request)
        notice = web.catalogue.words["saved"].get(said)
        return web.page(request, "me", me=await reading.me(web, here), notice=notice)

    @routes.get("/break")
    async def break_form(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/break")

    @routes.post("/break")
    async def take_break(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(TakeBreak, answers)
        if isinstance(checked, Problems):
            return web.page(request, "me/break", 422, posted=answers, problems=checked)
        until_ms = web.host.clock.now_ms() + int(checked.days) * DAY_MS
        event = BreakStarted(peer=here.peer, kind=BreakKind(checked.kind), until_ms=until_ms)
        said = Input(event, web.once(here, answers, f"break:{checked.kind}:{checked.days}"))
        try:
            return await web.done(here, "break", [said])
        except OtherBody:  # a second tap: what was chosen is in the id, and only the end, counted from now, is another
            return RedirectResponse("/me?said=break", 303)

    @routes.post("/back")
    async def come_back(request: Request) -> Response:
        answers = await web.posted(request)
        here = await web.signed_in(request)
        return await web.done(here, "back", [Input(BreakEnded(peer=here.peer), web.once(here, answers, "back"))])

    @routes.post("/resume")
    async def resume(request: Request) -> Response:
        """One tap, for whoever was set aside. The matcher passes it over when there is nothing to come back from."""
        answers = await web.posted(request)
        here = await web.signed_in(request)
        if (asked := here.row.request) is None:
            return web.message(request, "already_sent")
        event = RequestResumed(peer=here.peer, request=asked)
        return await web.done(here, "resumed", [Input(event, web.once(here, answers, "resume"))])

    @routes.post("/pulse")
    async def pulse(request: Request) -> Response:
        """Once for each time that it was asked; nobody's answer is changed by a second tap."""
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(AnswerPulse, answers)
        if isinstance(checked, Problems):
            return web.message(request, "bad_request", 400)
        if not here.row.pulse(web.host.clock.now_ms()):
            return web.message(request, "already_sent", 409)
        event = PulseAnswered(peer=here.peer, listened=Listened(checked.listened))
        return await web.done(here, "pulse", [Input(event, derived_id(here.peer, f"pulse:{here.row.pulse_ms}"))])

    @routes.get("/withdraw")
    async def withdraw_form(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/withdraw")

    @routes.post("/withdraw")
    async def withdraw(request: Request) -> Response:
        await web.posted(request)
        here = await web.signed_in(request)
        if (asked := here.row.request) is None:
            return web.message(request, "already_sent")
        event = SupportWithdrawn(peer=here.peer, request=asked)
        return await web.done(here, "withdrawn", [Input(event, derived_id(asked, "withdrawn"))])

    return routes
