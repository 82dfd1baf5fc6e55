"""Whom rule 7 protects, in half a year of made-up people through the real ledger (Show 3).

People who give and hardly ever receive are planted. Whoever crosses both windows, counted anew from the log by code that shares
nothing with the ledger, is found within two weeks; nobody on a break and nobody new ever is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from console.simulate import rates
from console.simulate.run import Plan, Ran, run
from console.simulate.services import P0, Services
from shared.programme import load
from tests.journeys.sizes import FULL

WEEKS = 26
MORE_OFTEN = {"one_sided_people": 0.3, "breaks_a_week": 0.1, "through_breaks": 0.5}
"""In a small town, so that there is somebody of each kind to look at."""


class Log:
    """Everything that stands on a simulation's log."""

    def __init__(self) -> None:
        self.bodies: dict[str, list[Any]] = {}

    async def kept(self, services: Services) -> None:
        for _, fields in await services.redis.xrange(P0.log):
            self.bodies.setdefault(fields[b"type"].decode(), []).append(orjson.loads(fields[b"body"]))


async def half_a_year(people: int, seed: int, log: Log, **over: float) -> Ran:
    return await run(Plan(people, WEEKS, seed, "balanced", rates.read().model_copy(update=over), load()), look=log.kept)


def finds_everybody_in_time_and_nobody_wrongly(ran: Ran, log: Log) -> None:
    told = ran.one_sided
    assert told.found == told.crossed
    assert told.others_found == told.others_crossed
    assert (told.missed, told.found_wrongly, ran.findings) == ((), (), [])
    assert told.longest_delay_days is not None
    assert told.longest_delay_days <= 14
    assert len({each["peer"] for each in log.bodies["giving.unreturned"]}) == told.found + told.others_found


@pytest.mark.timeout(300)
async def test_planted_one_sided_helpers_are_found_within_two_weeks_and_never_people_on_breaks_or_newcomers() -> None:
    log = Log()
    ran = await half_a_year(200, 3, log, **MORE_OFTEN)
    finds_everybody_in_time_and_nobody_wrongly(ran, log)
    assert ran.one_sided.crossed >= 3
    assert ran.one_sided.kept_by_a_break >= 1
    assert ran.one_sided.kept_as_newcomers >= 5
    uses_what_the_record_offers(ran, log)


def uses_what_the_record_offers(ran: Ran, log: Log) -> None:
    """Each thing that people can say of a moment is said, and hardly anything of it comes to nothing."""
    shared, corrected = log.bodies["moment.shared"], Counter(each["reason"] for each in log.bodies["moment.corrected"])
    assert len({each["way"] for each in shared}) >= 3  # message, call, not said
    assert any(each["both_ways"] for each in shared)
    assert any(each["happened_ms"] is not None for each in shared)
    assert corrected["mistake"] > 0 < corrected["agreed"]
    for said in ("moment.thanked", "moment.remembered_differently", "moment.upheld"):
        assert log.bodies[said]
    assert {each for each in ran.town.told.refused if each.startswith("moment.")} <= {"moment.refused pair_ended"}


@pytest.mark.prove
@pytest.mark.skipif(not FULL, reason="the full count; TWOWAY_PROVE=full")
@pytest.mark.timeout(1_200)
async def test_in_half_a_year_of_two_thousand_people_every_planted_helper_is_found_and_nobody_else_wrongly() -> None:
    log = Log()
    ran = await half_a_year(2_000, 1, log)
    finds_everybody_in_time_and_nobody_wrongly(ran, log)
    assert ran.one_sided.crossed >= 20
    assert ran.one_sided.kept_by_a_break >= 1
    assert ran.one_sided.kept_as_newcomers >= 20
