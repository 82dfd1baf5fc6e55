"""Messages on their way out: from the log through the worker, the claim and the outcome, to a real mail server over TLS; beside
a bare aiosmtplib loop that writes the same messages with the standard library and sends them over as many lines. And a morning
on which all that was held over night is released: what a message takes in time and memory when ten times as many are held.

Four minutes, most of it for 100,000 held messages, three times. With TWOWAY_BENCH_MILLION=1 a million instead, once: a quarter
of an hour and 4 GB.
"""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import aiosmtplib
from redis.asyncio import Redis

from bench import mail_sink
from bench.figures import Figure, compared
from bench.reader import BATCH, P0, fill
from console.server import Server
from services.notifier.app import build
from services.notifier.app import service as notifier
from services.notifier.channels import Mailbox
from services.notifier.due import Due, Ref
from services.notifier.gate import Gate
from services.notifier.handlers import Decisions
from services.notifier.settings import NotifierSettings
from services.notifier.store import MESSAGES, PEOPLE, READY, SERVICE, PersonRow
from services.notifier.words import Words
from services.notifier.worker import Sender
from shared import events as e
from shared import logs
from shared.client import client
from shared.clock import Clock, derived_id
from shared.links import stop_link
from shared.metrics import Metrics
from shared.programme import load
from shared.rows import KEYS
from shared.sealing import Vault
from shared.stream.append import fields
from shared.stream.host import Hosted, broker
from shared.stream.reader import Reader

MESSAGES_SENT, AT_ONCE, ROUNDS = 1_000, 16, 3
FEW, MANY, MORNINGS = (10_000, 1_000_000, 1) if os.environ.get("TWOWAY_BENCH_MILLION") else (10_000, 100_000, 3)
OF_THE_WAVE = 2_000
"""Of each wave so many are sent, through the whole worker into the try-out mailbox, while the others wait."""

PER_SECOND, BESIDE_BARE, GROWTH_MAX = 300.0, 0.7, 1.25
"""What a message takes may differ by so much between sizes: caches, and what else the machine does meanwhile."""

IDS_MB_MAX = 8.0
"""Of what may be sent a notifier keeps ids alone, and 20,000 of them."""

BASE_URL, SENDER = "https://peers.example.org", "Buddies <hello@example.org>"
KEY = bytes(range(32))
VAULT = Vault(KEY)
NIGHT_MS = 1_898_636_400_000
MORNING_MS = NIGHT_MS + 10 * 3_600_000
"""23:00 and 09:00 in London, in March 2030: to come, for a log's time never goes back."""


async def measure() -> list[Figure]:
    ours, bare, ready_made = [], [], []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server, mail_sink.running() as sink:
        redis = Redis.from_url(server.url)
        for _ in range(ROUNDS):
            bare.append(await _bare(sink))
            ours.append(await _ours(redis, server.url, sink))
            ready_made.append(await _ready_made(sink))
        await redis.aclose()
    mornings = [(_in_a_process_of_its_own(FEW), _in_a_process_of_its_own(MANY)) for _ in range(MORNINGS)]
    return [
        Figure("messages, from the log to a mail server and back", median(ours), "messages/s", None, None, PER_SECOND,
               note=f"over TLS, {AT_ONCE} at a time"),
        compared("messages, beside a bare aiosmtplib loop", "messages/s", ours, bare, BESIDE_BARE,
                 f"over {AT_ONCE} lines too, written with the standard library, and no record kept; with nothing to write "
                 f"either, bytes that are ready, {median(ready_made):,.0f}"),
        *(_growth(what, [(getattr(few, name), getattr(many, name)) for few, many in mornings])
          for what, name in (("releasing", "releasing_us"), ("sending", "sending_us"))),
        Figure("a morning's wave, ids in memory", mornings[-1][1].ids_mb, "MB", None, None, IDS_MB_MAX, at_most=True,
               note=f"{MANY:,} may go"),
    ]


def _growth(what: str, pairs: list[tuple[float, float]]) -> Figure:
    few, many = (median(each) for each in zip(*pairs, strict=True))
    return Figure(f"a morning's wave, growth of {what} a message", many, "µs of processor", few,
                  median(after / before for before, after in pairs), GROWTH_MAX, at_most=True,
                  note=f"from {FEW:,} to {MANY:,} held")


