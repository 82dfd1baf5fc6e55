"""What the two of a made-up pair do about moments: everything they plan is done at once here, in the order of its time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.simulate import rates
from console.simulate.course import Course
from console.simulate.giving import Giving
from console.simulate.people import HOUR_MS, WEEK_MS, Person
from console.simulate.run import START_MS
from console.simulate.standing import Act, Bond, Somebody, Told
from shared.clock import DAY_MS
from shared.events import (
    Correction,
    Event,
    GestureSent,
    Kind,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRecorded,
    MomentRememberedDifferently,
    MomentReversed,
    MomentShared,
    MomentThanked,
    MomentUpheld,
    PulseAnswered,
    PulseOffered,
)
from shared.programme import load

PROGRAMME = load()
NONE = dict.fromkeys(("thanked", "taken_back", "remembered_differently", "written_twice", "gestures", "written_late"), 0.0)
"""Nothing follows from a moment, unless a test says what."""


@dataclass
class House:
    """Two people who are a pair, and a ledger that records whatever they tell it, as far as a test wants one."""

    rates: rates.Rates
    told: Told = field(default_factory=Told)
    plans: list[tuple[float, int, Act]] = field(default_factory=list)
    planned: int = 0
    said: list[tuple[int, Any]] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)
    """Moments of which the ledger says that they may be another one."""

    def __post_init__(self) -> None:
        people = [Person(1, f"person {number}", self.rates, PROGRAMME) for number in range(2)]
        self.people = {each.peer: Somebody(each, START_MS, None) for each in people}
        course = Course(1, "pair p", self.rates)
        self.bonds = {"p": Bond((people[0].peer, people[1].peer), course, START_MS, two_way=True)}
        self.giving = Giving(self.people, self.bonds, self.told, self._plan)

    def _plan(self, at_ms: float, act: Act) -> None:
        self.planned += 1
        heapq.heappush(self.plans, (at_ms, self.planned, act))

    def lives(self, weeks: float = 26) -> list[Any]:
        """Everything that the two say in so many weeks."""
        self.giving.begins("p", START_MS)
        return self.lives_on(weeks)

    def lives_on(self, weeks: float) -> list[Any]:
        while self.plans and self.plans[0][0] < START_MS + weeks * WEEK_MS:
            at_ms, _, act = heapq.heappop(self.plans)
            for event in act(int(at_ms)):
                self.said.append((int(at_ms), event))
                for answer in self._ledger(event):
                    self.giving.hearing[type(answer)](answer, int(at_ms))
        return [event for _, event in self.said]

    def _ledger(self, event: Event) -> Iterable[Event]:
        if isinstance(event, MomentShared):
            yield MomentRecorded(moment=event.moment, pair=event.pair, giver=event.giver, receiver=event.receiver,
                                 kind=event.kind, recorded_by=event.recorded_by, same_as=self.same.get(event.moment))
        elif isinstance(event, GestureSent):
            yield MomentRecorded(moment=event.moment, pair=event.pair, giver=event.giver, receiver=event.receiver,
                                 kind=Kind.GESTURE, recorded_by=event.giver)
        elif isinstance(event, MomentCorrected):
            yield MomentReversed(moment=event.moment, giver="g", receiver="r", reason=event.reason)


def house(**over: Any) -> House:
    return House(rates.read().model_copy(update={**NONE, "moments_a_week": 4.0, "decline_a_week": 1.0, **over}))


def of(events: list[Any], kind: type[Event]) -> list[Any]:
    return [each for each in events if isinstance(each, kind)]


def test_moments_alone_are_all_that_is_said_where_nothing_follows_from_them() -> None:
    here = house()
    said = here.lives()
    assert len(said) > 60
    assert {type(each) for each in said} == {MomentShared}
    assert here.told.moments.total() == len(said)
    assert all({each.giver, each.receiver} == set(here.bonds["p"].peers) and each.recorded_by in here.people for each in said)


def test_the_other_of_the_two_thanks_whoever_wrote_it_down_within_two_days() -> None:
    here = house(thanked=1.0)
    said = here.lives()
    written = {each.moment: (at_ms, each) for at_ms, each in here.said if isinstance(each, MomentShared)}
    thanks = [(at_ms, each) for at_ms, each in here.said if isinstance(each, MomentThanked)]
    assert len(of(said, MomentShared)) - 8 < len(thanks) == len({each.moment for _, each in thanks})
    for at_ms, each in thanks:
        wrote_ms, moment = written[each.moment]
        assert each.to == moment.recorded_by != each.peer
        assert HOUR_MS <= at_ms - wrote_ms <= 2 * DAY_MS


def test_what_is_taken_back_by_mistake_is_put_back_by_the_same_person() -> None:
    said = house(taken_back=1.0, put_back=1.0).lives()
    writers = {each.moment: each.recorded_by for each in of(said, MomentShared)}
    corrected, put_back = of(said, MomentCorrected), of(said, MomentPutBack)
    assert len(put_back) > 60
    assert all(each.reason is Correction.MISTAKE and each.peer == writers[each.moment] for each in corrected)
    assert all(each.peer == writers[each.moment] for each in put_back)


@pytest.mark.parametrize(("ends", "kind"), [("agreed", MomentCorrected), ("upheld", MomentUpheld), ("left_open", None)])
def test_another_memory_is_agreed_on_upheld_or_left_open_by_whoever_wrote_it_down(ends: str, kind: type[Event] | None) -> None:
    said = house(remembered_differently=1.0, other_memory={ends: 1.0}, put_back=1.0).lives()
    writers = {each.moment: each.recorded_by for each in of(said, MomentShared)}
    remembered = of(said, MomentRememberedDifferently)
    assert len(remembered) > 60
    assert all(each.peer != writers[each.moment] for each in remembered)
    settled = of(said, kind) if kind else []
    assert {type(each) for each in said} == {MomentShared, MomentRememberedDifferently, *([kind] if kind else [])}
    assert all(each.peer == writers[each.moment] for each in settled)
    assert all(each.reason is Correction.AGREED for each in settled if isinstance(each, MomentCorrected))


@pytest.mark.parametrize(("ends", "kind"), [("same", MomentCorrected), ("two", MomentKeptApart), ("left_open", None)])
def test_both_write_the_same_moment_down_on_one_day_and_the_later_one_says_what_it_is(
        ends: str, kind: type[Event] | None) -> None:
    first, here = house(written_twice=1.0), house(written_twice=1.0, same_moment={ends: 1.0})
    first.lives()
    twice = [(at_ms, each) for at_ms, each in first.said if isinstance(each, MomentShared)]
    days = Counter((at_ms // DAY_MS, each.kind, each.giver) for at_ms, each in twice)
    assert min(days.values()) >= 2
    seen: dict[tuple[Any, ...], str] = {}
    for at_ms, each in twice:
        before = seen.setdefault((at_ms // DAY_MS, each.kind, each.giver), each.moment)
        if before != each.moment:
            here.same[each.moment] = before
    said = here.lives()
    writers = {each.moment: each.recorded_by for each in of(said, MomentShared)}
    settled = of(said, kind) if kind else []
    assert {type(each) for each in said} == {MomentShared, *([kind] if kind else [])}
    assert all(each.moment in here.same and each.peer == writers[each.moment] for each in settled)
    assert all(each.reason is Correction.SAME_MOMENT for each in settled if isinstance(each, MomentCorrected))


def test_late_moments_say_when_they_happened_and_are_written_down_even_when_the_pair_has_ended_since() -> None:
    here = house(written_late=1.0)
    here.lives(10)
    here.bonds["p"].open = False
    here.lives_on(26)
    late = [(at_ms, each) for at_ms, each in here.said if isinstance(each, MomentShared)]
    assert len(late) > 20
    assert all(each.happened_ms is not None and DAY_MS <= at_ms - each.happened_ms <= 7 * DAY_MS for at_ms, each in late)
    assert all(START_MS <= each.happened_ms < START_MS + 10 * WEEK_MS for _, each in late)
    assert max(at_ms for at_ms, _ in late) > START_MS + 10 * WEEK_MS


@pytest.mark.parametrize(("share", "happens"), [(0.0, False), (1.0, True)])
def test_on_a_break_moments_happen_as_often_as_the_rate_says(share: float, happens: bool) -> None:
    here = house(through_breaks=share)
    next(iter(here.people.values())).resting_until_ms = START_MS + 52 * WEEK_MS
    assert bool(here.lives()) is happens


def test_whoever_left_says_nothing_more() -> None:
    here = house(thanked=1.0, taken_back=0.5, remembered_differently=0.5)
    before = len(here.lives(5))
    for somebody in here.people.values():
        somebody.here = False
    assert len(here.lives_on(26)) == before > 0


def test_asked_whether_they_felt_listened_to_as_many_answer_as_the_rate_says_and_silent_people_never() -> None:
    here = house(pulse_answers=1.0, silent_people=0.0)
    peer = here.bonds["p"].peers[0]
    for number in range(50):
        here.giving.hearing[PulseOffered](PulseOffered(peer=peer), START_MS + number)
    answers = of(here.lives(), PulseAnswered)
    assert len(answers) == 50
    assert {each.peer for each in answers} == {peer}
    silent = house(pulse_answers=1.0, silent_people=1.0)
    silent.giving.hearing[PulseOffered](PulseOffered(peer=silent.bonds["p"].peers[0]), START_MS)
    assert of(silent.lives(), PulseAnswered) == []
