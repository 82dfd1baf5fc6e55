"""From when somebody's wait counts: it stands still while they have as many buddies as they asked for, and is never lost."""

from __future__ import annotations

from functools import partial

import pytest

from services.matcher.pairing.live import LivePool
from shared.clock import DAY_MS
from shared.events import Answer, ProposalMade
from tests.unit.matcher.crowds import Uncompiled
from tests.unit.matcher.town import DAILY, Town

ONE_WAY = {"seeks": ("grief",), "offers": ("sleep",)}
OTHER_WAY = {"seeks": ("forms",), "offers": ("grief",)}
"""The first finds what they seek with the second, who finds nothing: what a bar that is up does not let pass."""


@pytest.fixture(params=["plainly", "as columns"])
def town(request: pytest.FixtureRequest) -> Town:
    return Town(DAILY, partial(LivePool, 1_000 if request.param == "plainly" else 0, Uncompiled()))


def waited_days(town: Town, name: str) -> float:
    person = town.memory.pool.get(name)
    assert person is not None
    assert person == town.remembered_afresh()[name]
    return (town.now_ms - person.since_ms) / DAY_MS


def paired(town: Town, name: str, other: str) -> str:
    made = [each for each in town.every(ProposalMade) if set(each.peers) == {name, other}]
    assert made
    return town.both_say_yes(name, other)


def test_time_with_a_buddy_is_no_wait_and_what_was_waited_before_stays(town: Town) -> None:
    town.asks("ada")
    town.pass_time(days=5)
    town.asks("ben")
    pair = paired(town, "ada", "ben")
    town.pass_time(days=60)
    town.ends("ben", pair)
    assert (waited_days(town, "ada"), waited_days(town, "ben")) == (5, 0)
    town.pass_time(days=2)
    assert (waited_days(town, "ada"), waited_days(town, "ben")) == (7, 2)
    assert town.rebuilt() == town.stored()


def test_whoever_comes_back_from_a_pair_meets_the_bar_as_those_do_who_waited_as_long(town: Town) -> None:
    town.asks("ada", **ONE_WAY)
    town.asks("ben", seeks=("sleep",), offers=("grief",))
    pair = paired(town, "ada", "ben")
    town.pass_time(days=100)
    town.ends("ada", pair)
    before = len(town.every(ProposalMade))
    town.asks("cleo", **OTHER_WAY)
    assert len(town.every(ProposalMade)) == before
    town.pass_time(days=15)
    assert [set(each.peers) for each in town.every(ProposalMade)[before:]] == [{"ada", "cleo"}]


def test_whoever_has_a_buddy_and_a_place_left_waits_on(town: Town) -> None:
    town.asks("ada", 2)
    town.asks("ben")
    pair = paired(town, "ada", "ben")
    town.pass_time(days=10)
    town.ends("ada", pair)
    assert (waited_days(town, "ada"), waited_days(town, "ben")) == (10, 0)


def test_it_stands_still_for_each_time_and_a_leaving_ends_it_too(town: Town) -> None:
    town.asks("ada")
    town.pass_time(days=1)
    for number, name in enumerate(("ben", "cleo"), 1):
        town.asks(name)
        paired(town, "ada", name)
        town.pass_time(days=20)
        town.leaves(name)
        assert waited_days(town, "ada") == number
        town.pass_time(days=1)


def test_no_answer_and_no_silence_costs_any_of_it(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    town.pass_time(days=3)
    town.answers("ben", Answer.SOMEONE_DIFFERENT, next(iter(town.standing("ben").proposals)))
    assert (waited_days(town, "ada"), waited_days(town, "ben")) == (3, 3)


def test_whoever_asks_anew_while_they_have_as_many_buddies_as_they_ask_for_does_not_wait_yet(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    pair = paired(town, "ada", "ben")
    town.no_longer_asks("ada")
    town.asks("ada")
    town.pass_time(days=60)
    town.ends("ada", pair)
    assert waited_days(town, "ada") == 0
    town.pass_time(days=2)
    assert waited_days(town, "ada") == 2
    assert town.rebuilt() == town.stored()


def test_asking_anew_begins_anew(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    pair = paired(town, "ada", "ben")
    town.pass_time(days=30)
    town.ends("ada", pair)
    town.no_longer_asks("ada")
    town.pass_time(days=3)
    town.asks("ada")
    assert waited_days(town, "ada") == 0
    town.pass_time(days=4)
    assert waited_days(town, "ada") == 4
