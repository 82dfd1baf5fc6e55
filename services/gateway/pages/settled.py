"""Answers that take the same time whether an address is known or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SETTLED_S = 0.1
"""Several times what either way takes on an idle system, and not yet felt by whoever waits for the page."""


@asynccontextmanager
async def settled() -> AsyncIterator[None]:
    began = time.monotonic()
    yield
    await asyncio.sleep(max(0.0, began + SETTLED_S - time.monotonic()))
