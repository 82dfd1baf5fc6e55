"""A service's derived state, thrown away and made again from archive + log.

Only `apply` runs: what the service once decided stands on the log as the events it emitted, and each is applied at its cause,
as it was when it was decided. Nothing is decided, emitted or scheduled, so changed code, weights or settings can't
rewrite history, and the seals of people who left stay shut without being missed. Tables that are not derived (keys,
address index, drafts, sessions) are left as they are.

It goes as far as the service's cursor and leaves that where it is. It holds all rows in memory.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import WatchError

from shared.events import EntryReplayed, EntrySetAside, Event
from shared.rows import Rows
from shared.sealing import Vault
from shared.service import Entry, Service
from shared.stream.archive import Archive
from shared.stream.decode import decode
from shared.stream.names import Partition, place
from shared.stream.reader import replayed
from shared.stream.write import Committer

READ = 1_000
"""Log entries read at a time."""

Fields = dict[bytes, bytes]


class ReadMeanwhile(Exception):
    """The service went on reading during its rebuild. Nothing was replaced; stop it, then try again."""


class Incomplete(Exception):
    """Archive and log no longer hold everything that the service read. Nothing was replaced; look for the missing archive."""


async def history(redis: Redis, partition: Partition, folder: Path) -> AsyncIterator[tuple[str, Fields]]:
    """Every entry there ever was that archive and log still hold, in order, once."""
    last = (-1, -1)
    for count, (at, fields) in enumerate(Archive(folder, partition).read()):
        last = place(at)
        if count % READ == 0:
            await asyncio.sleep(0)  # whoever holds a lock meanwhile gets to renew it
        yield at, {name.encode(): value.encode() for name, value in fields.items()}
    after = f"({last[0]}-{last[1]}" if last[0] >= 0 else "-"
    while True:
        entries: Any = await redis.xrange(partition.log, after, count=READ)
        for raw, bare in entries:
            yield raw.decode(), bare
        if len(entries) < READ:
            return
        after = f"({entries[-1][0].decode()}"


async def rebuild(service: Service, partition: Partition, redis: Redis, vault: Vault, folder: Path) -> int:
    """Replaces the service's derived rows; the caller holds the service's lock. Returns how many entries were applied.

    Raises ReadMeanwhile, Incomplete.
    """
    cursor = await Committer(redis, partition, service.name).cursor()
    end = place(cursor)
    said, aside = await _said(service, partition, redis, folder)
    if said.passed(end) != await _read(redis, partition, service):
        raise Incomplete(Incomplete.__doc__)
    inputs = {event.type.encode(): event for event in service.inputs} | {EntryReplayed.type.encode(): EntryReplayed}
    rows, applied = Rows(vault, whole=True), 0
    async for at, fields in history(redis, partition, folder):
        if place(at) > end:
            break
        event_type = inputs.get(fields.get(b"type", b""))
        if event_type is None or at in aside:
            continue
        item = decode(at, fields, event_type)
        if isinstance(item, Entry) and item.id not in aside and (subject := _subject(item, service)) is not None:
            service.inputs[type(subject)].apply(rows, subject, item.at_ms)
            for own in said.after(item.id, at):
                service.own[type(own)](rows, own, item.at_ms)
            applied += 1
    await _replace(rows, service, partition, redis, cursor)
    return applied


def _subject(entry: Entry, service: Service) -> Event | None:
    if not isinstance(entry.event, EntryReplayed):
        return entry.event  # type: ignore[no-any-return]  # an Event by decoding
    again = replayed(entry, service)
    return again.event if isinstance(again, Entry) else None


class _Said:
    """What the service emitted, by cause and in order.

    An id is remembered for seven days only, so an event may stand on the log twice, months apart. Each time led to events of
    its own: those that stand between it and the next time.
    """

    def __init__(self) -> None:
        self._events: dict[str, list[tuple[str, Event]]] = {}
        self._places: dict[str, list[str]] = {}
        self._count: list[tuple[int, int]] = []

    def met(self, at: str, id: str) -> None:
        self._count.append(place(at))
        self._places.setdefault(id, []).append(at)

    def add(self, at: str, cause: str, event: Event) -> None:
        self._events.setdefault(cause, []).append((at, event))

    def passed(self, end: tuple[int, int]) -> int:
        """How many entries stand up to and including `end`."""
        return bisect_right(self._count, end)

    def after(self, id: str, at: str) -> Iterator[Event]:
        later = [place(each) for each in self._places.get(id, ()) if place(each) > place(at)]
        for said_at, event in self._events.get(id, ()):
            if place(at) < place(said_at) and (not later or place(said_at) < later[0]):
                yield event


async def _read(redis: Redis, partition: Partition, service: Service) -> int:
    count: Any = await redis.hget(partition.cursor(service.name), "read")
    return int(count or 0)


async def _said(service: Service, partition: Partition, redis: Redis, folder: Path) -> tuple[_Said, set[str]]:
    """What the service emitted, and what it set aside: entries' places, and ids of vain replays."""
    own = {event.type.encode(): event for event in service.own}
    said = _Said()
    aside: set[str] = set()
    async for at, fields in history(redis, partition, folder):
        said.met(at, fields.get(b"id", b"").decode(errors="replace"))
        kind = fields.get(b"type", b"")
        if (event_type := own.get(kind)) is not None:
            item = decode(at, fields, event_type)
            if isinstance(item, Entry):
                said.add(at, item.cause, item.event)
        elif kind == EntrySetAside.type.encode():
            item = decode(at, fields, EntrySetAside)
            if isinstance(item, Entry) and item.event.service == service.name:
                aside |= {item.event.entry, item.cause}
    return said, aside


async def _replace(rows: Rows, service: Service, partition: Partition, redis: Redis, cursor: str) -> None:
    """Derived rows only, in one transaction: a reader never meets half of them. Refused when the cursor has moved."""
    derived = {table.path(partition, service.name) for table in service.tables if table.derived}
    async with redis.pipeline(transaction=True) as pipeline:
        await pipeline.watch(partition.cursor(service.name))
        if await Committer(redis, partition, service.name).cursor() != cursor:
            raise ReadMeanwhile(ReadMeanwhile.__doc__)
        pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        pipeline.delete(*derived)
        for command in rows.commands(partition, service.name):
            if command[1] in derived:
                pipeline.execute_command(*command)
        try:
            await pipeline.execute()
        except WatchError as error:
            raise ReadMeanwhile(ReadMeanwhile.__doc__) from error
