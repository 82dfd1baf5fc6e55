"""Nothing is lost and nothing happens twice, whatever is killed while people and partners use Twoway."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from console.tether import tethered
from shared import SERVICES, mailbox
from shared.sealing import Vault, parse_key
from tests.journeys import partner
from tests.journeys.sizes import size
from tests.journeys.system import Up, clean_environment, free_ports, up

PEOPLE, EVENTS = size(40, 2_000), size(20, 300)
SERVICE_KILLS, SERVER_KILLS = size(6, 24), size(1, 3)
SEED = 7
LEASE_S = size(10, 60)
"""What a killed notifier was sending is taken up again after this; reduced counts do not wait out the usual minute."""

ROUNDS = {"TWOWAY_ROUND_EVERY_MINUTES": "0.05", "TWOWAY_ROUND_LEASE_S": "2"}
"""A round every three seconds, so that some of them meet a kill."""


class Seconds:
    """A second instance of every service, on ports of their own; whichever is killed comes back."""

    def __init__(self, system: Up) -> None:
        self._system, self._first_port = system, free_ports()
        self._log = system.data.with_name("seconds.log").open("ab")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.keep()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._first_port}"

    def keep(self) -> None:
        for place, service in enumerate(SERVICES):
            if service not in self._processes or self._processes[service].poll() is not None:
                environment = clean_environment(**self._system.running.environment(service))
                environment |= {"TWOWAY_PORT": str(self._first_port + place), "TWOWAY_SEND_LEASE_S": str(LEASE_S),
                                "TWOWAY_PROGRAMME": str(self._system.programme), **ROUNDS}
                self._processes[service] = subprocess.Popen(
                    tethered([sys.executable, "-m", f"services.{service}"]), env=environment,
                    stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True)

    def pids(self) -> dict[str, int]:
        return {f"second {service}": process.pid for service, process in self._processes.items()
                if process.poll() is None}

    def stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(20)
        self._log.close()


@contextmanager
def seconds(system: Up) -> Iterator[Seconds]:
    more = Seconds(system)
    try:
        yield more
    finally:
        more.stop()


class Referrals(threading.Thread):
    """A partner that sends its events again until each is accepted, to whichever gateway answers."""

    def __init__(self, sender: partner.Partner, urls: list[str]) -> None:
        super().__init__()
        self._sender, self._urls = sender, urls
        self.receipts: list[str] = []

    def run(self) -> None:
        choose = random.Random(SEED)
        for n in range(EVENTS):
            while True:
                status, answer = self._sender.refer(choose.choice(self._urls), f"event-{n}", f"referred-{n}@people.example")
                if status == 202:
                    self.receipts.append(str(answer["receipt"]))
                    break
                time.sleep(0.2)


@pytest.mark.prove
@pytest.mark.timeout(size(280, 3_000))
def test_while_every_process_is_killed_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    with up(tmp_path / "var", TWOWAY_SEND_LEASE_S=str(LEASE_S), **ROUNDS) as system, seconds(system) as more:
        referrals = Referrals(partner.added(system), [system.url, more.url])
        referrals.start()
        with crowd(system) as people:
            killed = kill_while(people, system, more)
            output, _ = people.communicate(timeout=size(240, 2_700))
        referrals.join(120)
        more.keep()
        assert people.returncode == 0, output.decode()
        assert sum(count for name, count in killed.items() if name != "server") >= SERVICE_KILLS, killed
        assert killed["server"] >= SERVER_KILLS
        assert set(SERVICES) <= {name.removeprefix("second ") for name in killed}
        verified = system.command("verify", check=False)
        assert verified.returncode == 0, verified.stdout
        recount(system, referrals.receipts)


@contextmanager
def crowd(system: Up) -> Iterator[subprocess.Popen[bytes]]:
    """`twoway demo`: people who ask again when a page is away, and at the end compare every count."""
    process = subprocess.Popen(
        tethered([sys.executable, "-m", "console.main", "demo", "--people", str(PEOPLE), "--seed", str(SEED)]),
        env=clean_environment(TWOWAY_DATA=str(system.data)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def kill_while(people: subprocess.Popen[bytes], system: Up, more: Seconds) -> Counter[str]:
    """SIGKILL at seeded moments, each service in turn and the server in between, while people are at it."""
    choose, killed = random.Random(SEED), Counter[str]()
    pause_s = size(3, 8)
    names = [name for _ in range(SERVICE_KILLS) for name in SERVICES]
    server_at = {SERVICE_KILLS * (n + 1) // (SERVER_KILLS + 1) for n in range(SERVER_KILLS)}
    while not any(line["message"] == "request.waiting" for line in system.lines()):
        time.sleep(0.1)  # until the first person has asked: from then on people are patient
    for place in range(SERVICE_KILLS):
        time.sleep(choose.uniform(0.3, 1.0) * pause_s)
        assert people.poll() is None, people.communicate()[0].decode()
        more.keep()
        name = names[place] if choose.random() < 0.5 else f"second {names[place]}"
        if place in server_at:
            _kill(system.pids(), "server", killed)
        _kill(system.pids() | more.pids(), name, killed)
    while people.poll() is None and killed.total() < SERVICE_KILLS + SERVER_KILLS:
        _kill(system.pids() | more.pids(), choose.choice(names), killed)
        time.sleep(1)
    return killed


def _kill(pids: dict[str, int], name: str, killed: Counter[str]) -> None:
    if name in pids:
        os.kill(pids[name], signal.SIGKILL)
        killed[name] += 1


def recount(system: Up, receipts: list[str]) -> None:
    """What the partner was told was accepted stands on the log once, and each person was invited once."""
    assert len(receipts) == len(set(receipts)) == EVENTS
    with Redis.from_url(system.running.redis_url) as redis:
        entries: Any = redis.xrange("twoway:{p0}:log")
        types = Counter(fields[b"type"] for _, fields in entries)
        ids = Counter(fields[b"id"] for _, fields in entries)
        assert types[b"referral.made"] == EVENTS
        assert [id for id, count in ids.items() if count > 1] == []
        assert redis.hlen("twoway:{p0}:dead") == 0
        assert types[b"round.intended"] >= types[b"round.run"] > 0
        deadline = time.monotonic() + 90
        while len(found := invitations(system)) < EVENTS and time.monotonic() < deadline:
            time.sleep(0.5)
    assert len(found) == EVENTS
    # an invitation in flight when its worker was killed is sent once more, under the same Message-ID
    assert all(len(message_ids) == 1 for message_ids in found.values())


def invitations(system: Up) -> dict[str, set[str]]:
    """Address → the Message-IDs of the invitations in its mailbox."""
    key_file = system.running.key_file
    assert key_file is not None
    vault = Vault(parse_key(key_file.read_text()))

    async def all_of_them() -> dict[str, set[str]]:
        async with AsyncRedis.from_url(system.running.redis_url) as client:
            found = {}
            for n in range(EVENTS):
                to = f"referred-{n}@people.example"
                if mails := await mailbox.read(client, vault, to):
                    found[to] = {mail.message_id for mail in mails}
            return found

    return asyncio.run(all_of_them())
