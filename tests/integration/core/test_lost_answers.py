"""The server did it and nobody heard: what a broken connection in the middle of a commit leads to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.events import Event
from shared.rows import Rows
from shared.service import Entry, Later
from shared.testing import until
from tests.integration.core import tally
from tests.integration.core.proxy import wire
from tests.integration.core.tally import P0, Bench, hosted, service


@pytest.fixture
async def client_of() -> AsyncIterator[Callable[[str], Redis]]:
    made: list[Redis] = []

    def client(url: str) -> Redis:
        made.append(Redis.from_url(url, retry=Retry(NoBackoff(), 0)))
        return made[-1]

    yield client
    for each in made:
        await each.aclose()


async def test_a_commit_whose_answer_is_lost_happens_once(
        redis: Redis, redis_url: str, client_of: Callable[[str], Redis]) -> None:
    choose = random.Random(3)
    async with wire(redis_url, lambda: choose.random() < 0.3) as line:
        bench = Bench(redis, client=client_of(line.url))
        async with hosted(bench.reader, line.url, client_of(line.url)):
            for _ in range(40):
                await bench.left(*"abcab")
                await asyncio.sleep(0)
            await until(lambda: _has(bench, {"a": 80, "b": 80, "c": 40}), within_s=60)
        assert line.lost > 0
    assert len(await bench.emitted("counts.changed")) == 200


async def test_a_batch_in_parts_whose_second_answer_is_lost_while_memory_cannot_be_filled_happens_once(
        redis: Redis, redis_url: str, client_of: Callable[[str], Redis]) -> None:
    """The cursor moved with the first part; taking the whole batch again from there would do that part twice."""
    fails = iter([False, True, True])

    async def warm(_redis: Redis, _partition: Any) -> None:
        if next(fails, False):
            raise RedisConnectionError

    calls = iter([False, True])
    async with wire(redis_url, lambda: next(calls, False)) as line:
        bench = Bench(redis, service(breaks_once(), warm=warm), client=client_of(line.url))
        await bench.left("a", "b", "c")
        async with hosted(bench.reader, line.url, client_of(redis_url)):
            await until(lambda: _has(bench, {"a": 1, "b": 1, "c": 1}), within_s=30)
        assert line.lost == 1
    assert len(await bench.emitted("counts.changed")) == 3


def breaks_once() -> Any:
    """Fails once, for the whole batch, so that it is taken entry by entry."""
    broken = iter([True])

    def decide(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
        if entry.event.peer == "c" and next(broken, False):
            raise RuntimeError
        return tally.decide(rows, entry)

    return decide


async def test_two_hosts_that_lose_and_take_each_others_turn_do_everything_once(
        redis: Redis, redis_url: str, client_of: Callable[[str], Redis]) -> None:
    choose = random.Random(5)
    async with wire(redis_url, lambda: choose.random() < 0.2) as line:
        first, second = (Bench(redis, client=client_of(line.url)) for _ in range(2))
        async with hosted(first.reader, line.url, client_of(line.url)), hosted(second.reader, redis_url, redis):
            for _ in range(30):
                await first.left(*"abc")
                await redis.delete(P0.lock("tally"))  # whoever holds the turn loses it
                await asyncio.sleep(0)
            await until(lambda: _has(first, {"a": 30, "b": 30, "c": 30}), within_s=60)
    assert len(await first.emitted("counts.changed")) == 90


async def _has(bench: Bench, expected: dict[str, int]) -> bool:
    return await bench.tallies() == expected
