"""For tests alone: waiting on a condition instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T | Awaitable[T]], what: str = "the condition", within_s: float = 20.0) -> T:
    """Looks until `condition` gives something true, and returns that. Raises TimeoutError, naming `what`."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        found = await value if inspect.isawaitable(value) else value
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {within_s:.0f} s")
        await asyncio.sleep(0.005)
