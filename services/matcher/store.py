"""The matcher's tables: one hash of a partition each, all of which follow from the log alone; and who computes a round."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.matcher.domain.drafts import Draft
from services.matcher.domain.proposals import Proposal
from services.matcher.domain.standing import Standing
from shared.events import Sealed, TimerElapsed
from shared.rows import KEYS, Table
from shared.stream.names import Partition

SERVICE = "matcher"
SCAN = 1_000
"""Requests read at a time while the pool fills: some 2 ms of the server's time."""
TURN = 100
"""Of these, how many are gone through before whatever else waits has a turn, the next page among it: some 3 ms."""

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


class Round(BaseModel):
    """A community's rounds: when the next one is due, or the one that is under way and what came of it so far."""

    model_config = ConfigDict(frozen=True)
    due_ms: int = 0
    """0 while none is scheduled."""
    under_way: str | None = None
    """From its intent until its last part was gone through."""
    began_ms: int = 0
    proposed: int = 0
    no_longer_held: int = 0
    next: tuple[str, ...] = ()
    """Whom the latest round left out: whoever comes is looked at with them first."""
    proven_share: float | None = None
    """Of the latest round that was run."""
    sampled: bool = False

    @property
    def to_come(self) -> bool:
        return bool(self.due_ms or self.under_way)

    def following(self, **now: Any) -> Round:
        """What is to come now; of what was, only whom the latest round left out, and how good it was proven to be."""
        return Round(next=self.next, proven_share=self.proven_share, sampled=self.sampled, **now)

    def with_part(self, proposed: int, no_longer_held: int) -> Round:
        return self.model_copy(update={"proposed": self.proposed + proposed,
                                       "no_longer_held": self.no_longer_held + no_longer_held})


class Week(BaseModel):
    """A community's week: when it is over, and who waits is counted."""

    model_config = ConfigDict(frozen=True)
    ends_ms: int


PEERS = Table("peers", Standing)
REQUESTS = Table("requests", Request)
PROPOSALS = Table("proposals", Proposal)
DRAFTS = Table("drafts", Draft)
"""Those that wait for a coordinator, and no others."""
PAIRS = Table("pairs", Pair)
ROUNDS = Table("rounds", Round)
"""By community."""
WEEKS = Table("weeks", Week)
"""By community, from its first request on."""
TABLES: tuple[Table[Any], ...] = (PEERS, REQUESTS, PROPOSALS, DRAFTS, PAIRS, ROUNDS, WEEKS)


class State(Protocol):
    """Rows, be they the working set of a batch or what they will be once a decision is applied."""

    def get(self, table: Table[R], id: str) -> R | None: ...

    def put(self, table: Table[R], id: str, row: R) -> None: ...

    def drop(self, table: Table[Any], id: str) -> None: ...


async def open_requests(redis: Redis, partition: Partition) -> AsyncIterator[tuple[str, Request, Standing, bytes]]:
    """Every open request that can be opened: its id, itself, how its peer stands, and the peer's key.

    Whoever's key is gone has left; the event that says so is on its way. While the caller is at one page, the server reads
    the next. Raises RedisError.
    """
    ahead: asyncio.Task[tuple[int, list[_Found]]] | None = asyncio.create_task(_page(redis, partition, 0))
    try:
        while ahead is not None:
            cursor, page = await ahead
            ahead = asyncio.create_task(_page(redis, partition, cursor)) if cursor else None
            for place, (id, request, standing, key) in enumerate(page):
                if place % TURN == 0:
                    await asyncio.sleep(0)
                if standing is not None and key is not None:
                    yield id, request, PEERS.load(standing), key
    finally:
        if ahead is not None:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)


_Found = tuple[str, Request, bytes | None, bytes | None]
"""A request, and of its peer how they stand and their key."""


async def _page(redis: Redis, partition: Partition, cursor: int) -> tuple[int, list[_Found]]:
    """(where the next page begins, 0 when there is none; some requests). Raises RedisError."""
    page: Any = await redis.hscan(REQUESTS.path(partition, SERVICE), cursor, count=SCAN)
    requests = REQUESTS.load_all(page[1])
    if not requests:
        return page[0], []
    peers = [request.peer for request in requests.values()]
    pipeline = redis.pipeline(transaction=False)
    pipeline.hmget(PEERS.path(partition, SERVICE), peers)
    pipeline.hmget(KEYS.path(partition, SERVICE), peers)
    standings, keys = await pipeline.execute()
    return page[0], [*zip(requests.keys(), requests.values(), standings, keys, strict=True)]


