"""Breaks, as days on which somebody rested, and windows that reach over them.

A day counts as rested when a break touches it (UTC). A week of which at least four days were rested is no week of any window:
the window reaches one week further back for it. What was recorded in such a week still counts, for it happened.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from services.ledger.domain.weeks import KEPT, WEEK_DAYS, Weeks, Window, day_of, week_of, week_of_day

RESTED_DAYS = 4
"""More than half of a week. Fewer, a difficult day say, leave the week what it is."""

AHEAD_DAYS = KEPT * WEEK_DAYS
"""How far ahead a break is noted, a year. A longer one counts as over by then: it is a bit a day."""


class Breaks(BaseModel):
    """One person's days of rest, as far back as weeks are kept: bit n of `days` is the day `first` + n, a Monday first."""

    model_config = ConfigDict(frozen=True)
    first: int = 0
    days: int = 0

    def begun(self, at_ms: int, until_ms: int) -> Breaks:
        """A newer break takes the place of what is left of an older one."""
        today = day_of(at_ms)
        last = min(max(today, day_of(until_ms - 1)), today + AHEAD_DAYS)
        kept = self.ended(at_ms)
        first = kept.first if kept.days else _monday(today)
        rested = (1 << last - today + 1) - 1
        return Breaks(first=first, days=kept.days | rested << today - first)

    def ended(self, at_ms: int) -> Breaks:
        """From tomorrow on no day is rested. Days that no window can reach any more are forgotten."""
        today = day_of(at_ms)
        days = self.days & ((1 << max(0, today - self.first + 1)) - 1)
        first = max(self.first, _monday(today) - (KEPT - 1) * WEEK_DAYS)
        days >>= first - self.first
        return Breaks(first=first, days=days) if days else Breaks()

    def on(self, at_ms: int) -> bool:
        return self._bits(day_of(at_ms), 1) == 1

    def out(self, week: int) -> bool:
        """Whether the week is no week of any window."""
        return bool(self.days) and self._bits(week * WEEK_DAYS - 3, WEEK_DAYS).bit_count() >= RESTED_DAYS

    def span(self, weeks: int, now: int) -> int:
        """How many calendar weeks a window of `weeks` reaches back from the week `now`, that one included."""
        if not self.days:
            return weeks
        counted = 0
        for back in range(KEPT):
            counted += not self.out(now - back)
            if counted == weeks:
                return back + 1
        return KEPT

    def _bits(self, day: int, count: int) -> int:
        shift = day - self.first
        days = self.days >> shift if shift >= 0 else self.days << -shift
        return days & ((1 << count) - 1)


def window(weeks: Weeks, breaks: Breaks, length: int, at_ms: int) -> Window | None:
    """The last `length` weeks that were no break, this one included; none when nothing is recorded of them (rule 6)."""
    now = week_of(at_ms)
    recorded = weeks.last(breaks.span(length, now), now)
    return Window(recorded) if recorded.strip(",") else None


def _monday(day: int) -> int:
    return week_of_day(day) * WEEK_DAYS - 3
