from __future__ import annotations

import base64
from pathlib import Path

from pydantic import SecretStr
from redis.asyncio import Redis

from services.ledger.app import build
from services.ledger.settings import LedgerSettings
from shared import programme
from shared.clock import DAY_MS, Clock
from shared.events import PeerLeft
from shared.sealing import Vault
from shared.stream.append import Appender, Input
from shared.stream.archive import SERVICES, Archive
from shared.stream.names import Partition
from shared.testing import until

P0 = Partition(0)


async def test_the_ledger_moves_what_is_past_the_retention_to_the_archive(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    [place] = await Appender(redis, Vault(bytes(32))).append(P0, [Input(PeerLeft(peer="a"), "e1")])
    for service in SERVICES:
        await redis.hset(P0.cursor(service), mapping={"at": place.entry, "read": 1})
    settings = LedgerSettings(key=SecretStr(key), redis_url=SecretStr(redis_url), data=tmp_path, retention_days=30)
    real = Clock()
    _, host = build(settings, programme.load(), Clock(now_ms=lambda: real.now_ms() + 31 * DAY_MS))
    async with host.lifespan():
        await until(lambda: _empty(redis))
    assert [at for at, _ in Archive(tmp_path, P0).read()] == [place.entry]


async def _empty(redis: Redis) -> bool:
    return await redis.xlen(P0.log) == 0
