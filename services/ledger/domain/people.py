"""What one person did in the windows of the signals, from the weeks on their account, with their breaks taken out.

Counted once a week from everybody's rows and kept nowhere: who was active in a window that moves on, and reaches over breaks,
is no sum of weekly counts, and a correction may change it of weeks ago.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from services.ledger.domain.breaks import Breaks
from services.ledger.domain.entries import Account
from services.ledger.domain.members import Rest, Rested
from services.ledger.domain.weeks import Weeks, Window

LATELY, SEASON, HALF_A_YEAR = 4, 12, 26
"""Weeks."""

AWAY_WEEKS = 4
"""Whole weeks without anything recorded, after which whoever comes back has returned."""


class Person(NamedTuple):
    """As of the end of a week. `here`: they have not left; what former peers gave was given all the same."""

    here: bool
    gave: int
    """Moments in the last 12 weeks."""
    received: int
    gave_half: int
    """Moments in the last 26."""
    received_half: int
    returned: bool
    """They came back within 12 weeks."""
    rest: Rest | None
    """What they used in the last 4 weeks."""
    trained: bool

    @property
    def active(self) -> bool:
        return bool(self.gave or self.received)

    @property
    def active_half(self) -> bool:
        return bool(self.gave_half or self.received_half)


def seen(account: Account | None, week: int, breaks: Breaks | None = None, rested: Rested | None = None,
         trained: bool = False) -> Person:
    """One person as of the end of `week`. Without `breaks` and `rested` a former peer, of whom neither is known any more."""
    weeks = until(account.by_week, week) if account is not None else Weeks()
    over = breaks or Breaks()
    half = Window(weeks.last(over.span(HALF_A_YEAR, week), week))
    season = Window(weeks.last(over.span(SEASON, week), week))
    return Person(here=rested is not None, gave=season.given, received=season.received, gave_half=half.given,
                  received_half=half.received, returned=returned(weeks, week),
                  rest=rested.since(week - LATELY + 1) if rested is not None else None, trained=trained)


def until(weeks: Weeks, week: int) -> Weeks:
    """Without what came after `week`."""
    newer = weeks.latest - week
    if newer <= 0:
        return weeks
    return Weeks(week, ",".join(weeks.text.split(",")[newer:]))


def returned(weeks: Weeks, week: int) -> bool:
    """Whether something was recorded within a season after a longer silence. A break is a silence too: coming back from one is
    what this is about. What came before the weeks that are kept is not known."""
    recorded = [weeks.latest - back for back, text in enumerate(weeks.text.split(",")) if text]
    return any(later - earlier > AWAY_WEEKS and week - later < SEASON for later, earlier in pairwise(recorded))
