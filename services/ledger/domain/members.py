"""What signals need to know of one person: where they belong, since when, and what they did for the first time or lately.

It rests on the holder's row and goes with it when they leave; what was counted of them stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from services.ledger.domain.weeks import week_of, week_of_day
from shared.events import BreakKind

Rest = Literal["not_now", "difficult_day", "break"]
RESTS: tuple[Rest, ...] = ("break", "difficult_day", "not_now")
"""From the longest to the shortest. Whoever used several is counted with the first of them."""

PULSE_AFTER = 3
"""Moments until somebody is asked whether they felt listened to: after one or two there is little to say."""

PULSE_WEEKS = 12
"""Weeks until they are asked again: one question a season."""


class Joined(NamedTuple):
    community: str
    day: int
    """Days since 1970, in UTC."""

    @property
    def week(self) -> int:
        return week_of_day(self.day)


class Firsts(NamedTuple):
    """After how many days each came for the first time; none: not yet."""

    proposal: int | None = None
    giving: int | None = None
    receiving: int | None = None

    @property
    def hello(self) -> int | None:
        """The first moment or gesture, whichever of the two it came from."""
        days = [each for each in (self.giving, self.receiving) if each is not None]
        return min(days, default=None)

    @property
    def counted(self) -> Mapping[str, int]:
        """As they stand in the tally of the week in which the person joined."""
        told = (("proposal", self.proposal), ("hello", self.hello), ("giving", self.giving))
        return {f"{what}:{days}": 1 for what, days in told if days is not None}


class Rested(NamedTuple):
    """The latest week in which each was used; of a break, the last one that it reaches into."""

    not_now: int = 0
    difficult_day: int = 0
    break_: int = 0

    def begun(self, kind: BreakKind, at_ms: int, until_ms: int) -> Rested:
        """A newer break takes the place of what is left of an older one."""
        last, rested = week_of(max(at_ms, until_ms - 1)), self.ended(at_ms)
        return rested._replace(break_=last) if kind is BreakKind.BREAK else rested._replace(difficult_day=last)

    def ended(self, at_ms: int) -> Rested:
        week = week_of(at_ms)
        return self._replace(difficult_day=min(week, self.difficult_day), break_=min(week, self.break_))

    def since(self, week: int) -> Rest | None:
        """What they used in that week or later."""
        latest = {"break": self.break_, "difficult_day": self.difficult_day, "not_now": self.not_now}
        return next((each for each in RESTS if latest[each] >= week), None)


class Pulse(NamedTuple):
    """When somebody was last asked whether they felt listened to, and whether that question still stands."""

    week: int = 0
    open: bool = False

    def due(self, moments: int, week: int) -> bool:
        """Whether somebody of whom so many moments are recorded may be asked."""
        return moments >= PULSE_AFTER and (not self.week or week - self.week >= PULSE_WEEKS)
