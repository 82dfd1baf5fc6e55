"""The weeks that a report is about, wherever they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from shared.events import Signal

HOUR_MS = 3_600_000
"""A week's signals come some minutes after it is over; within an hour nothing is late."""

WEEKS_MAX = 52
"""How far back a report goes: a year."""

_THURSDAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Week:
    """One week's signals by name; none where it was not reckoned."""

    number: int
    signals: Mapping[str, Signal]

    @property
    def ends(self) -> date:
        """Its Sunday."""
        return last_day(self.number)


@dataclass(frozen=True)
class Reckoned:
    """The weeks of one community, oldest first, without a break. The last of them was reckoned."""

    community: str
    weeks: tuple[Week, ...]
    stale: bool = False
    """A later week is over, and was not reckoned."""

    @property
    def latest(self) -> Week:
        return self.weeks[-1]


def last_day(week: int) -> date:
    """The Sunday of a week, which is numbered as in `services/ledger/domain/weeks.py`."""
    return _THURSDAY + timedelta(weeks=week, days=3)
