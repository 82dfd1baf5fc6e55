"""The try-out mailbox, which shows everyone's messages: its routes exist only with TWOWAY_TRY_OUT=1, for whoever is near."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from services.gateway.fields import EMAIL_MAX
from services.gateway.near import is_near
from services.gateway.views import MailView
from services.gateway.web import Web
from shared import mailbox


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/mailbox")

    @routes.get("")
    async def mails(request: Request, to: str = "") -> Response:
        if not is_near(request.scope):
            return web.message(request, "not_found", 404)
        found = await mailbox.read(web.host.redis, web.host.vault, to[:EMAIL_MAX].strip() or None)
        views = [MailView(each.to, each.subject, each.text,
                          datetime.fromtimestamp(each.sent_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")) for each in found]
        return web.page(request, "mailbox", mails=views, to=to)

    return routes
