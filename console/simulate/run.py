"""One simulation from its first day to its last: what people do goes to the log, what comes of it they hear."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.simulate.heard import Heard
from console.simulate.people import WEEK_MS
from console.simulate.rates import Rates
from console.simulate.recount import Found, Recount, found
from console.simulate.services import KEY, Services, private_server
from console.simulate.town import Town
from services.matcher.domain.bar import Dial
from shared.clock import derived_id
from shared.programme import Programme
from shared.sealing import Vault
from shared.stream.append import Input

START_MS = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
"""A Monday. Always the same one, for ids follow from times: the same seed gives the same books."""


@dataclass(frozen=True)
class Plan:
    people: int
    weeks: int
    seed: int
    dial: Dial
    rates: Rates
    programme: Programme

    @property
    def end_ms(self) -> int:
        return START_MS + self.weeks * WEEK_MS


@dataclass(frozen=True)
class Ran:
    """What is left of a simulation when its server is gone."""

    plan: Plan
    town: Town
    entries: int
    seconds: float
    findings: list[tuple[str, str, str]]
    one_sided: Found
    heard_a_week: dict[str, tuple[float, int]]
    """By class of message: how many reached a person in a week on average, and the most in any seven days of anybody."""


    @property
    def against_a_rule(self) -> int:
        """Messages that reached somebody when none was to, and people whom none reached when one was to."""
        return sum(whose == "messages" for whose, _, _ in self.findings)


Look = Callable[[Services], Awaitable[None]]


async def run(plan: Plan, progress: Callable[[int], None] = lambda _week: None, look: Look | None = None) -> Ran:
    """`progress` hears the number of each week that is over; `look` gets to see the services at the end."""
    began, step_ms = time.monotonic(), plan.rates.step_minutes * 60_000
    town = Town(plan.people, plan.weeks, plan.seed, plan.rates, plan.programme, Vault(KEY), START_MS)
    recount, heard = Recount(), Heard(plan.programme.time_zone)
    async with private_server() as (redis, url):
        services = Services(redis, url, plan.programme, plan.dial, plan.rates.round_every_minutes,
                            (town.hearing, recount.hearing, *heard.hearings))
        await services.begin()
        await services.take(START_MS)
        count, week = 0, 0
        while (now_ms := _next(services.now_ms, step_ms, town.next_ms, services.next_ms)) < plan.end_ms:
            done = list(town.does(now_ms))
            inputs = [Input(event, derived_id("simulate", f"{plan.seed}/{count + place}")) for place, event in enumerate(done)]
            await services.take(now_ms, inputs, town.keys)
            count += len(done)
            while START_MS + (week + 1) * WEEK_MS <= now_ms:
                week += 1
                progress(week)
        await services.take(plan.end_ms)
        if look is not None:
            await look(services)
        found_out = found(recount.cases(services.thresholds, plan.end_ms), town.one_sided, plan.end_ms)
        findings = [*await services.findings(), *(("recount", "not_found", peer) for peer in found_out.missed),
                    *(("recount", "found_wrongly", peer) for peer in found_out.found_wrongly),
                    *(("messages", each.rule, each.message or each.peer) for each in heard.broken(plan.end_ms))]
        return Ran(plan, town, services.entries, time.monotonic() - began, findings, found_out, heard.a_week(plan.end_ms))


def _next(now_ms: int, step_ms: int, *due: int | None) -> int:
    """The end of the first step behind this one in which something is due."""
    first = min((each for each in due if each is not None), default=now_ms)
    return max(now_ms + step_ms, START_MS + -(-(first - START_MS) // step_ms) * step_ms)
