from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from console.simulate import rates
from console.simulate.logtime import NOW, LogTime
from console.simulate.people import HOUR_MS
from console.simulate.run import START_MS, Plan, Ran, run
from console.simulate.services import KEY, P0, Services, private_server
from services.ledger.store import TABLES as LEDGER
from services.ledger.store import TRANSFERS
from services.matcher.store import TABLES as MATCHER
from services.notifier.store import TABLES as NOTIFIER
from shared.clock import DAY_MS
from shared.events import MessageDelivered, MessageIntended, SupportWithdrawn
from shared.programme import load
from shared.sealing import SEAL_PATTERN, Vault
from shared.stream.append import Appender, Input
from shared.stream.names import place
from shared.testing import until
from shared.timers import Timekeeper
from tests.journeys.system import clean_environment

pytestmark = pytest.mark.timeout(300)
SEAL = re.compile(SEAL_PATTERN.encode())


@dataclass
class Books:
    """All that the three services derived, and the whole log; without seals, for those are random."""

    derived: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    log: list[Any] = field(default_factory=list)

    async def kept(self, services: Services) -> None:
        for name, tables in (("matcher", MATCHER), ("ledger", LEDGER), ("notifier", NOTIFIER)):
            for table in tables:
                rows = await services.redis.hgetall(table.path(P0, name))
                self.derived[f"{name} {table.name}"] = {id: SEAL.sub(b"sealed", row) for id, row in rows.items()}
        entries = await services.redis.xrange(P0.log)
        self.log = [(at, SEAL.sub(b"sealed", fields[b"body"]), fields[b"id"]) for at, fields in entries]


async def simulated(look: Callable[[Services], Awaitable[None]] | None = None, seed: int = 7, weeks: int = 6) -> Ran:
    """Ten people a week."""
    return await run(Plan(10 * weeks, weeks, seed, "balanced", rates.read(), load()), look=look)


async def test_the_same_seed_gives_the_same_books_to_the_last_id_and_another_seed_others() -> None:
    first, again, other = Books(), Books(), Books()
    await simulated(first.kept, weeks=3)
    await simulated(again.kept, weeks=3)
    assert first.log == again.log
    assert first.derived == again.derived
    await simulated(other.kept, weeks=3, seed=8)
    assert other.log != first.log


async def test_everything_adds_up_at_the_end_and_every_entry_bears_the_logs_time() -> None:
    books = Books()
    ran = await simulated(books.kept)
    assert ran.findings == []
    assert ran.town.told.moments.total() > 20
    assert all(books.derived[name] for name in ("matcher pairs", "ledger transfers", "notifier people"))
    assert len(books.derived["ledger signals"]) >= ran.plan.weeks - 1
    assert ran.entries == len(books.log)
    times = [place(at.decode()) for at, _, _ in books.log]
    assert times == sorted(times)
    assert START_MS <= times[0][0] <= times[-1][0] <= ran.plan.end_ms


async def test_a_book_that_does_not_add_up_is_found() -> None:
    async def torn(services: Services) -> None:
        path = TRANSFERS.path(P0, "ledger")
        await services.redis.hdel(path, *(await services.redis.hkeys(path))[:1])

    assert "counts_differ_from_entries" in {what for _, what, _ in (await simulated(torn, weeks=4)).findings}


async def test_no_message_that_reaches_anybody_is_against_a_rule_whatever_hours_and_zones_they_chose() -> None:
    chosen = rates.read().model_copy(update={"own_wishes": 0.7, "breaks_a_week": 0.1, "moments_a_week": 3.0})
    ran = await run(Plan(120, 8, 5, "balanced", chosen, load()))
    assert ran.findings == []
    assert ran.heard_a_week.keys() == {"essential", "kind", "nudge"}
    assert all(ran.heard_a_week[klass][1] <= 3 for klass in ("kind", "nudge"))


async def test_a_message_against_a_rule_is_found_in_a_simulation_and_does_not_add_up() -> None:
    async def comes_at_night(services: Services) -> None:
        """To whoever heard of something in the day, on the log as the notifier has it there."""
        found = await services.redis.xrange(P0.log)
        came = next(fields for _, fields in found if fields[b"type"] == b"message.delivered")
        night_ms = services.now_ms + DAY_MS - services.now_ms % DAY_MS + 2 * HOUR_MS
        intended = next(fields for _, fields in found if fields[b"type"] == b"message.intended"
                        and json.loads(fields[b"body"])["message"] == json.loads(came[b"body"])["message"])
        for fields in (intended, came):
            body = json.loads(fields[b"body"]) | {"message": "planted"}
            event = (MessageIntended if fields is intended else MessageDelivered).model_validate(body)
            await services.take(night_ms, [Input(event, f"planted {event.type}")])
    ran = await simulated(comes_at_night, weeks=2)
    assert ("messages", "in_quiet_hours", "planted") in ran.findings
    assert ran.against_a_rule == len(ran.findings)


