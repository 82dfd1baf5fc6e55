"""Who made-up people are and how they choose, as far as it depends on nobody else. Pure: the same seed, the same choices.

Every choice comes from a random sequence of its own, named by who chooses what, so that a change in one place does not shift
all others: with another dial the same people come, on the same days, seeking the same. Nobody here is modelled on anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from typing import TypeVar

from console.simulate.rates import Rates
from services.gateway.forms import TIMES
from shared.clock import DAY_MS, derived_id
from shared.events import Answer, Details, Frequency, Listened, PreferencesChanged, QuietHours, Way
from shared.programme import Programme

HOUR_MS, WEEK_MS = DAY_MS // 24, 7 * DAY_MS
SILENT_WEEKS_MAX = 2
"""Within how long somebody who was set aside comes back, if they do; a contact is offered, and a question answered."""

QUIET = (None, ("18:00", "10:30"), ("22:00", "07:00"), ("23:30", "12:00"), ("08:00", "17:30"))
ZONES = (None, "Europe/Warsaw", "Asia/Karachi", "America/New_York", "Pacific/Chatham", "Nowhere/There is none")
"""What people choose who choose: those who sleep by day, are abroad, or whose zone nobody knows too."""

T = TypeVar("T")


@dataclass(frozen=True)
class Chooser:
    """Whoever `name` is makes choices: a person, or a pair."""

    seed: int
    name: str
    rates: Rates

    def of(self, what: str) -> Random:
        return Random(f"{self.seed}/{self.name}/{what}")

    def chance(self, what: str) -> float:
        return self.of(what).random()

    def weeks_until(self, what: str, a_week: float) -> float | None:
        """When something happens for the first time that happens `a_week` times a week; never, when that is 0."""
        return self.of(what).expovariate(a_week) if a_week else None


@dataclass(frozen=True)
class Person(Chooser):
    """One made-up person."""

    programme: Programme

    @cached_property
    def peer(self) -> str:
        return derived_id(f"simulate:{self.seed}", self.name)

    @cached_property
    def silent(self) -> bool:
        """Never answers anything."""
        return self.chance("silent person") < self.rates.silent_people

    @cached_property
    def one_sided_from(self) -> float | None:
        """How many weeks after they came they begin to give and hardly ever to receive; never, for most."""
        if self.chance("one-sided") >= self.rates.one_sided_people:
            return None
        return self.of("one-sided from").uniform(*self.rates.one_sided_begins)

    @cached_property
    def capacity(self) -> int:
        return count(self.of("capacity"), self.rates.capacity, 1)

    @property
    def first_language(self) -> str:
        return self.details.languages[0]

    @cached_property
    def details(self) -> Details:
        """What they answer on the form."""
        rates, topics = self.rates, tuple(self.programme.topics)
        sought = {topic: 1 / place for place, topic in enumerate(topics, 1)}
        offered = {topic: (sought[topic] + sought[topics[place - 3]]) / 2 for place, topic in enumerate(topics)}
        pick = self.of("wishes")
        offers = _drawn(pick, offered, count(pick, rates.offers, 1))
        own = offers if pick.random() < 0.5 else ()
        left = {topic: share for topic, share in sought.items() if topic not in own}
        seeks = _drawn(pick, left, count(pick, rates.seeks, 1))
        avoids = _drawn(pick, {topic: share for topic, share in sought.items() if topic not in {*offers, *seeks}},
                        count(pick, rates.avoids, 0))
        pick = self.of("meeting")
        ways = tuple(way for way in Way if pick.random() < rates.ways.get(way, 0.0)) or (Way.MESSAGE,)
        area = pick.choices(range(len(rates.areas)), rates.areas)[0]
        parts = {str(part): share for part, share in rates.times.items()}
        times = tuple(time for time in TIMES if pick.random() < parts.get(time.partition("_")[2], 0.0))
        return Details(seeks=seeks, offers=offers, avoids=avoids, ways=ways, times=times, area=f"area {area + 1}",
                       languages=self._languages(),
                       showable=tuple(topic for topic in seeks if pick.random() < rates.showable))

    def _languages(self) -> tuple[str, ...]:
        pick, (main, *others) = self.of("languages"), self.programme.languages
        if not others:
            return (main,)
        first = main if pick.random() < self.rates.main_language else _drawn(
            pick, {language: 1 / place for place, language in enumerate(others, 1)}, 1)[0]
        if first == main:
            return (main, pick.choice(others)) if pick.random() < self.rates.also_another else (main,)
        return (first, main) if pick.random() < self.rates.also_main else (first,)

    @property
    def preferences(self) -> PreferencesChanged | None:
        """When and how often they would like us to write; none: as is usual."""
        pick = self.of("preferences")
        if pick.random() >= self.rates.own_wishes:
            return None
        hours, zone = pick.choice(QUIET), pick.choice(ZONES)
        quiet = None if hours is None else QuietHours(start=hours[0], end=hours[1], zone=zone)
        without: tuple[str, ...] = pick.choice(((), (), ("kind",), ("nudge",)))
        return PreferencesChanged(peer=self.peer, quiet=quiet, frequency=pick.choice([*Frequency]), without=without)

    def arrives(self, start_ms: int, days: Sequence[float]) -> int:
        """When they ask; `days` are the shares of the days from the start on."""
        pick = self.of("arrival")
        return start_ms + pick.choices(range(len(days)), days)[0] * DAY_MS + self._hour(pick)

    def _hour(self, pick: Random) -> int:
        low, high = self.rates.hours
        return int(pick.uniform(low, high) * HOUR_MS)

    def answer(self, proposal: str, gets: float) -> tuple[int, Answer] | None:
        """After how many ms they say what to a person who offers the share `gets` of what they seek; none: never."""
        pick, rates = self.of(f"answer {proposal}"), self.rates
        if self.silent or pick.random() < rates.silent:
            return None
        after_ms = int(rates.answer_hours * pick.lognormvariate(0.0, rates.answer_spread) * HOUR_MS)
        if pick.random() < rates.yes_if_nothing + (rates.yes_if_all - rates.yes_if_nothing) * gets:
            return after_ms, Answer.YES
        return after_ms, one(pick, rates.other_answers)

    def resumes(self, message: str) -> int | None:
        """After how many ms somebody who was told that they are set aside comes back."""
        pick = self.of(f"resume {message}")
        back = not self.silent and pick.random() < self.rates.resumes
        return int(pick.uniform(0, SILENT_WEEKS_MAX) * WEEK_MS) if back else None

    def pulse(self, at_ms: int) -> tuple[int, Listened] | None:
        """After how many ms they answer what their page asks from `at_ms` on, and what; none: never."""
        pick = self.of(f"pulse {at_ms}")
        if self.silent or pick.random() >= self.rates.pulse_answers:
            return None
        return int(pick.uniform(0, SILENT_WEEKS_MAX) * WEEK_MS), one(pick, self.rates.pulse)

    def rest(self, place: int) -> tuple[float, int, int | None] | None:
        """The `place`th break or difficult day: in how many weeks from the one before, how many ms long, and after how many
        they are back if that is early. A difficult day lasts a day."""
        pick, rates = self.of(f"rest {place}"), self.rates
        a_week = rates.breaks_a_week + rates.difficult_days_a_week
        if not a_week:
            return None
        in_weeks = pick.expovariate(a_week)
        if pick.random() * a_week < rates.difficult_days_a_week:
            return in_weeks, DAY_MS, None
        long_ms = int(pick.uniform(*rates.break_weeks) * WEEK_MS)
        early = pick.random() < rates.back_early
        return in_weeks, long_ms, int(pick.random() * long_ms) if early else None


def day_shares(rates: Rates, start_ms: int, weeks: int) -> list[float]:
    """How many ask on each day, beside the others."""
    first = datetime.fromtimestamp(start_ms / 1000, UTC)
    days = (first + timedelta(days=number) for number in range(7 * weeks))
    return [rates.weekdays[day.weekday()] * rates.months[day.month - 1] for day in days]


def count(pick: Random, shares: Sequence[float], least: int) -> int:
    return least + pick.choices(range(len(shares)), shares)[0]


def one(pick: Random, shares: Mapping[T, float]) -> T:
    return pick.choices(tuple(shares), tuple(shares.values()))[0]


def _drawn(pick: Random, shares: Mapping[T, float], count: int) -> tuple[T, ...]:
    """So many different ones, each by its share (Efraimidis and Spirakis 2006)."""
    return tuple(sorted(shares, key=lambda each: pick.random() ** (1 / shares[each]), reverse=True)[:count])
