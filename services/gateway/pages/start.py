"""Pages that anybody may see at any time, whatever else is away."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.web import Web


def router(web: Web) -> APIRouter:
    routes = APIRouter()

    @routes.get("/")
    async def start(request: Request) -> Response:
        return _lasting(web.page(request, "start"))

    @routes.get("/urgent-help")
    async def urgent_help(request: Request) -> Response:
        return _lasting(web.page(request, "urgent_help"))

    return routes


def _lasting(response: Response) -> Response:
    """Nothing private: a browser may show it again without asking, also while we are away."""
    response.headers["cache-control"] = "private, no-cache"
    return response
