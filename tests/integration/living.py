"""One service living on a real server, fed by appending to its log, and looked at from outside."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from redis.asyncio import Redis

from shared.events import REGISTRY, Event, PeerLeft
from shared.host import Host
from shared.sealing import Vault
from shared.stream.append import Appender, Input
from shared.stream.names import Partition
from shared.testing import until

KEY = bytes(range(32))
KEY_TEXT = base64.urlsafe_b64encode(KEY).decode()
P0 = Partition(0)
E = TypeVar("E", bound=Event)


class Living:
    """What a test does to the log of partition 0, and what it sees there."""

    def __init__(self, redis: Redis, service: str) -> None:
        self.redis, self.service = redis, service
        self.vault = Vault(KEY)
        self._appender = Appender(redis, self.vault)
        self._count = 0

    @asynccontextmanager
    async def running(self, *hosts: Host) -> AsyncIterator[None]:
        """The first host reads, the others stand by; all of them end with the block."""
        if not hosts:
            yield
            return
        async with hosts[0].lifespan(), self.running(*hosts[1:]):
            yield

    async def key_for(self, peer: str) -> bytes:
        """What the gateway does when somebody joins."""
        key = self.vault.new_key(peer)
        await self.redis.hset(P0.keys, peer, key)
        return key

    async def append(self, *events: Event) -> None:
        """As the gateway appends: under ids of their own. Whoever leaves takes their key along."""
        inputs = []
        for event in events:
            self._count += 1
            inputs.append(Input(event, f"{self.service}-event-{self._count}"))
            if isinstance(event, PeerLeft):
                await self.redis.hdel(P0.keys, event.peer)
        await self._appender.append(P0, inputs)

    async def all_read(self) -> None:
        """Waits until the service has passed everything on the log, its own events included."""
        await until(lambda: self._caught_up(), f"{self.service} reading to the end", within_s=60)

    async def _caught_up(self) -> bool:
        last: Any = await self.redis.xrevrange(P0.log, count=1)
        at: Any = await self.redis.hget(P0.cursor(self.service), "at")
        return bool(last) and at == last[0][0]

    async def said(self, kind: type[E]) -> list[E]:
        """Every event of this type on the log, in order."""
        entries: Any = await self.redis.xrange(P0.log)
        return [kind.model_validate_json(fields[b"body"]) for _, fields in entries if fields[b"type"] == kind.type.encode()]

    async def types(self) -> list[str]:
        entries: Any = await self.redis.xrange(P0.log)
        return [REGISTRY[fields[b"type"].decode()].type for _, fields in entries]

    async def everything_due(self) -> None:
        """Lets every timer's time come, and the timekeeper move it."""
        timers: Any = await self.redis.zrange(P0.timers, 0, -1)
        await self.redis.zadd(P0.timers, dict.fromkeys(timers, 0))
        await until(lambda: self._moved(), "the timekeeper moving what is due")

    async def _moved(self) -> bool:
        return not await self.redis.zcount(P0.timers, 0, 0)

    async def stored(self, tables: list[str]) -> dict[str, Any]:
        """The service's hashes, byte for byte."""
        return {name: await self.redis.hgetall(P0.of(self.service, name)) for name in tables}
