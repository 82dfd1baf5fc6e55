"""What a batch that was not committed touched is read again, and nobody else; then memory is what a fresh start would read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis

from services.matcher.app import table
from services.matcher.audit import audit
from services.matcher.domain.standing import Standing
from services.matcher.memory import Memory
from services.matcher.pairing.live import LivePool
from services.matcher.store import PEERS, REQUESTS, SCAN, SERVICE, Request, open_requests
from shared.events import BreakKind, BreakStarted, Details, EntrySetAside, PeerLeft, SupportWithdrawn
from shared.rows import KEYS
from tests.integration.core.tally import Bench
from tests.integration.living import P0
from tests.integration.matcher_town import Town
from tests.unit.matcher.crowds import Uncompiled


@pytest.fixture(params=[0, 1_000], ids=["columns", "plainly"])
def memory(request: pytest.FixtureRequest, town: Town) -> Memory:
    return Memory(town.vault, partial(LivePool, request.param, Uncompiled()))


@pytest.fixture
def town(redis: Redis, redis_url: str) -> Town:
    return Town(redis, redis_url)


def remembered(memory: Memory) -> Any:
    return {each.peer: each for each in memory.pool}, memory.rounds


async def as_after_a_fresh_start(memory: Memory, town: Town) -> bool:
    fresh = Memory(town.vault, memory._make_pool)
    await fresh.warm(town.redis, P0)
    return remembered(memory) == remembered(fresh)


async def test_memory_follows_every_commit_and_what_failed_is_as_if_it_had_not_been(town: Town, memory: Memory) -> None:
    bench = Bench(town.redis, table(memory))
    await town.append(*[await town.request(name, seeks=("a",), offers=("b",)) for name in ("ada", "ben", "cleo")],
                      await town.request("dan", seeks=("b",), offers=("a",), capacity=2))
    await bench.read()
    assert await as_after_a_fresh_start(memory, town)
    calls = iter([True])

    async def fails_once(_events: Any) -> None:
        if next(calls, False):
            raise RuntimeError

    failing = Bench(town.redis, replace(table(memory), before_commit=fails_once))
    await failing.reader.begin()
    await town.append(BreakStarted(peer="dan", kind=BreakKind.BREAK, until_ms=2**45), await town.request("eve"),
                      SupportWithdrawn(peer="ben", request="r-ben"), PeerLeft(peer="cleo"))
    await failing.read()
    assert await as_after_a_fresh_start(memory, town)
    assert await town.said(EntrySetAside) == []
    assert await audit(town.redis, P0) == []


async def test_only_whom_a_failed_batch_touched_is_read_again(town: Town, memory: Memory) -> None:
    bench = Bench(town.redis, table(memory))
    await town.append(*[await town.request(name, seeks=(name,), offers=()) for name in ("ada", "ben")])
    await bench.read()
    await town.redis.hdel(PEERS.path(P0, SERVICE), "ben")  # behind the matcher's back, so that whoever looks would see
    memory.forget("ada")
    await memory.mend(town.redis, P0)
    assert {each.peer for each in memory.pool} == {"ada", "ben"}
    memory.forget("ben")
    await memory.mend(town.redis, P0)
    assert {each.peer for each in memory.pool} == {"ada"}


async def test_whoever_left_meanwhile_or_has_no_key_any_more_is_not_learnt_again(town: Town, memory: Memory) -> None:
    bench = Bench(town.redis, table(memory))
    await town.append(*[await town.request(name, seeks=(name,), offers=()) for name in ("ada", "ben")])
    await bench.read()
    await town.redis.hdel(KEYS.path(P0, SERVICE), "ada")
    for name in ("ada", "ben", "nobody"):
        memory.forget(name)
    await memory.mend(town.redis, P0)
    assert {each.peer for each in memory.pool} == {"ben"}


async def test_a_reader_whose_cursor_is_where_it_was_keeps_its_memory_and_another_one_fills_it_anew(town: Town) -> None:
    fillings: list[str] = []

    class Counted(Memory):
        async def warm(self, redis: Redis, partition: Any) -> None:
            fillings.append("all")
            await super().warm(redis, partition)

        async def mend(self, redis: Redis, partition: Any) -> None:
            fillings.append("touched")
            await super().mend(redis, partition)

    ours, other = (Bench(town.redis, table(Counted(town.vault))) for _ in range(2))
    await town.append(await town.request("ada"))
    await ours.read()
    await ours.reader.begin()
    assert fillings == ["all", "touched"]
    await town.append(await town.request("ben"))
    await other.read()
    await ours.reader.begin()
    assert fillings == ["all", "touched", "all", "all"]


async def lay_down(town: Town, names: list[str]) -> None:
    """Rows of people who wait, as if each had come some time ago."""
    for name in names:
        key = town.vault.new_key(name)
        details = town.vault.seal(name, key, Details())
        request = Request(peer=name, community="riverside", details=details, capacity=1, since_ms=0)
        await town.redis.hset(REQUESTS.path(P0, SERVICE), f"r-{name}", REQUESTS.dump(request))  # type: ignore[misc,arg-type]
        await town.redis.hset(PEERS.path(P0, SERVICE), name, PEERS.dump(Standing(request=f"r-{name}", capacity=1)))  # type: ignore[misc,arg-type]
        await town.redis.hset(P0.keys, name, key)  # type: ignore[misc,arg-type]


async def test_a_start_reads_page_after_page_and_learns_everybody_whose_key_there_is(
        town: Town, memory: Memory) -> None:
    names = [f"p{number}" for number in range(2 * SCAN + 200)]
    await lay_down(town, names)
    await town.redis.hdel(P0.keys, "p7")  # type: ignore[misc]
    await memory.warm(town.redis, P0)
    assert sorted(each.peer for each in memory.pool) == sorted(set(names) - {"p7"})


async def test_whoever_reads_no_further_leaves_no_page_on_its_way(town: Town) -> None:
    await lay_down(town, [f"p{number}" for number in range(2 * SCAN)])
    reading = open_requests(town.redis, P0)
    await anext(reading)
    await reading.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
