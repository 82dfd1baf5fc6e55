"""The try-out mailbox. Its routes exist only with TWOWAY_TRY_OUT=1: it shows everyone's messages."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from services.gateway.fields import EMAIL_MAX
from services.gateway.views import MailView
from services.gateway.web import Web
from shared import mailbox


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/mailbox")

    @routes.get("")
    async def mails(request: Request, to: str = "") -> Response:
        found = await mailbox.read(web.host.redis, web.host.vault, to[:EMAIL_MAX].strip() or None)
        views = [MailView(each.to, each.subject, each.text,
                          datetime.fromtimestamp(each.sent_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")) for each in found]
        return web.page(request, "mailbox", mails=views, to=to)

    return routes
