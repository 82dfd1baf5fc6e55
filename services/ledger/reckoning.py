"""Reckons a week's signals outside the reader, so that moments never wait for them.

For each week that is over: claim it, read the week's counts and everybody's rows bit by bit, append what they come to. Killed
at any point it is taken up again: by whoever reads the partition then, once the claim has run out. It is appended under an id
derived from community and week, so of two that were at it the first one's figures stand.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import LockError, RedisError

from services.ledger import store
from services.ledger.domain import people, tallies
from services.ledger.domain.signals import Attention, Known, compute
from services.ledger.signals.people import HOUR_MS
from services.ledger.signals.weekly import begins_ms
from services.ledger.store import SERVICE
from shared.clock import derived_id
from shared.due import Due
from shared.events import SignalsComputed
from shared.host import Host
from shared.logs import get_logger
from shared.stream.append import Input, OtherBody
from shared.stream.names import Partition

WAIT_S = 2.0
"""Before a week is looked at again because Redis was away."""

LEASE_S = 300.0
"""Within it a million people are reckoned; so long a week waits for whoever takes over from one that was killed."""

log = get_logger("services.ledger.reckoning")


@dataclass(frozen=True)
class Ref:
    """A week whose signals are under way, as the COMMUNITIES table has it."""

    partition: Partition
    community: str
    week: int


class Reckoner:
    """Takes weeks from `due` and brings each to its end, one at a time."""

    def __init__(self, host: Host, due: Due[Ref], attention: Attention) -> None:
        self._host, self._due, self._attention = host, due, attention

    async def run(self) -> None:
        while True:
            await self.one(await self._due.take())

    async def one(self, ref: Ref) -> None:
        """Never raises but when cancelled: one week must not stop the others."""
        try:
            await self._bring_to_an_end(ref)
        except (RedisError, OSError) as error:
            log.warning("signals.wait", of=ref.community, partition=ref.partition.number, error=type(error).__name__,
                        wait_s=WAIT_S)
            self._due.offer(ref, WAIT_S)
        except Exception as error:
            # A bug of ours. The week is tried again, for a mended version may come meanwhile.
            log.error("signals.broke", of=ref.community, partition=ref.partition.number, exc_info=error)
            self._due.offer(ref, LEASE_S)

    async def _bring_to_an_end(self, ref: Ref) -> None:
        if not await under_way(self._host.redis, ref):
            return  # somebody else was first
        lock = self._host.redis.lock(f"{ref.partition.of(SERVICE, 'reckoning')}:{store.of_week(ref.community, ref.week)}",
                                     timeout=LEASE_S, thread_local=False)
        if not await lock.acquire(blocking=False):
            self._due.offer(ref, LEASE_S)
            return
        try:
            began = time.monotonic()
            computed = await reckon(self._host.redis, ref, self._attention)
            with suppress(OtherBody):  # somebody else was so slow that we began anew, and had told it by now
                await self._host.appender.append(ref.partition, [result(computed)])
            log.info("signals.reckoned", of=ref.community, partition=ref.partition.number,
                     ms=round((time.monotonic() - began) * 1000))
        finally:
            with suppress(LockError):  # it ran out
                await lock.release()


def result(computed: SignalsComputed) -> Input:
    return Input(computed, derived_id(store.of_week(computed.community, computed.week), "signals"))


async def under_way(redis: Redis, ref: Ref) -> bool:
    """Raises RedisError."""
    row, _ = await store.tallies(redis, ref.partition, ref.community, range(ref.week, ref.week + 1))
    return row is not None and ref.week in row.under_way


async def reckon(redis: Redis, ref: Ref, attention: Attention) -> SignalsComputed:
    """What a week comes to. People are read bit by bit: a moment that is written down meanwhile may be in it or not.

    Who waits is as of the last count, which is made as the week ends. Who was counted before it began is not said to wait.
    """
    known = await _known(redis, ref)
    signals = await asyncio.to_thread(compute, known, attention)  # a fifth of a second of 100,000 people
    return SignalsComputed(community=ref.community, week=ref.week, signals=signals)


async def _known(redis: Redis, ref: Ref) -> Known:
    row, counts = await store.tallies(redis, ref.partition, ref.community,
                                      range(ref.week - people.HALF_A_YEAR + 1, ref.week + people.HALF_A_YEAR))
    if row is not None:
        counts = {**counts, row.week: row.counts}
    later = tallies.total(each for week, each in counts.items() if week > ref.week)
    pairs = (row.pairs if row is not None else 0) - later.get("formed", 0) + sum(tallies.of_kind(later, "ending").values())
    seen = [people.seen(account, ref.week, holder.breaks if holder is not None else None,
                        holder.rested if holder is not None else None, trained)
            async for holder, account, trained in store.everybody(redis, ref.partition, ref.community)]
    counted = await store.waiting(redis, ref.partition, ref.community)
    ends_ms, season_ms = begins_ms(ref.week + 1), begins_ms(ref.week - people.SEASON + 1)
    concerns = await store.open_concerns(redis, ref.partition, ref.community)
    return Known(
        week=ref.week, tallies=counts, people=seen, pairs=pairs,
        open_hours=[(ends_ms - each.raised_ms) // HOUR_MS for each in concerns if season_ms <= each.raised_ms < ends_ms],
        waiting=counted.waiting if counted is not None and ref.week <= counted.week else None,
        trained_before=await _trained(redis, ref, ref.week - people.HALF_A_YEAR))


async def _trained(redis: Redis, ref: Ref, week: int) -> float | None:
    """The share of those with a training as it was told then."""
    row = await store.signals(redis, ref.partition, ref.community, week)
    return next((each.value for each in row.signals if each.name == "training"), None) if row is not None else None
