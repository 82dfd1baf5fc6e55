"""What a service is to the log: its tables, and a visible table of which event it handles how.

*Deciding and applying are two functions.* `decide(rows, entry)` looks at state and says what happens next: events to
emit, timers to set, or a named refusal, itself an event. `apply(rows, event, at_ms)` changes state and does nothing else. The
events that a service emits change its own state through the same `apply`. So a rebuild only applies what archive and
log recorded and never decides: changed code, weights or settings can't rewrite history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from shared.events import Event
from shared.rows import Ref, Rows, Table
from shared.stream.names import Partition


@dataclass(frozen=True)
class Entry:
    """One event at its place on the log. `at_ms` is the handler's *now*: the time in the entry's id, given on arrival."""

    at: str
    at_ms: int
    id: str
    cause: str
    trace: str
    event: Any


@dataclass(frozen=True)
class Later:
    """`event` (a TimerElapsed) comes to the log at `at_ms` or soon after."""

    event: Event
    at_ms: int


def _needs_nothing(_rows: Rows, _event: Any) -> Iterable[Ref]:
    return ()


def _decides_nothing(_rows: Rows, _entry: Entry) -> Iterable[Event | Later]:
    return ()


def _changes_nothing(_rows: Rows, _event: Any, _at_ms: int) -> None:
    return None


Apply = Callable[[Rows, Any, int], None]


@dataclass(frozen=True)
class Handling:
    """How one type of event is handled: which rows it needs, what follows from it, what it changes."""

    needs: Callable[[Rows, Any], Iterable[Ref]] = _needs_nothing
    decide: Callable[[Rows, Entry], Iterable[Event | Later]] = _decides_nothing
    apply: Apply = _changes_nothing


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service on one partition, without any I/O of its own.

    `inputs` are read from the log. `own` are the events that `decide` emits, applied in the write that emits them, never
    read back; no type is in both.
    """

    name: str
    tables: Sequence[Table[Any]]
    inputs: Mapping[type[Event], Handling]
    own: Mapping[type[Event], Apply]
    warm: Callable[[Redis, Partition], Any] | None = None
    """An async function that fills whatever the service keeps in memory beside its rows; called at take-over, and again
    whenever a batch was not committed as it was decided."""
    mend: Callable[[Redis, Partition], Any] | None = None
    """An async function that does the same when nobody has written since the last commit: it may look at nothing but what the
    failed batch changed in memory."""
    before_commit: Callable[[Sequence[Event]], Any] | None = None
    """An async function for the rare effect that must stand before the write does, and may be repeated."""
    after_commit: Callable[[Sequence[Event]], None] | None = None
    """Told which events were handled or emitted, once that is certain."""
