"""A service as small as one can be: it counts, for each peer, how often they left, and says so."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel
from redis.asyncio import Redis

from shared.events import CountsChanged, Event, PeerLeft, TimerElapsed
from shared.metrics import Metrics
from shared.rows import Ref, Rows, Table
from shared.sealing import Vault
from shared.service import Entry, Handling, Later, Service
from shared.stream.append import Appender, Input
from shared.stream.host import STALLED_S, Hosted, broker, cancelled
from shared.stream.names import Partition
from shared.stream.reader import Reader

KEY = bytes(range(32))
KEY_TEXT = base64.urlsafe_b64encode(KEY).decode()
P0 = Partition(0)


class Tally(BaseModel):
    n: int = 0


TALLIES = Table("tallies", Tally)


def needs(_rows: Rows, event: Any) -> Iterable[Ref]:
    yield TALLIES, event.peer


def decide(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
    row = rows.get(TALLIES, entry.event.peer) or Tally()
    yield CountsChanged(peer=entry.event.peer, given=row.n + 1, received=0)
    if entry.event.peer.startswith("later"):
        due = entry.at_ms + 50
        yield Later(TimerElapsed(service="tally", what="again", of=entry.event.peer, due_ms=due), due)


def count(rows: Rows, event: Any, _at_ms: int) -> None:
    rows.put(TALLIES, event.peer, Tally(n=event.given))


def service(decide: Callable[[Rows, Entry], Iterable[Event | Later]] = decide, **more: Any) -> Service:
    return Service(name="tally", tables=[TALLIES], inputs={PeerLeft: Handling(needs, decide)},
                   own={CountsChanged: count}, **more)


class Bench:
    """A reader of the tally service on partition 0 of a real server, and ways to feed it."""

    def __init__(self, redis: Redis, made: Service | None = None, client: Redis | None = None) -> None:
        self.redis = redis
        self.vault = Vault(KEY)
        self.metrics = Metrics()
        self.reader = Reader(made or service(), P0, client or redis, self.vault, self.metrics)
        self._appender = Appender(redis, self.vault)

    async def left(self, *peers: str) -> list[str]:
        """Appends one peer.left each, all ids fresh; returns the entry ids."""
        before = await self.redis.xlen(P0.log)
        places = await self._appender.append(
            P0, [Input(PeerLeft(peer=peer), f"event-{before + n}-{peer}") for n, peer in enumerate(peers)])
        return [place.entry for place in places]

    async def read(self, count: int = 1000) -> None:
        """Reads on from the cursor and handles what is there, as one batch, without FastStream."""
        if not self.reader.cursor:
            await self.reader.begin()
        entries: Any = await self.redis.xrange(P0.log, f"({self.reader.cursor}", count=count)
        if entries:
            batch = self.reader.decoder.batch([at for at, _ in entries], [f for _, f in entries])
            await self.reader.handle(batch)

    async def tallies(self) -> dict[str, int]:
        rows: Any = await self.redis.hgetall(P0.of("tally", "tallies"))
        return {peer.decode(): TALLIES.load(text).n for peer, text in rows.items()}

    async def emitted(self, type: str) -> list[dict[str, str]]:
        entries: Any = await self.redis.xrange(P0.log)
        found = [{k.decode(): v.decode(errors="replace") for k, v in fields.items()} for _, fields in entries]
        return [fields for fields in found if fields["type"] == type]


@asynccontextmanager
async def hosted(reader: Reader, redis_url: str, redis: Redis, stalled_s: float = STALLED_S) -> AsyncIterator[Hosted]:
    """The reader under FastStream, for as long as the block lasts."""
    house = broker(redis_url)
    await house.start()
    host = Hosted(reader, house, redis, read_batch=64, stalled_s=stalled_s)
    task = asyncio.create_task(host.run())
    try:
        yield host
    finally:
        await cancelled([task])
        await house.stop()
