"""Once a week who waits is told in counts, for each community: as a week is over, from its first request on."""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.waiting import next_monday_ms, told
from services.matcher.handlers.ahead import Ahead
from services.matcher.store import WEEKS, State, Week
from shared.events import TimerElapsed
from shared.rows import Ref, Rows

WEEK_OVER = "week_over"
"""What the timer is called."""


def needs_end(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield WEEKS, event.of


def decide_end(ahead: Ahead, event: TimerElapsed) -> None:
    """Goes on whether somebody waits or not. Weeks that went by while nobody kept time are not told of one by one."""
    if not _is_due(ahead.get(WEEKS, event.of), event):
        return
    looked_at = ahead.policy.looked_at
    ahead.say(told(event.of, ahead.memory.pool.who_waits(event.of, ahead.now_ms, looked_at), looked_at))
    ahead.remind(WEEK_OVER, event.of, next_monday_ms(ahead.now_ms))


def apply_end(rows: State, event: TimerElapsed, at_ms: int) -> None:
    if _is_due(rows.get(WEEKS, event.of), event):
        rows.put(WEEKS, event.of, Week(ends_ms=next_monday_ms(at_ms)))


def _is_due(row: Week | None, event: TimerElapsed) -> bool:
    return row is not None and row.ends_ms == event.due_ms
