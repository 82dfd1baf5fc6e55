"""The gateway, put together: pages, intake, health, and the reader that keeps the read model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from services.gateway import catalogue, near, refusals
from services.gateway.access import Access
from services.gateway.cookies import Renewing
from services.gateway.desk import rooms as desk
from services.gateway.desk.seat import Seat
from services.gateway.guard import Guard
from services.gateway.pages import (
    address,
    agreements,
    ask,
    before,
    concerns,
    download,
    events,
    inbox,
    invitations,
    leaving,
    mailbox,
    me,
    messages,
    moments,
    name,
    pairs,
    phone,
    proposals,
    request,
    sign_in,
    start,
    stop,
    story,
)
from services.gateway.rendering import STATIC
from services.gateway.service import service
from services.gateway.settings import GatewaySettings
from services.gateway.web import Web
from shared.clock import Clock
from shared.host import Host
from shared.programme import Programme

NOUNS = (start, ask, sign_in, me, inbox, messages, phone, address, leaving, concerns, proposals, moments, story, pairs,
         before, agreements, download, request, name, invitations, stop, events)


def build(settings: GatewaySettings, programme: Programme, clock: Clock | None = None) -> tuple[FastAPI, Host]:
    """The ASGI application and the host that is its life. Touches no store yet."""
    host = Host("gateway", settings, programme, clock=clock,
                make=lambda _host, partition: service(partition, settings.data))
    web = Web(host, settings, catalogue.load())
    seat = Seat(web)
    app = FastAPI(title="Twoway", lifespan=host.lifespan, openapi_url=None, redirect_slashes=False)
    for noun in (*NOUNS, mailbox) if settings.try_out else NOUNS:
        app.include_router(noun.router(web))
    if settings.desk != "off":
        for room in desk.ROOMS:
            app.include_router(room.router(seat))
    for path, health in host.routes:
        if path == "/metrics" and not settings.metrics_public:
            health = near.Only(health, web.pages)
        app.router.routes.append(Route(path, _Asgi(health), include_in_schema=False))
    app.mount("/static", Static(directory=STATIC))
    refusals.install(app, web)
    app.add_middleware(refusals.Bugs, web=web)
    app.add_middleware(Renewing, cookies=web.cookies)
    # Safe to compress: no page shows what another site's page could put there beside something that is to stay secret.
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    app.add_middleware(Guard, base_url=settings.base_url, refusal=lambda: web.pages.message("forbidden", 403))
    app.add_middleware(Access)
    return app, host


class _Asgi:
    """Starlette takes a function for a request handler; an object with `__call__` it leaves alone."""

    def __init__(self, app: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class Static(StaticFiles):
    """Style sheets and an icon. Their addresses bear a mark of their content, so they may be kept for a year."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
