"""What happened to requests, from archive and log: typed events with their times, and the requests opened in memory.

Nothing that was opened is written anywhere. Whoever left has no key any more, so their requests can't be opened; how many those
are is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from console.running import refuse
from console.system import System
from shared.events import (
    BreakEnded,
    BreakStarted,
    Details,
    Event,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerLeft,
    ProposalAnswered,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    RequestRefused,
    RequestResumed,
    RequestSetAside,
    RequestWaiting,
    SupportRequested,
    SupportWithdrawn,
)
from shared.service import Entry
from shared.stream.decode import decode
from shared.stream.names import Partition
from shared.stream.rebuild import history as entries

KINDS: tuple[type[Event], ...] = (
    SupportRequested, SupportWithdrawn, RequestResumed, ProposalAnswered, BreakStarted, BreakEnded, PairEnded, PeerBlocked,
    PeerLeft, RequestWaiting, RequestRefused, RequestSetAside, ProposalMade, ProposalLapsed, ProposalWithdrawn, PairFormed,
    PairClosed)
_BY_TYPE = {kind.type.encode(): kind for kind in KINDS}

OPENED = 500
"""Keys read at a time."""


@dataclass(frozen=True)
class Happened:
    at_ms: int
    event: Event


@dataclass(frozen=True)
class History:
    """Everything of `KINDS` that archive and log still hold, in order."""

    happened: Sequence[Happened]
    details: Mapping[str, Details]
    """Request → what it says, where the person's key still opens it."""
    closed: int = 0
    """Requests that nothing opens any more, because their people left."""
    now_ms: int = 0

    def asked_since(self, from_ms: int) -> int:
        """Requests since then that can be opened."""
        return sum(isinstance(each.event, SupportRequested) and each.event.request in self.details
                   for each in self.happened if each.at_ms >= from_ms)


async def read(at: System, community: str | None = None) -> History:
    """The whole history, or that of one community. Refuses when there is none. Raises RedisError."""
    parts, details, closed = list[list[Happened]](), dict[str, Details](), 0
    for partition in at.partitions:
        happened = [each async for each in _of(at, partition)]
        asked = [each.event for each in happened
                 if isinstance(each.event, SupportRequested) and community in (None, each.event.community)]
        opened = await _opened(at, partition, asked)
        details |= opened
        closed += len({event.request for event in asked}) - len(opened)
        parts.append(happened)
    history = History(list(merge(*parts, key=lambda each: each.at_ms)), details, closed, at.clock.now_ms())
    if not any(isinstance(each.event, SupportRequested) for each in history.happened):
        refuse(f"neither the log nor the archive in {at.settings.data} tells of anybody who asked for a buddy; "
               "name the data folder of the system that you mean with --data")
    if community is not None and not (details or closed):
        there = sorted({each.event.community for each in history.happened if isinstance(each.event, SupportRequested)})
        refuse(f"nobody asked in a community {community}; there are {', '.join(there)}")
    return history


async def _of(at: System, partition: Partition) -> Any:
    async for place, fields in entries(at.redis, partition, at.settings.data):
        kind = _BY_TYPE.get(fields.get(b"type", b""))
        item = decode(place, fields, kind) if kind is not None else None
        if isinstance(item, Entry):
            yield Happened(item.at_ms, item.event)


async def _opened(at: System, partition: Partition, asked: Iterable[SupportRequested]) -> dict[str, Details]:
    """Raises BrokenSeal."""
    waiting, opened = list(asked), dict[str, Details]()
    for low in range(0, len(waiting), OPENED):
        part = waiting[low:low + OPENED]
        keys: Any = await at.redis.hmget(partition.keys, [event.peer for event in part])
        for event, key in zip(part, keys, strict=True):
            details = at.vault.open(event.details, key, Details)
            if isinstance(details, Details):
                opened[event.request] = details
    return opened
