"""What this process has been told may be sent: ids only, in memory, and of a bounded number.

It is a bell, not a record. The record is the READY table: whoever takes over a partition fills this from it, and so is what
there was no room for fetched from it later. So a morning on which a million may go takes no more memory than any other.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterable
from dataclasses import dataclass

from shared.stream.names import Partition

ROOM = 20_000
"""Messages in here at a time: 7 MB, and at 500 a second 40 seconds of sending, so that the table is looked through seldom."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A message and the partition it lives on."""

    partition: Partition
    message: str


class Due:
    """Each message waits in here once; offering it again while it waits changes nothing."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._queue: asyncio.PriorityQueue[tuple[int, int, Ref]] = asyncio.PriorityQueue()
        self._waiting: set[Ref] = set()
        self._order = itertools.count()
        self._missed, self._half_empty = asyncio.Event(), asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, ref: Ref, in_s: float = 0.0, *, first: bool = False) -> bool:
        """Due in `in_s`; `first` goes before all others that are due, however many there are. False: there is no room, and
        `missed` has been told."""
        if ref in self._waiting:
            return True
        if len(self._waiting) >= self._room and not first:
            self._missed.set()
            return False
        self._waiting.add(ref)
        if in_s > 0:
            asyncio.get_running_loop().call_later(in_s, self._ring, ref)
        else:
            self._ring(ref, first)
        return True

    def _ring(self, ref: Ref, first: bool = False) -> None:
        self._queue.put_nowait((0 if first else 1, next(self._order), ref))

    async def take(self) -> Ref:
        """The next one whose time has come; waits for it."""
        _, _, ref = await self._queue.get()
        self._waiting.discard(ref)
        if len(self._waiting) <= self._room // 2:
            self._half_empty.set()
        return ref

    async def missed(self) -> None:
        """Waits until there was no room for something; then it is time to `fetch`."""
        await self._missed.wait()

    async def fetch(self, refs: AsyncIterable[Ref]) -> None:
        """Takes in all of `refs`, no faster than others are taken out. Raises what they raise: then it is to be done again."""
        self._missed.clear()
        try:
            async for ref in refs:
                if len(self._waiting) >= self._room:
                    self._half_empty.clear()
                    await self._half_empty.wait()
                self.offer(ref)
        except BaseException:
            self._missed.set()
            raise
