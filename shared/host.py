"""One service's life in one process: its connection, its readers on every partition, its workers, its health.

`Host(...)` touches nothing; everything begins with `lifespan()` and ends with it. All services can live in one process (tests)
or one each (`twoway up`, compose). While Redis is away the host lives on: health answers, readers and workers wait.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from faststream.asgi import AsgiFastStream
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared import EXIT_SETTINGS, health, installation, lag
from shared.client import client
from shared.clock import Clock
from shared.collecting import collect_seldom
from shared.logs import get_logger
from shared.metrics import Metrics
from shared.programme import Programme
from shared.sealing import Vault
from shared.service import Service
from shared.settings import Settings, say
from shared.stream import host as streams
from shared.stream.append import Appender
from shared.stream.directory import Directory
from shared.stream.names import Partition
from shared.stream.reader import WAIT_MAX_S, WAIT_S, Reader
from shared.timers import LOOK_S, Timekeeper

log = get_logger("shared.host")

Worker = Callable[["Host"], Awaitable[None]]
"""Slow work outside the readers, for as long as the service lives. May raise RedisError or OSError: it is started again."""

FIRST_CHECK_S_MAX = 1.0
"""A Redis that is there answers within it; while it is away, health has to answer all the same."""

RESTART_MAX = 5
"""A worker or reader that raises a bug is started again this often within a minute; then the process ends, code 1."""


class Host:
    """What a service and its pages or workers need, in one place. `make` gives the service for one partition."""

    def __init__(self, name: str, settings: Settings, programme: Programme, *,
                 make: Callable[[Host, Partition], Service], workers: Sequence[Worker] = (),
                 clock: Clock | None = None, redis: Redis | None = None) -> None:
        """`redis`: a client in the place of the settings' own; a simulation brings one that goes by the log's time."""
        self.name, self.settings, self.programme = name, settings, programme
        self.clock = clock or Clock()
        self.vault = Vault(settings.installation_key)
        self.metrics = Metrics()
        self.redis = redis or client(settings.redis_url.get_secret_value())
        self.appender = Appender(self.redis, self.vault)
        self.directory = Directory(self.redis, settings.partitions)
        self._broker = streams.broker(settings.redis_url.get_secret_value())
        self.readers = [Reader(make(self, partition), partition, self.redis, self.vault, self.metrics)
                        for partition in self.directory.partitions]
        self._hosted = [streams.Hosted(reader, self._broker, self.redis, settings.read_batch)
                        for reader in self.readers]
        self._workers = [_timekeeper, *workers]
        self._starting, self._connected = asyncio.Lock(), False
        self._checking, self._fits, self._refused = asyncio.Lock(), False, False
        self._restarts: list[float] = []
        self.on_fatal: Callable[[int], None] = lambda code: None

    @property
    def routes(self) -> list[tuple[str, health.Asgi]]:
        return health.routes(self._not_ready, self._figures)

    def application(self) -> AsgiFastStream:
        """The service as an ASGI application that serves its health alone."""
        return _HealthAlone(asgi_routes=self.routes, lifespan=self.lifespan, logger=None)

    @asynccontextmanager
    async def lifespan(self, *_: Any, **__: Any) -> AsyncIterator[None]:
        log.info("service.started", service=self.name, pid=os.getpid())
        try:  # no page before it, unless Redis is away
            await asyncio.wait_for(self._check(), FIRST_CHECK_S_MAX)
        except installation.Misfit as misfit:
            self._refuse(misfit)
        except (RedisError, OSError, TimeoutError):
            pass  # readers and workers ask again, and wait
        # a task each and no task group: one that swallowed its cancellation could not be cancelled again there
        tasks = [asyncio.create_task(self._kept(work)) for work in (*map(self._reading, self._hosted), *self._workers)]
        try:
            yield
        finally:
            await streams.cancelled(tasks)
            await self._broker.stop()
            await self.redis.aclose()
            log.info("service.stopped", service=self.name, pid=os.getpid())

    async def _check(self) -> None:
        """Once for all readers and workers, before any begins. Raises Misfit, RedisError."""
        async with self._checking:
            if not self._fits:
                await installation.check(self.redis, self.vault, self.settings.partitions, begins=True)
                self._fits = True

    def _reading(self, hosted: streams.Hosted) -> Worker:
        async def read(_host: Host) -> None:
            async with self._starting:
                if not self._connected:
                    await self._broker.start()
                    self._connected = True
            await hosted.run()

        return read

    async def _kept(self, work: Worker) -> None:
        """Keeps `work` going: waits while Redis is away, starts it again after a bug, ends the process if that repeats."""
        wait_s = WAIT_S
        while True:
            try:
                began = time.monotonic()
                await self._check()
                await work(self)
            except installation.Misfit as misfit:
                return self._refuse(misfit)
            except (RedisError, OSError) as error:
                if time.monotonic() - began > WAIT_MAX_S * 2:
                    wait_s = WAIT_S
                log.warning("worker.waits", service=self.name, what=_name(work), error=type(error).__name__,
                            wait_s=round(wait_s, 2))
            except Exception as error:
                # A bug of ours: seen in the log, and the end of the process if it goes on.
                log.error("worker.broke", service=self.name, what=_name(work), exc_info=error)
                if self._too_often():
                    log.error("service.gave_up", service=self.name, what=_name(work))
                    return self.on_fatal(1)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(WAIT_MAX_S, wait_s * 2)

    def _refuse(self, misfit: installation.Misfit) -> None:
        """Says it once, whichever reader or worker meets it first."""
        if not self._refused:
            self._refused = True
            say(misfit.setting, misfit.reason)
            self.on_fatal(EXIT_SETTINGS)

    def _too_often(self) -> bool:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < 60.0] + [now]
        return len(self._restarts) > RESTART_MAX

    async def _not_ready(self) -> Mapping[str, str]:
        missing: dict[str, str] = {} if self._fits else {"installation": "not checked"}
        try:
            await asyncio.wait_for(self.redis.ping(), 1.0)
        except (RedisError, OSError, TimeoutError) as error:
            missing["redis"] = type(error).__name__
        for hosted in self._hosted:
            if not hosted.ready:
                missing[f"reader p{hosted.reader.partition.number}"] = hosted.reader.stopped or "not ticking"
        return missing

    async def _figures(self) -> bytes:
        for reader in self.readers:
            try:
                behind = await lag.of(self.redis, reader.partition, self.name, self.clock.now_ms())
            except (RedisError, OSError):
                continue  # the last known figure stands; /readyz says that Redis is away
            self.metrics.lag_entries.labels(self.name, reader.partition.number).set(behind.entries)
            self.metrics.lag_seconds.labels(self.name, reader.partition.number).set(behind.seconds)
        return self.metrics.text()


class _HealthAlone(AsgiFastStream):
    """FastStream's application without its start of the broker: that is a task of the host's, so that health answers and
    the process lives while Redis is away."""

    async def _start_broker(self) -> None:
        return None


async def _timekeeper(host: Host) -> None:
    keepers = [Timekeeper(host.redis, partition) for partition in host.directory.partitions]
    while True:
        for keeper in keepers:
            await keeper.move_due()
        await asyncio.sleep(LOOK_S)


def _name(work: Worker) -> str:
    return getattr(work, "__name__", type(work).__name__).strip("_")


def run(app: Any, host: Host, port: int, trusted_proxies: str = "127.0.0.1") -> int:
    """Serves until SIGTERM or SIGINT; returns the process's exit code. `trusted_proxies` may say for whom they ask."""
    if (trouble := _cannot_listen(host.settings.host, port)) is not None:
        log.error("service.cannot_listen", service=host.name, address=f"{host.settings.host}:{port}", reason=trouble)
        return 1  # whoever has the port may let it go: a supervisor tries again
    server = uvicorn.Server(uvicorn.Config(app, host=host.settings.host, port=port, log_config=None, access_log=False,
                                           lifespan="on", timeout_graceful_shutdown=5, server_header=False,
                                           proxy_headers=True, forwarded_allow_ips=trusted_proxies))
    collect_seldom()
    code = 0

    def fatal(why: int) -> None:
        nonlocal code
        code = code or why
        server.should_exit = True

    host.on_fatal = fatal
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises it once more when all is done: that is no reason to die of it
    server.run()
    return code or (0 if server.started else 1)


def _cannot_listen(address: str, port: int) -> str | None:
    try:
        socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET).close()
    except OSError as error:
        return str(error.strerror).split(" (")[0]  # without the address, which Python adds
    return None
