"""The ledger on one core: validated, two legs posted, weeks kept, counts told, committed; beside bare redis-py that does the
same writes. What a person takes in the server, what a moment costs when there are ten times as many people, and what a week's
signals of 100,000 people take a worker.

10,000 and 100,000 people by default, a minute; a million as well with TWOWAY_BENCH_MILLION=1, some minutes and 2 GB.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import BaseModel
from redis.asyncio import Redis

from bench import postgres
from bench.figures import Figure, compared
from bench.reader import BATCH, P0, fill, read_by
from console.server import Server
from services.ledger.app import table
from services.ledger.domain.entries import Account
from services.ledger.domain.members import Firsts, Joined, Pulse
from services.ledger.domain.refusals import Pair
from services.ledger.domain.signals import Attention
from services.ledger.domain.weeks import Weeks, day_of, week_of
from services.ledger.reckoning import Ref, reckon
from services.ledger.store import ACCOUNTS, COMMUNITIES, HOLDERS, PAIRS, SERVICE, TRANSFERS, Community, Holder
from shared.clock import derived_id
from shared.events import CountsChanged, Event, Kind, MomentRecorded, MomentShared
from shared.rows import Table

MOMENTS, PEOPLE, ROUNDS = 10_000, 10_000, 5
SIZES = (PEOPLE, 100_000, *([1_000_000] if os.environ.get("TWOWAY_BENCH_MILLION") else []))
SEED = 4
RECKONED, WEEK_S_MAX = 100_000, 10.0
"""Who is counted once a week; ten seconds of a Monday morning are nothing, and leave room for a million."""
BYTES_MAX, MOMENT_BYTES_MAX = 600.0, 150.0


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        redis = Redis.from_url(server.url)
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(await _bare(redis))
            ours.append(await _ours(redis, server.url, PEOPLE))
        person, each = await _bytes(redis, PEOPLE, HOLDERS, ACCOUNTS), await _bytes(redis, MOMENTS, TRANSFERS)
        by_size = {size: [await _ours(redis, server.url, size) for _ in range(3)] for size in SIZES}
        week_s = await _a_weeks_signals(redis)
        await redis.aclose()
    beside = await _beside_postgres() if postgres.installed() else []
    costs = {size: 1 / median(speeds) for size, speeds in by_size.items()}
    slope = 1 + math.log(costs[SIZES[-1]] / costs[SIZES[0]]) / math.log(SIZES[-1] / SIZES[0])
    return [
        compared("ledger, beside bare redis-py", "moments/s", ours, bare, 0.4,
                 "the reference keeps neither pairs' rules nor weeks"),
        Figure("ledger, a person's counts and windows in the server", person, "bytes", None, None, BYTES_MAX, at_most=True,
               note="half a year of weekly giving and receiving; with the row that says whose account it is"),
        Figure("ledger, a moment in the server", each, "bytes", None, None, MOMENT_BYTES_MAX, at_most=True),
        Figure(f"ledger, growth of the time from {SIZES[0]:,} to {SIZES[-1]:,} people and moments", slope, "slope", None, None,
               1.05, at_most=True),
        Figure(f"ledger, a week's signals of {RECKONED:,} people", week_s, "s of processor", None, None, WEEK_S_MAX,
               at_most=True, note="once a week, beside the reader and in slices of some 10 ms"),
        *beside,
    ]


async def _beside_postgres() -> list[Figure]:
    """Both after every batch on the disk: `appendfsync always` here, `synchronous_commit` there."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder), options={"appendfsync": "always"}) as server:
        redis = Redis.from_url(server.url)
        for _ in range(ROUNDS):
            ours.append(await _ours(redis, server.url, PEOPLE))
            theirs.append(postgres.moments_a_second(PEOPLE, MOMENTS, BATCH))
        await redis.aclose()
    return [compared(f"ledger, beside PostgreSQL's double entry in batches of {BATCH}", "moments/s", ours, theirs, 1.0,
                     "every batch on the disk; the reference keeps neither pairs' rules nor weeks, and tells nobody")]


def _id(of: str, n: int) -> str:
    return derived_id(of, str(n))


