"""The matcher's tables: one hash of a partition each. All four follow from the log alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.matcher.domain.proposals import Proposal
from services.matcher.domain.standing import Standing
from shared.events import Sealed, TimerElapsed
from shared.rows import KEYS, Table
from shared.stream.names import Partition

SERVICE = "matcher"
SCAN = 1_000
"""Requests read at a time while the pool fills: some 2 ms of the server's time."""

R = TypeVar("R")


class Request(BaseModel):
    """What somebody asked for, still sealed. `since_ms` is their place in the queue while the request is open."""

    model_config = ConfigDict(frozen=True)
    peer: str
    community: str
    details: Sealed
    capacity: int
    since_ms: int


class Pair(BaseModel):
    """Two who both said yes. Kept when it is over, for the second of them may still say that it ended for safety."""

    model_config = ConfigDict(frozen=True)
    peers: tuple[str, str]
    over: bool = False


PEERS = Table("peers", Standing)
REQUESTS = Table("requests", Request)
PROPOSALS = Table("proposals", Proposal)
PAIRS = Table("pairs", Pair)
TABLES: tuple[Table[Any], ...] = (PEERS, REQUESTS, PROPOSALS, PAIRS)


class State(Protocol):
    """Rows, be they the working set of a batch or what they will be once a decision is applied."""

    def get(self, table: Table[R], id: str) -> R | None: ...

    def put(self, table: Table[R], id: str, row: R) -> None: ...

    def drop(self, table: Table[Any], id: str) -> None: ...


async def open_requests(redis: Redis, partition: Partition) -> AsyncIterator[tuple[str, Request, Standing, bytes]]:
    """Every open request that can be opened: its id, itself, how its peer stands, and the peer's key.

    Whoever's key is gone has left; the event that says so is on its way. Raises RedisError.
    """
    cursor = 0
    while True:
        page: Any = await redis.hscan(REQUESTS.path(partition, SERVICE), cursor, count=SCAN)
        cursor, found = page
        requests = {id.decode(): REQUESTS.load(text) for id, text in found.items()}
        peers = [request.peer for request in requests.values()]
        if peers:
            pipeline = redis.pipeline(transaction=False)
            pipeline.hmget(PEERS.path(partition, SERVICE), peers)
            pipeline.hmget(KEYS.path(partition, SERVICE), peers)
            standings, keys = await pipeline.execute()
            for (id, request), standing, key in zip(requests.items(), standings, keys, strict=True):
                if standing is not None and key is not None:
                    yield id, request, PEERS.load(standing), key
        if cursor == 0:
            return


@dataclass(frozen=True)
class Snapshot:
    """All rows and timers as of one moment, which was `now_ms` by the server's clock."""

    peers: Mapping[str, Standing]
    requests: Mapping[str, Request]
    proposals: Mapping[str, Proposal]
    pairs: Mapping[str, Pair]
    timers: Sequence[TimerElapsed]
    now_ms: int


async def snapshot(redis: Redis, partition: Partition) -> Snapshot:
    """For looking everything over by hand: meanwhile the server stands still, some 2 s for a million rows.

    Raises RedisError.
    """
    pipeline = redis.pipeline(transaction=True)
    for table in TABLES:
        pipeline.hgetall(table.path(partition, SERVICE))
    pipeline.zrange(partition.timers, 0, -1)
    pipeline.time()
    peers, requests, proposals, pairs, timers, (seconds, micros) = await pipeline.execute()
    return Snapshot(PEERS.load_all(peers), REQUESTS.load_all(requests), PROPOSALS.load_all(proposals),
                    PAIRS.load_all(pairs),
                    [timer for text in timers if (timer := _timer(orjson.loads(text))) is not None],
                    int(seconds) * 1000 + int(micros) // 1000)


def _timer(flat: Sequence[str]) -> TimerElapsed | None:
    """The matcher's own timer in a waiting entry's flat fields; none for those of other services."""
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    if fields["type"] != TimerElapsed.type:
        return None
    timer = TimerElapsed.model_validate_json(fields["body"])
    return timer if timer.service == SERVICE else None
