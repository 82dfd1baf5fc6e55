"""A service's derived state is thrown away and comes back byte for byte; a whole system comes back elsewhere, and who left
stays left."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from console import built
from console.server import Server
from services.gateway import left_ids
from shared import SERVICES, programme
from shared.sealing import Vault, parse_key
from shared.service import Service
from shared.stream.archive import archive_and_trim
from shared.stream.names import Partition, place
from shared.stream.rebuild import rebuild
from tests.journeys.sizes import size
from tests.journeys.someone import Someone
from tests.journeys.system import Up, clean_environment, up

PEOPLE = size(20, 200)
AT_IT = size(60, 400)
"""Enough people to be still at it when a backup, which takes some seconds, is done."""
P0 = Partition(0)

pytestmark = [pytest.mark.prove, pytest.mark.timeout(size(280, 1_800))]


@dataclass(frozen=True)
class Still:
    """What people left behind: the built-in server alone, on the data folder of a system that was stopped."""

    data: Path
    url: str
    programme: Path
    """A programme of other choices than the one that people met."""

    def twoway(self, *words: str, **environment: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "console.main", *words], capture_output=True, text=True, timeout=300, check=False,
            env=clean_environment(REDIS_URL=self.url, TWOWAY_DATA=str(self.data), TWOWAY_KEY_FILE=str(self.data / "key"),
                                  **environment))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def everything(self) -> dict[str, Any]:
        """All that the partition holds, by key and comparable, but locks and the marks of joining, which run out by
        themselves within minutes."""
        held: dict[str, Any] = {}
        with Redis.from_url(self.url) as redis:
            for key in redis.scan_iter(match=f"{P0.tag}:*", count=1_000):
                if key.endswith(b":lock") or b":joining:" in key:
                    continue
                readers: dict[bytes, Any] = {b"hash": redis.hgetall, b"string": redis.get, b"stream": redis.xrange,
                                             b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True)}
                kind: Any = redis.type(key)
                held[key.decode()] = readers[kind](key)
        return held

    def drop(self, keys: Iterable[str]) -> None:
        with Redis.from_url(self.url) as redis:
            assert redis.delete(*keys) > 0


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Still]:
    folder = tmp_path_factory.mktemp("still")
    with up(folder / "var") as system:
        system.command("demo", "--people", str(PEOPLE), "--seed", "4", timeout=size(120, 900))
        assert list(left_ids.read(system.data)), "somebody left"
    other = folder / "other.toml"
    other.write_text(programme.DEFAULT.read_text("utf-8").replace("Europe/London", "Pacific/Auckland")
                     .replace("Sleep", "Nights").replace("\n[topics]\n", "\n[topics]\ngardens = \"Gardens\"\n"), "utf-8")
    assert tomllib.loads(other.read_text("utf-8"))["topics"]["gardens"]
    with Server(folder / "var") as server:
        yield Still(folder / "var", server.url, other)


def derived(service: str) -> list[str]:
    return [table.path(P0, service) for table in built.to_look_at(service).tables if table.derived]


def check_each_service_comes_back(still: Still, **environment: str) -> None:
    """Drops what a service derived, with a wrong row in its place, and lets `twoway rebuild` make it again."""
    before = still.everything()
    for service in SERVICES:
        still.drop(derived(service))
        with Redis.from_url(still.url) as redis:
            redis.hset(derived(service)[0], "0" * 32, "a row that nothing on the log led to")
        said = still.twoway("rebuild", service, **environment)
        assert f"the {service} is made of" in said
        assert still.everything() == before, service
    assert all(any(before.get(path) for path in derived(service)) for service in SERVICES)


def test_every_services_state_comes_out_of_the_log_byte_for_byte(still: Still) -> None:
    check_each_service_comes_back(still)


def test_and_after_part_of_the_log_was_archived_and_settings_and_programme_were_changed(still: Still) -> None:
    entries: Any = still.everything()[P0.log]
    middle, _ = place(entries[len(entries) // 2][0].decode())

    async def archive() -> int:
        async with AsyncRedis.from_url(still.url) as redis:
            return await archive_and_trim(redis, P0, still.data, middle)
    assert len(entries) > asyncio.run(archive()) > len(entries) // 3
    check_each_service_comes_back(
        still, TWOWAY_PROGRAMME=str(still.programme), TWOWAY_READ_BATCH="7", TWOWAY_SEND_LEASE_S="5", TWOWAY_SENDERS="1",
        TWOWAY_BASE_URL="https://elsewhere.example", TWOWAY_RETENTION_DAYS="1")
    assert "Everything adds up." in still.twoway("verify")


def test_nothing_is_decided_anew_so_changed_weights_can_not_rewrite_what_was(still: Still) -> None:
    before = still.everything()
    for name in SERVICES:
        service = undecided(still, name)
        still.drop(derived(name))
        asyncio.run(rebuilt(still, service))
        assert still.everything() == before, name


def undecided(still: Still, name: str) -> Service:
    """The service with whatever it weighs and chooses taken out: asked to decide, it breaks."""
    def decide(*_: Any) -> NoReturn:
        raise AssertionError(f"the {name} was asked to decide during a rebuild")

    given: dict[str, Any] = {"key": (still.data / "key").read_text("ascii").strip(), "data": still.data, "try_out": True,
                             "redis_url": still.url}
    kind = built.settings_of(name)
    [service] = built.services(name, kind(**{field: value for field, value in given.items() if field in kind.model_fields}))
    return dataclasses.replace(service, warm=None, before_commit=None, after_commit=None, inputs={
        event: dataclasses.replace(handling, decide=decide) for event, handling in service.inputs.items()})


async def rebuilt(still: Still, service: Service) -> None:
    async with AsyncRedis.from_url(still.url) as redis:
        await rebuild(service, P0, redis, Vault(parse_key((still.data / "key").read_text("ascii"))), still.data)


def test_a_backup_under_load_comes_to_life_elsewhere_and_who_left_stays_left(tmp_path: Path) -> None:
    backup, elsewhere = tmp_path / "backup", tmp_path / "elsewhere"
    with up(tmp_path / "var") as system:
        system.command("demo", "--people", str(PEOPLE // 2), "--seed", "8", timeout=size(120, 900))
        asyncio.run(joins(system))
        with system.started("demo", "--people", str(AT_IT), "--seed", "9") as people:
            wait_until_at_it(system, people)
            system.command("backup", str(backup), "--key-to", str(tmp_path / "key"))
            assert people.poll() is None, "people were at it all the while"
            output, _ = people.communicate(timeout=size(120, 900))
            assert people.returncode == 0, output
        asyncio.run(leaves(system))
        counts_then = json.loads(system.command("verify", "--json").stdout)[0]["counts"]
    before, since = left(backup), left(system.data)
    assert len(since - before) == 2, "one of the second crowd and Kit have left since the backup"
    assert since > before > set()

    ran = subprocess.run(
        [sys.executable, "-m", "console.main", "restore", str(backup), "--data", str(elsewhere), "--key",
         str(tmp_path / "key"), "--left-from", str(system.data)],
        env=clean_environment(), capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with up(elsewhere) as restored:
        assert "Everything adds up." in restored.command("verify").stdout
        counts = json.loads(restored.command("verify", "--json").stdout)[0]["counts"]
        assert 0 < counts["people"] <= counts_then["people"]
        assert left(elsewhere) == since
        with Redis.from_url(restored.running.redis_url) as redis:
            assert [peer for peer in since if redis.hexists(P0.keys, peer)] == []
            assert [peer for peer in since if redis.hexists(f"{P0.tag}:gateway:peers", peer)] == []
        asyncio.run(is_nobody_any_more(restored))
        restored.command("demo", "--people", "6", "--seed", "10")


KIT = "kit@people.example"


async def joins(system: Up) -> None:
    async with Someone(system.url, KIT, seeks=["sleep"], offers=["grief"], languages=["bsl"]) as kit:
        await kit.asks()


async def leaves(system: Up) -> None:
    async with Someone(system.url, KIT) as kit:
        await kit.signs_in_by_link()
        assert (await kit.leaves()).heading == "Goodbye, and thank you"


async def is_nobody_any_more(system: Up) -> None:
    async with Someone(system.url, KIT) as kit, Someone(system.url, "lou@people.example", seeks=["sleep"], offers=["grief"],
                                                        languages=["bsl"]) as lou:
        await kit.asks_to_sign_in()
        await lou.asks()
        await lou.signs_in_by_link()  # what was asked for later has come
        assert await kit.mails() == []


def wait_until_at_it(system: Up, people: subprocess.Popen[str]) -> None:
    with Redis.from_url(system.running.redis_url) as redis:
        begun: int = redis.xlen(P0.log)
        while True:
            length: int = redis.xlen(P0.log)
            if length > begun + 12 * PEOPLE // 2:
                return
            assert people.poll() is None, people.communicate()[0]


def left(folder: Path) -> set[str]:
    return {peer for _, peer in left_ids.read(folder)}
