"""One log line for each answer: which route, how it went, how long it took. A route's pattern, never the path or the
query: those hold tokens and ids. Health checks and style sheets are left out."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import tracing
from shared.logs import get_logger

INTAKE = "/v1/events"
QUIET = ("/livez", "/readyz", "/metrics", "/static")
log = get_logger("services.gateway.access")


class Access:
    """ASGI middleware. Begins the trace that everything a request leads to belongs to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self._app(scope, receive, send)
            return
        with tracing.trace(_sent(scope)) as trace:
            await self._noted(scope, receive, send, trace)

    async def _noted(self, scope: Scope, receive: Receive, send: Send, trace: str) -> None:
        began, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            log.info("page.answered", method=scope["method"], route=getattr(scope.get("route"), "path", None),
                     status=status, ms=round((time.perf_counter() - began) * 1000, 1), trace=trace)


def _sent(scope: Scope) -> str:
    """A partner's own traceparent; a browser has none that we would go on with."""
    if scope["path"] != INTAKE:
        return ""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), "")
