"""The report of a large programme, from asking for it to the file: half a year of signals, of 100,000 people who are all there.

What it takes does not depend on people, for the ledger reckoned their signals week by week; they are in the server all the
same, and so are ten years of ten communities, among which the command finds its own.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from redis.asyncio import Redis

from bench.figures import Figure
from bench.ledger import settle
from bench.reader import P0
from console.server import Server
from services.ledger.domain.weeks import week_of
from services.ledger.store import SERVICE, SIGNALS, SignalsRow
from shared.events import Ending, Kind, Signal, SignalPart, Way
from shared.report import words
from shared.stream.names import DIRECTORY

PEOPLE, WEEKS, COMMUNITIES, YEARS, ROUNDS = 100_000, 26, 10, 10, 5
GOAL_S = 3.0
KEY = urlsafe_b64encode(bytes(32)).decode()
"""Nothing here is sealed; a key there has to be."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "kinds": tuple(Kind), "endings": (*Ending, "blocked", "left"), "giving_by_way": (*Way, "not_said"),
    "breaks_and_not_now": ("not_now", "difficult_day", "break"), "chains": tuple("123456789"),
    "waiting_by_group": tuple(f"language:{key}" for key in ("en", "cy", "ar", "ur", "pl", "bsl"))}


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "server") as server:
        redis = Redis.from_url(server.url)
        await settle(redis, PEOPLE)
        await _reckon(redis)
        out = Path(folder) / "report.html"
        before = _processor_s()
        took = [await _report(server.url, folder, out) for _ in range(ROUNDS)]
        processor = (_processor_s() - before) / ROUNDS
        size = out.stat().st_size
        await redis.aclose()
    return [Figure(f"report, {WEEKS} weeks of {PEOPLE:,} people", median(took), "s", None, None, GOAL_S, at_most=True,
                   note=f"the whole command: {processor:.1f} s of a core, most of it Python's start; a page of "
                        f"{size / 1000:.0f} kB, JSON and CSV")]


def _processor_s() -> float:
    """Of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _reckon(redis: Redis) -> None:
    names, latest = list(words.read().signals), week_of(time.time_ns() // 1_000_000) - 1
    for number in range(COMMUNITIES):
        community = "riverside" if not number else f"town{number}"
        await redis.hset(DIRECTORY, community, "0")
        rows = {f"{community}:{latest - age}": SIGNALS.dump(SignalsRow(signals=tuple(_signal(name, age) for name in names)))
                for age in range(52 * YEARS)}
        await redis.hset(SIGNALS.path(P0, SERVICE), mapping=rows)  # type: ignore[arg-type]  # a dict of str to bytes is fine


def _signal(name: str, age: int) -> Signal:
    some, of = PEOPLE - 997 * age % PEOPLE, PEOPLE
    parts = _PARTS.get(name, ())
    return Signal(name=name, window_weeks=12, numerator=some, denominator=of, value=some / of, attention=0.5,
                  state="fine" if age % 2 else "look",
                  parts=tuple(SignalPart(key=key, numerator=some // len(parts), denominator=of) for key in parts))


async def _report(url: str, folder: str, out: Path) -> float:
    """The command as an operator has it, a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
    environment |= {"REDIS_URL": url, "TWOWAY_DATA": folder, "TWOWAY_KEY": KEY}
    began = time.perf_counter()
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", "report", "--community", "riverside", "--weeks", str(WEEKS), "--out", str(out),
        "--json", f"{out}.json", "--csv", f"{out}.csv", env=environment, stdout=asyncio.subprocess.DEVNULL)
    code = await command.wait()
    assert code == 0, code
    return time.perf_counter() - began
