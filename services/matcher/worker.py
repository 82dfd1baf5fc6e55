"""Computes rounds outside the reader, so that answers never wait for one.

For each round that is under way: claim it; choose, in a thread, on a copy of who waits; append what was chosen, a part at
a time, each once the reader has passed the one before, so that whatever people do meanwhile is read between two parts.
Killed at any point, the round is taken up again: by whoever reads the partition then, once the claim's lease has run out.

Parts are appended under ids derived from the round and their number. A second try that chose otherwise, because the pool
had changed, meets OtherBody where the first had got to and goes on behind it; the reader looks at every pair once more. A
round ends with the first part that says it is the last, whoever wrote it.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from redis.exceptions import RedisError

from services.matcher.domain.people import Person
from services.matcher.domain.rounds import EXACT_MAX, Chosen, Policy
from services.matcher.memory import Memory
from services.matcher.pairing.live import LivePool
from services.matcher.pairing.seen import Seen
from services.matcher.store import SERVICE, Claims, Round, under_way
from shared.clock import derived_id
from shared.due import Due
from shared.events import NEXT_MAX, ROUND_PAIRS_MAX, ChosenPair, RoundChosen
from shared.host import Host
from shared.logs import get_logger
from shared.stream.append import Input, OtherBody
from shared.stream.names import Partition, place
from shared.stream.write import Committer

WAIT_S = 2.0
"""Before a round is looked at again because Redis was away."""

LOOK_S = 0.05
"""How often a worker looks whether the reader has passed a part."""

log = get_logger("services.matcher.worker")


class RoundNotEnded(Exception):
    """The reader has passed the round's last part, and the round is not over: look among the dead letters."""


@dataclass(frozen=True)
class Ref:
    """A round that is under way, as the ROUNDS table has it."""

    partition: Partition
    community: str
    round: str


class Chooser:
    """Takes rounds from `due` and brings each to its end, one at a time."""

    def __init__(self, host: Host, due: Due[Ref], memories: Mapping[Partition, Memory], policy: Policy, lease_s: float) -> None:
        self._host, self._due, self._memories, self._policy = host, due, memories, policy
        self._lease_s = lease_s
        self._claims = Claims(host.redis, lease_s)

    async def run(self) -> None:
        while True:
            await self.one(await self._due.take())

    async def one(self, ref: Ref) -> None:
        """Never raises but when cancelled: one round must not stop the others."""
        try:
            await self._bring_to_an_end(ref)
        except (RedisError, OSError) as error:
            log.warning("round.waits", round=ref.round, partition=ref.partition.number, error=type(error).__name__,
                        wait_s=WAIT_S)
            self._due.offer(ref, WAIT_S)
        except Exception as error:
            # A bug of ours. The round is tried again, for a mended version may come meanwhile.
            log.error("round.broke", round=ref.round, partition=ref.partition.number, exc_info=error)
            self._due.offer(ref, self._lease_s)

    async def _bring_to_an_end(self, ref: Ref) -> None:
        row = await self._under_way(ref)
        if row is None:
            return  # somebody else was first
        if wait_s := await self._claims.take(ref.partition, ref.round):
            self._due.offer(ref, wait_s)
            return
        try:
            await self._tell(ref, await self._choose(ref, row))
        finally:
            await self._claims.give_back(ref.partition, ref.round)

    async def _choose(self, ref: Ref, row: Round) -> Chosen[Any]:
        """People are frozen values, columns are copied: what the reader does to the pool meanwhile does not change what is
        looked at here."""
        began = time.monotonic()
        waiting = seen_by_a_round(self._memories[ref.partition].pool, ref.community)
        computing = asyncio.ensure_future(asyncio.to_thread(choose, waiting, row.began_ms, self._policy, seed_of(ref.round)))
        try:
            while not (await asyncio.wait({computing}, timeout=self._lease_s / 3))[0]:
                await self._claims.take(ref.partition, ref.round)  # it is ours for as long as we are at it
        finally:
            computing.cancel()
        chosen = computing.result()
        log.info("round.computed", round=ref.round, partition=ref.partition.number, waiting=chosen.waiting,
                 chosen=len(chosen.pairs), ms=round((time.monotonic() - began) * 1000))
        return chosen

    async def _tell(self, ref: Ref, chosen: Chosen[Any]) -> None:
        """Appends part by part until the round is over. Where another try has written, this one goes on behind it."""
        for number, part in enumerate(parts(ref, chosen)):
            if wait_s := await self._claims.take(ref.partition, ref.round):
                self._due.offer(ref, wait_s)  # we were so slow that somebody else began anew
                return
            told = await self._append(ref, number, part)
            if await self._under_way(ref) is None:
                return
            if told and part.last:
                raise RoundNotEnded

    async def _append(self, ref: Ref, number: int, part: RoundChosen) -> bool:
        """Waits until the reader has passed it. False: another try has told something else at this number."""
        try:
            [at] = await self._host.appender.append(
                ref.partition, [Input(part, derived_id(ref.round, f"part:{number}"), cause=ref.round)])
        except OtherBody:
            log.info("round.overtaken", round=ref.round, partition=ref.partition.number, part=number)
            return False
        until, reader = time.monotonic() + self._lease_s, Committer(self._host.redis, ref.partition, SERVICE)
        while place(await reader.cursor()) < place(at.entry):
            if time.monotonic() > until:
                raise TimeoutError
            await asyncio.sleep(LOOK_S)
        return True

    async def _under_way(self, ref: Ref) -> Round | None:
        return await under_way(self._host.redis, ref.partition, ref.community, ref.round)


