"""`twoway up`, as a person starts it: ready by itself, nothing left behind, and hard to bring down."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from console import running
from console.key import made
from console.server import Server
from shared import KEY_BYTES, SERVICES
from shared.sealing import parse_key

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


class Up:
    """A real `twoway up` with its lines."""

    def __init__(self, data: Path, *options: str, **environment: str) -> None:
        self.data, self.port = data, four_free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console.main", "up", "--data", str(data), "--port", str(self.port), *options],
            env=clean | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True)
        self.lines: list[str] = []
        self._new: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            self._new.put(line)

    def wait_for(self, event: str, **fields: object) -> dict[str, object]:
        """The next line that tells of `event`; fails with everything that was said when it does not come."""
        deadline = time.monotonic() + 40
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = json.loads(self._new.get(timeout=min(left, 0.2)))
            except queue.Empty:
                assert self.process.poll() is None, f"it ended: {''.join(self.lines)}"
                continue
            if line["event.name"] == event and fields.items() <= line.items():
                return dict(line)
        pytest.fail(f"{event} was not said:\n{''.join(self.lines)}")

    def children(self) -> dict[int, str]:
        """Process id → command line of what it started."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(pid): Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in pids}

    def child(self, what: str) -> int:
        return next(pid for pid, command in self.children().items() if what in command)

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        code = self.process.wait(30)
        self._reader.join(10)
        return code

    def answers(self, service: str) -> int:
        port = self.port + SERVICES.index(service)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                return int(answer.status)
        except OSError:
            return 0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def up(data: Path) -> Iterator[Callable[..., Up]]:
    """Starts `twoway up` on `data` with further settings; whatever a test leaves running is ended."""
    started: list[Up] = []

    def start(*options: str, **environment: str) -> Up:
        started.append(Up(data, *options, **environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end()
        for pipe in (each.process.stdout, each.process.stderr):
            assert pipe is not None
            pipe.close()


def four_free_ports() -> int:
    for first in range(20_000 + os.getpid() % 5_000, 30_000, 4):
        try:
            for port in range(first, first + 4):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no four free ports in a row")


def until(what: Callable[[], object], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := what()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(done)


def gone(pids: list[int]) -> bool:
    return until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids))


@linux_only
def test_one_command_brings_everything_up_and_a_term_signal_takes_everything_down(
    up: Callable[..., Up], data: Path
) -> None:
    twoway = up()
    assert twoway.wait_for("system.ready")["address"] == twoway.url
    assert [twoway.answers(service) for service in SERVICES] == [200, 200, 200, 200]
    children = twoway.children()
    assert len(children) == 5
    assert twoway.end() == 0
    assert gone(list(children))
    assert all(json.loads(line)["event.name"] for line in twoway.lines)
    assert not (data / "run.json").exists()


@linux_only
def test_ctrl_c_in_the_terminal_is_a_calm_end_too(up: Callable[..., Up]) -> None:
    twoway = up()
    twoway.wait_for("system.ready")
    children = list(twoway.children())
    os.killpg(twoway.process.pid, signal.SIGINT)
    assert twoway.process.wait(30) == 0
    assert gone(children)


def test_other_commands_find_the_running_system_and_its_key_without_being_told(
    up: Callable[..., Up], data: Path
) -> None:
    twoway = up()
    twoway.wait_for("system.ready")
    found = running.find(data, {})
    assert (found.base_url, found.try_out, found.pid) == (twoway.url, True, twoway.process.pid)
    with Redis.from_url(found.redis_url) as redis:
        assert redis.ping()
    assert found.key_file is not None
    assert len(parse_key(found.key_file.read_text().strip())) == KEY_BYTES
    for path in (found.key_file, data / "run.json", data):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_second_up_on_the_same_data_says_so_and_harms_nothing(up: Callable[..., Up], data: Path) -> None:
    first = up()
    first.wait_for("system.ready")
    second = up()
    assert second.process.wait(30) == 2
    assert second.process.stderr is not None
    said = second.process.stderr.read()
    assert said.count("\n") == 1
    assert f"already runs on {data}, at {first.url}" in said
    assert [first.answers(service) for service in SERVICES] == [200, 200, 200, 200]


@linux_only
def test_a_service_that_is_killed_comes_back_by_itself(up: Callable[..., Up]) -> None:
    twoway = up()
    twoway.wait_for("system.ready")
    os.kill(twoway.child("services.matcher"), signal.SIGKILL)
    assert twoway.wait_for("service.restarted")["service.name"] == "matcher"
    assert until(lambda: twoway.answers("matcher") == 200)


@linux_only
def test_a_killed_server_comes_back_with_what_it_held_and_the_services_go_on(
    up: Callable[..., Up], data: Path
) -> None:
    twoway = up()
    twoway.wait_for("system.ready")
    url = running.find(data, {}).redis_url
    with Redis.from_url(url) as redis:
        redis.set("kept", "yes")
    os.kill(twoway.child("valkey-server"), signal.SIGKILL)
    twoway.wait_for("service.restarted", **{"service.name": "server"})
    assert until(lambda: all(twoway.answers(service) == 200 for service in SERVICES))
    with Redis.from_url(url) as redis:
        assert redis.get("kept") == b"yes"


@linux_only
def test_when_up_itself_is_killed_nothing_is_left_and_the_next_one_goes_on(up: Callable[..., Up], data: Path) -> None:
    first = up()
    first.wait_for("system.ready")
    children = list(first.children())
    with Redis.from_url(running.find(data, {}).redis_url) as redis:
        redis.set("kept", "yes")
    first.end(signal.SIGKILL)
    second = up()
    second.wait_for("system.ready")
    assert gone(children)
    with Redis.from_url(running.find(data, {}).redis_url) as redis:
        assert redis.get("kept") == b"yes"


def test_data_whose_key_is_missing_is_never_given_a_new_one(up: Callable[..., Up], data: Path) -> None:
    first = up()
    first.wait_for("system.ready")
    first.end()
    kept = (data / "key").rename(data / "elsewhere")
    second = up()
    assert second.process.wait(30) == 2
    assert second.process.stderr is not None
    assert f"{data}/key is missing" in second.process.stderr.read()
    assert not (data / "key").exists()
    kept.rename(data / "key")
    up().wait_for("system.ready")


@linux_only
def test_a_setting_that_can_not_be_read_ends_everything_with_one_line_and_code_2(up: Callable[..., Up]) -> None:
    twoway = up(TWOWAY_PROGRAMME="/there/is/none")
    children = list(twoway.children()) if until(lambda: len(twoway.children()) == 5, 5) else []
    assert twoway.process.wait(30) == 2
    assert gone(children)
    assert any("/there/is/none" in line for line in twoway.lines)


def test_the_mailbox_that_shows_everyones_links_is_never_open_to_other_machines(up: Callable[..., Up]) -> None:
    twoway = up("--open-host", "0.0.0.0", TWOWAY_TRY_OUT="1")  # noqa: S104  # that it is refused is the point
    assert twoway.process.wait(30) == 2
    assert any("TWOWAY_SMTP_URL" in line for line in twoway.lines)


def test_behind_an_address_that_others_open_a_forgotten_mail_server_ends_the_start(up: Callable[..., Up]) -> None:
    twoway = up(TWOWAY_BASE_URL="https://buddies.example")
    assert twoway.process.wait(30) == 2
    assert any("TWOWAY_SMTP_URL" in line for line in twoway.lines)


@linux_only
def test_a_redis_that_another_key_began_with_is_left_alone(up: Callable[..., Up], server: Server, data: Path) -> None:
    first = up(REDIS_URL=server.url)
    first.wait_for("system.ready")
    first.end()
    made(data.with_name("other"))
    second = up(REDIS_URL=server.url, TWOWAY_KEY_FILE=str(data.with_name("other")))
    assert second.process.wait(30) == 2
    said = "".join(second.lines)
    assert "twoway: TWOWAY_KEY: this Redis belongs to another installation's key" in said
    assert "Traceback" not in said
    assert "system.ready" not in said
    up(REDIS_URL=server.url).wait_for("system.ready")


@linux_only
def test_fewer_partitions_than_communities_live_on_serve_nobody(up: Callable[..., Up], server: Server) -> None:
    with Redis.from_url(server.url) as redis:
        redis.hset("twoway:directory", mapping={"riverside": 0, "hillview": 1})
    twoway = up(REDIS_URL=server.url)
    assert twoway.process.wait(30) == 2
    assert "TWOWAY_PARTITIONS: it is 1, and a community lives on p1; set it to 2" in "".join(twoway.lines)
    up(REDIS_URL=server.url, TWOWAY_PARTITIONS="2").wait_for("system.ready")


def test_a_taken_port_is_named_before_anything_starts(up: Callable[..., Up], data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "console.main", "up", "--data", str(data), "--port", str(min(port, 65532))],
            capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "choose others with --port" in ended.stderr
    assert ended.stdout == ""


@linux_only
def test_a_redis_of_ones_own_is_used_instead_of_the_built_in_server(up: Callable[..., Up], server: Server) -> None:
    twoway = up(REDIS_URL=server.url)
    twoway.wait_for("system.ready")
    assert len(twoway.children()) == 4
    with Redis.from_url(server.url) as redis:
        assert redis.keys("twoway:*")
    assert twoway.end() == 0
