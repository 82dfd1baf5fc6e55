"""A number for text messages: given here, used once its code was typed, taken away in one tap."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.domain.signing_in import Outcome, code_in
from services.gateway.forms import Code, NewNumber
from services.gateway.pages.settled import settled
from services.gateway.phone import ask, take, take_away
from services.gateway.problems import Problems
from services.gateway.store.stops import one_at_a_time
from services.gateway.web import Web, address

PATH = "/me/phone"


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix=PATH)

    @routes.get("")
    async def form(request: Request) -> Response:
        here = await web.signed_in(request)
        return web.page(request, "me/phone", number=here.profile.phone)

    @routes.post("")
    async def give(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(NewNumber, answers)
        if isinstance(checked, Problems):
            return web.page(request, "me/phone", 422, number=here.profile.phone, posted=answers, problems=checked)
        await web.limits.sign_in_from(address(request))
        async with settled():
            await ask(web, here, checked.number, web.once(here, answers, f"number {web.addresses.hash(checked.number)}"))
        return RedirectResponse(f"{PATH}/code", 303)

    @routes.get("/code")
    async def code_form(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/phone_code")

    @routes.post("/code")
    async def code(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(Code, answers)
        if isinstance(checked, Problems):
            return web.page(request, "me/phone_code", 422, posted=answers, problems=checked)
        typed = code_in(checked.code)
        outcome, given = (Outcome.WRONG, None) if typed is None else await web.new_numbers.by_code(
            here.peer, typed, web.host.clock.now_ms())
        if given is None:
            kind = "format" if typed is None else "wrong" if outcome is Outcome.WRONG else "spent"
            told = Problems({"code": web.catalogue.errors["code"]["code"][kind]})
            return web.page(request, "me/phone_code", 422, problems=told, posted=answers, spent=kind == "spent")
        async with one_at_a_time(web.host.redis, here.peer):
            await take(web, await web.signed_in(request), given)
        return RedirectResponse("/me/messages?said=number", 303)

    @routes.post("/remove")
    async def remove(request: Request) -> Response:
        answers = await web.posted(request)
        here = await web.signed_in(request)
        async with one_at_a_time(web.host.redis, here.peer):
            await take_away(web, await web.signed_in(request), web.once(here, answers, "number away"))
        return RedirectResponse("/me/messages?said=number_away", 303)

    return routes
