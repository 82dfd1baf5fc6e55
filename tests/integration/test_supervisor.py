"""The supervisor brings back what ends by itself, ends what it is told to end, and lets no reader of its lines hold it up."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.output import Output
from console.supervisor import Child, Supervisor
from console.tether import tethered
from shared import logs


class Kept:
    """A supervisor with what it wrote and whom it gave up on."""

    def __init__(self) -> None:
        self.file = io.BytesIO()
        self.output = Output(self.file, form="json")
        self.refused: list[str] = []
        self.supervisor = Supervisor(self.output, self.refused.append)

    def keep(self, name: str, script: str) -> Child:
        def launch() -> subprocess.Popen[bytes]:
            command = tethered(["/bin/sh", "-c", script])
            return subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)

        child = Child(name, launch)
        self.supervisor.keep(child)
        return child

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().decode().splitlines()

    def events(self, name: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.lines if line.startswith("{")]
        return [line for line in lines if line["event.name"] == name]


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    kept = Kept()
    kept.supervisor.watch()
    yield kept
    await kept.supervisor.stop(*kept.supervisor.names)
    kept.output.close()


async def until(what: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := what()) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    return bool(done)


def running(child: Child) -> bool:
    return child.running


async def test_a_process_that_was_killed_is_started_again_and_it_is_said(kept: Kept) -> None:
    child = kept.keep("matcher", "echo here; exec sleep 60")
    assert await until(lambda: kept.lines == ["here"])
    assert child.process is not None
    child.process.kill()
    assert await until(lambda: kept.lines.count("here") == 2)
    (line,) = kept.events("service.restarted")
    assert (line["service.name"], line["signal"], line["level"]) == ("matcher", "SIGKILL", "warning")


async def test_a_process_that_keeps_ending_is_started_again_more_and_more_slowly(kept: Kept) -> None:
    kept.keep("matcher", "exit 3")
    assert await until(lambda: len(kept.events("service.restarted")) == 4)
    assert [line["ms"] for line in kept.events("service.restarted")] == [200, 400, 800, 1600]
    assert {line["code"] for line in kept.events("service.restarted")} == {3}


async def test_exit_code_2_asks_for_a_person_and_is_not_tried_again(kept: Kept) -> None:
    kept.keep("notifier", "echo TWOWAY_SMTP_URL: missing; exit 2")
    assert await until(lambda: kept.refused == ["notifier"])
    assert await until(lambda: kept.lines == ["TWOWAY_SMTP_URL: missing"])  # written behind, so that no reader holds us up


async def test_what_is_stopped_does_not_come_back(kept: Kept) -> None:
    child = kept.keep("ledger", "exec sleep 60")
    assert await until(lambda: running(child))
    await kept.supervisor.stop("ledger")
    assert not running(child)
    assert not kept.events("service.restarted")


async def test_what_waits_for_its_next_start_is_not_started_once_stopped(kept: Kept) -> None:
    child = kept.keep("ledger", "echo here; exit 1")
    assert await until(lambda: kept.lines == ["here"] and not running(child))
    await kept.supervisor.stop("ledger")
    assert kept.lines == ["here"]


async def test_a_process_that_does_not_listen_is_ended_after_its_time(kept: Kept) -> None:
    child = kept.keep("ledger", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    assert await until(lambda: kept.lines == ["deaf"])
    await kept.supervisor.stop("ledger", seconds=0.3)
    assert not running(child)
    assert [line["service.name"] for line in kept.events("service.killed")] == ["ledger"]


async def test_a_last_line_without_an_end_is_not_lost(kept: Kept) -> None:
    kept.keep("gateway", "printf 'the first\\nthe last'; exec sleep 60 >/dev/null")
    assert await until(lambda: kept.lines == ["the first", "the last"])


async def test_added_lines_have_the_form_of_the_services_lines(kept: Kept, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    kept.output.event("service.restarted", level="warning", service="matcher", code=1, ms=200)
    assert await until(lambda: kept.lines)
    ours = json.loads(kept.lines[0])
    wanted = {"timestamp", "level", "message", "event.name", "service.name", "code", "ms"}
    assert ours.keys() == wanted
    assert {"service", "code", "ms", "address", "signal", "count"} <= logs.FIELDS


async def test_a_reader_that_stands_still_holds_nobody_up_and_hears_how_much_it_missed() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb", buffering=0) as writer:
        output = Output(writer, form="json")
        for number in range(50_000):
            output.write(b"line %d" % number)
        seen: list[bytes] = []
        while not (seen and b"log.lines_dropped" in seen[-1]):
            seen.append(await asyncio.to_thread(reader.readline))
        assert len(seen) - 1 + json.loads(seen[-1])["count"] == 50_000
        output.close()


async def test_a_reader_that_is_gone_ends_nothing(kept: Kept) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as writer:
        output = Output(writer, form="json")
        for _ in range(20_000):
            output.write(b"a line")
        output.close()
    child = kept.keep("matcher", "exec sleep 60")
    assert await until(lambda: running(child))


def test_a_tethered_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ties a process to its parent")
    program = (
        "import os, subprocess, sys; from console.tether import tethered;"
        "child = subprocess.Popen(tethered(['/bin/sleep', '60']), start_new_session=True);"
        "print(child.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        comm = Path(f"/proc/{child}/comm")
        assert _settles(lambda: comm.read_text() == "sleep\n")
        parent.kill()
    assert _settles(lambda: not comm.exists())


def _settles(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not (done := what()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done