@dataclass(frozen=True)
class Morning:
    """µs of processor to release a message, and to send one while the others wait; MB of ids in this process."""

    releasing_us: float
    sending_us: float
    ids_mb: float


def _id(n: int) -> str:
    return derived_id("bench", str(n))


def _settings(url: str, sink: mail_sink.Sink | None) -> NotifierSettings:
    where: dict[str, Any] = {"try_out": True} if sink is None else {"smtp_url": sink.url, "mail_from": SENDER,
                                                                    "smtp_starttls": "always"}
    return NotifierSettings(key=base64.urlsafe_b64encode(KEY).decode(), redis_url=url, base_url=BASE_URL, senders=AT_ONCE,
                            **where)


async def _people(redis: Redis, count: int, **wishes: Any) -> None:
    """Rows as they stand once somebody has joined and chosen."""
    for start in range(0, count, 5_000):
        pipeline = redis.pipeline(transaction=False)
        for n in range(start, min(count, start + 5_000)):
            key = VAULT.new_key(_id(n))
            sealed = VAULT.seal(_id(n), key, e.Profile(alias="Calm River", email=f"p{n}@example.org"))
            pipeline.hset(KEYS.path(P0, SERVICE), _id(n), key)
            pipeline.hset(PEOPLE.path(P0, SERVICE), _id(n), PEOPLE.dump(PersonRow(profile=sealed, **wishes)))
        await pipeline.execute()


# ── to a mail server ─────────────────────────────────────────────────────────────────────────────────────────────────


async def _ours(redis: Redis, url: str, sink: mail_sink.Sink) -> float:
    """Messages a second, from the log's end on which their causes stand to the outcome of the last one on it."""
    await redis.flushall()
    await _people(redis, MESSAGES_SENT, quiet=None)
    _, host = build(_settings(url, sink), load())
    async with host.lifespan():
        began = time.perf_counter()
        await fill(redis, [e.RequestWaiting(request=_id(n), peer=_id(n), since_ms=0) for n in range(MESSAGES_SENT)])
        await _until(lambda: _log_of(redis, 4 * MESSAGES_SENT))  # cause, intent, attempt, outcome
        took = time.perf_counter() - began
    assert await redis.hlen(MESSAGES.path(P0, SERVICE)) == 0  # type: ignore[misc]  # typed as sync or async
    return MESSAGES_SENT / took


async def _log_of(redis: Redis, entries: int) -> bool:
    return bool(await redis.xlen(P0.log) >= entries)


async def _bare(sink: mail_sink.Sink) -> float:
    """A loop as anybody would write it: templates, the standard library's messages, aiosmtplib, as many lines."""
    words = Words(load(), BASE_URL)
    return await _sent_by(sink, lambda smtp, n: smtp.send_message(_message(words, n)))


async def _ready_made(sink: mail_sink.Sink) -> float:
    """The lines alone."""
    words = Words(load(), BASE_URL)
    content = [_message(words, n).as_bytes(policy=SMTP) for n in range(MESSAGES_SENT)]
    return await _sent_by(sink, lambda smtp, n: smtp.sendmail("hello@example.org", f"p{n}@example.org", content[n]))


async def _sent_by(sink: mail_sink.Sink, send: Callable[[aiosmtplib.SMTP, int], Awaitable[object]]) -> float:
    numbers = iter(range(MESSAGES_SENT))

    async def line() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, start_tls=True, tls_context=sink.trusting()) as smtp:
            for n in numbers:
                await send(smtp, n)
    began = time.perf_counter()
    await asyncio.gather(*(line() for _ in range(AT_ONCE)))
    return MESSAGES_SENT / (time.perf_counter() - began)


def _message(words: Words, n: int) -> EmailMessage:
    stop = stop_link(BASE_URL, VAULT, _id(n), "essential")
    said = words.render("received", "en", words.page, stop=stop)
    message = EmailMessage()
    message["To"], message["From"], message["Subject"] = f"p{n}@example.org", SENDER, said.subject
    message["Date"], message["Message-ID"] = datetime.now(UTC), f"<{_id(n)}@example.org>"
    message["List-Unsubscribe"], message["List-Unsubscribe-Post"] = f"<{stop}>", "List-Unsubscribe=One-Click"
    message.set_content(said.text)
    message.add_alternative(said.html, subtype="html")
    return message


