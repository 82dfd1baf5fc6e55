"""One reader on one core: ours (FastStream, pydantic, rows, the one write) beside bare redis-py with one script a batch, and
beside FastStream's documented handler a message. The work is the same: validate, read a row, write it, emit an event.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from faststream.redis import RedisBroker, StreamSub
from pydantic import BaseModel
from redis.asyncio import Redis

from bench.figures import Figure, compared
from console.server import Server
from shared.client import client
from shared.events import ContactOffered, CountsChanged, Event, FreeText, PeerLeft, Sealed, SignInRequested
from shared.metrics import Metrics
from shared.rows import KEYS, Ref, Rows, Table
from shared.sealing import Vault
from shared.service import Entry, Handling, Later, Service
from shared.stream.append import fields
from shared.stream.host import Hosted, broker
from shared.stream.names import Partition
from shared.stream.reader import Reader

P0 = Partition(0)
EVENTS, PEERS, BATCH = 20_000, 500, 256
PER_MESSAGE = 3_000
"""The documented handler is some twenty times slower; fewer events, the same seconds."""
ROUNDS = 5


class Tally(BaseModel):
    n: int = 0


TALLIES = Table("tallies", Tally)


def _needs(_rows: Rows, event: Any) -> Iterable[Ref]:
    yield TALLIES, event.peer


def _needs_key(_rows: Rows, event: Any) -> Iterable[Ref]:
    yield TALLIES, event.peer
    yield KEYS, event.peer


def _decide(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
    row = rows.get(TALLIES, entry.event.peer) or Tally()
    yield CountsChanged(peer=entry.event.peer, given=row.n + 1, received=0)


def _decide_sealed(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
    """Opens what came in and seals what goes out."""
    opened = rows.open(entry.event.secret, FreeText)
    text = opened.text if isinstance(opened, FreeText) else ""
    sealed = rows.seal(entry.event.peer, FreeText(text=text)) or Sealed("")
    yield ContactOffered(peer=entry.event.peer, pair="bench", contact=sealed)


def _count(rows: Rows, event: Any, _at_ms: int) -> None:
    row = rows.get(TALLIES, event.peer) or Tally()
    rows.put(TALLIES, event.peer, Tally(n=row.n + 1))


PLAIN = Service(name="bench", tables=[TALLIES], inputs={PeerLeft: Handling(_needs, _decide)}, own={CountsChanged: _count})
SEALED = Service(name="bench", tables=[TALLIES], inputs={SignInRequested: Handling(_needs_key, _decide_sealed)},
                 own={ContactOffered: _count})


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        redis = Redis.from_url(server.url)
        bare, sealed, plain, message = [], [], [], []
        for _ in range(ROUNDS):
            bare.append(await _bare(redis))
            plain.append(await _ours(redis, server.url, PLAIN, _plain_events()))
            sealed.append(await _ours(redis, server.url, SEALED, await _sealed_events(redis)))
            message.append(await _per_message(redis, server.url))
        await redis.aclose()
    return [
        compared("reader, beside bare redis-py", "events/s", plain, bare, 0.4),
        compared("reader, opening and sealing, beside bare redis-py", "events/s", sealed, bare, 0.2,
                 "the reference neither opens nor seals; no goal was set, 0.2 is our own"),
        compared("reader, beside FastStream a message", "events/s", plain, message, 12.0),
    ]


VAULT = Vault(bytes(32))


def _plain_events() -> list[Event]:
    return [PeerLeft(peer=f"peer-{n % PEERS}") for n in range(EVENTS)]


async def _sealed_events(redis: Redis) -> list[Event]:
    await redis.flushall()
    keys = {f"peer-{n}": VAULT.new_key(f"peer-{n}") for n in range(PEERS)}
    await redis.hset(P0.keys, mapping=keys)  # type: ignore[arg-type]  # a dict of str to bytes is fine
    return [SignInRequested(peer=peer, secret=VAULT.seal(peer, keys[peer], FreeText(text="a quiet word")))
            for peer in (f"peer-{n % PEERS}" for n in range(EVENTS))]


async def fill(redis: Redis, events: list[Event]) -> None:
    pipeline = redis.pipeline(transaction=False)
    for n, event in enumerate(events):
        pipeline.execute_command("XADD", P0.log, "*", *fields(event, f"event-{n}", "", ""))
        if n % 1000 == 999:
            await pipeline.execute()
    await pipeline.execute()


async def _ours(redis: Redis, url: str, service: Service, events: list[Event]) -> float:
    if service is PLAIN:
        await redis.flushall()
    await fill(redis, events)
    return len(events) / await read_by(service, redis, url, len(events))


async def read_by(service: Service, redis: Redis, url: str, count: int) -> float:
    """Seconds that `service` takes for the first `count` entries of the log."""
    house = broker(url)
    await house.start()
    redis_of_it = client(url)
    reader = Reader(service, P0, redis_of_it, VAULT, Metrics())
    began = time.perf_counter()
    task = asyncio.create_task(Hosted(reader, house, redis_of_it, BATCH).run())
    read = 0
    while read < count:
        await asyncio.sleep(0.01)
        read = int(await redis.hget(P0.cursor(service.name), "read") or 0)  # type: ignore[misc]  # typed as sync or async
    took = time.perf_counter() - began
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await house.stop()
    await redis_of_it.aclose()
    return took


_BARE = """
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 4 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  redis.call('XADD', KEYS[3], '*', 'id', ARGV[i + 2], 'body', ARGV[i + 3])
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


