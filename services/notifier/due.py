"""What this process has been told may be sent: ids only, in memory, in the order of their time.

It is a bell, not a record. The record is the READY table; whoever takes over a partition fills this from it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from dataclasses import dataclass

from shared.stream.names import Partition


@dataclass(frozen=True)
class Ref:
    """A message and the partition it lives on."""

    partition: Partition
    message: str


class Due:
    """Each message waits in here once; offering it again while it waits changes nothing."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Ref]] = []
        self._waiting: set[Ref] = set()
        self._order = itertools.count()
        self._rung = asyncio.Event()

    def __len__(self) -> int:
        return len(self._heap)

    def offer(self, ref: Ref, in_s: float = 0.0, *, first: bool = False) -> None:
        """Due in `in_s`; `first` goes before all others that are due, however many there are."""
        if ref not in self._waiting:
            self._waiting.add(ref)
            at = 0.0 if first else time.monotonic() + in_s
            heapq.heappush(self._heap, (at, next(self._order), ref))
            self._rung.set()

    async def take(self) -> Ref:
        """The next one whose time has come; waits for it."""
        while True:
            wait_s = self._heap[0][0] - time.monotonic() if self._heap else None
            if wait_s is not None and wait_s <= 0:
                ref = heapq.heappop(self._heap)[2]
                self._waiting.discard(ref)
                return ref
            self._rung.clear()
            try:
                await asyncio.wait_for(self._rung.wait(), wait_s)
            except TimeoutError:
                continue