# ── a morning's wave ─────────────────────────────────────────────────────────────────────────────────────────────────


def _in_a_process_of_its_own(held: int) -> Morning:
    """So that the memory of one size is not that of the one before."""
    told = subprocess.run([sys.executable, "-m", "bench.smtp", str(held)], check=True, capture_output=True, text=True)
    return Morning(*(float(each) for each in told.stdout.split()[-3:]))


async def _wave(held: int) -> Morning:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        redis = Redis.from_url(server.url)
        await _people(redis, held)
        due, decisions = Due(), Decisions(ZoneInfo("Europe/London"), "example.org")
        await _at(redis, NIGHT_MS, (e.RequestWaiting(request=_id(n), peer=_id(n), since_ms=0) for n in range(held)))
        async with _reading(server.url, decisions, Due()):
            await _until(lambda: _rows(redis, MESSAGES.path(P0, SERVICE), held))
        assert await redis.hlen(READY.path(P0, SERVICE)) == 0  # type: ignore[misc]  # typed as sync or async
        held_ids = [id.decode() async for id in redis.hscan_iter(MESSAGES.path(P0, SERVICE), count=1_000, no_values=True)]
        await _at(redis, MORNING_MS, (e.TimerElapsed(service=SERVICE, what="send", of=id, due_ms=MORNING_MS)
                                      for id in held_ids))
        del held_ids
        began = time.process_time()
        async with _reading(server.url, decisions, due):
            await _until(lambda: _rows(redis, READY.path(P0, SERVICE), held))
        releasing = time.process_time() - began
        sending = await _some_sent(server.url, due, decisions)
        await redis.aclose()
    return Morning(releasing / held * 1e6, sending / OF_THE_WAVE * 1e6, _memory(held) / 1e6)


async def _some_sent(url: str, due: Due, decisions: Decisions) -> float:
    """Seconds of processor for OF_THE_WAVE messages, by the worker alone: nobody reads of their outcomes."""
    settings, programme = _settings(url, None), load()
    _, host = build(settings, programme, Clock(now_ms=lambda: MORNING_MS + 60_000))
    sender = Sender(host, due, decisions, Words(programme, BASE_URL), Mailbox(host.redis, host.vault), Gate("mail", 5, None),
                    base_url=BASE_URL, at_once=AT_ONCE, lease_s=60)
    entries, began = await host.redis.xlen(P0.log), time.process_time()
    sending = asyncio.create_task(sender.run())
    await _until(lambda: _log_of(host.redis, entries + OF_THE_WAVE))
    took = time.process_time() - began
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await host.redis.aclose()
    return took


async def _at(redis: Redis, at_ms: int, events: Iterable[e.Event]) -> None:
    """Puts them on the log at this time."""
    pipeline = redis.pipeline(transaction=False)
    for n, event in enumerate(events):
        pipeline.execute_command("XADD", P0.log, f"{at_ms}-{n}", *fields(event, derived_id(str(at_ms), str(n)), "", ""))
        if n % 1_000 == 999:
            await pipeline.execute()
    await pipeline.execute()


@asynccontextmanager
async def _reading(url: str, decisions: Decisions, due: Due) -> AsyncIterator[None]:
    """The notifier's reader, and nothing that sends."""
    house, redis = broker(url), client(url)
    await house.start()
    reader = Reader(notifier(decisions, due, P0), P0, redis, VAULT, Metrics())
    task = asyncio.create_task(Hosted(reader, house, redis, BATCH).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await house.stop()
        await redis.aclose()


async def _rows(redis: Redis, table: str, count: int) -> bool:
    return bool(await redis.hlen(table) == count)  # type: ignore[misc]  # typed as sync or async


async def _until(what: Callable[[], Awaitable[bool]]) -> None:
    while not await what():
        await asyncio.sleep(0.02)


def _memory(released: int) -> int:
    """Bytes in this process of what is released and waits to be sent: nothing else of a message stays in memory."""
    tracemalloc.start()
    due = Due()
    for n in range(released):
        due.offer(Ref(P0, _id(n)))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size


if __name__ == "__main__":
    logs.configure("json", "warning")
    print(*astuple(asyncio.run(_wave(int(sys.argv[1])))))
