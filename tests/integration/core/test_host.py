"""The guards around FastStream, each seen to be needed (docs/decisions/0002-reading-through-faststream.md)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from console.server import Server
from shared.events import PeerLeft
from shared.stream.append import fields
from shared.stream.dead import letters
from shared.stream.host import Hosted, broker
from shared.stream.write import WrongType
from shared.testing import until
from tests.integration.core.tally import P0, Bench, hosted, service


async def test_bad_bodies_and_forged_envelopes_cost_their_batch_nothing(redis_url: str, redis: Redis) -> None:
    bench = Bench(redis)
    pubsub = redis.pubsub()
    await pubsub.subscribe("elsewhere")
    await bench.left("a")
    await redis.xadd(P0.log, {"type": "peer.left", "v": "1", "id": "x", "body": "{"})
    await redis.xadd(P0.log, {"type": "peer.left", "v": "1", "id": "y", "body": '{"peer": "b"}', "reply_to": "elsewhere",
                              "__data__": '{"data": "", "headers": {"reply_to": "elsewhere"}}', "correlation_id": "forged"})
    await bench.left("c")
    async with hosted(bench.reader, redis_url, redis):
        await until(lambda: _has(bench, {"a": 1, "b": 1, "c": 1}))
    assert len(await letters(redis, P0)) == 1
    assert await pubsub.get_message(ignore_subscribe_messages=True, timeout=0.1) is None
    await pubsub.aclose()  # type: ignore[no-untyped-call]  # untyped upstream


async def test_a_reader_starts_at_its_cursor_and_misses_nothing_that_came_before_it(redis_url: str, redis: Redis) -> None:
    bench = Bench(redis)
    await bench.left("a", "b")
    async with hosted(bench.reader, redis_url, redis):
        await until(lambda: _has(bench, {"a": 1, "b": 1}))
    await bench.left("a")
    again = Bench(redis)
    async with hosted(again.reader, redis_url, redis):
        await until(lambda: _has(again, {"a": 2, "b": 1}))


async def test_an_overtaken_reader_goes_on_from_the_real_cursor(redis_url: str, redis: Redis) -> None:
    bench, zombie = Bench(redis), Bench(redis)
    async with hosted(bench.reader, redis_url, redis):
        await until(lambda: bench.reader.cursor)
        await zombie.left(*"aab")
        await until(lambda: _has(bench, {"a": 2, "b": 1}))
        # another instance commits behind its back: ours is refused once, then reads on from where the log really is
        await zombie.reader.begin()
        for _ in range(20):
            await zombie.left("a")
            await zombie.read()
        await until(lambda: _has(bench, {"a": 22, "b": 1}))
    assert len(await bench.emitted("counts.changed")) == 23


async def test_a_standby_is_ready_while_it_waits_and_takes_over_when_the_first_stops(redis_url: str, redis: Redis) -> None:
    first, second = Bench(redis), Bench(redis)
    async with hosted(second.reader, redis_url, redis) as standby:
        await until(lambda: standby.active)
        async with hosted(first.reader, redis_url, redis) as waiting:
            await until(lambda: waiting.ready)
            assert not waiting.active
        await first.left("a")
        await until(lambda: _has(first, {"a": 1}))
    async with hosted(first.reader, redis_url, redis) as alone:
        await until(lambda: alone.active)
        await first.left("a")
        await until(lambda: _has(first, {"a": 2}))


async def test_a_server_killed_and_started_again_loses_and_doubles_nothing(
        server: Server, redis_url: str, redis: Redis) -> None:
    bench = Bench(redis)
    async with hosted(bench.reader, redis_url, redis):
        for round in range(1, 4):
            await bench.left("a", "b")
            server.kill()
            server.start()
            fresh = Bench(Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0)))
            await until(lambda fresh=fresh, round=round: _has(fresh, {"a": round, "b": round}), within_s=30)
            await fresh.redis.aclose()
            await redis.connection_pool.disconnect()


async def _has(bench: Bench, expected: dict[str, int]) -> bool:
    return await bench.tallies() == expected


async def test_a_reader_that_met_something_newer_lets_go_for_one_that_can_read_it(redis_url: str, redis: Redis) -> None:
    old, new = Bench(redis), Bench(redis)
    await redis.xadd(P0.log, {"type": "peer.left", "v": "2", "id": "n", "body": '{"peer": "n"}'})
    async with hosted(old.reader, redis_url, redis) as stopped:
        await until(lambda: old.reader.stopped)
        assert not stopped.ready
        async with hosted(new.reader, redis_url, redis) as updated:
            await until(lambda: updated.active)


STALLED_S = 3.0
"""Less than an operator's fifteen seconds, and three of the host's looks."""


async def test_a_reader_is_ready_no_sooner_than_it_has_begun(redis_url: str, redis: Redis) -> None:
    broken = iter([True])

    async def warm(_redis: Redis, _partition: Any) -> None:
        assert not host.ready
        if next(broken, False):
            raise RedisError

    bench = Bench(redis, service(warm=warm))
    async with hosted(bench.reader, redis_url, redis) as host:
        assert not host.ready
        await until(lambda: host.ready)
        assert host.active
        assert not next(broken, False)


async def test_an_entry_after_an_idle_while_leaves_a_reader_ready_unless_it_is_stuck(redis_url: str, redis: Redis) -> None:
    go_on = asyncio.Event()

    async def waits(_events: Any) -> None:
        await go_on.wait()

    bench = Bench(redis, service(before_commit=waits))
    async with hosted(bench.reader, redis_url, redis, STALLED_S) as host:
        await until(lambda: host.ready)
        idle_until = time.monotonic() + STALLED_S + 0.5
        await until(lambda: time.monotonic() > idle_until)
        await bench.left("a")
        came_at = time.monotonic()
        await until(lambda: not host.ready)
        assert time.monotonic() - came_at > STALLED_S / 2
        go_on.set()
        await until(lambda: host.ready)


async def test_a_reader_that_a_full_server_refuses_is_not_ready_until_there_is_room(
        server: Server, redis_url: str, redis: Redis) -> None:
    bench = Bench(redis)
    async with hosted(bench.reader, redis_url, redis, STALLED_S) as host:
        await until(lambda: host.ready)
        async with redis.pipeline(transaction=True) as together:
            together.xadd(P0.log, dict(zip(*[iter(fields(PeerLeft(peer="a"), "e1", "", ""))] * 2, strict=True)))
            together.config_set("maxmemory", 1)
            await together.execute()
        await until(lambda: not host.ready)
        await redis.config_set("maxmemory", 0)
        await until(lambda: host.ready)
        await until(lambda: _has(bench, {"a": 1}))


async def test_a_key_of_another_type_is_named_to_the_operator(
        redis_url: str, redis: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    await redis.set(P0.of("tally", "tallies"), "somebody's string")
    with pytest.raises(WrongType):
        await Hosted(Bench(redis).reader, broker(redis_url), redis, read_batch=64).run()
    [line] = [line for line in capsys.readouterr().out.splitlines() if "reader.wrong_type" in line]
    assert "redis_key=twoway:{p0}:tally:tallies" in line
    assert "kind=string" in line
    assert not await redis.exists(P0.lock("tally"))
