"""Every way in which a page can't be given, as a calm page with urgent help on it."""

from __future__ import annotations

from fastapi import FastAPI
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.limiting import Limited
from services.gateway.pages.pairs import NotTheirPair, PairOver
from services.gateway.posted import NotAForm
from services.gateway.web import NotSignedIn, Web
from shared.logs import get_logger
from shared.stream.append import OtherBody

BY_STATUS = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "not_allowed", 413: "too_large"}
log = get_logger("services.gateway")


def install(app: FastAPI, web: Web) -> None:
    """Tells `app` what each refusal looks like."""

    async def by_status(request: Request, error: HTTPException) -> Response:
        status = error.status_code if error.status_code in BY_STATUS else 400
        response = web.message(request, BY_STATUS[status], status)
        response.headers.update(error.headers or {})
        return response

    async def limited(request: Request, error: Limited) -> Response:
        words = web.catalogue.words["minutes"]
        when = words["one"] if error.minutes == 1 else words["more"].format(minutes=error.minutes)
        response = _kept(web, request, "too_many", 429, when=when)
        response.headers["retry-after"] = str(error.minutes * 60)
        return response

    async def away(request: Request, error: Exception) -> Response:
        log.warning("page.away", error=type(error).__name__)
        if getattr(request.state, "posted", None) is None:
            return web.message(request, "away", 503)
        return _kept(web, request, "away_kept", 503)

    async def not_a_form(request: Request, _error: NotAForm) -> Response:
        return web.message(request, "bad_request", 400)

    async def not_signed_in(_request: Request, _error: NotSignedIn) -> Response:
        response = RedirectResponse("/sign-in", 303)
        web.cookies.clear(response, "session")
        return response

    async def not_their_pair(request: Request, error: NotTheirPair) -> Response:
        return web.message(request, "ended_already" if isinstance(error, PairOver) else "pair_over", 404)

    async def other_body(request: Request, _error: OtherBody) -> Response:
        return web.message(request, "already_sent", 409)

    for error, answer in ((HTTPException, by_status), (Limited, limited), (RedisError, away), (OSError, away),
                          (NotAForm, not_a_form), (NotSignedIn, not_signed_in), (NotTheirPair, not_their_pair),
                          (OtherBody, other_body)):
        app.add_exception_handler(error, answer)  # type: ignore[arg-type]  # each takes its own error


def _kept(web: Web, request: Request, kind: str, status: int, **values: object) -> Response:
    """What was sent stays on the page, under a button that sends it again unchanged."""
    said = web.pages.said(kind, **values)
    return web.page(request, "kept", status, said=said, action=request.url.path, sent=request.state.posted)


class Bugs:
    """ASGI middleware: whatever nobody foresaw becomes a kind page and a log line without a word of what was typed."""

    def __init__(self, app: ASGIApp, web: Web) -> None:
        self._app, self._web = app, web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            return  # whoever was sending has gone: nobody is there to be answered, and nothing is broken
        except Exception as error:
            # The last line of defence; the class and the place are logged, the text could quote what a person wrote.
            log.error("page.broke", exc_info=error, route=getattr(scope.get("route"), "path", None))
            if scope["type"] != "http" or started:
                raise
            await self._web.pages.message("broken", 500)(scope, receive, send)
