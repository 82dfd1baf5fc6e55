"""What each service says of itself, and the timers that each may set."""

from __future__ import annotations

from shared.events.base import ANY, Event


class TimerElapsed(Event, type="timer.elapsed", owner=ANY):
    """A time came that `service` had asked to be told of."""

    service: str
    what: str
    of: str
    due_ms: int


class EntrySetAside(Event, type="entry.set_aside", owner=ANY):
    """`service` could not process the entry; it waits among the dead letters."""

    service: str
    entry: str
    error: str


class EntryReplayed(Event, type="entry.replayed", owner=ANY):
    """An operator asks `service`, and it alone, to take the entry again, now. Carries the entry's own fields."""

    service: str
    entry: str
    fields: dict[str, str]
