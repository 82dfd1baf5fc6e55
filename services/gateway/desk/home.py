"""The first page of the desk: what waits for a human look, in plain counts."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.desk.forms import FindPerson
from services.gateway.desk.seat import Seat
from services.gateway.desk.waiting import home
from services.gateway.domain.references import reference
from services.gateway.problems import Problems
from services.gateway.store import REQUESTS, SERVICE

SCAN = 5_000
"""Ids of requests read at a time: some 10 ms of this process."""


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk"), seat.web

    @routes.get("")
    async def page(request: Request, said: str = "") -> Response:
        by = await seat.taken_by(request)
        await seat.saw(by, "home")
        return seat.page(request, "home", home=await home(web), notice=web.catalogue.words["desk"]["saved"].get(said))

    @routes.post("/find")
    async def find(request: Request) -> Response:
        """By the reference that somebody reads out on the telephone."""
        by, answers = await seat.posted_by(request)
        checked = web.check(FindPerson, answers)
        peer = None if isinstance(checked, Problems) else await whose(checked.reference)
        if peer is None:
            problems = checked if isinstance(checked, Problems) else Problems(
                {"reference": web.catalogue.errors["find_person"]["reference"]["nobody"]})
            await seat.saw(by, "home")
            return seat.page(request, "home", 422, home=await home(web), posted=answers, problems=problems)
        return RedirectResponse(f"/desk/people/{peer}", 303)

    async def whose(wanted: str) -> str | None:
        """Two requests may share a reference; then nobody is opened, and the person can say more. Raises RedisError."""
        found = []
        for partition in web.host.directory.partitions:
            async for id, text in web.host.redis.hscan_iter(REQUESTS.path(partition, SERVICE), count=SCAN):
                if reference(id.decode()) == wanted:
                    found.append(REQUESTS.load(text).peer)
        return found[0] if len(set(found)) == 1 else None

    return routes