async def requests_of(redis: Redis, partition: Partition,
                      peers: Sequence[str]) -> AsyncIterator[tuple[str, Request, Standing, bytes]]:
    """The same of these peers, as far as they have an open request. Raises RedisError."""
    if not peers:
        return
    texts: Any = await redis.hmget(PEERS.path(partition, SERVICE), list(peers))
    standings = {peer: PEERS.load(text) for peer, text in zip(peers, texts, strict=True) if text is not None}
    asking = {peer: standing.request for peer, standing in standings.items() if standing.request is not None}
    if not asking:
        return
    pipeline = redis.pipeline(transaction=False)
    pipeline.hmget(REQUESTS.path(partition, SERVICE), list(asking.values()))
    pipeline.hmget(KEYS.path(partition, SERVICE), list(asking))
    requests, keys = await pipeline.execute()
    for (peer, id), request, key in zip(asking.items(), requests, keys, strict=True):
        if request is not None and key is not None:
            yield id, REQUESTS.load(request), standings[peer], key


async def all_rounds(redis: Redis, partition: Partition) -> dict[str, Round]:
    """Every community's, few as they are. Raises RedisError."""
    texts: Any = await redis.hgetall(ROUNDS.path(partition, SERVICE))
    return ROUNDS.load_all(texts)


async def all_drafts(redis: Redis, partition: Partition) -> AsyncIterator[tuple[str, Draft]]:
    """Every one that waits for a coordinator, read bit by bit. Raises RedisError."""
    async for id, text in redis.hscan_iter(DRAFTS.path(partition, SERVICE), count=SCAN):
        yield id.decode(), DRAFTS.load(text)


async def under_way(redis: Redis, partition: Partition, community: str, round: str) -> Round | None:
    """The community's row, if this is the round that is under way there. Raises RedisError."""
    text: Any = await redis.hget(ROUNDS.path(partition, SERVICE), community)
    row = None if text is None else ROUNDS.load(text)
    return row if row is not None and row.under_way == round else None


# KEYS: the claim. ARGV: who asks, the lease in ms. Whoever holds it may take it again, for as long once more.
_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return redis.call('PTTL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
"""

# KEYS: the claim. ARGV: who gives it back. What somebody else holds by now is left alone.
_GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Claims:
    """Who computes a round: one worker at a time. A claim saves work and nothing else: what two workers would tell of
    one round is told under the same ids, and the reader looks at every pair once more."""

    def __init__(self, redis: Redis, lease_s: float) -> None:
        self._lease_ms = round(lease_s * 1000)
        self._claim, self._back = redis.register_script(_CLAIM), redis.register_script(_GIVE_BACK)
        self._holder = secrets.token_hex(8)

    async def take(self, partition: Partition, round: str) -> float:
        """0 when it is ours, anew or still; otherwise for how many seconds at most somebody else is at it.

        Raises RedisError.
        """
        return int(await self._claim(keys=[_claim(partition, round)], args=[self._holder, self._lease_ms])) / 1000

    async def give_back(self, partition: Partition, round: str) -> None:
        await self._back(keys=[_claim(partition, round)], args=[self._holder])


def _claim(partition: Partition, round: str) -> str:
    return f"{partition.of(SERVICE, 'claim')}:{round}"


@dataclass(frozen=True)
class Snapshot:
    """All rows and timers as of one moment, which was `now_ms` by the server's clock."""

    peers: Mapping[str, Standing]
    requests: Mapping[str, Request]
    proposals: Mapping[str, Proposal]
    drafts: Mapping[str, Draft]
    pairs: Mapping[str, Pair]
    rounds: Mapping[str, Round]
    weeks: Mapping[str, Week]
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
    peers, requests, proposals, drafts, pairs, rounds, weeks, timers, (seconds, micros) = await pipeline.execute()
    return Snapshot(PEERS.load_all(peers), REQUESTS.load_all(requests), PROPOSALS.load_all(proposals),
                    DRAFTS.load_all(drafts), PAIRS.load_all(pairs), ROUNDS.load_all(rounds), WEEKS.load_all(weeks),
                    [timer for text in timers if (timer := _timer(orjson.loads(text))) is not None],
                    int(seconds) * 1000 + int(micros) // 1000)


def _timer(flat: Sequence[str]) -> TimerElapsed | None:
    """The matcher's own timer in a waiting entry's flat fields; none for those of other services."""
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    if fields["type"] != TimerElapsed.type:
        return None
    timer = TimerElapsed.model_validate_json(fields["body"])
    return timer if timer.service == SERVICE else None
