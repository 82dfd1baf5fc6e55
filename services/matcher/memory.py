"""What the matcher holds in memory beside its rows: the pool, opened, what reserving whoever it chooses takes, and the
communities' rounds.

It follows every change of a standing or a round at once, while deciding; when a batch is not committed as it was decided,
`mend` reads again whom it touched, and when somebody else may have written meanwhile, `warm` makes all of it new from what
is stored. So at every commit it equals what a fresh start would read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heappop, heappush

from redis.asyncio import Redis

from services.matcher.domain.people import Person
from services.matcher.domain.standing import Standing
from services.matcher.pairing.live import LivePool
from services.matcher.reserves import Reserves
from services.matcher.store import PEERS, ROUNDS, Request, Round, all_rounds, open_requests, requests_of
from shared.events import Details
from shared.logs import get_logger
from shared.rows import KEYS, Rows
from shared.sealing import Vault
from shared.stream.names import Partition

NONE = Round()
"""A community of which no round was ever scheduled."""

log = get_logger("services.matcher")


class Memory:
    """One partition's. Holds in clear what rests sealed, and never writes it anywhere."""

    def __init__(self, vault: Vault, make_pool: Callable[[], LivePool] = LivePool) -> None:
        self._vault, self._make_pool = vault, make_pool
        self.pool = make_pool()
        self.rounds: dict[str, Round] = {}
        self._reserves = Reserves()
        self._touched: dict[str, None] = {}
        """Whose place in the pool changed, or was looked at for a proposal, since the last commit."""
        self._now_ms = 0
        self._counts_until = dict[str, int]()
        self._growing_old = list[tuple[int, str]]()
        """A heap of when whose counts are to be looked at; everybody is in it once at most."""
        self._in_heap = set[str]()

    async def warm(self, redis: Redis, partition: Partition) -> None:
        """Learns everybody with an open request in one pass, then forgets what it knew before: a round that is chosen
        meanwhile sees a whole pool. Raises RedisError."""
        began, fresh = time.monotonic(), Memory(self._vault, self._make_pool)
        fresh._now_ms = self._now_ms
        fresh.rounds = await all_rounds(redis, partition)
        async for id, request, standing, key in open_requests(redis, partition):
            fresh._open(id, request, standing, key)
        self.pool, self.rounds, self._reserves, self._touched = fresh.pool, fresh.rounds, fresh._reserves, {}
        self._counts_until, self._growing_old, self._in_heap = fresh._counts_until, fresh._growing_old, fresh._in_heap
        log.info("pool.warmed", service="matcher", partition=partition.number, count=len(self.pool),
                 ms=round((time.monotonic() - began) * 1000))

    async def mend(self, redis: Redis, partition: Partition) -> None:
        """A batch was not committed, and nothing else has been since the last one that was: whoever it touched is read
        again. Raises RedisError."""
        touched = list(self._touched)
        self.rounds = await all_rounds(redis, partition)
        async for id, request, standing, key in requests_of(redis, partition, touched):
            self.forget(request.peer)
            self._open(id, request, standing, key)
            del self._touched[request.peer]
        for peer in list(self._touched):
            self.forget(peer)
        self._touched.clear()

    def committed(self) -> None:
        """What was decided stands."""
        self._touched.clear()

    def at(self, now_ms: int) -> None:
        """It is so late by now: counts that are too old are let go."""
        self._now_ms = now_ms
        while self._growing_old and self._growing_old[0][0] <= now_ms:
            _, peer = heappop(self._growing_old)
            until_ms = self._counts_until.get(peer)
            if until_ms is not None and until_ms > now_ms:
                heappush(self._growing_old, (until_ms, peer))
                continue
            self._in_heap.discard(peer)
            if until_ms is not None:
                del self._counts_until[peer]
                self.pool.count(peer, 0, 0)

    @property
    def looked_at_later(self) -> int:
        """Of how many people counts are kept that will be too old one day."""
        return len(self._growing_old)

    def learn(self, id: str, request: Request, details: Details, standing: Standing, key: bytes) -> None:
        self._touched[request.peer] = None
        self._learn(id, request, details, standing, key)

    def follow(self, peer: str, standing: Standing | None) -> None:
        """A standing changed. Whoever asks for nobody any more is forgotten."""
        request = self.pool.request_of(peer)
        if request is None:
            return
        if standing is None or standing.request != request:
            self.forget(peer)
            return
        self._touched[peer] = None
        self._reserves.put(peer, standing)
        self.pool.stand(peer, self._as_of_now(peer, standing))

    def forget(self, peer: str) -> None:
        self._touched[peer] = None
        self.pool.drop(peer)
        self._reserves.drop(peer)
        self._counts_until.pop(peer, None)

    def without_round(self) -> list[str]:
        """Communities in which somebody waits with a place, and no round is to come."""
        return [community for community in self.pool.communities() if not self.rounds.get(community, NONE).to_come]

    def lend_round(self, rows: Rows, community: str) -> None:
        rows.lend(ROUNDS, community, self.rounds.get(community, NONE))

    def lend(self, rows: Rows, person: Person) -> None:
        """Gives a batch what reserving somebody needs: whom the pool chooses, no `needs` could name beforehand.

        Their key may have been destroyed a moment ago. Such a proposal is withdrawn when `peer.left` is read, and the
        notifier, on whose way that stands before it, tells nobody of it.
        """
        peer = person.peer
        self._touched[peer] = None
        if not rows.has(PEERS, peer):
            rows.lend(PEERS, peer, self._reserves.standing(peer, person.request, person.places))
        if not rows.has(KEYS, peer):
            rows.lend(KEYS, peer, self.pool.key(peer))

    def _as_of_now(self, peer: str, standing: Standing) -> Standing:
        now = standing.as_of(self._now_ms)
        if now.counts_until_ms is not None:
            self._counts_until[peer] = now.counts_until_ms
            if peer not in self._in_heap:
                self._in_heap.add(peer)
                heappush(self._growing_old, (now.counts_until_ms, peer))
        return now

    def _open(self, id: str, request: Request, standing: Standing, key: bytes) -> None:
        """Learns what is stored of somebody, who is as it is stored and so was not touched."""
        details = self._vault.open(request.details, key, Details, once=True)
        if isinstance(details, Details):
            self._learn(id, request, details, standing, key)

    def _learn(self, id: str, request: Request, details: Details, standing: Standing, key: bytes) -> None:
        peer = request.peer
        self._reserves.put(peer, standing)
        self.pool.learn(peer, id, request.community, request.since_ms, details, self._as_of_now(peer, standing))
        self.pool.keep(peer, key)
