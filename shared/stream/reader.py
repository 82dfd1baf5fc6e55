"""How a service reads its log: load, decide, save, batch by batch, and what happens when that goes wrong.

- A batch whose handling fails is taken again entry by entry, from what is not committed yet. An entry that still fails after
  three tries, or that can't be parsed, is set aside: one write moves the cursor past it and keeps it as a dead letter.
- When Redis is away or refuses to write, the reader waits and tries again for ever, with growing waits and jitter.
- When the cursor is not where we believed (another instance was first, or our own answer was lost), everything in memory is
  dropped and reading goes on from the real place.
- A known type in a newer version stops the reader: not ready, one clear line.

`handle` never raises: FastStream would take an exception for a reason to lose the batch.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.clock import derived_id
from shared.events import EntryReplayed, EntrySetAside, Event
from shared.logs import get_logger
from shared.metrics import Metrics
from shared.rows import NotLoaded, Ref, Rows
from shared.sealing import Vault
from shared.service import Entry, Handling, Later, Service
from shared.stream.append import fields as entry_fields
from shared.stream.dead import DEAD, DeadLetter, readable
from shared.stream.decode import Bad, Batch, Decoder, Item, TooNew, decode
from shared.stream.names import Partition, place
from shared.stream.write import Committer, Write

TRIES_MAX = 3
"""A bug fails every time; what a third try could cure (a race with a restart) is cured by then."""

WAIT_S, WAIT_MAX_S = 0.05, 2.0
"""First and longest wait while Redis is away; jitter of half spreads four services that lost it together."""

log = get_logger("shared.stream.reader")


class Overtaken(Exception):
    """The cursor is elsewhere: drop what is in memory and read again from there."""

    def __init__(self, at: str) -> None:
        super().__init__(at)
        self.at = at


class Reader:
    """One service on one partition. The host feeds it batches; it says from where to read on."""

    def __init__(self, service: Service, partition: Partition, redis: Redis, vault: Vault, metrics: Metrics) -> None:
        self.service, self.partition = service, partition
        self._redis, self._vault, self._metrics = redis, vault, metrics
        self._committer = Committer(redis, partition, service.name)
        self._handling: dict[type[Event], Handling] = {**service.inputs, EntryReplayed: Handling()}
        self.decoder = Decoder(self._handling)
        self._turn = asyncio.Lock()
        self._wait_s = WAIT_S
        self._warm = False
        """Whether memory was filled as of the cursor or before it, and has followed it since."""
        self.cursor = ""
        self.stopped: str | None = None
        """Why this reader reads no more, when it does not."""

    async def begin(self) -> str:
        """Takes over: reads the cursor, fills memory. Returns where to read on from. Raises RedisError."""
        async with self._turn:
            await self._take_over()
        return self.cursor

    async def handle(self, batch: Batch) -> str:
        """Takes a batch through to its commit; returns where to read on from. Never raises but when cancelled.

        After anything but a clean commit the cursor alone knows what was done: memory is dropped, and the host reads again
        from there. A batch that does not follow the cursor is stale, and is left for that reading too.
        """
        async with self._turn:
            if not self.stopped and place(batch.begin) > place(self.cursor):
                if batch.unknown:
                    self._metrics.unknown.labels(self.service.name).inc(batch.unknown)
                await self._handle(batch)
        return self.cursor

    async def _handle(self, batch: Batch) -> None:
        try:
            await self._batch(batch)
            self._wait_s = WAIT_S
            return
        except Overtaken as overtaken:
            log.warning("reader.overtaken", service=self.service.name, partition=self.partition.number, entry=overtaken.at)
            self._metrics.overtaken.labels(self.service.name).inc()
        except (RedisError, OSError) as error:
            await self._wait(error)
        await self._find_place()

    async def _find_place(self) -> None:
        """Until the real cursor is known and memory is filled from there."""
        while True:
            try:
                return await self._take_over()
            except (RedisError, OSError) as error:
                await self._wait(error)

    async def _wait(self, error: Exception) -> None:
        """Longer with each failure until a batch is committed: a server that refuses writes is not asked in a hot loop."""
        self._metrics.away.labels(self.service.name).inc()
        log.warning("reader.waits", service=self.service.name, partition=self.partition.number,
                    error=type(error).__name__, wait_s=round(self._wait_s, 2))
        await asyncio.sleep(self._wait_s * random.uniform(0.5, 1.0))
        self._wait_s = min(WAIT_MAX_S, self._wait_s * 2)

    async def _take_over(self) -> None:
        at = await self._committer.cursor()
        if self._warm and at == self.cursor:
            await self._reset()
        elif self.service.warm is not None:
            self._warm = False
            await self.service.warm(self._redis, self.partition)
            self._warm = True
        self.cursor = at  # last: with memory from before it, a batch must not pass for one that follows it

    async def _batch(self, batch: Batch) -> None:
        for known, item in enumerate(batch.items):
            if isinstance(item, TooNew):
                if not known:
                    return self._stop(item)
                batch = batch.first(known)
                break
        try:
            await self._in_parts(batch)
        except (RedisError, OSError, Overtaken):
            raise
        except Exception as error:
            # Whatever a handler raises: which entry it was is found by taking them one at a time, but for what is committed.
            batch = batch.behind(self.cursor)
            log.error("batch.retried", service=self.service.name, partition=self.partition.number,
                      entries=len(batch.items), error=type(error).__name__, exc_info=error)
            await self._one_by_one(batch)

    async def _in_parts(self, batch: Batch) -> None:
        """One commit, or several where an entry needs rows that only an earlier entry's commit makes loadable."""
        done = await self._commit(batch)
        while done < len(batch.items):
            batch = batch.after(done)
            done = await self._commit(batch)

    async def _commit(self, batch: Batch) -> int:
        """Handles as many items as can be in one write; returns how many. Raises Overtaken, RedisError."""
        rows = await self._load(batch.items)
        write, said = Write(), list[Event]()
        for done, item in enumerate(batch.items):
            try:
                said += self._one(rows, item, write)
            except NotLoaded:
                if not done:
                    raise
                await self._reset()
                return await self._commit(batch.first(done))
        await self._save(rows, write, said, batch)
        return len(batch.items)

    async def _load(self, items: Sequence[Item]) -> Rows:
        rows = Rows(self._vault)
        events = [event for item in items if isinstance(item, Entry) and (event := self._subject(item)) is not None]
        await rows.load(self._redis, self.partition, self.service.name, events, self._needs)
        return rows

    def _needs(self, rows: Rows, event: Event) -> Sequence[Ref]:
        return list(self._handling[type(event)].needs(rows, event))

    def _subject(self, entry: Entry) -> Event | None:
        """The event to handle: the entry's own, or for a replay the one that was set aside."""
        if not isinstance(entry.event, EntryReplayed):
            return entry.event  # type: ignore[no-any-return]  # an Event by decoding
        again = replayed(entry, self.service)
        return again.event if isinstance(again, Entry) else None

    def _one(self, rows: Rows, item: Item, write: Write) -> list[Event]:
        """Decides and applies one item in memory; returns the events it handled and emitted."""
        if isinstance(item, Bad):
            return [self._set_aside(item.at, readable(item.fields), item.error, 1, write)]
        if isinstance(item, TooNew):
            return []  # `_batch` has cut the batch before it
        entry = item
        if isinstance(item.event, EntryReplayed):
            again = replayed(item, self.service)
            if again is None:
                return []
            write.commands.append(["HDEL", self.partition.dead, f"{self.service.name}:{item.event.entry}"])
            if not isinstance(again, Entry):
                return [self._set_aside(item.event.entry, item.event.fields, "StillUnreadable", 1, write, item)]
            entry = again
        handling = self._handling[type(entry.event)]
        emitted = [self._emit(entry, place, each, write) for place, each in enumerate(handling.decide(rows, entry))]
        said = [each for each in emitted if each is not None]
        handling.apply(rows, entry.event, entry.at_ms)
        for event in said:
            self.service.own[type(event)](rows, event, entry.at_ms)
        return [entry.event, *said]

    def _emit(self, entry: Entry, place: int, each: Event | Later, write: Write) -> Event | None:
        event = each.event if isinstance(each, Later) else each
        fields = entry_fields(event, derived_id(entry.id, f"{self.service.name}:{place}"), entry.id, entry.trace)
        if isinstance(each, Later):
            write.timers.append((each.at_ms, fields))
            return None
        write.emit(event, fields)
        return event

    def _set_aside(self, at: str, fields: dict[str, str], error: str, tries: int, write: Write,
                   replay: Entry | None = None) -> Event:
        first_ms = place(at)[0]
        letter = DeadLetter(service=self.service.name, entry=at, error=error, tries=tries,
                            first_ms=first_ms, last_ms=replay.at_ms if replay else first_ms, fields=fields)
        write.commands.append(["HSET", self.partition.dead, letter.id, DEAD.dump(letter)])
        event = EntrySetAside(service=self.service.name, entry=at, error=error)
        cause = replay.id if replay else fields.get("id", at)
        write.emit(event, entry_fields(event, derived_id(cause, f"{self.service.name}:aside:{at}"), cause,
                                       fields.get("trace", "")))
        self._metrics.set_aside.labels(self.service.name).inc()
        return event

    async def _save(self, rows: Rows, write: Write, said: list[Event], batch: Batch) -> None:
        write.commands += rows.commands(self.partition, self.service.name)
        if self.service.before_commit is not None:
            await self.service.before_commit(said)
        real = await self._committer.commit(self.cursor, batch.begin, batch.cursor, batch.passed, write)
        if real is not None:
            raise Overtaken(real)
        self.cursor = batch.cursor
        self._metrics.committed(self.service.name, self.partition.number, batch.passed, len(write.emits))
        try:
            if self.service.after_commit is not None:
                self.service.after_commit(said)
            if write.events and log.is_enabled_for(logging.INFO):
                self._tell(write)
        except Exception as error:
            # It is done, whatever breaks now: nothing behind the commit may be a reason to take the batch again.
            log.error("batch.untold", service=self.service.name, partition=self.partition.number, exc_info=error)

    def _tell(self, write: Write) -> None:
        """One line an event. Its ids and plain words pass the allow-list of `shared.logs`; seals and texts don't."""
        tell = log.bind(service=self.service.name, partition=self.partition.number)
        for event, entry in zip(write.events, write.emits, strict=True):
            tell.info(event.type, id=entry[5], cause=entry[7], trace=entry[9], **vars(event))

    async def _one_by_one(self, batch: Batch) -> None:
        while batch.items:
            await self._tried(batch.first(1) if len(batch.items) > 1 else batch)
            batch = batch.after(1)

    async def _tried(self, one: Batch) -> None:
        error = ""
        for _ in range(TRIES_MAX):
            await self._reset()
            try:
                await self._commit(one)
                return
            except (RedisError, OSError, Overtaken):
                raise
            except Exception as raised:
                # Whatever it was, after the last try it is kept beside the entry.
                error = type(raised).__name__
        await self._reset()
        await self._give_up(one, error)

    async def _give_up(self, one: Batch, error: str) -> None:
        item, at = one.items[0], one.items[0].at
        write = Write()
        if isinstance(item, Entry) and isinstance(item.event, EntryReplayed):  # its letter is there: it stays that letter
            at = item.event.entry
            said = self._set_aside(at, item.event.fields, error, TRIES_MAX, write, item)
        else:
            found: Any = await self._redis.xrange(self.partition.log, at, at)
            said = self._set_aside(at, readable(found[0][1] if found else {}), error, TRIES_MAX, write)
        log.error("entry.given_up", service=self.service.name, partition=self.partition.number, entry=at, error=error)
        await self._save(Rows(self._vault), write, [said], one)

    async def _reset(self) -> None:
        """Forgets what a failed attempt may have changed in the service's memory."""
        if (again := self.service.mend or self.service.warm) is not None:
            await again(self._redis, self.partition)

    def _stop(self, item: TooNew) -> None:
        self.stopped = f"{item.type} version {item.v} at {item.at} is newer than this code; update the service"
        log.error("reader.stopped", service=self.service.name, partition=self.partition.number, entry=item.at,
                  reason=self.stopped)


def replayed(entry: Entry, service: Service) -> Item | None:
    """The entry that an operator asked `service` to take again, at the replay's own time; None when it is not for it."""
    event: Any = entry.event
    if event.service != service.name:
        return None
    fields = {name.encode(): value.encode() for name, value in event.fields.items()}
    types = {each.type: each for each in service.inputs}
    original = types.get(event.fields.get("type", ""))
    if original is None:
        return Bad(event.entry, fields, "UnknownType")
    again = decode(entry.at, fields, original)
    if not isinstance(again, Entry):
        return again
    # its own id, so that what it emits now can't be taken for what it emitted before
    return Entry(entry.at, entry.at_ms, entry.id, again.id, entry.trace, again.event)
