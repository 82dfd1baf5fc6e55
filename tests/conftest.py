"""The real thing for every test that touches a store: the built-in server and, where a Docker engine answers, Redis 8.

`redis_url` and `redis` hand out an empty database; in `tests/integration` on each of the two in turn. A test that
stops, kills or restarts its server asks for `server`: it gets one of its own on a directory of its own, and then
`redis_url` and `redis` are that one's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from console.server import Server

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # each fixture ends what it started; no reaper is needed

REDIS_IMAGE = "redis:8.0"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A built-in server of this test's own; `stop`, `kill` and `start` keep its data and its url."""
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def builtin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built-in server that the whole session shares; empty only through `redis_url`."""
    server = Server(tmp_path_factory.mktemp("session-server")).start()
    yield server.url
    server.kill()


@pytest.fixture(scope="session")
def engine() -> None:
    """Skips, with the reason, where no Docker engine answers."""
    if shutil.which("docker") is None:
        pytest.skip("there is no `docker` command")
    answer = subprocess.run(["docker", "version"], capture_output=True, text=True, timeout=30, check=False)
    if answer.returncode != 0:
        pytest.skip(f"no Docker engine answers: {answer.stderr.strip()}")


@pytest.fixture(scope="session")
def redis8_url(engine: None) -> Iterator[str]:
    """A Redis 8 in a container that the whole session shares; empty only through `redis_url`."""
    from testcontainers.community.redis import RedisContainer

    with RedisContainer(REDIS_IMAGE) as container:
        yield f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """An empty database that nobody else is connected to."""
    engine = getattr(request, "param", "builtin")
    if engine == "own":
        own: Server = request.getfixturevalue("server")
        return own.url
    url: str = request.getfixturevalue(f"{engine}_url")
    with SyncRedis.from_url(url) as redis:
        redis.client_kill_filter(_type="normal", skipme=True)  # what an earlier test left connected can't write here
        redis.flushall()
        redis.script_flush()
    return url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client as the services use it: bytes come back, and nothing is ever sent twice behind our back."""
    client = Redis.from_url(redis_url, decode_responses=False, retry=Retry(NoBackoff(), 0))
    yield client
    await client.aclose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what asks for `redis_url` once for each engine, or once on its own `server`."""
    if "redis_url" not in metafunc.fixturenames:
        return
    engines = ["own"] if "server" in metafunc.fixturenames else ["builtin", *_containers(metafunc)]
    metafunc.parametrize("redis_url", engines, indirect=True)


def _containers(metafunc: pytest.Metafunc) -> list[object]:
    """Redis 8 joins in for the core, whose scripts are what depends on a server, and on compose; in full counts for the
    whole integration suite."""
    folders = Path(metafunc.module.__file__ or "").parts
    if "core" in folders:
        return [pytest.param("redis8", marks=pytest.mark.engine)]
    if "integration" in folders and os.environ.get("TWOWAY_PROVE") == "full":
        return [pytest.param("redis8", marks=[pytest.mark.engine, pytest.mark.prove])]
    return []

