"""From a log entry's flat fields to a value. Total: whatever stands on the log comes out as something the reader handles.

A reader skips what it does not handle by the `type` field, before the body is parsed. What can't be parsed is a `Bad` value
and never an exception, so that one bad body can't block or lose its batch. A newer version of a known type is `TooNew`: then
the code is older than the log and the reader stops instead of setting good events aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared.events import REGISTRY, Event
from shared.service import Entry
from shared.stream.names import place

Upcast = dict[tuple[str, int], Any]
UPCASTS: Upcast = {}
"""(type, old version) → a function from that version's body (a dict) to the next one's."""


@dataclass(frozen=True)
class Bad:
    """An entry that can't be parsed: where it stands, what it bears, which class of error it met."""

    at: str
    fields: Mapping[bytes, bytes]
    error: str


@dataclass(frozen=True)
class TooNew:
    at: str
    type: str
    v: int


Item = Entry | Bad | TooNew


@dataclass(frozen=True)
class Batch:
    """What one read brought: the items that this reader handles, in order, and how far the read went."""

    ids: tuple[str, ...]
    """Of every entry of the batch, the skipped ones too, in order."""
    items: tuple[Item, ...]
    counts: tuple[int, ...]
    """For each item, how many entries of the batch stand up to and including it."""
    unknown: int = 0
    """Entries of a type that no version of the catalogue here knows; skipped, and counted."""

    @property
    def begin(self) -> str:
        """The entry that it begins with."""
        return self.ids[0]

    @property
    def cursor(self) -> str:
        """Where the service has come once the batch is handled."""
        return self.ids[-1]

    @property
    def passed(self) -> int:
        return len(self.ids)

    def first(self, items: int) -> Batch:
        """The batch up to and including that many items (at least one)."""
        return Batch(self.ids[:self.counts[items - 1]], self.items[:items], self.counts[:items])

    def after(self, items: int) -> Batch:
        """What is left of the batch after that many items."""
        passed = self.counts[items - 1] if items else 0
        return Batch(self.ids[passed:], self.items[items:], tuple(count - passed for count in self.counts[items:]))

    def behind(self, cursor: str) -> Batch:
        """What is left of the batch behind that place."""
        return self.after(sum(place(item.at) <= place(cursor) for item in self.items))


class Decoder:
    """Decodes what a service handles."""

    def __init__(self, handled: Iterable[type[Event]]) -> None:
        self._handled = {event.type.encode(): event for event in handled}
        self._known = frozenset(name.encode() for name in REGISTRY)

    def batch(self, ids: list[bytes], entries: list[Mapping[bytes, bytes]]) -> Batch:
        items: list[Item] = []
        counts: list[int] = []
        unknown = 0
        places = tuple(at.decode() for at in ids)
        for count, (at, fields) in enumerate(zip(places, entries, strict=True), 1):
            type = fields.get(b"type")
            if (event := self._handled.get(type or b"")) is not None:
                items.append(decode(at, fields, event))
                counts.append(count)
            elif type not in self._known:
                unknown += 1
        return Batch(places, tuple(items), tuple(counts), unknown)


def decode(at: str, fields: Mapping[bytes, bytes], event: type[Event]) -> Item:
    """One entry as `event`; Bad or TooNew when it is none."""
    try:
        v = int(fields.get(b"v", b"1"))
        if v > event.v:
            return TooNew(at, event.type, v)
        body = fields[b"body"] if v == event.v else _upcast(fields[b"body"], event, v)
        return Entry(at, int(at.split("-", 1)[0]), fields[b"id"].decode(), fields.get(b"cause", b"").decode(),
                     fields.get(b"trace", b"").decode(), event.model_validate_json(body))
    except Exception as error:
        # Total: an upcast is code of its own, and meets bodies that nobody foresaw.
        return Bad(at, fields, type(error).__name__)


def _upcast(body: bytes, event: type[Event], v: int) -> bytes:
    value = orjson.loads(body)
    for old in range(v, event.v):
        value = UPCASTS[event.type, old](value)
    return orjson.dumps(value)
