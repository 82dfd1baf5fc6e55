"""What becomes of a made-up pair: how long it lasts, how it ends, and what the two give to each other meanwhile.

Pure, as people are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property

from console.simulate.people import SILENT_WEEKS_MAX, WEEK_MS, Chooser, one
from shared.events import Ending, Gesture, Kind, Way

SLOWER, SLOWER_FROM_WEEK = 0.5, 4
"""Two who find contact too frequent are in touch half as often from their fifth week on. Assumed."""


class Fate(StrEnum):
    """What becomes of a moment once it is recorded."""

    STANDS = "stands"
    THANKED = "thanked"
    TAKEN_BACK = "taken_back"
    REMEMBERED_DIFFERENTLY = "remembered_differently"
    WRITTEN_TWICE = "written_twice"


@dataclass(frozen=True)
class Moment:
    """What one of a pair writes down; `gesture` none means a moment of `kind`. Places are 0 and 1, those in the pair."""

    giver: int
    by: int
    kind: Kind
    gesture: Gesture | None
    fate: Fate
    minutes: int | None = None
    way: Way | None = None
    both_ways: bool = False
    late_days: int = 0
    """How many days after it happened it is written down."""


@dataclass(frozen=True)
class Course(Chooser):
    """What becomes of a pair."""

    one_sided: tuple[float | None, float | None] = (None, None)
    """From which week of the pair on each of the two gives and hardly ever receives; none: never."""
    ways: tuple[Way, ...] = (Way.MESSAGE,)
    """Those that both use."""

    @cached_property
    def lasts_weeks(self) -> float:
        """Evenly between the weeks of which the share that ended is known; behind the last at its pace."""
        share, week, ended = self.chance("lasts"), 0.0, 0.0
        pace = 0.0
        for until, by_then in self.rates.ended_by.items():
            pace = (by_then - ended) / (until - week)
            if share < by_then:
                return week + (share - ended) / pace
            week, ended = until, by_then
        return week + (share - ended) / pace

    @cached_property
    def ending(self) -> Ending:
        return one(self.of("ending"), self.rates.endings)

    @cached_property
    def ended_by(self) -> int:
        return self.of("ended by").randrange(2)

    @cached_property
    def with_a_block(self) -> bool:
        return self.chance("block") < self.rates.blocks

    def asks_on(self, place: int) -> bool:
        """Whether that one of the two goes on looking for a buddy afterwards."""
        return self.chance(f"asks on {place}") < self.rates.asks_on

    def offers_contact(self, place: int) -> int | None:
        """After how many ms, if at all."""
        pick = self.of(f"contact {place}")
        return int(pick.uniform(0, SILENT_WEEKS_MAX) * WEEK_MS) if pick.random() < self.rates.offers_contact else None

    @cached_property
    def _tilt(self) -> float:
        """In how many of the moments the first of the two is the giver, while neither is one-sided."""
        return self.of("tilt").betavariate(self.rates.evenness, self.rates.evenness)

    def _one_sided(self, weeks: float) -> tuple[bool, bool]:
        first, second = (since is not None and since <= weeks for since in self.one_sided)
        return first, second

    def _first_gives(self, weeks: float) -> float:
        first, second = self._one_sided(weeks)
        if first == second:
            return self._tilt
        return self.rates.one_sided_gives if first else 1 - self.rates.one_sided_gives

    def next_moment(self, number: int, weeks: float, at_ms: int) -> float | None:
        """How many weeks after the pair was `weeks` old, at this time of the log, its `number`th moment comes."""
        rates = self.rates
        pace = rates.moments_a_week * rates.decline_a_week ** weeks
        if weeks >= SLOWER_FROM_WEEK and self.chance("too frequent") < rates.too_frequent:
            pace *= SLOWER
        if any(self._one_sided(weeks)):
            pace = rates.one_sided_a_week
        month = datetime.fromtimestamp(at_ms / 1000, UTC).month
        return self.weeks_until(f"moment {number}", pace * rates.moments_by_month[month - 1])

    def goes_through_a_break(self, number: int) -> bool:
        """Whether its `number`th moment happens although one of the two is on a break."""
        return self.chance(f"through a break {number}") < self.rates.through_breaks

    def moment(self, number: int, weeks: float) -> Moment:
        """Its `number`th, when the pair is `weeks` old. Where one gives nearly always, little happens both ways."""
        pick, rates, first_gives = self.of(f"what {number}"), self.rates, self._first_gives(weeks)
        giver = 0 if pick.random() < first_gives else 1
        gesture = pick.choice(tuple(Gesture)) if pick.random() < rates.gestures else None
        if gesture is not None:
            return Moment(giver, giver, Kind.GESTURE, gesture, self._fate(number, gesture=True))
        by = giver if pick.random() < rates.written_by_giver else 1 - giver
        return Moment(giver, by, one(pick, rates.kinds), None, self._fate(number, gesture=False),
                      minutes=pick.choice((None, 10, 45)),
                      way=pick.choice(self.ways) if pick.random() < rates.way_said else None,
                      both_ways=pick.random() < rates.both_ways * 4 * first_gives * (1 - first_gives),
                      late_days=pick.randint(*rates.late_days) if pick.random() < rates.written_late else 0)

    def _fate(self, number: int, gesture: bool) -> Fate:
        """Gestures are one tap: nobody writes the other's down, or remembers it differently."""
        pick, rates = self.of(f"fate {number}"), self.rates
        fates = [(Fate.TAKEN_BACK, rates.taken_back), (Fate.THANKED, rates.thanked)]
        if not gesture:
            fates += [(Fate.REMEMBERED_DIFFERENTLY, rates.remembered_differently), (Fate.WRITTEN_TWICE, rates.written_twice)]
        return next((fate for fate, share in fates if pick.random() < share), Fate.STANDS)
