"""The ledger keeps the long memory: once an hour what is old enough moves from the log to the archive."""

from __future__ import annotations

import asyncio

from services.ledger.settings import LedgerSettings
from shared.host import Host
from shared.logs import get_logger
from shared.stream.archive import archivist

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
    lock = host.redis.lock("twoway:archivist:lock", timeout=LOCK_S, thread_local=False)
    while True:
        if await lock.acquire(blocking=False):
            try:
                moved = await archivist(host.redis, host.directory.partitions, settings.data, host.clock.now_ms(),
                                        settings.retention_days, settings.archive_months)
            finally:
                await lock.release()
            if moved:
                log.info("log.archived", service="ledger", entries=moved)
        await asyncio.sleep(EVERY_S)
