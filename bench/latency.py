"""From the post that sends a request to both proposal messages intended, on an idle system, over its real pages."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from redis.asyncio import Redis

from bench.figures import Figure
from console.browser import Browser
from console.people import Person
from shared.events import MessageIntended
from shared.testing import until
from tests.journeys.system import up

PAIRS = 120
PAUSE_S = 0.05
"""Between two pairs, so that each finds the system idle."""

LOG = "twoway:{p0}:log"


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, up(Path(folder) / "var") as system:
        async with Redis.from_url(system.running.redis_url) as redis:
            took = [await _pair(system.url, redis, n) for n in range(PAIRS + 10)][10:]  # the first ten warm things up
    note = f"{PAIRS} pairs, each asking on the pages of a running system"
    return [
        Figure("form post to both proposals intended, median", median(took), "ms", None, None, 50.0, at_most=True, note=note),
        Figure("form post to both proposals intended, p99", quantiles(took, n=100)[98], "ms", None, None, 250.0, at_most=True,
               note=note),
    ]


async def _pair(url: str, redis: Redis, n: int) -> float:
    """Milliseconds from the second one's post to the later of the two intents, by the one clock of this machine."""
    await _ask(url, 2 * n, seeks="sleep", offers="grief")
    [(last, _)] = await redis.xrevrange(LOG, count=1)  # type: ignore[misc]  # there is always one by now
    began_ms = await _ask(url, 2 * n + 1, seeks="grief", offers="sleep")

    async def both() -> list[int]:
        found = await _proposals(redis, last)
        return found if len(found) == 2 else []

    intended = await until(both)
    await asyncio.sleep(PAUSE_S)
    return max(intended) - began_ms


async def _ask(url: str, number: int, seeks: str, offers: str) -> float:
    """Asks as a person does; returns when the last post was sent, in ms since 1970."""
    async with Browser(url, ssl.create_default_context()) as browser:
        person = Person(number, 1, "bench")
        fixed = {"seeks": [seeks], "offers": [offers], "ways": ["message"], "languages": ["en"], "times": [], "showable": [],
                 "capacity": "1", "community": "riverside"}
        check = await browser.asks(lambda form: {name: fixed.get(name, own) for name, own in person.answers(form).items()})
        began_ms = time.time_ns() / 1e6
        sent = await browser.send(check.form("/ask/check"))
        if sent.path != "/ask/sent":
            raise RuntimeError(f"the request was not sent: {sent.heading}")
        return began_ms


async def _proposals(redis: Redis, after: Any) -> list[int]:
    """When each proposal message behind `after` was intended, in ms since 1970."""
    entries: Any = await redis.xrange(LOG, b"(" + after)
    return [int(at.split(b"-")[0]) for at, fields in entries
            if fields[b"type"] == MessageIntended.type.encode() and b'"template":"proposal"' in fields[b"body"]]
