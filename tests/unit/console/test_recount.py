"""Whom a recount says is to be found, told in days: a history of moments and breaks, and what the ledger said of it."""

from __future__ import annotations

import pytest

from console.simulate.recount import Case, Fact, Recount, case_of, found
from console.simulate.run import START_MS
from services.ledger.domain.protection import Thresholds
from shared.clock import DAY_MS
from shared.events import Kind, MomentRecorded

LEAST = Thresholds()
END = 30 * 7


def at(day: float) -> int:
    return START_MS + int(day * DAY_MS)


def gave(day: float, by: int = 1, happened: float | None = None) -> Fact:
    return Fact(at(day), given=by, day=at(day if happened is None else happened) // DAY_MS)


def received(day: float) -> Fact:
    return Fact(at(day), received=1, day=at(day) // DAY_MS)


def rests(day: float, days: float) -> Fact:
    return Fact(at(day), break_until_ms=at(day + days))


def said(day: float) -> Fact:
    return Fact(at(day), found=True)


def case(*facts: Fact, end: float = END) -> Case:
    return case_of(sorted(facts, key=lambda each: each.at_ms), LEAST, at(end))


def weekly(first: int = 0, last: int = 30, each: int = 1) -> list[Fact]:
    """On Tuesdays at noon; two hours apart where there are more in a week."""
    return [gave(7 * week + 1.5 + hour / 12) for week in range(first, last) for hour in range(each)]


NEWCOMER_UNTIL = 7 * LEAST.newcomer_weeks
"""The first Monday on which who began in the first week is no newcomer any more."""


def test_who_gives_every_week_and_receives_nothing_crosses_when_their_first_weeks_are_over() -> None:
    told = case(*weekly())
    assert told == Case(crossed_ms=at(NEWCOMER_UNTIL), as_newcomer=True)


EVENLY = [received(7 * week + 2) for week in range(30)]
HISTORIES: dict[str, tuple[list[Fact], bool]] = {
    "once a week, and nothing received": (weekly(0, 30), True),
    "as much received as given": ([*weekly(0, 30), *EVENLY], False),
    "three times what they received": ([*weekly(0, 30, 3), *EVENLY], True),
    "a little less than that": ([*weekly(0, 30, 3), *EVENLY, *map(received, range(2, 200, 5))], False),
    "one busy month alone": ([gave(0), *weekly(14, 18, 6)], False),
    "a busy month after three weeks": ([*weekly(0, 3), *weekly(16, 20, 4)], False),
    "all of it taken back": (
        [*weekly(0, 30), *(gave(7 * week + 1.6, by=-1, happened=7 * week + 1.5) for week in range(30))], False),
    "written down late, in the weeks in which it happened": (
        [gave(0), *(gave(29 * 7 + hour / 24, happened=18 * 7 + 3 * hour) for hour in range(24))], True),
    "the same on the day itself, a busy week": ([gave(0), *(gave(29 * 7 + hour / 24) for hour in range(24))], False),
    "their first weeks alone": (weekly(0, 11), False),
    "on a break that goes on": ([*weekly(0, 30), rests(60, 200)], False),
    "back early from it": ([*weekly(0, 30), rests(60, 200), Fact(at(150), back=True)], True),
}


@pytest.mark.parametrize(("history", "crosses"), HISTORIES.values(), ids=HISTORIES)
def test_both_windows_have_to_be_far_above_and_breaks_first_weeks_and_busy_months_are_none(
        history: list[Fact], crosses: bool) -> None:
    assert (case(*history).crossed_ms is not None) is crosses


def test_weeks_of_rest_are_taken_out_of_the_windows_which_reach_further_back() -> None:
    before, again = [gave(0), *weekly(13, 19, 2)], gave(27 * 7 + 1.5)
    assert case(*before, again).crossed_ms is None
    assert case(*before, rests(21 * 7, 35), again).crossed_ms == again.at_ms


def test_who_rested_by_themselves_for_two_weeks_crosses_when_they_give_again() -> None:
    quiet = case(*weekly(0, 11, 2), gave(NEWCOMER_UNTIL + 15))
    assert quiet.crossed_ms == at(NEWCOMER_UNTIL + 15)
    short = case(*weekly(0, 11, 2), gave(NEWCOMER_UNTIL + 13))
    assert short.crossed_ms == at(NEWCOMER_UNTIL)


WRONGLY = {
    "a newcomer still": [*weekly(0, 30), said(80.5)],
    "on a break": [*weekly(0, 30), rests(100, 10), said(105)],
    "too little": [*weekly(0, 6), said(100)],
    "twice within twelve weeks": [*weekly(0, 30), said(92.5), said(120.5)],
}


@pytest.mark.parametrize("history", WRONGLY.values(), ids=WRONGLY)
def test_whoever_is_found_though_the_recount_says_otherwise_is_found_wrongly(history: list[Fact]) -> None:
    told = case(*history)
    assert told.wrongly == 1
    assert found({"a": told}, {"a"}, at(END)).found_wrongly == ("a",)


def test_found_again_after_twelve_weeks_is_not_found_wrongly() -> None:
    assert case(*weekly(0, 30), said(92.6), said(92.6 + 84)).wrongly == 0


def test_who_gave_on_a_break_and_was_kept_by_it_is_counted() -> None:
    told = case(*weekly(0, 20), rests(NEWCOMER_UNTIL - 1, 60), end=20 * 7)
    assert told == Case(crossed_ms=None, on_a_break=True, as_newcomer=True)


def test_found_within_two_weeks_is_told_from_found_late_and_from_never() -> None:
    soon, late, never = case(*weekly(), said(92.6)), case(*weekly(), said(NEWCOMER_UNTIL + 15)), case(*weekly())
    all_told = found({"soon": soon, "late": late, "never": never, "other": soon}, {"soon", "late", "never", "quiet"}, at(END))
    assert (all_told.planted, all_told.crossed, all_told.found) == (4, 3, 2)
    assert all_told.longest_delay_days == 15.0
    assert all_told.missed == ("late", "never")
    assert (all_told.others_crossed, all_told.others_found) == (1, 1)
    assert found({"never": never}, set(), at(NEWCOMER_UNTIL + 10)).missed == ()


def test_a_moment_both_ways_is_given_and_received_at_once() -> None:
    """Between its two halves on the log nobody gave more than they received."""
    recount, (a, b) = Recount(), ("a", "b")
    for number in range(25):
        forth, back = f"{number}", f"{number} back"
        for moment, other, giver, receiver in ((forth, back, a, b), (back, forth, b, a)):
            recount.hearing[MomentRecorded](MomentRecorded(
                moment=moment, pair="ab", giver=giver, receiver=receiver, kind=Kind.LISTENED, linked=other), at(7 * number + 1))
    least = Thresholds(times=1, more=1, weeks=1)
    assert recount.cases(least, at(END)) == {a: Case(), b: Case()}
