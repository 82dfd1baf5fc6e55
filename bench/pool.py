"""The running matcher with very many people waiting: an arrival, a request through its reader, memory, a start.

100,000 people by default, some two minutes; a million as well with TWOWAY_BENCH_MILLION=1, some twenty more and 4 GB. Starts
and memory are those of a process of their own. What a core does in a second is told by processor time, for machines are shared.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from bench import pools
from bench.figures import Figure
from console.server import Server
from services.matcher.app import policy, table
from services.matcher.domain.bar import BARS
from services.matcher.domain.people import Person
from services.matcher.domain.rounds import Policy
from services.matcher.domain.standing import Standing
from services.matcher.domain.waiting import told
from services.matcher.memory import Memory
from services.matcher.pairing.live import LivePool
from services.matcher.pairing.ready import ENGINE
from services.matcher.settings import MatcherSettings
from services.matcher.store import PEERS, REQUESTS, SERVICE, Request
from shared.clock import DAY_MS, derived_id
from shared.events import Details, ProposalMade, SupportRequested, Way
from shared.metrics import Metrics
from shared.programme import load
from shared.rows import KEYS
from shared.sealing import Vault
from shared.stream.append import fields
from shared.stream.host import Hosted, broker
from shared.stream.names import Partition
from shared.stream.reader import Reader

P0, FEW = Partition(0), Partition(1)
"""Where very many people wait; and some thousands, for a process to have done everything once before it is measured."""
VAULT = Vault(bytes(32))
ARRIVALS, IN_A_ROW, ONE_BY_ONE, BATCH = 2_000, 6_000, 1_000, 256
CHUNK = 2_000
MEMBER = tuple[str, str, int, Details]
"""Peer, request, days waited, what the request says."""


async def measure() -> list[Figure]:
    ENGINE.compile()
    if not await asyncio.to_thread(ENGINE.compiled.wait, 300):
        raise RuntimeError("the engine was not compiled within five minutes")
    figures = await _at(100_000, arrival_ms=0.3, ready_s=30.0)
    if os.environ.get("TWOWAY_BENCH_MILLION"):
        figures += await _at(1_000_000, arrival_ms=3.0, ready_s=30.0)
    return figures


async def _at(n: int, arrival_ms: float, ready_s: float) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        redis = Redis.from_url(server.url)
        stored = await _filled(redis, n, P0)
        await _filled(redis, 5_000, FEW)
        start = _started(server.url)
        figures = [
            Figure(f"memory of a waiting person, {n:,}, in the matcher's process", start["bytes"], "bytes", None, None, 250.0,
                   at_most=True, note="resident set after filling the pool, less before"),
            Figure(f"memory of a waiting person, {n:,}, in Redis", stored, "bytes", None, None, 1024.0, at_most=True,
                   note="the matcher's two rows and the key"),
            Figure(f"start with {n:,} waiting, until every request was opened", start["seconds"], "s", None, None, ready_s,
                   at_most=True, note=f"{start['opening']:.1f} s to read and open; {start['cpu']:.1f} s of processor time"),
        ]
        memory = Memory(VAULT)
        await memory.warm(redis, P0)
        figures += [_arrivals(memory.pool, n, arrival_ms), _counted(memory.pool, n)]
        if n <= 100_000:
            figures += await _through_the_reader(redis, server.url, memory, n)
        await redis.aclose()
    return figures


def _members(n: int, seed: int) -> Iterator[MEMBER]:
    """The people of the seeded generator, with ids as the gateway makes them."""
    for number, text in enumerate(pools.lines(pools.crowd(n, seed))):
        line = json.loads(text)
        details = Details.model_validate({
            **{name: line[name] for name in Details.model_fields.keys() & line.keys()},
            "ways": [Way(way) for way in line["ways"]], "area": line["area"] or None, "age_band": line["age_band"] or None})
        yield derived_id(f"peer {seed}", str(number)), derived_id(f"request {seed}", str(number)), line["waiting_days"], details


async def _filled(redis: Redis, n: int, partition: Partition) -> float:
    """Lays down the rows of n people who wait; returns the bytes that Redis takes for each."""
    before, now_ms, members = await _used(redis), time.time_ns() // 1_000_000, _members(n, seed=1)
    while some := list(islice(members, CHUNK)):
        requests, standings, keys = dict[str, bytes](), dict[str, bytes](), dict[str, bytes]()
        for peer, request, days, details in some:
            keys[peer] = VAULT.new_key(peer)
            standings[peer] = PEERS.dump(Standing(request=request, capacity=1))
            requests[request] = REQUESTS.dump(Request(
                peer=peer, community="riverside", details=VAULT.seal(peer, keys[peer], details), capacity=1,
                since_ms=now_ms - days * DAY_MS))
        pipeline = redis.pipeline(transaction=False)
        for path, rows in ((REQUESTS.path(partition, SERVICE), requests), (PEERS.path(partition, SERVICE), standings),
                           (KEYS.path(partition, SERVICE), keys)):
            pipeline.hset(path, mapping=rows)  # type: ignore[arg-type]  # a dict of str to bytes is fine
        await pipeline.execute()
    return (await _used(redis) - before) / n


async def _used(redis: Redis) -> int:
    return int((await redis.info("memory"))["used_memory"])


_START = """
import asyncio, os, sys, time
began = time.perf_counter()
from redis.asyncio import Redis
from bench.pool import FEW, P0, VAULT
from services.matcher.memory import Memory
from services.matcher.pairing.ready import ENGINE
from shared import logs
from shared.collecting import collect_seldom
logs.configure("json", "warning")
collect_seldom()  # as a service does when it has started
def resident(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
async def start(url):
    imported, memory, redis = time.perf_counter() - began, Memory(VAULT), Redis.from_url(url)
    ENGINE.compile = lambda: None  # what is compiled takes 100 MB once, whoever waits
    await Memory(VAULT).warm(redis, FEW)
    before, opening, busy = resident(), time.perf_counter(), time.process_time()
    await memory.warm(redis, P0)
    opened = time.perf_counter() - opening
    print((resident() - before) / len(memory.pool), imported + opened, opened, time.process_time() - busy)
asyncio.run(start(sys.argv[1]))
"""


def _started(url: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", _START, url], capture_output=True, text=True, timeout=1800, check=True)
    return dict(zip(("bytes", "seconds", "opening", "cpu"), map(float, done.stdout.split()), strict=True))


def _arrivals(pool: LivePool, n: int, goal_ms: float) -> Figure:
    """Somebody new is put among everybody who waits, weighed against all of them, and goes again."""
    now_ms, took, busy = time.time_ns() // 1_000_000, [], []
    for peer, request, _, details in _members(ARRIVALS + 100, seed=2):
        person = Person.of(peer, request, "riverside", now_ms, details).standing(Standing(request=request, capacity=1))
        began, used = time.perf_counter(), time.thread_time()
        pool.put(person)
        pool.best_for(peer, now_ms, BARS["balanced"])
        busy.append((time.thread_time() - used) * 1000)
        took.append((time.perf_counter() - began) * 1000)
        pool.drop(peer)
    took, busy = took[100:], busy[100:]
    return Figure(f"one arrival into the living pool, {n:,} waiting, p99", quantiles(took, n=100)[98], "ms", None, None,
                  goal_ms, at_most=True, note=f"median {median(took):.3f} ms; of processor time {median(busy):.3f}, p99 "
                  f"{quantiles(busy, n=100)[98]:.3f}; exact, with its bar")


def _counted(pool: LivePool, n: int) -> Figure:
    """Who waits, told in counts: the reader does nothing else meanwhile."""
    now_ms, took, busy = time.time_ns() // 1_000_000, [], []
    settings = MatcherSettings(key=SecretStr(base64.urlsafe_b64encode(bytes(32)).decode()))
    looked_at = policy(settings, load()).looked_at
    for _ in range(5):
        began, used = time.perf_counter(), time.thread_time()
        counted = told("riverside", pool.who_waits("riverside", now_ms, looked_at), looked_at)
        busy.append((time.thread_time() - used) * 1000)
        took.append((time.perf_counter() - began) * 1000)
    if counted is None or counted.waiting != n:
        raise RuntimeError("who waits was not counted as it was filled")
    return Figure(f"who waits, told in counts once a week, {n:,} waiting", median(busy), "ms of a core", None, None,
                  100.0 * n / 100_000, at_most=True,
                  note=f"{len(counted.groups)} groups; by the clock at most {max(took):.0f} ms in five tries")


async def _through_the_reader(redis: Redis, url: str, memory: Memory, n: int) -> list[Figure]:
    """Requests that are opened, weighed against everybody, proposed and committed."""
    requests = [await _asking(redis, *member) for member in _members(IN_A_ROW + ONE_BY_ONE, seed=3)]
    reader = Reader(table(memory, Policy(assist=False)), P0, Redis.from_url(url), VAULT, Metrics())
    await reader.begin()
    singly = [await _one(redis, reader, number, event) for number, event in enumerate(requests[:ONE_BY_ONE])][100:]
    rate, wall = await _in_a_row(redis, url, reader, requests[ONE_BY_ONE:])
    made = sum(fields[b"type"] == ProposalMade.type.encode() for _, fields in await redis.xrange(P0.log))  # type: ignore[misc]
    note = f"{made} of {len(requests)} were proposed to somebody at once"
    return [
        Figure(f"whole request, committed, {n:,} waiting, p99", quantiles(singly, n=100)[98], "ms", None, None, 5.0,
               at_most=True, note=f"median {median(singly):.2f} ms, from the log to the commit; {note}"),
        Figure(f"reader, requests a second and core, {n:,} waiting", rate, "requests/s", None, None, 2_000.0,
               note=f"opened, weighed, committed; {wall:,.0f} a second by the clock; {note}"),
    ]


async def _asking(redis: Redis, peer: str, request: str, _days: int, details: Details) -> SupportRequested:
    key = VAULT.new_key(peer)
    await redis.hset(P0.keys, peer, key)  # type: ignore[misc,arg-type]  # typed as sync or async
    sealed = VAULT.seal(peer, key, details)
    return SupportRequested(peer=peer, request=request, community="riverside", details=sealed, capacity=1)


async def _one(redis: Redis, reader: Reader, number: int, event: SupportRequested) -> float:
    """Milliseconds from its being on the log to the commit of what it led to."""
    await redis.xadd(P0.log, _flat(event, f"one-{number}"))  # type: ignore[arg-type]
    began = time.perf_counter()
    entries: Any = await redis.xrange(P0.log, f"({reader.cursor}")
    await reader.handle(reader.decoder.batch([at for at, _ in entries], [each for _, each in entries]))
    return (time.perf_counter() - began) * 1000


async def _in_a_row(redis: Redis, url: str, reader: Reader, events: list[SupportRequested]) -> tuple[float, float]:
    """Requests a second of this process's time on a core, and by the clock."""
    pipeline = redis.pipeline(transaction=False)
    for number, event in enumerate(events):
        pipeline.xadd(P0.log, _flat(event, f"row-{number}"))  # type: ignore[arg-type]
    last = (await pipeline.execute())[-1].decode()
    house, client = broker(url), Redis.from_url(url)
    await house.start()
    began, busy = time.perf_counter(), time.process_time()
    task = asyncio.create_task(Hosted(reader, house, client, BATCH).run())
    while tuple(map(int, reader.cursor.split("-"))) < tuple(map(int, last.split("-"))):
        await asyncio.sleep(0.05)
    took, used = time.perf_counter() - began, time.process_time() - busy
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await house.stop()
    await client.aclose()
    return len(events) / used, len(events) / took


def _flat(event: SupportRequested, id: str) -> dict[str, str]:
    flat = fields(event, id, "", "")
    return dict(zip(flat[::2], flat[1::2], strict=True))
