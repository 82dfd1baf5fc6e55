"""Whoever waits and has no timer for their next note gets one, so that nobody is silently left out (rule 11).

Timers are set as things happen, and never by a rebuild. So whoever waited already when these notes came to Twoway has after
`twoway rebuild notifier` a time for the next one, and nothing that comes then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from services.notifier.store import NOTE, PEOPLE, SERVICE
from shared.clock import DAY_MS, derived_id
from shared.events import TimerElapsed
from shared.host import Host
from shared.logs import get_logger
from shared.stream.append import Input
from shared.stream.names import Partition

LATE_MS = DAY_MS
"""A timer comes as late as nobody kept time, which is minutes. One that is a day late is none."""

LOOK_S = 24 * 60 * 60.0

log = get_logger("services.notifier.overlooked")


async def look_after(host: Host, every_s: float = LOOK_S) -> None:
    """At start and every day. One that comes twice all the same is heeded once: the first moves the time on."""
    while True:
        for partition in host.directory.partitions:
            found = [each async for each in overlooked(host.redis, partition, host.clock.now_ms())]
            for each in found:
                await host.appender.append(partition, [Input(each, derived_id(each.of, f"{NOTE}:{each.due_ms}"))])
            if found:
                log.info("notes.overlooked", partition=partition.number, count=len(found))
        await asyncio.sleep(every_s)


async def overlooked(redis: Redis, partition: Partition, now_ms: int) -> AsyncIterator[TimerElapsed]:
    """For everybody who was to hear a day ago and more. Raises RedisError."""
    async for peer, text in redis.hscan_iter(PEOPLE.path(partition, SERVICE), count=500):
        row = PEOPLE.load(text) if b'"note_due_ms"' in text else None  # most are not waiting
        if row is not None and row.note_due_ms is not None and row.note_due_ms < now_ms - LATE_MS:
            yield TimerElapsed(service=SERVICE, what=NOTE, of=peer.decode(), due_ms=row.note_due_ms)
