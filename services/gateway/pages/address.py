"""Another e-mail address: given here, and used once its link or code has come back."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.another_address import ask, take
from services.gateway.domain.signing_in import Outcome, code_in, is_token
from services.gateway.forms import Code, NewAddress
from services.gateway.pages.settled import settled
from services.gateway.problems import Problems
from services.gateway.store.new_addresses import Given
from services.gateway.store.stops import one_at_a_time
from services.gateway.web import Here, Web, address
from shared.links import ADDRESS


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix=ADDRESS)

    @routes.get("")
    async def form(request: Request) -> Response:
        here = await web.signed_in(request)
        return web.page(request, "me/address", email=here.profile.email)

    @routes.post("")
    async def give(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(NewAddress, answers)
        if not isinstance(checked, Problems) and checked.email.lower() == here.profile.email.lower():
            checked = Problems({"email": web.catalogue.errors["new_address"]["email"]["same"]})
        if isinstance(checked, Problems):
            return web.page(request, "me/address", 422, email=here.profile.email, posted=answers, problems=checked)
        await web.limits.sign_in_from(address(request))
        async with settled():
            await ask(web, here, checked.email, web.once(here, answers, f"address {web.addresses.hash(checked.email)}"))
        return RedirectResponse(f"{ADDRESS}/code", 303)

    @routes.get("/code")
    async def code_form(request: Request) -> Response:
        await web.signed_in(request)
        return web.page(request, "me/address_code")

    @routes.post("/code")
    async def code(request: Request) -> Response:
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(Code, answers)
        if isinstance(checked, Problems):
            return web.page(request, "me/address_code", 422, posted=answers, problems=checked)
        if (typed := code_in(checked.code)) is None:
            return _not_that(web, request, "format", posted=answers)
        outcome, given = await web.new_addresses.by_code(here.peer, typed, web.host.clock.now_ms())
        if given is None:
            return _not_that(web, request, "wrong" if outcome is Outcome.WRONG else "spent", posted=answers)
        return await _taken(web, request, here, given)

    @routes.get("/{token}")
    async def link(request: Request, token: str) -> Response:
        """Only a button, and that only where they are signed in."""
        if await web.maybe_here(request) is None:
            return web.message(request, "address_elsewhere", 403)
        return web.page(request, "me/address_link", action=f"{ADDRESS}/{token}")

    @routes.post("/{token}")
    async def open_link(request: Request, token: str) -> Response:
        await web.posted(request)
        here = await web.maybe_here(request)
        if here is None:
            return web.message(request, "address_elsewhere", 403)
        now_ms = web.host.clock.now_ms()
        given = await web.new_addresses.by_link(here.peer, token, now_ms) if is_token(token) else None
        return web.message(request, "address_spent", 410) if given is None else await _taken(web, request, here, given)

    return routes


async def _taken(web: Web, request: Request, here: Here, given: Given) -> Response:
    """Sessions elsewhere stay: whoever is signed in there is mostly the same person, and if this is somebody else it is from
    there that they see it and take it back."""
    async with one_at_a_time(web.host.redis, here.peer):
        here = await web.signed_in(request)
        if not await take(web, here, given):
            return web.message(request, "address_spent", 410)
    return RedirectResponse("/me?said=address", 303)


def _not_that(web: Web, request: Request, kind: str, **context: object) -> Response:
    told = Problems({"code": web.catalogue.errors["code"]["code"][kind]})
    return web.page(request, "me/address_code", 422, problems=told, spent=kind == "spent", **context)
