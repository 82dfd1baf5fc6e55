"""A service without a server: entry by entry through its own decide and apply, in the reader's order, on rows in memory."""

from __future__ import annotations

import heapq
from typing import Any, TypeVar

from shared.clock import DAY_MS, derived_id
from shared.events import Event
from shared.rows import KEYS, LOAD_ROUNDS_MAX, Rows
from shared.sealing import Vault
from shared.service import Entry, Handling, Later, Service
from shared.stream.append import fields
from shared.stream.decode import decode
from shared.stream.names import Partition

START_MS = 1_795_000_000_000
VAULT = Vault(bytes(range(32)))
E = TypeVar("E", bound=Event)


class InMemory:
    """Hears events, turns the clock, remembers what was said, and can tell what a rebuild would come to."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.rows = Rows(VAULT, whole=True)
        self.now_ms = START_MS
        self.said: list[Event] = []
        self._heard: list[tuple[Entry, list[Event]]] = []
        self._timers: list[tuple[int, int, Event]] = []

    def key_for(self, peer: str) -> None:
        """What the gateway does when somebody joins."""
        self.rows.put(KEYS, peer, VAULT.new_key(peer))

    def hear(self, event: Event) -> list[Event]:
        """Takes one event in; returns what the service said to it."""
        count = len(self._heard)
        entry = self._over_the_wire(event, f"{self.now_ms}-{count}", f"event-{count}")
        handling = self.service.inputs[type(event)]
        rows = self.loaded(handling, entry.event)
        decided = list(handling.decide(rows, entry))
        said = [each for each in decided if isinstance(each, Event)]
        for each in decided:
            if isinstance(each, Later):
                heapq.heappush(self._timers, (each.at_ms, len(self._timers) + count * 1000, each.event))
        handling.apply(rows, entry.event, entry.at_ms)
        for each in said:
            self.service.own[type(each)](rows, each, entry.at_ms)
        self._keep(rows)
        self._heard.append((entry, said))
        self.said += said
        return said

    def loaded(self, handling: Handling, event: Event) -> Rows:
        """As the reader has them: what the entry needs and nothing else, so whatever it forgot to name is not there."""
        rows = Rows(VAULT)
        for _ in range(LOAD_ROUNDS_MAX):
            for table, id in list(handling.needs(rows, event)):
                rows.lend(table, id, self.rows.get(table, id))
        return rows

    def _keep(self, rows: Rows) -> None:
        for table, id in rows._changed if rows is not self.rows else ():
            self.rows.put(table, id, rows.get(table, id))

    def pass_time(self, days: float) -> list[Event]:
        """Turns the clock and lets come what was asked for meanwhile; returns what was said to it."""
        until_ms, said = self.now_ms + round(days * DAY_MS), list[Event]()
        while self._timers and self._timers[0][0] <= until_ms:
            due_ms, _, event = heapq.heappop(self._timers)
            self.now_ms = max(self.now_ms, due_ms)
            said += self.hear(event)
        self.now_ms = until_ms
        return said

    @property
    def timers(self) -> list[Event]:
        return [event for _, _, event in self._timers]

    def every(self, kind: type[E]) -> list[E]:
        return [event for event in self.said if isinstance(event, kind)]

    def heard(self, kind: type[E]) -> list[E]:
        return [entry.event for entry, _ in self._heard if isinstance(entry.event, kind)]

    def history(self) -> list[tuple[int, Event]]:
        """All that was heard and said, in order, each with the time at which it was heard."""
        return [(entry.at_ms, each) for entry, said in self._heard for each in (entry.event, *said)]

    def stored(self) -> dict[str, dict[str, bytes]]:
        """Every derived table as it would stand in Redis, by its name."""
        return _stored(self.rows, self.service)

    def rebuilt(self) -> dict[str, dict[str, bytes]]:
        """The same from what was heard and said alone: no key, no deciding, no memory."""
        rows = Rows(VAULT, whole=True)
        for entry, said in self._heard:
            self.service.inputs[type(entry.event)].apply(rows, entry.event, entry.at_ms)
            for each in said:
                self.service.own[type(each)](rows, each, entry.at_ms)
        return _stored(rows, self.service)

    def _over_the_wire(self, event: Event, at: str, id: str) -> Entry:
        flat = fields(event, id, "", "")
        bare = {name.encode(): value.encode() for name, value in zip(flat[::2], flat[1::2], strict=True)}
        item = decode(at, bare, type(event))
        assert isinstance(item, Entry)
        return item


def _stored(rows: Rows, service: Service) -> dict[str, dict[str, bytes]]:
    p0 = Partition(0)
    tables = {table.path(p0, service.name): table for table in service.tables if table.derived}
    found: dict[str, dict[str, bytes]] = {table.name: {} for table in tables.values()}
    for command, path, *args in rows.commands(p0, service.name):
        if command == "HSET" and (table := tables.get(str(path))) is not None:
            ids = [table.id_of(field) for field in args[::2] if isinstance(field, bytes)]
            found[table.name] |= dict(zip(ids, args[1::2], strict=True))  # type: ignore[arg-type]  # rows
    return found


def id_of(name: str) -> str:
    """A made-up but fixed id, as random as a real one to look at."""
    return derived_id("test", name)


def only(events: list[Any]) -> Any:
    """The one there is."""
    [event] = events
    return event
