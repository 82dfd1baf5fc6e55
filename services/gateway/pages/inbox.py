"""The inbox: whoever stopped all messages misses nothing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.inbox import inbox
from services.gateway.web import Web


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/inbox")

    @routes.get("")
    async def page(request: Request) -> Response:
        here = await web.signed_in(request)
        return web.page(request, "me/inbox", items=await inbox(web, here), silent=here.row.silent)

    return routes
