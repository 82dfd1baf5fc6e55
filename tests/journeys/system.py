"""The whole system as an operator has it: `twoway up` on a folder of its own, and what to do to it."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console import running as runs
from console.running import Running
from console.tether import tethered
from shared import SERVICES
from shared.programme import DEFAULT
from tests.journeys.midday import midday

READY_S_MAX = 60.0


@dataclass
class Up:
    """A running `twoway up`, everything it says in `log`."""

    process: subprocess.Popen[bytes]
    data: Path
    log: Path
    programme: Path

    @property
    def running(self) -> Running:
        found = runs.read(self.data)
        assert found is not None, self.log.read_text("utf-8")[-2000:]
        return found

    @property
    def url(self) -> str:
        return self.running.base_url

    def pids(self) -> dict[str, int]:
        """The process of each service and of the server, as it lives now."""
        found: dict[str, int] = {}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in map(int, children):
            try:
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            for service in SERVICES:
                if f"services.{service}".encode() in words:
                    found[service] = child
            if b"valkey-server" in words[0]:
                found["server"] = child
        return found

    def command(self, *words: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`twoway …` against this system."""
        ended = subprocess.run([sys.executable, "-m", "console.main", *words], capture_output=True, text=True,
                               env=clean_environment() | {"TWOWAY_DATA": str(self.data)}, timeout=timeout, check=False)
        assert not check or ended.returncode == 0, f"{words}: {ended.stdout}\n{ended.stderr}"
        return ended

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """`twoway …` against this system, at work while the test goes on; ended with the block."""
        with subprocess.Popen(
                tethered([sys.executable, "-m", "console.main", *words]), text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, env=clean_environment(TWOWAY_DATA=str(self.data))) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def lines(self) -> list[dict[str, object]]:
        """Every structured line so far."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
    return kept | {"TWOWAY_LOG_FORMAT": "json"} | more


@contextmanager
def up(data: Path, **environment: str) -> Iterator[Up]:
    """Starts it, waits until it is ready, and ends it if the test has not. In its programme it is midday."""
    log = data.with_suffix(".log")
    programme = midday(data.parent, Path(environment.pop("TWOWAY_PROGRAMME", DEFAULT)))
    with log.open("ab") as out:
        process = subprocess.Popen(
            tethered([sys.executable, "-m", "console.main", "up", "--data", str(data), "--port", str(free_ports())]),
            env=clean_environment(**environment, TWOWAY_PROGRAMME=str(programme)),
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    system = Up(process, data, log, programme)
    try:
        deadline = time.monotonic() + READY_S_MAX
        while '"system.ready"' not in log.read_text("utf-8"):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")[-4000:]
            time.sleep(0.05)
        yield system
    finally:
        if process.poll() is None:
            system.stop()


def free_ports(count: int = 4) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    for _ in range(200):
        first = random.randrange(20_000, 32_000)
        try:
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")
