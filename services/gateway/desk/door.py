"""Coming to the desk by a link of the console's, and leaving it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.desk.seat import Seat
from services.gateway.domain.signing_in import is_token


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk"), seat.web

    @routes.get("/in/{token}")
    async def link(request: Request, token: str) -> Response:
        """Only a button: whatever follows links on its own spends nothing."""
        seat.may_come_from(request)
        if not is_token(token) or not await seat.coordinators.is_open(token, web.host.clock.now_ms()):
            raise HTTPException(404)
        return seat.page(request, "link", action=f"/desk/in/{token}")

    @routes.post("/in/{token}")
    async def come_in(request: Request, token: str) -> Response:
        """A fresh session; one that this browser had before ends."""
        seat.may_come_from(request)
        await web.posted(request)
        now_ms = web.host.clock.now_ms()
        coordinator = await seat.coordinators.by_link(token, now_ms) if is_token(token) else None
        if coordinator is None:
            raise HTTPException(404)
        await seat.saw(coordinator.name, "signed_in")
        if before := web.cookies.read(request, "desk"):
            await seat.coordinators.end(before)
        id = web.host.clock.new_id()
        await seat.coordinators.begin(id, coordinator, now_ms)
        response = RedirectResponse("/desk", 303)
        web.cookies.set(response, "desk", id)
        return response

    @routes.post("/out")
    async def out(request: Request) -> Response:
        await seat.posted_by(request)
        await seat.coordinators.end(web.cookies.read(request, "desk") or "")
        response = web.message(request, "desk_closed")
        web.cookies.clear(response, "desk")
        return response

    return routes
