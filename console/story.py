"""The story of one event: what led to it and what followed from it, found on the log and in the archive of every partition.

It begins with every entry that is or names the id that was asked for. From those it goes up from cause to cause, and down to
all that followed; what else followed from a cause further up is another story. Effects stand after their causes, so
one pass forwards finds all that followed, and one backwards, which ends as soon as every cause is found, all that led to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from shared.events import ANY, REGISTRY, EntryReplayed
from shared.sealing import SEAL
from shared.stream.archive import Archive
from shared.stream.dead import readable
from shared.stream.names import Partition, place
from shared.stream.rebuild import READ, history

PREFIX_MIN = 8
"""Digits of a 32-digit id that are enough to mean it: on a log of a million, one look-up in 4,300 meets a second one."""

ENTRIES_MAX = 5_000
"""What one story shows: some megabytes in memory. A person's own id in a busy year comes to about 2,000."""

_SHORT = re.compile(rf"[0-9a-f]{{{PREFIX_MIN},31}}")


@dataclass(frozen=True)
class Told:
    """One entry of a story."""

    partition: int
    at: str
    fields: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.fields.get("id", "")

    @property
    def type(self) -> str:
        return self.fields.get("type", "")

    @property
    def at_ms(self) -> int:
        return place(self.at)[0]

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.fields.get("body", ""))
        except ValueError:
            return None

    @property
    def cause(self) -> str:
        """A replay follows from the event that it takes up again."""
        if self.type == EntryReplayed.type and isinstance(self.body, dict):
            return str(self.body.get("fields", {}).get("id", ""))
        return self.fields.get("cause", "")

    @property
    def service(self) -> str:
        """Who says it."""
        event = REGISTRY.get(self.type)
        if event is None:
            return "unknown"
        return str((self.body or {}).get("service", ANY)) if event.owner == ANY else event.owner


@dataclass(frozen=True)
class Wanted:
    """What was asked for: an id, the beginning of one, a trace or an entry's place."""

    text: str

    def fits(self, value: object) -> bool:
        return isinstance(value, str) and (value == self.text or (
            _SHORT.fullmatch(self.text) is not None and len(value) == 32 and value.startswith(self.text)))

    def names(self, told: Told) -> bool:
        """Whether the entry is what was asked for, belongs to that trace, or names it in its body."""
        return told.at == self.text or self.fits(told.id) or any(map(self.fits, _trace(told))) or any(
            self.fits(value) for value in _strings(told.body))


async def story(redis: Redis, partitions: list[Partition], folder: Path, text: str) -> list[Told]:
    """All entries of the story in the order of time, at most ENTRIES_MAX. Raises RedisError."""
    wanted = Wanted(text)
    found: list[Told] = []
    for partition in partitions:
        after = await _forwards(redis, partition, folder, wanted)
        found += await _backwards(redis, partition, folder, after) + after
    return sorted(found, key=lambda told: (place(told.at), told.partition))[:ENTRIES_MAX]


async def _forwards(redis: Redis, partition: Partition, folder: Path, wanted: Wanted) -> list[Told]:
    """What is or names the wanted, and all that followed from that."""
    needle = wanted.text.encode()
    found: list[Told] = []
    ids: set[bytes] = set()
    async for at, fields in history(redis, partition, folder):
        named = at == wanted.text or any(needle in value for value in fields.values())
        if not named and fields.get(b"cause") not in ids:
            continue
        told = Told(partition.number, at, readable(fields))
        if told.cause.encode() in ids or wanted.fits(told.cause) or wanted.names(told):
            found.append(told)
            ids |= {told.id.encode()} - {b""}
            if len(found) == ENTRIES_MAX:
                break
    return found


async def _backwards(redis: Redis, partition: Partition, folder: Path, found: list[Told]) -> list[Told]:
    """The causes of what was found, up to the first."""
    missing = {told.cause for told in found} - {told.id for told in found} - {""}
    causes: list[Told] = []
    if missing:
        async for at, fields in _history_back(redis, partition, folder):
            if fields.get("id") in missing:
                told = Told(partition.number, at, fields)
                causes.append(told)
                missing = (missing - {told.id}) | ({told.cause} - {""})
                if not missing:
                    break
    return causes


async def _history_back(redis: Redis, partition: Partition, folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    before = "+"
    while True:
        entries: Any = await redis.xrevrange(partition.log, before, count=READ)
        for at, fields in entries:
            yield at.decode(), readable(fields)
        if len(entries) < READ:
            break
        before = f"({entries[-1][0].decode()}"
    for archived, flat in Archive(folder, partition).backwards():
        yield archived, flat


def _trace(told: Told) -> list[str]:
    """The whole traceparent and the trace id within it."""
    whole = told.fields.get("trace", "")
    return [whole, *whole.split("-")[1:2]] if whole else []


def _strings(value: Any) -> Iterator[str]:
    """Every text in a body; of a seal, whose it is."""
    if isinstance(value, str):
        yield value.split(".", 2)[1] if value.startswith(SEAL) and value.count(".") >= 2 else value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
