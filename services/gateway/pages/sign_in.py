"""Coming in by a message, and going out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from starlette.responses import RedirectResponse

from services.gateway.domain.signing_in import SECRET_LIVES_MS, Outcome, code_in, is_token
from services.gateway.forms import Code, SignIn
from services.gateway.pages.settled import settled
from services.gateway.problems import Problems
from services.gateway.signing_in import send_links
from services.gateway.store import PEERS
from services.gateway.store.sign_ins import Known
from services.gateway.web import Web, address


def router(web: Web) -> APIRouter:
    routes = APIRouter()

    @routes.get("/sign-in")
    async def form(request: Request) -> Response:
        return web.page(request, "sign_in")

    @routes.post("/sign-in")
    async def ask(request: Request) -> Response:
        try:
            answers = await web.posted(request)
            checked = web.check(SignIn, answers)
            if isinstance(checked, Problems):
                return web.page(request, "sign_in", 422, posted=answers, problems=checked)
            await web.limits.sign_in_from(address(request))
            attempt = web.host.clock.new_id()
            async with settled():
                await send_links(web, checked.email, attempt)
        except (RedisError, OSError):
            return web.page(request, "sign_in", 503, posted=request.state.posted,
                            notice=web.catalogue.words["saved"]["away"])
        response = RedirectResponse("/sign-in/code", 303)
        web.cookies.set(response, "sign_in", attempt)
        return response

    @routes.get("/sign-in/code")
    async def code_form(request: Request) -> Response:
        return web.page(request, "code")

    @routes.post("/sign-in/code")
    async def code(request: Request) -> Response:
        answers = await web.posted(request)
        checked = web.check(Code, answers)
        if isinstance(checked, Problems):
            return web.page(request, "code", 422, posted=answers, problems=checked)
        attempt, typed = web.cookies.read(request, "sign_in"), code_in(checked.code)
        if typed is None:
            return web.page(request, "code", 422, posted=answers, problems=_problem(web, "format"))
        if attempt is None:
            return web.page(request, "code", 422, spent=True, problems=_problem(web, "spent"))
        outcome, known = await web.sign_ins.by_code(attempt, typed, web.host.clock.now_ms())
        if known is not None:
            return await _in(web, request, known)
        if outcome is Outcome.SPENT:
            return web.page(request, "code", 422, spent=True, problems=_problem(web, "spent"))
        return web.page(request, "code", 422, posted=answers, problems=_problem(web, "wrong"))

    @routes.get("/sign-in/{token}")
    async def link(request: Request, token: str) -> Response:
        """Only a button: whatever follows links on its own spends nothing, and learns nothing."""
        if not is_token(token):
            return web.page(request, "link_spent", 404)
        return web.page(request, "link", action=f"/sign-in/{token}")

    @routes.post("/sign-in/{token}")
    async def open_link(request: Request, token: str) -> Response:
        await web.posted(request)
        known = await web.sign_ins.by_token(token, web.host.clock.now_ms()) if is_token(token) else None
        return web.page(request, "link_spent", 410) if known is None else await _in(web, request, known)

    @routes.post("/sign-out")
    async def out(request: Request) -> Response:
        await web.posted(request)
        response = web.pages.message("signed_out", 200)
        await web.forget(request, response)
        return response

    return routes


async def _in(web: Web, request: Request, known: Known) -> Response:
    """A fresh session; one that this browser had before ends. A link that went to an address that they no longer have is as
    good as spent."""
    found = await web.find(PEERS, known.peer)
    if found is not None and known.expires_ms - SECRET_LIVES_MS < found[1].address_ms:
        return web.page(request, "link_spent", 410)
    id = web.host.clock.new_id()
    await web.sessions.begin(id, known.peer, known.partition, web.host.clock.now_ms())
    if before := web.cookies.read(request, "session"):
        await web.sessions.end(before)
    response = RedirectResponse("/me", 303)
    web.cookies.set(response, "session", id)
    web.cookies.clear(response, "sign_in")
    return response


def _problem(web: Web, kind: str) -> Problems:
    return Problems({"code": web.catalogue.errors["code"]["code"][kind]})
