"""What the matcher holds in memory beside its rows: the pool, opened, what reserving whoever it chooses takes, and the
communities' rounds.

It follows every change of a standing or a round at once, while deciding; when a batch is not committed as it was decided,
`warm` makes it new from what is stored. So at every commit it equals what a fresh start would read.
"""

from __future__ import annotations

from redis.asyncio import Redis

from services.matcher.domain.people import Person
from services.matcher.domain.pool import Pool
from services.matcher.domain.standing import Standing
from services.matcher.store import PEERS, ROUNDS, Request, Round, all_rounds, open_requests
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

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.pool = Pool()
        self.rounds: dict[str, Round] = {}
        self._standings: dict[str, Standing] = {}
        self._keys: dict[str, bytes] = {}

    async def warm(self, redis: Redis, partition: Partition) -> None:
        """Learns everybody with an open request in one pass, then forgets what it knew before: a round that is chosen
        meanwhile sees a whole pool. Raises RedisError."""
        fresh = Memory(self._vault)
        fresh.rounds = await all_rounds(redis, partition)
        async for id, request, standing, key in open_requests(redis, partition):
            details = self._vault.open(request.details, key, Details)
            if isinstance(details, Details):
                fresh.learn(id, request, details, standing, key)
        self.pool, self.rounds, self._standings, self._keys = fresh.pool, fresh.rounds, fresh._standings, fresh._keys
        log.info("pool.warmed", service="matcher", partition=partition.number, count=len(self.pool))

    def learn(self, id: str, request: Request, details: Details, standing: Standing, key: bytes) -> None:
        person = Person.of(request.peer, id, request.community, request.since_ms, details)
        self._standings[request.peer], self._keys[request.peer] = standing, key
        self.pool.put(person.standing(standing))

    def follow(self, peer: str, standing: Standing | None) -> None:
        """A standing changed. Whoever asks for nobody any more is forgotten."""
        person = self.pool.get(peer)
        if person is None:
            return
        if standing is None or standing.request != person.request:
            self.forget(peer)
            return
        self._standings[peer] = standing
        self.pool.put(person.standing(standing))

    def forget(self, peer: str) -> None:
        self.pool.drop(peer)
        self._standings.pop(peer, None)
        self._keys.pop(peer, None)

    def without_round(self) -> list[str]:
        """Communities in which somebody waits with a place, and no round is to come."""
        return [community for community in self.pool.communities() if not self.rounds.get(community, NONE).to_come]

    def lend_round(self, rows: Rows, community: str) -> None:
        rows.lend(ROUNDS, community, self.rounds.get(community, NONE))

    def lend(self, rows: Rows, peer: str) -> None:
        """Gives a batch what reserving `peer` needs: whom the pool chooses, no `needs` could name beforehand.

        Their key may have been destroyed a moment ago. Such a proposal is withdrawn when `peer.left` is read, and the
        notifier, on whose way that stands before it, tells nobody of it.
        """
        rows.lend(PEERS, peer, self._standings[peer])
        rows.lend(KEYS, peer, self._keys[peer])
