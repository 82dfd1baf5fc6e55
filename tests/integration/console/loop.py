"""The four services as they are, on one partition of a real server, read by hand: what happens, happens in `settle`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from console import built
from services.gateway.store.addresses import Addresses, joined_id
from shared import SERVICES
from shared.clock import Clock
from shared.events import (
    Answer,
    Details,
    Event,
    Kind,
    MomentShared,
    PeerJoined,
    PeerLeft,
    PreferencesChanged,
    Profile,
    ProposalAnswered,
    SupportRequested,
)
from shared.metrics import Metrics
from shared.sealing import Vault
from shared.stream.append import Appender, Input
from shared.stream.names import Partition
from shared.stream.reader import Reader
from tests.integration.core.tally import KEY, KEY_TEXT

SECRETS = ("Silvermoor", "Quillbank", "brambles")
"""Words that stand in seals only: an area, a name and an address."""


class Loop:
    """Readers of every service, and people who act through the log as the gateway's pages would. A coordinator looks first
    where `assist` says so."""

    def __init__(self, redis: Redis, data: Path, number: int = 0, *, assist: bool = False) -> None:
        self.redis, self.data, self.partition = redis, data, Partition(number)
        self.vault = Vault(KEY)
        self.clock = Clock()
        self.appender = Appender(redis, self.vault)
        self.addresses = Addresses(redis, self.vault)
        self.readers: dict[str, Reader] = {}
        for name in SERVICES:
            given: dict[str, Any] = {"key": SecretStr(KEY_TEXT), "data": data, "try_out": True, "partitions": number + 1,
                                     **({"assist": assist} if name == "matcher" else {})}
            service = built.services(name, built.settings_of(name)(**given))[number]
            self.readers[name] = Reader(service, self.partition, redis, self.vault, Metrics())

    async def settle(self, *names: str) -> None:
        """Every service (or those that are named) reads until none has anything left."""
        readers = [self.readers[name] for name in names or SERVICES]
        moved = True
        while moved:
            moved = False
            for reader in readers:
                if not reader.cursor:
                    await reader.begin()
                entries: Any = await self.redis.xrange(self.partition.log, f"({reader.cursor}", count=200)
                if entries:
                    batch = reader.decoder.batch([at for at, _ in entries], [fields for _, fields in entries])
                    await reader.handle(batch)
                    moved = True

    async def say(self, event: Event, id: str | None = None, trace: str = "") -> str:
        """Appends one event; returns its id."""
        id = id or self.clock.new_id()
        await self.appender.append(self.partition, [Input(event, id)], trace)
        return id

    async def person(self, name: str, *, trace: str = "", **said: Any) -> str:
        """Somebody who asks for a buddy, all hours fine; anybody fits anybody, unless `said` makes it otherwise. Returns the
        peer's id."""
        peer, request = self.clock.new_id(), self.clock.new_id()
        key = self.vault.new_key(peer)
        email = f"{name}@brambles.example"
        claim = await self.addresses.claim(self.partition, email, peer, key)
        assert claim.outcome == "ours"
        profile = self.vault.seal(peer, key, Profile(alias="Quillbank Oak", email=email))
        usual: dict[str, Any] = {"seeks": ("sleep", "stress"), "offers": ("sleep", "stress"), "area": "Silvermoor"}
        details = self.vault.seal(peer, key, Details(**usual | said))
        await self.appender.append(self.partition, [
            Input(PeerJoined(peer=peer, community="riverside", profile=profile), joined_id(peer)),
            Input(PreferencesChanged(peer=peer, quiet=None), self.clock.new_id()),
            Input(SupportRequested(peer=peer, request=request, community="riverside", details=details), request),
        ], trace)
        return peer

    async def pair(self, *names: str) -> tuple[str, str, str]:
        """Two people who were introduced: both peers, then their pair."""
        first, second = [await self.person(name) for name in names or ("ann", "ben")]
        await self.settle()
        [proposal] = await self.rows("matcher", "proposals", only=lambda row: row.peers and first in row.peers)
        for peer in (first, second):
            await self.say(ProposalAnswered(peer=peer, proposal=proposal, answer=Answer.YES))
        await self.settle()
        [pair] = await self.rows("matcher", "pairs", only=lambda row: first in row.peers)
        return first, second, pair

    async def moment(self, pair: str, giver: str, receiver: str) -> str:
        moment = self.clock.new_id()
        await self.say(MomentShared(moment=moment, pair=pair, giver=giver, receiver=receiver, kind=Kind.LISTENED,
                                    recorded_by=giver))
        return moment

    async def leave(self, peer: str) -> None:
        await self.say(PeerLeft(peer=peer))
        await self.settle()

    async def rows(self, service: str, table: str, only: Any = lambda _row: True) -> dict[str, Any]:
        """A service's rows as they rest."""
        [found] = [each for each in self.readers[service].service.tables if each.name == table]
        texts: Any = await self.redis.hgetall(found.path(self.partition, service))
        return {id: row for id, row in found.load_all(texts).items() if only(row)}

    async def everything(self) -> dict[str, Any]:
        """All that the partition holds, by key and comparable, without what runs out by itself."""
        held: dict[str, Any] = {}
        async for key in self.redis.scan_iter(match=f"{self.partition.tag}:*"):
            kind = await self.redis.type(key)
            if kind == b"hash":
                held[key.decode()] = await self.redis.hgetall(key)
            elif kind == b"zset":
                held[key.decode()] = await self.redis.zrange(key, 0, -1, withscores=True)
            elif kind == b"stream":
                held[key.decode()] = await self.redis.xrange(key)
        return held
