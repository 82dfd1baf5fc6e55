"""Rounds on a real server: a reader that intends, a worker that computes, and whatever happens to either of them.

Two who fit fully reach the middle bar at once and the high one only after days. So people come while the dial is at
*better*; then it is turned, and who waits by then is looked at in the next round.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.matcher.app import table
from services.matcher.audit import audit
from services.matcher.memory import Memory
from services.matcher.store import Claims
from services.matcher.worker import Chooser, Ref
from shared.clock import derived_id
from shared.due import Due
from shared.events import (
    Answer,
    ChosenPair,
    EntrySetAside,
    PeerLeft,
    ProposalMade,
    RoundApplied,
    RoundChosen,
    RoundIntended,
    RoundRun,
    SupportRequested,
)
from shared.stream.append import Appender, Input
from shared.testing import until
from shared.timers import Timekeeper
from tests.integration.core.tally import Bench
from tests.integration.living import KEY_TEXT, P0
from tests.integration.matcher_town import Town
from tests.journeys.system import clean_environment, free_ports

LEASE_S = 1


class Waiting(Town):
    """Everybody waits, for the dial was at *better* when they came."""

    def __init__(self, redis: Redis, redis_url: str) -> None:
        super().__init__(redis, redis_url, round_lease_s=LEASE_S)
        self.redis_url = redis_url
        self._before = Town(redis, redis_url, dial="better")

    async def come(self, *requests: SupportRequested) -> None:
        await self.append(*requests)
        async with self.running(self._before.host()):
            await self.all_read()
        assert await self.proposed() == []

    async def twos(self, count: int) -> None:
        """So many twos who fit each other and nobody else."""
        await self.come(*[await self.request(f"p{n:04}{side}", seeks=(f"t{n}",), offers=(f"t{n}",))
                          for n in range(count) for side in "ab"])

    async def round_is_due(self) -> None:
        timers: Any = await self.redis.zrange(P0.timers, 0, -1)
        [timer] = [each for each in timers if b'\\"round\\"' in each]
        await self.redis.zadd(P0.timers, {timer: 0})
        await Timekeeper(self.redis, P0).move_due()

    async def intended(self) -> Ref:
        """A round begins and no worker hears of it: as a matcher that is killed in this moment leaves things."""
        await self.round_is_due()
        await Bench(self.redis, table(Memory(self.vault))).read()
        [found] = await self.said(RoundIntended)
        return Ref(P0, found.community, found.round)

    @asynccontextmanager
    async def choosing(self, without: str = "") -> AsyncIterator[Chooser]:
        """A worker without a reader, as one that has just lost its partition to another instance."""
        host, memory = self.host(), Memory(self.vault)
        await memory.warm(host.redis, P0)
        memory.pool.drop(without)
        yield Chooser(host, Due(), {P0: memory}, self.settings.policy, LEASE_S)
        await host.redis.aclose()

    async def ran(self) -> RoundRun:
        await until(lambda: self.said(RoundRun), "the round to be over", within_s=180)
        await self.all_read()
        [run] = await self.said(RoundRun)
        return run

    async def nobody_is_in_two_places(self) -> None:
        assert await audit(self.redis, P0) == []
        assert max(Counter(peer for two in await self.proposed() for peer in two).values()) == 1
        assert await self.said(EntrySetAside) == []


@pytest.fixture
def town(redis: Redis, redis_url: str) -> Waiting:
    return Waiting(redis, redis_url)


async def test_who_waits_is_looked_at_together_in_the_next_round(town: Waiting) -> None:
    await town.twos(3)
    await town.round_is_due()
    async with town.running(town.host()):
        run = await town.ran()
    assert (run.waiting, run.chosen, run.proposed, run.no_longer_held) == (6, 3, 3, 0)
    assert (await town.types())[-6:] == [
        "round.intended", "round.chosen", "proposal.made", "proposal.made", "proposal.made", "round.run"]
    await town.nobody_is_in_two_places()


async def test_a_round_of_more_than_five_hundred_pairs_is_read_in_parts(town: Waiting) -> None:
    await town.twos(503)
    await town.round_is_due()
    async with town.running(town.host()):
        run = await town.ran()
    assert [len(part.pairs) for part in await town.said(RoundChosen)] == [500, 3]
    assert [part.proposed for part in await town.said(RoundApplied)] == [500]
    assert (run.waiting, run.chosen, run.proposed) == (1006, 503, 503)
    await town.nobody_is_in_two_places()


async def test_a_round_leads_from_its_timer_to_its_proposals_by_cause(town: Waiting) -> None:
    await town.twos(1)
    await town.round_is_due()
    async with town.running(town.host()):
        await town.ran()
    entries: Any = await town.redis.xrange(P0.log)
    by_type = {fields[b"type"]: fields for _, fields in entries}
    for effect, cause in ((b"proposal.made", b"round.chosen"), (b"round.run", b"round.chosen"),
                          (b"round.chosen", b"round.intended"), (b"round.intended", b"timer.elapsed")):
        assert by_type[effect][b"cause"] in (by_type[cause][b"id"], b""), effect
    assert by_type[b"round.chosen"][b"cause"] == by_type[b"round.intended"][b"id"]


async def test_a_rebuild_applies_rounds_and_computes_none(town: Waiting, tmp_path: Path) -> None:
    await town.twos(501)
    await town.round_is_due()
    async with town.running(town.host()):
        await town.ran()
        await town.append(PeerLeft(peer="p0000a"))
        await town.all_read()
    await town.comes_out_of_the_log_again(tmp_path)


async def test_a_fresh_matcher_computes_the_round_that_a_killed_one_had_only_intended(town: Waiting) -> None:
    await town.twos(2)
    await town.intended()
    async with town.running(town.host()):
        assert (await town.ran()).proposed == 2
    await town.nobody_is_in_two_places()


async def test_a_claim_that_nobody_is_at_any_more_runs_out_and_a_fresh_matcher_goes_on(town: Waiting) -> None:
    await town.twos(2)
    ref = await town.intended()
    assert await Claims(town.redis, lease_s=1).take(P0, ref.round) == 0
    async with town.running(town.host()):
        await town.asks("late")
        assert await town.said(RoundRun) == []
        assert (await town.ran()).proposed == 2
    await town.nobody_is_in_two_places()


async def test_a_fresh_matcher_ends_the_round_of_which_a_killed_one_had_told_a_part(town: Waiting) -> None:
    """The first part says otherwise than the second try would: what stands on the log counts, and all ends well."""
    await town.twos(3)
    ref = await town.intended()
    told = RoundChosen(round=ref.round, community=ref.community, part=0, last=False, pairs=tuple(
        ChosenPair(peers=(f"p{n}a", f"p{n}b"), requests=(f"r-p{n}a", f"r-p{n}b"), benefit=7000) for n in ("0001", "0002")))
    await Appender(town.redis, town.vault).append(P0, [Input(told, derived_id(ref.round, "part:0"), cause=ref.round)])
    async with town.running(town.host()):
        run = await town.ran()
        assert (run.chosen, run.proposed) == (2, 2)
        await until(lambda: town.redis.zcard(P0.timers), "the next round being scheduled")
    assert await town.proposed() == [{"p0001a", "p0001b"}, {"p0002a", "p0002b"}]
    await town.nobody_is_in_two_places()


@contextmanager
def a_matcher(town: Waiting, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A matcher in a process of its own."""
    with subprocess.Popen(
            [sys.executable, "-m", "services.matcher"], stdout=subprocess.DEVNULL,
            env=clean_environment(REDIS_URL=town.redis_url, TWOWAY_KEY=KEY_TEXT, TWOWAY_PORT=str(free_ports(1)),
                                  TWOWAY_ASSIST="off", **environment)) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_matcher_killed_while_it_computes_a_round_leaves_nobody_in_two_places_and_nobody_lost(town: Waiting) -> None:
    """So many who all fit each other that it takes a while; killed once it has claimed the round, before it tells of it."""
    names = [f"p{n:04}" for n in range(700)]
    await town.come(*[await town.request(name) for name in names])
    ref = await town.intended()
    with a_matcher(town, TWOWAY_ROUND_LEASE_S="2") as process:
        await until(lambda: town.redis.exists(f"{P0.of('matcher', 'claim')}:{ref.round}"), "the claim", within_s=180)
        process.kill()
        process.wait()
    assert await town.said(RoundChosen) == []
    async with town.running(town.host()):
        assert (await town.ran()).proposed == 350
    await town.nobody_is_in_two_places()
    assert {peer for two in await town.proposed() for peer in two} == set(names)


