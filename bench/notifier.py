"""The notifier deciding on one core: what is told to whom, with hours, wishes and caps looked at, intents and timers committed;
beside bare redis-py that reads the same rows and does the same writes without looking at any rule.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from bench.figures import Figure, compared
from bench.reader import BATCH, P0, fill, read_by
from console.server import Server
from services.notifier.app import service
from services.notifier.domain.messages import Template, klass_of, of_gesture
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.store import MESSAGES, PAIRS, PEOPLE, READY, SERVICE, MessageRow, PairRow, PersonRow, Unsent
from shared.clock import derived_id
from shared.events import Event, Frequency, Gesture, GestureSent, MessageIntended, RequestWaiting, Sealed
from shared.sealing import Vault

EVENTS, PEOPLE_COUNT, ROUNDS = 10_000, 20_000, 5
SEED = 5
ZONE = ZoneInfo("Europe/London")


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        redis = Redis.from_url(server.url)
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(await _bare(redis))
            ours.append(await _ours(redis, server.url))
        await redis.aclose()
    return [compared("notifier, decisions beside bare redis-py", "events/s", ours, bare, 0.35,
                     "gestures and requests, each leading to one intended message; the reference looks at no rule")]


def _id(of: str, n: int) -> str:
    return derived_id(of, str(n))


def _events() -> list[Event]:
    """Half gestures in a pair, half requests; nobody gets two, so that each leads to a message."""
    chance = random.Random(SEED)
    events: list[Event] = []
    for n in chance.sample(range(PEOPLE_COUNT), EVENTS):
        peer, other, pair = _id("peer", n), _id("peer", n ^ 1), _id("pair", n - n % 2)
        if n % 4 < 2:
            events.append(GestureSent(moment=_id("moment", n), pair=pair, giver=other, receiver=peer,
                                      gesture=chance.choice([*Gesture])))
        else:
            events.append(RequestWaiting(request=_id("request", n), peer=peer, since_ms=0))
    return events


async def _settle(redis: Redis) -> None:
    """Everybody in a pair, of whoever may get a gesture; each with hours, wishes and a gesture of some days ago."""
    chance, now_ms = random.Random(SEED), time.time_ns() // 1_000_000
    people, pairs = {}, {}
    for n in range(PEOPLE_COUNT):
        pair, paired = _id("pair", n - n % 2), n % 4 < 2
        people[_id("peer", n)] = PEOPLE.dump(PersonRow(
            profile=Sealed("s1." + "x" * 200), kind_sent_ms=(now_ms - chance.randrange(2, 6) * 86_400_000,),
            frequency=chance.choice([*Frequency][:3]), pairs=(pair,) if paired else ()))
        if paired:
            pairs[pair] = PAIRS.dump(PairRow(peers=(_id("peer", n - n % 2), _id("peer", n - n % 2 + 1))))
    await redis.flushall()
    await redis.hset(PEOPLE.path(P0, SERVICE), mapping=people)  # type: ignore[arg-type, misc]  # a dict of str to bytes is fine
    await redis.hset(PAIRS.path(P0, SERVICE), mapping=pairs)  # type: ignore[arg-type, misc]  # as above
    await fill(redis, _events())


async def _ours(redis: Redis, url: str) -> float:
    await _settle(redis)
    took = await read_by(service(Decisions(ZONE, "example.org", Vault(bytes(32))), Due(), P0), redis, url, EVENTS)
    assert await redis.hlen(MESSAGES.path(P0, SERVICE)) == EVENTS  # type: ignore[misc]  # typed as sync or async
    return EVENTS / took


_BARE = """
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 7 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  redis.call('HSET', KEYS[3], ARGV[i + 2], ARGV[i + 3])
  redis.call('XADD', KEYS[4], '*', 'id', ARGV[i + 2], 'body', ARGV[i + 4])
  if ARGV[i + 5] ~= 'later' then redis.call('HSET', KEYS[5], ARGV[i + 2], '1') end
  if ARGV[i + 5] ~= 'now' then redis.call('ZADD', KEYS[6], tonumber(ARGV[i + 6]), ARGV[i + 4]) end
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


async def _bare(redis: Redis) -> float:
    """The same rows, events and timers as tight as redis-py alone allows. A request is told of at once and has a timer for the
    note on its wait; a gesture goes at once, or by a timer if its reader hears once a day or a week."""
    await _settle(redis)
    script = redis.register_script(_BARE)
    keys = ["{p0}:cursor", PEOPLE.path(P0, SERVICE), MESSAGES.path(P0, SERVICE), "{p0}:out", READY.path(P0, SERVICE),
            "{p0}:later"]
    cursor, done = "0-0", 0
    began = time.perf_counter()
    while done < EVENTS:
        reply: Any = await redis.xread({P0.log: cursor}, count=BATCH, block=1000)
        found = reply[0][1] if isinstance(reply, list) else next(iter(reply.values()))[0]
        events = [_read(fields) for _, fields in found]
        to = [event.receiver if isinstance(event, GestureSent) else event.peer for event in events]
        pairs = [event.pair for event in events if isinstance(event, GestureSent)]
        texts: Any = await redis.hmget(keys[1], to)
        known: Any = await redis.hmget(PAIRS.path(P0, SERVICE), pairs)
        for text in known:
            PAIRS.load(text)
        new, now_ms = found[-1][0].decode(), time.time_ns() // 1_000_000
        args: list[Any] = [cursor, new]
        for (at, _), event, peer, text in zip(found, events, to, texts, strict=True):
            args += _intends(at.decode(), event, peer, PEOPLE.load(text), now_ms)
        await script(keys=keys, args=args)
        cursor, done = new, done + len(found)
    return EVENTS / (time.perf_counter() - began)


def _read(fields: dict[bytes, bytes]) -> GestureSent | RequestWaiting:
    kind = GestureSent if fields[b"type"] == GestureSent.type.encode() else RequestWaiting
    return kind.model_validate_json(fields[b"body"])


def _intends(at: str, event: GestureSent | RequestWaiting, peer: str, row: PersonRow, now_ms: int) -> tuple[Any, ...]:
    template = of_gesture(event.gesture) if isinstance(event, GestureSent) else Template.RECEIVED
    about = event.pair if isinstance(event, GestureSent) else event.request
    when = "both" if isinstance(event, RequestWaiting) else "now" if row.frequency is Frequency.AS_IT_HAPPENS else "later"
    intended = MessageIntended(message=at, to=peer, template=template, klass=klass_of(template), about=about,
                               message_id=f"<{at}@example.org>", not_before_ms=now_ms)
    unsent = Unsent(message=at, template=template, klass=intended.klass, about=about, due_ms=now_ms)
    message = MessageRow(to=peer, template=template, klass=intended.klass, message_id=intended.message_id, about=about,
                         intended_ms=now_ms, first_due_ms=now_ms, due_ms=now_ms)
    return (peer, PEOPLE.dump(row.model_copy(update={"unsent": (*row.unsent, unsent)})), at, MESSAGES.dump(message),
            intended.model_dump_json(), when, now_ms)
