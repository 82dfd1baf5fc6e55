"""FastStream as the host of a reader: one batch subscriber per partition, with the guards that make it safe here.

FastStream 0.7.8 (pinned) loses batches without a word when its edges are met unguarded. Each guard below was seen to be
needed (docs/decisions/0002-reading-through-faststream.md) and has a test in tests/integration/core/test_host.py:

1. the parser gives `body=b""`: with None and a middleware the handler is never reached;
2. parser and decoder are total: an exception there drops the batch, so a bad entry becomes a value (`decode.Bad`);
3. the handler takes one frozen `Held` and never raises;
4. `last_id` is set on the subscriber at start and after every batch, for only the commit knows where to read on;
5. a standby waits in a task of its own, outside start-up, so that its health answers meanwhile;
6. `no_reply=True`: FastStream would otherwise publish to a channel that a message's sender chose.

One lock per service and partition saves double work: the standby waits for it. Safety never rests on it (see `write`).
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import RedisBatchStreamMessage
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError

from shared.logs import get_logger
from shared.stream.decode import Batch
from shared.stream.reader import WAIT_MAX_S, WAIT_S, Reader
from shared.stream.write import WrongType, check_types

LOCK_S = 5.0
"""A killed instance's place is free after this long. Renewed every second, so a busy machine may miss three times."""

RENEW_S = 1.0

BLOCK_MS = 1_000
"""One blocking read; below redis-py's socket timeout of 5 s, above a polling storm (0.5 % of a core for 64 partitions)."""

STALLED_S = 15.0
"""A reader that is behind and has not moved for this long is not ready."""

log = get_logger("shared.stream.host")


class Held(BaseModel):
    """A batch as FastStream passes it to the handler: by identity, never validated again."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    batch: Any


class FastStreamLog:
    """FastStream's own lines, kept to warnings and to what may be said: class and place of an error, no text."""

    def log(self, level: int, message: Any, *_args: Any, exc_info: Any = None, **_more: Any) -> None:
        if level >= 30:
            log.warning("host.trouble", error=type(exc_info).__name__ if exc_info else str(message)[:40])


def broker(redis_url: str, **options: Any) -> RedisBroker:
    """A broker whose client never retries by itself: an unknown outcome is settled by the cursor, not by a second try."""
    return RedisBroker(redis_url, logger=FastStreamLog(), graceful_timeout=10.0, retry=Retry(NoBackoff(), 0),
                       **options)


class Hosted:
    """One reader's life: waits for its turn, reads while it has it, steps back when it has not."""

    def __init__(self, reader: Reader, broker: RedisBroker, redis: Redis, read_batch: int,
                 stalled_s: float = STALLED_S) -> None:
        self.reader, self._broker, self._redis = reader, broker, redis
        self._name = (reader.service.name, reader.partition.number)
        self._read_batch, self._stalled_s = read_batch, stalled_s
        self._subscriber: Any = None
        self._moved_at = self._ticked_at = -math.inf
        self.active = False
        self._behind = False

    @property
    def ready(self) -> bool:
        """Ticking (as reader or as standby), not stopped, and not stuck while entries wait."""
        now = time.monotonic()
        stalled = self.active and self._behind and now - self._moved_at > self._stalled_s
        return self.reader.stopped is None and now - self._ticked_at < self._stalled_s and not stalled

    async def run(self) -> None:
        """Runs until cancelled."""
        wait_s = WAIT_S
        while True:
            if self.reader.stopped:  # whoever can read on takes the turn; this one is not ready until it is updated
                await asyncio.sleep(RENEW_S)
                continue
            try:
                await self._turn()
                wait_s = WAIT_S
            except (RedisError, OSError) as error:
                log.warning("reader.waits", service=self._name[0], partition=self._name[1],
                            error=type(error).__name__, wait_s=round(wait_s, 2))
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
                wait_s = min(WAIT_MAX_S, wait_s * 2)

    async def _turn(self) -> None:
        lock = self._redis.lock(self.reader.partition.lock(self._name[0]), timeout=LOCK_S, thread_local=False)
        while not await lock.acquire(blocking=False):
            self._ticked_at = time.monotonic()
            await asyncio.sleep(1.0)
        try:
            await self._check_types()
            async with self._reading():
                log.info("reader.began", service=self._name[0], partition=self._name[1], entry=self.reader.cursor)
                while self.reader.stopped is None and await self._still_ours(lock):
                    await asyncio.sleep(RENEW_S)  # by the clock: no event tells of it
            log.info("reader.stepped_back", service=self._name[0], partition=self._name[1])
        finally:
            self.active = False
            with suppress(LockError, RedisError, OSError):  # it runs out by itself
                await asyncio.shield(lock.release())

    async def _check_types(self) -> None:
        tables = [table.path(self.reader.partition, self._name[0]) for table in self.reader.service.tables]
        try:
            await check_types(self._redis, tables, self.reader.partition, self._name[0])
        except WrongType as wrong:
            log.error("reader.wrong_type", service=self._name[0], partition=self._name[1], redis_key=wrong.key,
                      kind=wrong.found)
            raise

    async def _still_ours(self, lock: Lock) -> bool:
        _heed_cancellation()
        try:
            await lock.reacquire()
        except LockError:
            return False
        last: Any = await self._redis.xrevrange(self.reader.partition.log, count=1)
        self._ticked_at = time.monotonic()
        self._behind = bool(last) and last[0][0].decode() != self.reader.cursor
        if not self._behind:  # so that an entry which comes after an idle while finds it in time
            self._moved_at = self._ticked_at
        return True

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[None]:
        start = await self.reader.begin()
        subscriber = self._subscriber = self._subscriber or self._subscribe()
        subscriber.last_id = start
        self._moved_at = time.monotonic()
        try:
            await subscriber.start()
            self.active = True
            yield
        finally:
            tasks = list(subscriber.tasks)
            await subscriber.stop()
            await cancelled(tasks)  # FastStream lets them run on: then two would read beside each other

    def _subscribe(self) -> Any:
        subscriber = self._broker.subscriber(
            stream=StreamSub(self.reader.partition.log, batch=True, max_records=self._read_batch, last_id="0-0",
                             polling_interval=BLOCK_MS),
            parser=_parse, decoder=self._decode, no_reply=True, persistent=False)

        async def handle(held: Held) -> None:
            before = self.reader.cursor
            subscriber.last_id = await self.reader.handle(held.batch)
            if self.reader.cursor != before:  # a try that failed is no move: a full Redis fails every one of them
                self._moved_at = time.monotonic()

        return subscriber(handle) and subscriber

    async def _decode(self, message: Any) -> Held:
        raw: Mapping[str, Any] = message.raw_message
        batch: Batch = self.reader.decoder.batch(raw["message_ids"], raw["data"])
        return Held.model_construct(batch=batch)


async def cancelled(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancels until all are done: in Python 3.11 a timeout that ends at the same moment may swallow a cancellation."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=1.0)


def _heed_cancellation() -> None:
    """In Python 3.11 a timeout inside a library that ends at the same moment may swallow a cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _parse(raw: Any) -> RedisBatchStreamMessage:
    return RedisBatchStreamMessage(raw_message=raw, body=b"", consumer=None, group=None,  # type: ignore[arg-type]  # no group
                                   message_id=raw["message_ids"][-1].decode())