def seed_of(round: str) -> int:
    """A round's own seed, from its id: what is compiled takes 64 bits of it at most, with room for counting on from it."""
    return int(round[:12], 16)


def seen_by_a_round(pool: LivePool, community: str) -> Sequence[Person] | Seen:
    """Everybody of a community with a place, as columns where an exact round would take too long."""
    seen = pool.seen(community) if pool.with_places(community) > EXACT_MAX else None
    return pool.waiting(community) if seen is None else seen


def choose(waiting: Sequence[Person] | Seen, now_ms: int, policy: Policy, seed: int) -> Chosen[Any]:
    """The pairs of a round."""
    from services.matcher.pairing import choosing  # the solver is loaded by whoever has a round to choose

    if isinstance(waiting, Seen):
        return choosing.choose_among(waiting, now_ms, policy.bar, seed, policy.first_in_line_days, policy.weights)
    return choosing.choose(waiting, now_ms, policy.bar, seed, first_in_line_days=policy.first_in_line_days,
                           weights=policy.weights)


def next_in_line(left_out: Sequence[str], round: str) -> tuple[str, ...]:
    """As many as are asked for by name, the first in line first. Of more another part each time, so that nobody who fits no one
    stands before all others for ever."""
    if len(left_out) <= NEXT_MAX:
        return tuple(left_out)
    return tuple(left_out[place] for place in sorted(Random(round).sample(range(len(left_out)), NEXT_MAX)))


def parts(ref: Ref, chosen: Chosen[Any]) -> Iterator[RoundChosen]:
    """At most 500 pairs each. Whoever goes on behind the last one gets empty ones, last ones too, without end."""
    for number in itertools.count():
        low = number * ROUND_PAIRS_MAX
        pairs = tuple(ChosenPair(peers=each.peers, requests=each.requests, benefit=each.benefit, step=each.step)
                      for each in chosen.pairs[low:low + ROUND_PAIRS_MAX])
        more = len(chosen.pairs) > low + ROUND_PAIRS_MAX
        part = RoundChosen(round=ref.round, community=ref.community, part=number, pairs=pairs, last=not more)
        yield part if more else part.model_copy(update={
            "waiting": chosen.waiting, "chosen": len(chosen.pairs), "sampled": chosen.sampled,
            "proven_share": rounded_down(chosen.proven_share), "left_out": next_in_line(chosen.left_out, ref.round)})


def rounded_down(share: float | None) -> float | None:
    """To four digits: what is proven stays proven."""
    return None if share is None else math.floor(share * 10_000) / 10_000
