from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as SyncRedis

from console.key import made
from console.server import Server
from services.gateway.store import PEERS, SERVICE
from shared import SERVICES
from shared.stream.archive import archive_and_trim
from shared.stream.names import Partition
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import Loop

P0 = Partition(0)


async def derived(loop: Loop, service: str) -> dict[str, Any]:
    tables = loop.readers[service].service.tables
    paths = [table.path(loop.partition, service) for table in tables if table.derived]
    return {path: await loop.redis.hgetall(path) for path in paths}


async def lived_in(loop: Loop) -> None:
    first, second, pair = await loop.pair("ann", "ben")
    await loop.moment(pair, first, second)
    await loop.settle()
    await archive_and_trim(loop.redis, loop.partition, loop.data, loop.clock.now_ms() + 1)
    await loop.moment(pair, second, first)
    gone, _, _ = await loop.pair("cat", "dan")
    await loop.leave(gone)
    await loop.person("eve")
    await loop.settle()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_services_state_comes_out_of_archive_and_log_as_it_was(twoway: Twoway, loop: Loop, service: str) -> None:
    await lived_in(loop)
    before = await derived(loop, service)
    others = {key: value for key, value in (await loop.everything()).items() if key not in before}
    assert any(before.values())
    await loop.redis.delete(*before)
    ran = await twoway("rebuild", service)
    assert f"p0: the {service} is made of" in ran.out
    assert await derived(loop, service) == before
    assert {key: value for key, value in (await loop.everything()).items() if key not in before} == others
    assert not await loop.redis.exists(loop.partition.lock(service))
    await twoway("verify")


async def test_a_service_that_reads_is_left_alone(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    lock = loop.partition.lock("ledger")
    await loop.redis.set(lock, b"a reader", ex=60)
    await loop.redis.delete(loop.partition.of("ledger", "transfers"))
    ran = await twoway("rebuild", "ledger", code=2)
    assert "stop it" in ran.err
    assert await loop.rows("ledger", "transfers") == {}
    assert await loop.redis.get(lock) == b"a reader"


async def test_history_that_is_missing_is_one_line_and_replaces_nothing(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    before = await derived(loop, "ledger")
    (twoway.data / "archive").rename(twoway.data / "elsewhere")
    ran = await twoway("rebuild", "ledger", code=2)
    assert "look for the missing archive" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert await derived(loop, "ledger") == before


async def test_only_the_partition_that_is_named_is_rebuilt(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    assert "there are p0 to p0" in (await twoway("rebuild", "ledger", "--partition", "3", code=2)).err
    await twoway("rebuild", "ledger", "--partition", "0")


def test_what_twoway_up_left_on_its_folder_is_rebuilt_on_its_own_server(tmp_path: Path) -> None:
    home = tmp_path / "var"
    row = {"0" * 32: "a row that nothing on the log led to"}
    with Server(home) as server, SyncRedis.from_url(server.url) as redis:
        made(home / "key")
        redis.hset(PEERS.path(P0, SERVICE), mapping=row)
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL" and not name.startswith("TWOWAY_")}
    ran = subprocess.run([sys.executable, "-m", "console.main", "rebuild", "gateway", "--data", str(home)], text=True,
                         capture_output=True, timeout=60, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "the gateway is made of 0 entries" in ran.stdout
    with Server(home) as server, SyncRedis.from_url(server.url) as redis:
        assert not redis.exists(PEERS.path(P0, SERVICE))
    nowhere = [sys.executable, "-m", "console.main", "rebuild", "gateway", "--data", str(tmp_path / "elsewhere")]
    ran = subprocess.run(nowhere, text=True, capture_output=True, timeout=60, check=False, env=environment)
    assert (ran.returncode, "nothing runs on" in ran.stderr) == (2, True)
    assert not (tmp_path / "elsewhere").exists()


async def test_a_service_that_there_is_not_is_one_line(twoway: Twoway) -> None:
    ran = await twoway("rebuild", "postman", code=2)
    assert "there is no service postman" in ran.err
    assert len(ran.err.splitlines()) == 1
