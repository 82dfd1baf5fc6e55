"""Where a journey can take place: all services in one process, or `docker compose up`. People see no difference."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from redis import Redis

from console.built import settings_of
from console.server import Server
from services.gateway.app import build as build_gateway
from services.ledger.app import build as build_ledger
from services.matcher.app import build as build_matcher
from services.notifier.app import build as build_notifier
from shared.programme import load
from tests.journeys.midday import midday
from tests.journeys.system import clean_environment, free_ports

ROOT = Path(__file__).parents[2]
READY_S_MAX = 120.0


@dataclass(frozen=True)
class Place:
    """A running system as people, partners and operators reach it."""

    url: str
    command: Callable[..., subprocess.CompletedProcess[str]]
    """`twoway …` beside it; fails when that ends with a code that is not among `codes`, 0 unless said."""
    keys: Callable[[], set[str]]
    """Of whom there is a key."""
    circles: Iterator[tuple[str, str]]
    """(community, language) for people of one test alone: whoever shares neither is never proposed to them."""


def roomy(folder: Path) -> Path:
    """The built-in programme at midday, with a community more, so that every test has a circle of its own."""
    programme = midday(folder)
    programme.write_text(f'{programme.read_text("utf-8")}\n[[communities]]\nkey = "lakeside"\nname = "Lakeside"\n', "utf-8")
    return programme


def circles_in(programme: Path) -> Iterator[tuple[str, str]]:
    there = load(programme)
    return iter([(community.key, language) for language in there.languages for community in there.communities])


def ready(url: str) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while True:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{url} was not ready within {READY_S_MAX:.0f} s"
        time.sleep(0.1)


# ── one process ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Together(threading.Thread):
    """The four services as their `build` makes them, in one event loop; the gateway behind a real web server."""

    def __init__(self, redis_url: str, data: Path, key: str, programme: Path) -> None:
        super().__init__(name="the four services")
        self._programme = programme
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._given: dict[str, Any] = {"redis_url": redis_url, "data": data, "key": key, "try_out": True, "base_url": self.url}
        self._server: uvicorn.Server | None = None

    def _settings(self, service: str) -> Any:
        kind = settings_of(service)
        return kind(**{name: value for name, value in self._given.items() if name in kind.model_fields})

    def run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        programme = load(self._programme)
        async with AsyncExitStack() as stack:
            for name, build in (("matcher", build_matcher), ("ledger", build_ledger), ("notifier", build_notifier)):
                _, host = build(self._settings(name), programme)
                await stack.enter_async_context(host.lifespan())
            gateway, _ = build_gateway(self._settings("gateway"), programme)
            self._server = uvicorn.Server(uvicorn.Config(gateway, log_config=None, access_log=False, lifespan="on"))
            await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self.join(30)
        self._socket.close()
        assert not self.is_alive()


@contextmanager
def in_one_process(folder: Path) -> Iterator[Place]:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    programme = roomy(folder)
    with Server(folder / "server") as server, Redis.from_url(server.url) as redis:
        together = Together(server.url, folder / "data", key, programme)
        together.start()
        environment = clean_environment(REDIS_URL=server.url, TWOWAY_KEY=key, TWOWAY_DATA=str(folder / "data"),
                                        TWOWAY_PROGRAMME=str(programme))

        def command(*words: str, codes: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
            return _ran([sys.executable, "-m", "console.main", *words], environment, codes)

        def keys() -> set[str]:
            found: Any = redis.hkeys("twoway:{p0}:keys")
            return {key.decode() for key in found}

        try:
            ready(together.url)
            yield Place(together.url, command, keys, circles_in(programme))
        finally:
            together.stop()


# ── compose ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def composed(folder: Path) -> Iterator[Place]:
    """`docker compose up` as the compose file says for trying out, under a name and on a port of its own."""
    port, programme = free_ports(1), roomy(folder)
    url = f"http://127.0.0.1:{port}"
    environment = clean_environment(TWOWAY_TRY_OUT="1", TWOWAY_PORT=str(port), TWOWAY_BASE_URL=url,
                                    TWOWAY_PROGRAMME=str(programme))
    compose = ["docker", "compose", "--project-name", f"twoway-journey-{os.getpid()}", "--env-file", os.devnull,
               "--file", str(ROOT / "docker-compose.yml"), "--profile", "console"]

    def command(*words: str, codes: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
        return _ran([*compose, "run", "--rm", "--no-TTY", "console", *words], environment, codes)

    def keys() -> set[str]:
        ran = _ran([*compose, "exec", "--no-TTY", "redis", "redis-cli", "HKEYS", "twoway:{p0}:keys"], environment)
        return set(ran.stdout.split())

    try:
        _ran([*compose, "build"], environment)
        _ran([*compose, "up", "--detach", "redis", "gateway", "matcher", "ledger", "notifier"], environment)
        ready(url)
        yield Place(url, command, keys, circles_in(programme))
    finally:
        _ran([*compose, "down", "--volumes", "--remove-orphans", "--timeout", "20"], environment)


def _ran(words: list[str], environment: dict[str, str], codes: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert ran.returncode in codes, f"{words} ended with {ran.returncode}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
    return ran