async def _bare(redis: Redis) -> float:
    """The same work as tight as redis-py alone allows: no types skipped, no ids derived, nothing that can go wrong handled."""
    await redis.flushall()
    await fill(redis, _plain_events())
    script = redis.register_script(_BARE)
    keys = ["{p0}:cursor", "{p0}:rows", "{p0}:out"]
    cursor, done = "0-0", 0
    began = time.perf_counter()
    while done < EVENTS:
        reply: Any = await redis.xread({P0.log: cursor}, count=BATCH, block=1000)
        found = reply[0][1] if isinstance(reply, list) else next(iter(reply.values()))[0]
        events = [(at, PeerLeft.model_validate_json(body[b"body"])) for at, body in found]
        names = list(dict.fromkeys(event.peer for _, event in events))
        texts: Any = await redis.hmget(keys[1], names)
        rows = {name: Tally.model_validate_json(text) if text else Tally() for name, text in zip(names, texts, strict=True)}
        new = found[-1][0].decode()
        args: list[Any] = [cursor, new]
        for at, event in events:
            row = rows[event.peer] = Tally(n=rows[event.peer].n + 1)
            emitted = CountsChanged(peer=event.peer, given=row.n, received=0)
            args += (event.peer, row.model_dump_json(), at, emitted.model_dump_json())
        await script(keys=keys, args=args)
        cursor, done = new, done + len(found)
    return EVENTS / (time.perf_counter() - began)


async def _per_message(redis: Redis, url: str) -> float:
    """FastStream as its manual shows it: a group, a typed handler for each message, a publisher, the default ack."""
    await redis.flushall()
    house = RedisBroker(url, logger=None)
    done = asyncio.Event()
    seen = 0

    @house.subscriber(stream=StreamSub("in", group="g", consumer="c", last_id="0", max_records=100))
    @house.publisher(stream="out")
    async def handle(event: PeerLeft) -> CountsChanged:
        nonlocal seen
        given: Any = await redis.hincrby("rows", event.peer, 1)
        seen += 1
        if seen == PER_MESSAGE:
            done.set()
        return CountsChanged(peer=event.peer, given=given, received=0)

    await house.connect()
    for n in range(PER_MESSAGE):
        await house.publish(PeerLeft(peer=f"peer-{n % PEERS}"), stream="in")
    began = time.perf_counter()
    await house.start()
    await done.wait()
    took = time.perf_counter() - began
    await house.stop()
    return PER_MESSAGE / took
