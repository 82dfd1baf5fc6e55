"""The ledger keeps the long memory: once an hour what is old enough moves from the log to the archive, and once a day what
was destroyed goes from the server's append-only file too."""

from __future__ import annotations

import asyncio
from typing import Any

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

REWRITTEN = "twoway:rewritten"
"""When the append-only file was last written anew, in ms. In Redis, for a system that is started every day needs it too."""

log = get_logger("services.ledger")


async def housekeeping(host: Host) -> None:
    """Archives and trims every partition, for as long as the service lives. Raises RedisError, OSError."""
    settings = host.settings
    if not isinstance(settings, LedgerSettings):
        raise TypeError("housekeeping belongs to the ledger")
    lock = host.redis.lock("twoway:archivist:lock", timeout=LOCK_S, thread_local=False)
    while True:
        if await lock.acquire(blocking=False):
            try:
                await _archive(host, settings)
                await _forget_destroyed_keys(host)
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


async def _forget_destroyed_keys(host: Host) -> None:
    """Once a day the append-only file is written anew: until then a key that was destroyed could be dug out of it."""
    now_ms = host.clock.now_ms()
    last_ms: Any = await host.redis.get(REWRITTEN)
    if last_ms is not None and 0 <= now_ms - int(last_ms) < DAY_MS:
        return
    try:
        await host.redis.bgrewriteaof()
    except ResponseError:  # a hosted Redis may not allow it, or is at it already
        log.warning("keys.not_forgotten", service="ledger")
        return  # and is asked again at the next turn
    await host.redis.set(REWRITTEN, now_ms)
