"""A request that is said anew: what is remembered of it, from when its wait counts, and what it leaves open."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from services.matcher.domain.reasons import every_reason, reasons, still_so
from services.matcher.pairing.live import LivePool
from shared.clock import DAY_MS
from shared.events import Event, ProposalDiscarded, ProposalMade, ProposalWithdrawn, SupportChanged
from tests.unit.matcher.crowds import Uncompiled
from tests.unit.matcher.town import ASSISTED, DAILY, Town, details, person


@pytest.fixture(params=["plainly", "as columns"])
def town(request: pytest.FixtureRequest) -> Town:
    return Town(DAILY, partial(LivePool, 1_000 if request.param == "plainly" else 0, Uncompiled()))


def says_anew(town: Town, name: str, capacity: int = 1, **fields: Any) -> list[Event]:
    return town.hear(SupportChanged(peer=name, request=town.standing(name).request or "none",
                                    details=town.sealed(name, details(**fields)), capacity=capacity))


def waited_days(town: Town, name: str) -> float:
    found = town.memory.pool.get(name)
    assert found is not None
    assert found == town.remembered_afresh()[name]
    return (town.now_ms - found.since_ms) / DAY_MS


def test_the_wait_goes_on_and_memory_is_what_a_fresh_start_would_read(town: Town) -> None:
    town.asks("ada", seeks=("money",))
    town.pass_time(days=5)
    says_anew(town, "ada", seeks=("sleep",), avoids=("forms",), area="Leeds", times=("mon",))
    assert waited_days(town, "ada") == 5
    assert town.rebuilt() == town.stored()
    assert town.findings() == []


def test_a_wait_stands_still_and_goes_on_as_places_become_fewer_and_more(town: Town) -> None:
    town.asks("ada", 2)
    town.asks("ben")
    town.both_say_yes("ada", "ben")
    town.pass_time(days=3)
    says_anew(town, "ada", 1)
    town.pass_time(days=10)
    says_anew(town, "ada", 2)
    assert waited_days(town, "ada") == 3
    town.pass_time(days=1)
    assert waited_days(town, "ada") == 4
    assert town.rebuilt() == town.stored()
    assert town.findings() == []


def test_fewer_places_close_the_latest_first_and_no_pair(town: Town) -> None:
    town.asks("ada", 3)
    for name in ("ben", "cleo", "dee"):
        town.asks(name)
    town.both_say_yes("ada", "ben")
    open_with = {other: id for id, other in town.standing("ada").proposals.items()}
    kept, closed = open_with["cleo"], open_with["dee"]
    said = says_anew(town, "ada", 2)
    assert [each.proposal for each in said if isinstance(each, ProposalWithdrawn)] == [closed]
    assert [*town.standing("ada").proposals] == [kept]
    says_anew(town, "ada", 1)
    assert (len(town.standing("ada").pairs), len(town.standing("ada").proposals)) == (1, 0)
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


def test_what_waits_for_a_coordinator_and_fits_no_more_goes_to_nobody() -> None:
    town = Town(ASSISTED)
    town.asks("ada")
    town.asks("ben")
    said = says_anew(town, "ada", seeks=("money",), offers=("money",))
    assert len([each for each in said if isinstance(each, ProposalDiscarded)]) == 1
    assert town.every(ProposalMade) == []
    assert town.rebuilt() == town.stored()


def test_whoever_was_set_aside_stays_so_until_they_say_otherwise(town: Town) -> None:
    town.asks("ada")
    for name in ("ben", "cleo", "dee"):
        town.asks(name)
        town.pass_time(days=8)
    assert town.standing("ada").aside
    says_anew(town, "ada", seeks=("money",))
    assert town.standing("ada").aside
    assert town.findings() == []


@pytest.mark.parametrize(("now", "so"), [
    ({}, True), ({"seeks": ("sleep",)}, True), ({"offers": ("sleep", "grief", "money")}, True),
    ({"offers": ("sleep",)}, False), ({"languages": ("cy",)}, False)])
def test_what_somebody_was_told_is_so_as_long_as_all_of_it_could_be_told_now(now: dict[str, Any], so: bool) -> None:
    reader = person("a")
    assert still_so(reasons(reader, person("b")), every_reason(reader, person("b", **now))) == so
