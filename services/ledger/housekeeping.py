"""The ledger keeps the long memory: once an hour what is old enough moves from the log to the archive, and once a day what
was destroyed goes from the server's append-only file too."""

from __future__ import annotations

import asyncio

from redis.exceptions import ResponseError

from services.ledger.settings import LedgerSettings
from shared.clock import DAY_MS
from shared.host import Host
from shared.logs import get_logger
from shared.stream.archive import UnknownArchive, archivist

EVERY_S = 3600.0
"""An hour's entries are a small archive member, and one hour is nothing beside a retention of days."""

LOCK_S = 600.0
"""One archivist at a time writes the files; ten minutes archive some tens of millions of entries."""

log = get_logger("services.ledger")


async def housekeeping(host: Host) -> None:
    """Archives and trims every partition, for as long as the service lives. Raises RedisError, OSError."""
    settings = host.settings
    if not isinstance(settings, LedgerSettings):
        raise TypeError("housekeeping belongs to the ledger")
    rewritten_ms = host.clock.now_ms()
    lock = host.redis.lock("twoway:archivist:lock", timeout=LOCK_S, thread_local=False)
    while True:
        if await lock.acquire(blocking=False):
            try:
                await _archive(host, settings)
                rewritten_ms = await _forget_destroyed_keys(host, rewritten_ms)
            finally:
                await lock.release()
        await asyncio.sleep(EVERY_S)


async def _archive(host: Host, settings: LedgerSettings) -> None:
    try:
        moved = await archivist(host.redis, host.directory.partitions, settings.data, host.clock.now_ms(),
                                settings.retention_days, settings.archive_months)
    except UnknownArchive as refused:
        log.error("archive.refused", service="ledger", path=str(settings.data / "archive"), reason=refused.reason)
        return
    if moved:
        log.info("log.archived", service="ledger", entries=moved)


async def _forget_destroyed_keys(host: Host, rewritten_ms: int) -> int:
    """Once a day the append-only file is written anew: until then a key that was destroyed could be dug out of it."""
    now_ms = host.clock.now_ms()
    if now_ms - rewritten_ms < DAY_MS:
        return rewritten_ms
    try:
        await host.redis.bgrewriteaof()
    except ResponseError:  # a hosted Redis may not allow it, or is at it already
        log.warning("keys.not_forgotten", service="ledger")
    return now_ms