def _moments(people: int) -> list[Event]:
    """Moments in random pairs; of two neighbours in the numbering one gives to the other."""
    chance = random.Random(SEED)
    events: list[Event] = []
    for n in range(MOMENTS):
        first = 2 * chance.randrange(people // 2)
        giver, receiver = (_id("peer", first + side) for side in chance.sample((0, 1), 2))
        events.append(MomentShared(moment=_id("moment", n), pair=_id("pair", first), giver=giver, receiver=receiver,
                                   kind=chance.choice([*Kind]), recorded_by=receiver))
    return events


def _half_a_year(chance: random.Random) -> Weeks:
    """One moment given and one received in most weeks, of any kind."""
    weeks, now = Weeks(), week_of(time.time_ns() // 1_000_000)
    for week in range(now - 25, now + 1):
        for letters in ("lecpgswo", "LECPGSWO"):
            if chance.random() < 0.8:
                weeks = weeks.moved(chance.choice(letters), week, 1)
    return weeks


def _a_week() -> dict[str, int]:
    """A community's counts of a week in which all there is to count happened."""
    keys = [*(f"kind:{kind}" for kind in Kind), *(f"way:{way}" for way in ("message", "call", "in_person", "not_said")),
            *(f"chain:{length}" for length in range(1, 10)), *(f"proposal:{days}" for days in range(10)),
            *(f"hello:{days}" for days in range(20)), "block", "concern", "formed", "joined", "pulse:offered", "pulse:yes"]
    return dict.fromkeys(sorted(keys), 3)


async def settle(redis: Redis, people: int) -> None:
    """Everybody in a pair, with half a year behind them."""
    chance = random.Random(SEED)
    lives = [_half_a_year(chance) for _ in range(100)]
    now_ms = time.time_ns() // 1_000_000
    belongs, asked = Joined("riverside", day_of(now_ms) - 200), Pulse(week_of(now_ms) - 4)
    await redis.flushall()
    await redis.hset(COMMUNITIES.path(P0, SERVICE), "riverside", COMMUNITIES.dump(  # type: ignore[misc]  # theirs says or
        Community(week=week_of(now_ms), counts=_a_week(), pairs=people // 2, due_ms=now_ms)))
    for begin in range(0, people, 10_000):
        rows: dict[Table[Any], dict[str | bytes, bytes]] = {HOLDERS: {}, ACCOUNTS: {}, PAIRS: {}}
        for n in range(begin, begin + 10_000):
            peer, account, pair = _id("peer", n), _id("account", n), _id("pair", n - n % 2)
            rows[HOLDERS][peer] = HOLDERS.dump(Holder(account=account, pairs=(pair,), belongs=belongs,
                                                         firsts=Firsts(3, 12, 9), pulse=asked))
            life = lives[n % 100]
            rows[ACCOUNTS][ACCOUNTS.field_of(account)] = ACCOUNTS.dump(Account(
                holder=peer, given=21, received=21, latest=life.latest, weeks=life.text, ever="l5e4c3p2gs3wL6E4C3P2G4W2",
                since=life.latest - 25, reached=(2, life.latest, account[:8])))
            rows[PAIRS][pair] = PAIRS.dump(Pair(peers=(_id("peer", n - n % 2), _id("peer", n - n % 2 + 1))))
        for each, texts in rows.items():
            await redis.hset(each.path(P0, SERVICE), mapping=texts)  # type: ignore[arg-type]  # a dict of str to bytes is fine


async def _ours(redis: Redis, url: str, people: int) -> float:
    await settle(redis, people)
    await fill(redis, _moments(people))
    return MOMENTS / await read_by(table(), redis, url, MOMENTS)


async def _a_weeks_signals(redis: Redis) -> float:
    await settle(redis, RECKONED)
    began = time.process_time()
    await reckon(redis, Ref(P0, "riverside", week_of(time.time_ns() // 1_000_000)), Attention())
    return time.process_time() - began


async def _bytes(redis: Redis, count: int, *tables: Table[Any]) -> float:
    """Of `count` rows in each of these tables, as the server counts its own memory."""
    usage = [int(await redis.memory_usage(each.path(P0, SERVICE), samples=0)) for each in tables]
    return sum(usage) / count


class Two(BaseModel):
    given: int = 0
    received: int = 0


class Side(Two):
    account: str


class Posting(BaseModel):
    legs: tuple[Side, Side]
    at_ms: int
    recorded_by: str
    kind: Kind


_BARE = """
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 9 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  redis.call('HSET', KEYS[3], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  redis.call('XADD', KEYS[4], '*', 'id', ARGV[i], 'body', ARGV[i + 6])
  redis.call('XADD', KEYS[4], '*', 'id', ARGV[i], 'body', ARGV[i + 7])
  redis.call('XADD', KEYS[4], '*', 'id', ARGV[i], 'body', ARGV[i + 8])
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


async def _bare(redis: Redis) -> float:
    """The same rows and events as tight as redis-py alone allows: accounts are the peers' own, nothing is refused, no weeks."""
    await redis.flushall()
    await fill(redis, _moments(PEOPLE))
    script = redis.register_script(_BARE)
    keys = ["{p0}:cursor", "{p0}:moments", "{p0}:accounts", "{p0}:out"]
    cursor, done = "0-0", 0
    began = time.perf_counter()
    while done < MOMENTS:
        reply: Any = await redis.xread({P0.log: cursor}, count=BATCH, block=1000)
        found = reply[0][1] if isinstance(reply, list) else next(iter(reply.values()))[0]
        events = [MomentShared.model_validate_json(body[b"body"]) for _, body in found]
        names = list(dict.fromkeys(peer for event in events for peer in (event.giver, event.receiver)))
        texts: Any = await redis.hmget(keys[2], names)
        rows = {name: Two.model_validate_json(text) if text else Two() for name, text in zip(names, texts, strict=True)}
        new = found[-1][0].decode()
        args: list[Any] = [cursor, new]
        for event in events:
            giver = rows[event.giver] = Two(given=rows[event.giver].given + 1, received=rows[event.giver].received)
            receiver = rows[event.receiver] = Two(given=rows[event.receiver].given, received=rows[event.receiver].received + 1)
            transfer = Posting(legs=(Side(account=event.giver, given=1), Side(account=event.receiver, received=1)), at_ms=0,
                               recorded_by=event.recorded_by, kind=event.kind)
            recorded = MomentRecorded(moment=event.moment, pair=event.pair, giver=event.giver, receiver=event.receiver,
                                      kind=event.kind, recorded_by=event.recorded_by)
            told = [CountsChanged(peer=peer, given=two.given, received=two.received)
                    for peer, two in ((event.giver, giver), (event.receiver, receiver))]
            args += (event.moment, transfer.model_dump_json(exclude_defaults=True), event.giver, giver.model_dump_json(),
                     event.receiver, receiver.model_dump_json(), recorded.model_dump_json(), *(
                         each.model_dump_json() for each in told))
        await script(keys=keys, args=args)
        cursor, done = new, done + len(found)
    return MOMENTS / (time.perf_counter() - began)