def test_the_command_tells_the_three_dials_side_by_side_the_same_wherever_it_runs(tmp_path: Path) -> None:
    told, picture = [], tmp_path / "dial.svg"
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "console.main", "simulate", "--people", "30", "--weeks", "3", "--seed", "3", "--dial", "all",
             "--json", "--plot", str(picture)], capture_output=True, text=True, timeout=240, check=False,
            env=clean_environment(PYTHONHASHSEED=hash_seed, TWOWAY_DIAL="better", TWOWAY_PARTITIONS="3"))
        assert done.returncode == 0, done.stderr
        told.append([each | {"seconds": 0} for each in json.loads(done.stdout)])
    assert told[0] == told[1]
    assert [each["dial"] for each in told[0]] == ["sooner", "balanced", "better"]
    assert {each["people"] for each in told[0]} == {30}
    assert all(each["pairs"] > 0 == len(each["findings"]) for each in told[0])
    assert "sooner" in picture.read_text("utf-8")


def test_the_report_of_a_simulation_is_the_one_that_its_coordinator_would_have(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = subprocess.run(
        [sys.executable, "-m", "console.main", "simulate", "--people", "60", "--weeks", "5", "--report", str(page)],
        capture_output=True, text=True, timeout=240, check=False, env=clean_environment())
    assert done.returncode == 0, done.stderr
    text = page.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "Riverside" in text
    assert "1 February 2026" in text, "its last week ends on the fifth Sunday"


@pytest.mark.parametrize(("words", "said"), [
    (["--rates", "none.toml"], "none.toml: No such file"),
    (["--plot", "nowhere/dial.svg"], "nowhere: there is no such folder"),
    (["--report", "nowhere/report.html"], "nowhere: there is no such folder"),
    (["--report", "report.html", "--dial", "all"], "choose one of the dials"),
    (["--report", "report.html", "--weeks", "1"], "simulate 2 or more"),
])
def test_what_cannot_be_read_or_written_is_refused_in_one_line_before_anything_begins(
        tmp_path: Path, words: list[str], said: str) -> None:
    done = subprocess.run([sys.executable, "-m", "console.main", "simulate", *words], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60, check=False,
                          env=clean_environment(PYTHONPATH=str(Path.cwd())))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_simulation_that_is_ended_leaves_neither_its_server_nor_its_folder(tmp_path: Path, by: signal.Signals) -> None:
    folder, said = tmp_path / "tmp", tmp_path / "said"
    folder.mkdir()
    with said.open("wb") as stderr, subprocess.Popen(
            [sys.executable, "-m", "console.main", "simulate", "--people", "5000", "--weeks", "52"],
            stdout=subprocess.DEVNULL, stderr=stderr, env=clean_environment(TMPDIR=str(folder))) as simulation:
        try:
            asyncio.run(until(lambda: list(folder.glob("twoway-simulate-*/socket")), "a server of its own"))
            children = Path(f"/proc/{simulation.pid}/task/{simulation.pid}/children").read_text().split()
            simulation.send_signal(by)
            assert simulation.wait(30) == 128 + by
        finally:
            simulation.kill()
    assert children
    assert not any(Path("/proc", child).exists() for child in children)
    assert list(folder.iterdir()) == []
    assert "Traceback" not in said.read_text()


@pytest.fixture
async def both() -> AsyncIterator[tuple[LogTime, Redis]]:
    """A simulation's client and a service's, on one server."""
    async with private_server() as (ours, url), Redis.from_url(url) as theirs:
        yield ours, theirs


async def test_only_scripts_of_a_simulations_own_client_go_by_the_logs_time(both: tuple[LogTime, Redis]) -> None:
    ours, theirs = both
    await ours.set(NOW, START_MS)
    said = [Input(SupportWithdrawn(peer="p", request=f"r{number}"), f"event-{number}") for number in range(3)]
    [first] = await Appender(ours, Vault(KEY)).append(P0, said[:1])
    [second] = await Appender(ours, Vault(KEY)).append(P0, said[1:2])
    assert (first.entry, second.entry) == (f"{START_MS}-0", f"{START_MS}-1")
    [usual] = await Appender(theirs, Vault(KEY)).append(P0, said[2:])
    seconds, _ = await theirs.time()
    assert abs(place(usual.entry)[0] / 1000 - seconds) < 60


async def test_timers_are_due_by_the_logs_time(both: tuple[LogTime, Redis]) -> None:
    ours, _ = both
    await ours.zadd(P0.timers, {'["type","timer.elapsed"]': START_MS + 1})
    await ours.set(NOW, START_MS)
    assert await Timekeeper(ours, P0).move_due() == 0
    await ours.set(NOW, START_MS + 1)
    assert await Timekeeper(ours, P0).move_due() == 1
    [(at, _)] = await ours.xrange(P0.log)
    assert at.decode() == f"{START_MS + 1}-0"


async def test_where_the_logs_time_is_not_set_a_simulations_client_changes_nothing(both: tuple[LogTime, Redis]) -> None:
    ours, theirs = both
    with pytest.raises(ResponseError):
        await Appender(ours, Vault(KEY)).append(P0, [Input(SupportWithdrawn(peer="p", request="r"), "event")])
    assert not await theirs.exists(P0.log)
