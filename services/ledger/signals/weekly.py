"""A week is over: its timer, what a worker is asked for, and what it answered; and who waits, as the matcher counts it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.ledger.domain.signals import Group, Waiting
from services.ledger.domain.weeks import WEEK_DAYS, week_of
from services.ledger.store import COMMUNITIES, SERVICE, SIGNALS, WAITING, Community, Counted, SignalsRow, of_week
from shared.clock import DAY_MS
from shared.events import Event, SignalsComputed, SignalsIntended, TimerElapsed, WaitingCounted
from shared.rows import Ref, Rows
from shared.service import Entry, Later

WEEKLY = "signals"
"""The timer of a community's signals."""

DUE_MS = 10 * 60 * 1000
"""After the week's end, Monday 00:00 UTC: by then the matcher has counted who waits."""

LOST_MS = 8 * DAY_MS
"""So long after it was due a timer is thought lost, and the next moment or newcomer sets another: a week, in which the next one
would have come, and a day. Timers rest in Redis alone, so a state made again from the log has none."""


def begins_ms(week: int) -> int:
    """Monday 00:00 UTC."""
    return (week * WEEK_DAYS - 3) * DAY_MS


def due_after(at_ms: int) -> int:
    """When the signals of the week in which `at_ms` lies are due."""
    return begins_ms(week_of(at_ms) + 1) + DUE_MS


def timer(rows: Rows, community: str, at_ms: int) -> Iterable[Later]:
    """For whatever may be the first that happens in a community, or the first since the timer was lost."""
    if _has_none(rows.get(COMMUNITIES, community), at_ms):
        yield _later(community, due_after(at_ms))


def set_timer(rows: Rows, community: str, at_ms: int) -> None:
    """Notes what `timer` decided."""
    row = rows.get(COMMUNITIES, community) if community else None
    if row is not None and _has_none(row, at_ms):
        rows.put(COMMUNITIES, community, row.model_copy(update={"due_ms": due_after(at_ms)}))


def _has_none(row: Community | None, at_ms: int) -> bool:
    return row is None or at_ms > row.due_ms + LOST_MS


def _later(community: str, due_ms: int) -> Later:
    return Later(TimerElapsed(service=SERVICE, what=WEEKLY, of=community, due_ms=due_ms), due_ms)


def needs_timer(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    if event.service == SERVICE and event.what == WEEKLY:
        yield COMMUNITIES, event.of


def decide_timer(rows: Rows, entry: Entry, _said: Sequence[Event | Later]) -> Iterable[Event | Later]:
    """Weeks that ended while Redis was away come one after the other."""
    elapsed: TimerElapsed = entry.event
    if _is_due(rows, elapsed):
        yield SignalsIntended(community=elapsed.of, week=week_of(elapsed.due_ms) - 1)
        yield _later(elapsed.of, due_after(elapsed.due_ms))


def apply_timer(rows: Rows, event: TimerElapsed, _at_ms: int) -> None:
    row = rows.get(COMMUNITIES, event.of) if _is_due(rows, event) else None
    if row is not None:
        rows.put(COMMUNITIES, event.of, row.model_copy(update={"due_ms": due_after(event.due_ms)}))


def _is_due(rows: Rows, event: TimerElapsed) -> bool:
    if event.service != SERVICE or event.what != WEEKLY:
        return False
    row = rows.get(COMMUNITIES, event.of)
    return row is not None and row.due_ms == event.due_ms


def apply_intended(rows: Rows, event: SignalsIntended, _at_ms: int) -> None:
    if (row := rows.get(COMMUNITIES, event.community)) is not None:
        rows.put(COMMUNITIES, event.community, row.model_copy(update={"under_way": (*row.under_way, event.week)}))


def needs_computed(_rows: Rows, event: SignalsComputed) -> Iterable[Ref]:
    yield COMMUNITIES, event.community


def apply_computed(rows: Rows, event: SignalsComputed, _at_ms: int) -> None:
    """The first that is told of a week counts; another worker may have been at it too."""
    row = rows.get(COMMUNITIES, event.community)
    if row is not None and event.week in row.under_way:
        left = tuple(week for week in row.under_way if week != event.week)
        rows.put(COMMUNITIES, event.community, row.model_copy(update={"under_way": left}))
        rows.put(SIGNALS, of_week(event.community, event.week), SignalsRow(signals=event.signals))


def apply_waiting(rows: Rows, event: WaitingCounted, at_ms: int) -> None:
    groups = tuple(Group(each.fact, each.value, each.people, each.median_days) for each in event.groups)
    rows.put(WAITING, event.community, Counted(week=week_of(at_ms), waiting=Waiting(
        people=event.waiting, median_days=event.median_days, practical=event.practical,
        practical_oldest_days=event.practical_oldest_days, groups=groups)))
