from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr
from redis.asyncio import Redis

from console.server import Server
from services.ledger.app import build
from services.ledger.settings import LedgerSettings
from shared import SERVICES, programme
from shared.clock import DAY_MS, Clock
from shared.events import PeerLeft
from shared.sealing import Vault
from shared.stream.append import Appender, Input
from shared.stream.archive import Archive
from shared.stream.names import Partition
from shared.testing import until

P0 = Partition(0)


@asynccontextmanager
async def ledger(redis_url: str, data: Path, days_later: float = 0) -> AsyncIterator[None]:
    key, real = base64.urlsafe_b64encode(bytes(32)).decode(), Clock()
    settings = LedgerSettings(key=SecretStr(key), redis_url=SecretStr(redis_url), data=data, retention_days=30)
    _, host = build(settings, programme.load(), Clock(now_ms=lambda: real.now_ms() + round(days_later * DAY_MS)))
    async with host.lifespan():
        yield


async def test_the_ledger_moves_what_is_past_the_retention_to_the_archive(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    [place] = await Appender(redis, Vault(bytes(32))).append(P0, [Input(PeerLeft(peer="a"), "e1")])
    for service in SERVICES:
        await redis.hset(P0.cursor(service), mapping={"at": place.entry, "read": 1})
    async with ledger(redis_url, tmp_path, days_later=31):
        await until(lambda: _empty(redis))
    assert [at for at, _ in Archive(tmp_path, P0).read()] == [place.entry]


async def test_a_ledger_that_is_started_again_and_again_has_the_append_only_file_written_anew_once_a_day(
        server: Server, redis_url: str, redis: Redis, tmp_path: Path) -> None:
    for days_later, times in ((0, 1), (0.5, 1), (1.1, 2), (1.2, 2)):
        await _before_a_turn(redis)
        async with ledger(redis_url, tmp_path, days_later):
            await until(lambda: _turn_done(redis))
        await until(lambda times=times: _rewritten(redis, times))


async def test_a_server_that_would_not_write_its_file_anew_is_asked_again(
        server: Server, redis_url: str, redis: Redis, tmp_path: Path) -> None:
    for allowed, times in (("-bgrewriteaof", 0), ("+bgrewriteaof", 1)):
        await _before_a_turn(redis)
        await redis.execute_command("ACL", "SETUSER", "default", allowed)
        async with ledger(redis_url, tmp_path):
            await until(lambda: _turn_done(redis))
        await until(lambda times=times: _rewritten(redis, times))


async def _before_a_turn(redis: Redis) -> None:
    """So that the turn will write the archive's mark."""
    await redis.delete(P0.archived)
    for service in SERVICES:
        await redis.hset(P0.cursor(service), "at", "1-0")


async def _turn_done(redis: Redis) -> bool:
    return bool(await redis.exists(P0.archived)) and not await redis.exists("twoway:archivist:lock")


async def _rewritten(redis: Redis, times: int) -> bool:
    found = await redis.info("persistence")
    return bool(found["aof_rewrites"] == times and not found["aof_rewrite_in_progress"])


async def _empty(redis: Redis) -> bool:
    return await redis.xlen(P0.log) == 0
