"""Quiet hours on a person's own clock, through the nights on which clocks change (rule 8).

Whether a moment is quiet is asked of the local wall clock at that moment, never computed from a difference of hours: in
the night of a change the hours between 21:00 and 09:00 are eleven or thirteen.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.events import QuietHours

USUAL = QuietHours()
"""What holds for whoever has not chosen: 21:00 to 09:00 in the programme's zone."""

DAYS_AHEAD = 4
"""Days looked through for the end of quiet hours: the next one, and room for a zone that skips a whole day."""


@dataclass(frozen=True)
class Hours:
    """Quiet from `start` up to, and not including, `end`, in minutes since local midnight; over midnight when start > end."""

    start: int
    end: int
    zone: tzinfo

    def quiet_at(self, at_ms: int) -> bool:
        local = _local(at_ms, self.zone)
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def allowed_from(self, at_ms: int) -> int:
        """The first moment from `at_ms` on that is not quiet.

        An end that a clock change skips (01:30 in a British night of March) is an hour later that night.
        """
        return min(self._ends_after(at_ms)) if self.quiet_at(at_ms) else at_ms

    def next_end(self, at_ms: int) -> int:
        """The next time after `at_ms` that quiet hours end."""
        return min(self._ends_after(at_ms))

    def _ends_after(self, at_ms: int) -> Iterator[int]:
        return (end_ms for end_ms in _ends_about(self, _local(at_ms, self.zone).date()) if end_ms > at_ms)


@lru_cache(maxsize=4_096)
def _ends_about(hours: Hours, day: date) -> tuple[int, ...]:
    """The ends of quiet hours on the days about this one. Most people keep the same hours in the same zone, so most of them
    share one answer a day."""
    ends_ms = (_moment(day + timedelta(days), hours.end, hours.zone, fold) for days in range(-1, DAYS_AHEAD) for fold in (0, 1))
    return tuple(end_ms for end_ms in ends_ms if not hours.quiet_at(end_ms))


def hours_of(chosen: QuietHours | None, zone: tzinfo) -> Hours | None:
    """What a person chose, as hours; None when every hour is fine.

    Fails closed: an unknown zone means `zone`, the programme's; a start that is also the end means the usual hours.
    """
    if chosen is None:
        return None
    if chosen.start == chosen.end:
        chosen = USUAL.model_copy(update={"zone": chosen.zone})
    return Hours(_minutes(chosen.start), _minutes(chosen.end), _zone(chosen.zone) or zone)


def morning_after(at_ms: int, hours: Hours | None, zone: tzinfo) -> int:
    """The next morning after `at_ms`: when the person's quiet hours end, or at 09:00 when every hour is fine."""
    return (hours or Hours(_minutes(USUAL.start), _minutes(USUAL.end), zone)).next_end(at_ms)


def monday_after(at_ms: int, hours: Hours | None, zone: tzinfo) -> int:
    """The next such morning after `at_ms` that is a Monday's, on the person's own calendar."""
    morning_ms = morning_after(at_ms, hours, zone)
    while not is_monday(morning_ms, hours, zone):
        morning_ms = morning_after(morning_ms, hours, zone)
    return morning_ms


def is_monday(at_ms: int, hours: Hours | None, zone: tzinfo) -> bool:
    return _local(at_ms, hours.zone if hours else zone).weekday() == calendar.MONDAY


@lru_cache(maxsize=1_024)
def _zone(name: str | None) -> tzinfo | None:
    """A name comes from a form: whatever is wrong with it (not there, a folder, a path upwards), it is unknown."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _local(at_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def _moment(day: date, minute: int, zone: tzinfo, fold: int) -> int:
    local = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), zone)
    return round(local.timestamp() * 1000)
