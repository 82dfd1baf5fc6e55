"""Once a week who waits is told in counts: never of so few that somebody could be worked out, and never one person's wait."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.domain.waiting import LookedAt, Waiting, longest, median, next_monday_ms, told, who_waits
from services.matcher.pairing.live import LivePool
from shared.clock import DAY_MS
from shared.events import Answer, GroupWaiting, WaitingCounted
from shared.few import LEAST, LEAST_TOGETHER
from tests.unit.in_memory import START_MS
from tests.unit.matcher.crowds import Uncompiled
from tests.unit.matcher.town import ASSISTED, DAILY, Town, person

LOOKED_AT = LookedAt(facts=("gender",), age_bands=True, practical=frozenset(("forms", "money")))
COUNTING = replace(DAILY, looked_at=LOOKED_AT)
ALONE = {"seeks": ("forms",), "offers": ("grief",), "ways": ()}
"""Nobody can connect with them, so they wait."""


@pytest.fixture(params=["plainly", "as columns"])
def town(request: pytest.FixtureRequest) -> Town:
    return Town(COUNTING, partial(LivePool, 1_000 if request.param == "plainly" else 0, Uncompiled()))


def group(told: WaitingCounted, fact: str) -> dict[str, int]:
    return {each.value: each.people for each in told.groups if each.fact == fact}


@given(st.integers(0, 2**42))
def test_a_week_is_over_on_the_next_monday_at_midnight_utc(at_ms: int) -> None:
    ends_ms = next_monday_ms(at_ms)
    ends = datetime.fromtimestamp(ends_ms / 1000, UTC)
    assert (ends.weekday(), ends.hour, ends.minute, ends.second, ends_ms % 1000) == (0, 0, 0, 0, 0)
    assert at_ms < ends_ms <= at_ms + 7 * DAY_MS


def test_each_week_is_told_from_the_first_request_on_and_once(town: Town) -> None:
    town.asks("ada", **ALONE)
    town.asks("ben", **ALONE)
    town.pass_time(days=20)
    first_ms = next_monday_ms(START_MS)
    at_ms = [at_ms for at_ms, event in town.history() if isinstance(event, WaitingCounted)]
    assert at_ms == [first_ms, first_ms + 7 * DAY_MS, first_ms + 14 * DAY_MS]
    assert {each.waiting for each in town.every(WaitingCounted)} == {2}
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


def test_where_nobody_waits_any_more_it_is_told_so_and_weeks_go_on(town: Town) -> None:
    town.asks("ada", **ALONE)
    town.no_longer_asks("ada")
    town.pass_time(days=15)
    assert town.every(WaitingCounted) == [WaitingCounted(community="riverside", waiting=0)] * 2
    assert town.findings() == []
    town.asks("ben", community="hillview", **ALONE)
    town.asks("ada", **ALONE)
    town.pass_time(days=7)
    assert Counter(each.community for each in town.every(WaitingCounted)) == {"riverside": 3, "hillview": 1}


def test_a_community_whose_requests_were_all_refused_has_no_weeks(town: Town) -> None:
    town.asks("ada", **ALONE)
    town.asks("ada", community="hillview", **ALONE)
    assert set(town.snapshot().weeks) == {"riverside"}


def test_weeks_in_which_nobody_kept_time_are_told_as_one(town: Town) -> None:
    town.asks("ada", **ALONE)
    [timer] = [each for each in town.timers if getattr(each, "what", "") == "week_over"]
    town.now_ms += 24 * DAY_MS
    town.hear(timer)
    town.hear(timer)  # as the timer set would bring it a second time after a restore
    assert [each.waiting for each in town.every(WaitingCounted)] == [1]
    assert town.snapshot().weeks["riverside"].ends_ms == next_monday_ms(town.now_ms)


def test_whoever_has_a_buddy_a_proposal_or_a_break_does_not_wait(town: Town) -> None:
    for name in ("ada", "ben", "cleo", "dan"):
        town.asks(name)  # two and two are proposed to each other
    town.both_say_yes("ada", "ben")
    town.asks("eve", **ALONE)
    town.asks("fay", **ALONE)
    town.takes_a_break("fay", days=30)
    town.pass_time(days=6.9)
    assert [each.waiting for each in town.every(WaitingCounted)] == [1]


def test_whom_nobody_was_proposed_for_two_weeks_is_counted_apart(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    town.answers("ada", Answer.NOT_THIS_PERSON)
    town.asks("cleo", **ALONE)
    town.pass_time(days=13)
    assert [each.unproposed_14_days for each in town.every(WaitingCounted)] == [0] * len(town.every(WaitingCounted))
    town.pass_time(days=8)
    last = town.every(WaitingCounted)[-1]
    assert (last.waiting, last.unproposed_14_days) == (3, 3)
    town.asks("dan")
    for _ in ("ada", "ben"):  # each is proposed to dan at once
        town.answers("dan", Answer.NOT_THIS_PERSON)
    town.pass_time(days=7)
    last = town.every(WaitingCounted)[-1]
    assert (last.waiting, last.unproposed_14_days) == (4, 1), "ada and ben heard of somebody last week, and dan came then"


def test_what_a_coordinator_has_not_let_go_out_is_nobodys_proposal() -> None:
    town = Town(ASSISTED)
    town.asks("ada")
    town.asks("ben")
    assert town.drafts
    town.declines(next(iter(town.drafts)), for_ever=True)
    town.pass_time(days=21)
    assert town.every(WaitingCounted)[-1].unproposed_14_days == 2


def test_groups_are_those_that_the_programme_looks_at(town: Town) -> None:
    for number in range(23):
        town.asks(f"p{number}", facts={"gender": "woman" if number < 11 else "man", "talking": "quiet"},
                  languages=("en", "cy") if number < 6 else ("en",), age_band="25_34" if number < 13 else None, **ALONE)
    town.pass_time(days=14)
    last = town.every(WaitingCounted)[-1]
    assert 7 < last.median_days < 14
    assert last.groups == (
        GroupWaiting(fact="gender", value="man", people=12, median_days=7),
        GroupWaiting(fact="gender", value="woman", people=11, median_days=7),
        GroupWaiting(fact="age_band", value="25_34", people=13, median_days=7),
        GroupWaiting(fact="age_band", value="not_said", people=10, median_days=7),
        GroupWaiting(fact="language", value="en", people=23, median_days=7)), "in full weeks"


def test_a_small_group_is_kept_back_with_as_many_more_as_would_give_it_away(town: Town) -> None:
    for number in range(20):
        gender = "woman" if number < 12 else "man" if number < 18 else "non_binary"
        town.asks(f"p{number}", facts={"gender": gender}, **ALONE)
    town.pass_time(days=7)
    last = town.every(WaitingCounted)[-1]
    assert group(last, "gender") == {}, "twenty less twelve is eight: of six and two, who could be told apart by it"
    for number in range(20, 24):
        town.asks(f"p{number}", facts={"gender": "man"}, **ALONE)
    town.pass_time(days=7)
    assert group(town.every(WaitingCounted)[-1], "gender") == {"woman": 12}, "the other twelve could be of any sizes"


@pytest.mark.parametrize(("seek", "all", "practical"), [
    (0, 9, 0), (1, 15, None), (9, 19, None), (10, 20, 10), (10, 14, None), (10, 10, 10), (9, 9, None), (0, 4, None)])
def test_who_seeks_practical_help_is_told_where_neither_they_nor_the_others_are_few(
        town: Town, seek: int, all: int, practical: int | None) -> None:
    for number in range(all):
        town.asks(f"p{number}", **ALONE | {"seeks": ("forms", "money") if number < seek else ("grief",)})
    town.pass_time(days=14)
    last = town.every(WaitingCounted)[-1]
    assert last.practical == practical
    assert (last.practical_oldest_days > 0) is bool(practical)


def test_without_practical_topics_nothing_is_told_of_practical_help() -> None:
    people = [person(f"p{number}", seeks=("forms",)) for number in range(20)]
    waiting = who_waits(people, 10 * DAY_MS, LookedAt())
    counted = told("riverside", waiting, LookedAt())
    assert (counted.practical, counted.practical_oldest_days) == (None, 0)


def test_how_long_people_wait_is_the_mean_of_five() -> None:
    assert (median([9, 1, 2, 30, 3, 90, 4]), longest([9, 1, 2, 30, 3, 90, 4])) == (10, 27)


DAYS = st.lists(st.integers(0, 200), max_size=30)
GROUPS = st.dictionaries(st.sampled_from(("a", "b", "c", "d", "not_said")), DAYS.filter(bool), min_size=1)


@given(GROUPS)
def test_what_is_kept_back_of_a_fact_is_nothing_or_enough_not_to_be_known_from_the_total(groups: dict[str, list[int]]) -> None:
    days = [each for some in groups.values() for each in some]
    counted = told("riverside", Waiting(days, 0, (), {"village": groups}), LOOKED_AT)
    shown = group(counted, "village")
    assert all(people >= LEAST_TOGETHER and people == len(groups[value]) for value, people in shown.items())
    assert all(each.median_days % 7 == 0 for each in counted.groups)
    rest = [len(some) for value, some in groups.items() if value not in shown]
    assert not rest or not shown or min(rest) >= LEAST or (sum(rest) >= LEAST_TOGETHER and len(set(rest)) > 1)


def test_nobody_and_one_are_counts_too() -> None:
    assert told("riverside", Waiting(), LOOKED_AT) == WaitingCounted(community="riverside", waiting=0)
    assert told("riverside", Waiting([3]), LOOKED_AT) == WaitingCounted(community="riverside", waiting=1)


@given(DAYS.filter(bool))
def test_no_number_of_days_is_told_of_fewer_than_five(days: list[int]) -> None:
    counted = told("riverside", Waiting(days, 0, days, {"village": {"a": days}}), LOOKED_AT)
    assert counted.waiting == len(days)
    if len(days) < LEAST:
        assert (counted.median_days, counted.practical_oldest_days, counted.groups) == (0, 0, ())