async def test_of_two_matchers_at_once_one_computes_and_the_other_steps_back(town: Waiting) -> None:
    await town.twos(3)
    ref = await town.intended()
    async with town.choosing() as ours, town.choosing() as theirs, town.running(town.host()):
        await asyncio.gather(ours.one(ref), theirs.one(ref))
        assert (await town.ran()).proposed == 3
    assert len(await town.said(RoundChosen)) == 1
    await town.nobody_is_in_two_places()


async def test_two_who_tell_of_the_same_round_otherwise_are_both_heard_and_nobody_is_in_two_places(town: Waiting) -> None:
    """A claim saves work and is no fence: with an everlasting lease broken by hand, both tell, and it is harmless."""
    await town.twos(3)
    ref = await town.intended()
    async with town.choosing(without="p0000a") as slow:  # one of them knows a pool that has changed
        telling = asyncio.create_task(slow.one(ref))
        await until(lambda: town.said(RoundChosen), "the slow one to have told")
        await town.redis.delete(f"{P0.of('matcher', 'claim')}:{ref.round}")
        async with town.running(town.host()):
            assert (await town.ran()).proposed == 2
            await telling
    await town.nobody_is_in_two_places()


async def test_answers_are_read_while_a_round_is_computed(town: Waiting) -> None:
    await town.come(*[await town.request(f"p{n:04}") for n in range(700)])
    async with town.running(town.host()):
        await town.asks("ada", "ben", seeks=("kite",), offers=("kite",))
        await town.round_is_due()
        await until(lambda: town.said(RoundIntended), "the round to begin")
        await town.answers(("ada", Answer.YES), ("ben", Answer.YES))
        assert await town.said(RoundRun) == []
        assert (await town.ran()).proposed == 350
    assert len(await town.said(ProposalMade)) == 351
    await town.nobody_is_in_two_places()


async def test_a_round_that_is_chosen_while_the_pool_is_filled_anew_sees_a_whole_one(town: Waiting) -> None:
    await town.twos(3)
    memory = Memory(town.vault)
    await memory.warm(town.redis, P0)
    filling, seen = asyncio.create_task(memory.warm(town.redis, P0)), set()
    while not filling.done():
        seen.add(len(memory.pool.waiting("riverside")))
        await asyncio.sleep(0)
    assert seen == {6}
