"""Waits for a running service to have read what a command put on the log, so that the command can say what came of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from console.system import System
from shared.stream.names import Partition, place

ANSWER_S_MAX = 10.0
"""A service that runs has read it long before; a busy one may take some seconds."""


async def taken(at: System, partition: Partition, service: str, entry: str) -> bool:
    """Whether the service has passed the entry. False: it does not run, or is further behind than anybody wants to wait."""
    until = time.monotonic() + ANSWER_S_MAX
    while await at.redis.exists(partition.lock(service)) and time.monotonic() < until:
        cursor: Any = await at.redis.hget(partition.cursor(service), "at")
        if cursor is not None and place(cursor.decode()) >= place(entry):
            return True
        await asyncio.sleep(0.05)
    return False
