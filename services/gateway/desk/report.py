"""The programme's report, as `twoway report` makes it: a file to read, print and pass on (decision 27)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from services.gateway.desk.forms import ChooseReport
from services.gateway.desk.seat import Seat
from services.gateway.problems import Problems
from services.gateway.store import SERVICE, SIGNALS, of_week
from services.gateway.web import Web
from shared.report import facts, words
from shared.report import page as report_page
from shared.report.weeks import HOUR_MS, Reckoned, Week
from shared.stream.names import DIRECTORY, Partition


def router(seat: Seat) -> APIRouter:
    routes, web, said = APIRouter(prefix="/desk/report"), seat.web, words.read()
    communities = {one.key: one.name for one in web.host.programme.communities}

    @routes.get("")
    async def page(request: Request) -> Response:
        by = await seat.taken_by(request)
        await seat.saw(by, "report")
        return seat.page(request, "report", communities=communities)

    @routes.post("")
    async def make(request: Request) -> Response:
        by, answers = await seat.posted_by(request)
        checked = web.check(ChooseReport, answers)
        if isinstance(checked, Problems):
            return seat.page(request, "report", 422, communities=communities, problems=checked, posted=answers)
        found = await reckoned(web, checked.community, checked.weeks)
        if found is None:
            problems = Problems({"community": web.catalogue.errors["choose_report"]["community"]["none_yet"]})
            return seat.page(request, "report", 422, communities=communities, problems=problems, posted=answers)
        await seat.saw(by, "report", checked.community)
        today = web.pages.date_of(web.host.clock.now_ms())
        text = report_page.html(facts.report(found, web.host.programme, said), said, today, len(found.weeks))
        name = f"{checked.community}-{found.latest.ends.isoformat()}.html"
        return HTMLResponse(text, headers={"content-disposition": f'attachment; filename="{name}"'})

    return routes


async def reckoned(web: Web, community: str, weeks: int) -> Reckoned | None:
    """The latest weeks, or as many as there are; none where no week was reckoned. Raises RedisError."""
    number: Any = await web.host.redis.hget(DIRECTORY, community)
    if number is None:
        return None
    path = SIGNALS.path(Partition(int(number)), SERVICE)
    names: Any = await web.host.redis.hkeys(path)
    parts = [name.decode().rpartition(":") for name in names]
    there = sorted(int(week) for of, _, week in parts if of == community)
    if not there:
        return None
    wanted = range(max(there[0], there[-1] - weeks + 1), there[-1] + 1)
    texts: Any = await web.host.redis.hmget(path, [of_week(community, week) for week in wanted])
    found = tuple(Week(week, {} if text is None else {each.name: each for each in SIGNALS.load(text).signals})
                  for week, text in zip(wanted, texts, strict=True))
    over = datetime.fromtimestamp((web.host.clock.now_ms() - HOUR_MS) / 1000, UTC).date()
    return Reckoned(community, found, stale=over > found[-1].ends + timedelta(weeks=1))
