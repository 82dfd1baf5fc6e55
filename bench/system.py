"""The whole system at rest: how soon it is ready, what it costs while nobody asks anything of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

from bench.figures import Figure
from console.running import ports_from
from console.tether import tethered
from tests.journeys.system import READY_S_MAX, Up, clean_environment, free_ports, up

STARTS = 5
IDLE_S = 20.0
_TICKS_S = os.sysconf("SC_CLK_TCK")


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "var"
        starts = [_start_s(data) for _ in range(STARTS + 1)]  # the first is the cold one: caches, a new data folder
        with up(data) as system:
            await asyncio.sleep(5.0)  # let start-up work end
            before = _cpu_s(system)
            await asyncio.sleep(IDLE_S)
            busy = (_cpu_s(system) - before) / IDLE_S
            pss, rss = _memory_mb(system)
    return [
        Figure("twoway up, warm start: command to all ready", median(starts[1:]), "s", None, None, 4.0, at_most=True),
        Figure("idle system, share of one core", busy, "", None, None, 0.03, at_most=True),
        Figure("idle system, memory", pss, "MB", None, None, 400.0, at_most=True,
               note=f"proportional set size of all six processes; resident sets add up to {rss:.0f} MB"),
    ]


def _start_s(data: Path) -> float:
    """From the command to the first moment at which every service says that it is ready, seen from outside."""
    first = free_ports()
    waiting = [f"http://127.0.0.1:{port}/readyz" for port in ports_from(first).values()]
    began = time.monotonic()
    process = subprocess.Popen(
        tethered([sys.executable, "-m", "console.main", "up", "--data", str(data), "--port", str(first)]),
        env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while waiting := [url for url in waiting if not _ready(url)]:
            assert process.poll() is None, "it ended"
            assert time.monotonic() - began < READY_S_MAX, waiting
            time.sleep(0.01)
        return time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # this machine's own
            return bool(answer.status == 200)
    except OSError:
        return False


def _processes(system: Up) -> list[int]:
    return [system.process.pid, *system.pids().values()]


def _cpu_s(system: Up) -> float:
    """Seconds of processor time that all processes of the system have used so far."""
    used = 0
    for pid in _processes(system):
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(words[11]) + int(words[12])
    return used / _TICKS_S


def _memory_mb(system: Up) -> tuple[float, float]:
    pss = rss = 0
    for pid in _processes(system):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                pss += int(line.split()[1])
            elif line.startswith("Rss:"):
                rss += int(line.split()[1])
    return pss / 1024, rss / 1024
