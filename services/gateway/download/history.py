"""Everything on the log and in the archive that names one person, in order, as far as it is told to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from redis.asyncio import Redis

from services.gateway.download.messages import Messages
from services.gateway.download.told import BY_CONCERN, MESSAGES, TOLD, Fields
from services.gateway.story import Telling
from services.gateway.web import Here
from shared.events import ConcernRaised, Event, Sealed
from shared.sealing import BrokenSeal, Erased, Vault
from shared.service import Entry
from shared.stream.decode import decode
from shared.stream.names import Partition
from shared.stream.rebuild import history

ENTRIES_MAX = 20_000
"""Entries in one file, the latest ones: a person's busy year comes to some 2,000, and 20,000 are some 10 MB. Whoever has more
is told so in the file."""

_READ: tuple[type[Event], ...] = (*TOLD, *MESSAGES, BY_CONCERN)
READ = {event.type.encode(): event for event in _READ}


@dataclass(frozen=True)
class Line:
    """One thing that happened: when, the event's type (`message` for all that became of a message), and what it tells."""

    at_ms: int
    what: str
    told: Fields


@dataclass(frozen=True)
class History:
    lines: tuple[Line, ...]
    whole: bool = True
    """False: there was more than fits, and the earliest is left out."""


class Reading:
    """One person as the reader of their own events."""

    def __init__(self, here: Here, telling: Telling, vault: Vault, now_ms: int) -> None:
        self.peer, self._key, self._vault, self._telling = here.peer, here.key, vault, telling
        self._needle = here.peer.encode()
        self._concerns: set[bytes] = set()
        self._messages = Messages(here.peer, now_ms)

    def open(self, sealed: Sealed | None, model: type[BaseModel]) -> Fields | None:
        try:
            opened = None if sealed is None else self._vault.open(sealed, self._key, model)
        except BrokenSeal:
            return None
        return None if opened is None or isinstance(opened, Erased) else opened.model_dump(mode="json")

    def buddy(self, pair: str) -> str:
        return self._telling.name(pair)

    def lines(self, at: str, fields: dict[bytes, bytes]) -> Iterator[Line]:
        """What this entry tells the reader: one line, or none."""
        event_type = READ.get(fields.get(b"type", b""))
        if event_type is None or not self._named(event_type, fields.get(b"body", b"")):
            return
        entry = decode(at, fields, event_type)
        if isinstance(entry, Entry):
            yield from self._line(entry.event, entry.at_ms)

    def _named(self, event: type[Event], body: bytes) -> bool:
        """Before anything is parsed: most entries are about somebody else."""
        return self._needle in body or (event is BY_CONCERN and any(each in body for each in self._concerns))

    def _line(self, event: Any, at_ms: int) -> Iterator[Line]:
        if isinstance(event, MESSAGES):
            if (found := self._messages.tell(event, at_ms)) is not None:  # type: ignore[arg-type]  # those of MESSAGES
                yield Line(found[0], "message", found[1])
        elif isinstance(event, BY_CONCERN):
            yield Line(at_ms, event.type, {})
        elif (told := TOLD[type(event)](self, event)) is not None:
            if isinstance(event, ConcernRaised):
                self._concerns.add(event.concern.encode())
            yield Line(at_ms, event.type, {name: value for name, value in told.items() if value not in (None, "", (), [], {})})


async def read(redis: Redis, partition: Partition, folder: Path, reading: Reading) -> History:
    """Goes once through all there is: some 20 ms for every 1,000 entries, and others have a turn in between.

    Raises RedisError, OSError.
    """
    kept: deque[Line] = deque(maxlen=ENTRIES_MAX)
    count = 0
    async for at, fields in history(redis, partition, folder):
        for line in reading.lines(at, fields):
            kept.append(line)
            count += 1
    return History(tuple(sorted(kept, key=lambda each: each.at_ms)), count <= ENTRIES_MAX)
