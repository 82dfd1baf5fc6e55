"""A concern, or a note with a request: who wrote and when, the words upon a tap, and that somebody has looked at it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from services.gateway.desk.seat import Saying, Seat
from services.gateway.desk.views import ConcernView
from services.gateway.store import CONCERNS, ConcernRow
from services.gateway.web import Here
from shared.clock import derived_id
from shared.events import ConcernClosed, FreeText
from shared.stream.names import Partition


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk/concerns/{concern}"), seat.web

    async def found(concern: str) -> tuple[Partition, ConcernRow, Here | None]:
        """With whoever wrote it, unless they have left. Raises HTTPException 404, RedisError."""
        there = await web.find(CONCERNS, concern)
        if there is None:
            raise HTTPException(404)
        partition, row = there
        return partition, row, await web.peer(partition, row.peer)

    @routes.get("")
    async def page(request: Request, concern: str) -> Response:
        by = await seat.taken_by(request)
        _, row, writer = await found(concern)
        await seat.saw(by, "concern", concern)
        return seat.page(request, "concern", concern=view(concern, row, writer))

    @routes.post("")
    async def read(request: Request, concern: str) -> Response:
        """The words, on this answer alone: they stand at no address that a browser would keep."""
        by, _ = await seat.posted_by(request)
        _, row, writer = await found(concern)
        await seat.saw(by, "concern_text", concern)
        opened = None if writer is None else web.host.vault.open(row.text, writer.key, FreeText)
        text = opened.text if isinstance(opened, FreeText) else None
        return seat.page(request, "concern", concern=view(concern, row, writer), text=text)

    @routes.post("/close")
    async def close(request: Request, concern: str) -> Response:
        by, _ = await seat.posted_by(request)
        partition, row, _ = await found(concern)
        if row.closed_ms is not None:
            return seat.back_to("/desk", "closed", shown=True)
        said = Saying(ConcernClosed(concern=concern), derived_id(concern, "closed"))
        return seat.back_to("/desk", "closed", await seat.act(by, "concern_closed", concern, partition, said))

    return routes


def view(id: str, row: ConcernRow, writer: Here | None) -> ConcernView:
    return ConcernView(id, row.raised_ms, row.about, row.danger, row.closed_ms,
                       None if writer is None else writer.peer, None if writer is None else writer.profile.alias,
                       writer is not None and writer.row.leave_messages)
