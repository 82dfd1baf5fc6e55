"""A command finds the system that runs: the environment's word first, then what `twoway up` wrote down, then a clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console import running
from console.key import made
from console.running import Running, find, ports_from
from shared import KEY_BYTES, SERVICES
from shared.sealing import parse_key

ROOT = Path(__file__).parents[3]


@pytest.fixture
def up(tmp_path: Path) -> Running:
    """What an `up` on port 9000 says of itself."""
    return Running(
        redis_url="redis://:secret@127.0.0.1:5555/0", data=tmp_path, base_url="http://127.0.0.1:9000", host="127.0.0.1",
        ports=ports_from(9000), key_file=tmp_path / "key", partitions=3, try_out=True, pid=os.getpid())


def test_what_up_wrote_down_is_found_again_as_it_was(up: Running) -> None:
    running.write(up)
    assert find(up.data, {}) == up


def test_the_data_folder_may_come_from_the_environment(up: Running) -> None:
    running.write(up)
    assert find(None, {"TWOWAY_DATA": str(up.data)}) == up


def test_the_environment_has_the_first_word(up: Running) -> None:
    running.write(up)
    said = {"REDIS_URL": "redis://elsewhere:6379/0", "TWOWAY_BASE_URL": "https://buddies.example.org",
            "TWOWAY_KEY_FILE": "/run/secrets/key", "TWOWAY_PARTITIONS": "7"}
    assert find(up.data, said) == replace(
        up, redis_url="redis://elsewhere:6379/0", base_url="https://buddies.example.org",
        key_file=Path("/run/secrets/key"), partitions=7)


def test_the_environment_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://elsewhere:6379/0\n")
    found = find(tmp_path, {"REDIS_URL_FILE": str(tmp_path / "url")})
    assert (found.redis_url, found.base_url, found.pid) == ("redis://elsewhere:6379/0", "http://127.0.0.1:8000", None)


@pytest.mark.parametrize("left_behind", ["nothing", "a dead process's", "half a file"])
def test_when_nothing_runs_it_is_said_in_one_line_with_what_to_do(
    left_behind: str, up: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    if left_behind == "a dead process's":
        running.write(replace(up, pid=_ended()))
    if left_behind == "half a file":
        running.write(up)
        path = up.data / "run.json"
        path.write_text(path.read_text()[:40])
    with pytest.raises(SystemExit, match="2"):
        find(up.data, {})
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "twoway up" in said


def test_a_number_of_partitions_that_is_none_is_named(up: Running, capsys: pytest.CaptureFixture[str]) -> None:
    running.write(up)
    with pytest.raises(SystemExit, match="2"):
        find(up.data, {"TWOWAY_PARTITIONS": "some"})
    assert "TWOWAY_PARTITIONS" in capsys.readouterr().err


def test_only_its_owner_can_read_what_holds_the_servers_password(up: Running) -> None:
    running.write(up)
    assert (up.data / "run.json").stat().st_mode & 0o777 == 0o600


def test_services_get_ports_of_their_own_and_only_the_gateway_listens_beyond_this_machine(up: Running) -> None:
    wide = replace(up, host="::")
    told = {service: wide.environment(service) for service in SERVICES}
    assert [each["TWOWAY_PORT"] for each in told.values()] == ["9000", "9001", "9002", "9003"]
    assert [each["TWOWAY_HOST"] for each in told.values()] == ["::", "127.0.0.1", "127.0.0.1", "127.0.0.1"]
    assert wide.health_address("gateway") == ("127.0.0.1", 9000)


def test_the_mailbox_is_switched_on_only_where_the_plan_says_so(up: Running) -> None:
    assert up.environment()["TWOWAY_TRY_OUT"] == "1"
    assert "TWOWAY_TRY_OUT" not in replace(up, try_out=False).environment("notifier")


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = made(tmp_path / "new" / "key")
    first = path.read_text()
    assert len(parse_key(first.strip())) == KEY_BYTES
    assert path.stat().st_mode & 0o077 == 0
    assert made(path).read_text() == first


def test_a_key_that_was_half_written_in_a_crash_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "key.new").write_text("half a")
    assert len(parse_key(made(tmp_path / "key").read_text().strip())) == KEY_BYTES


def _ended() -> int:
    """The process id of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        return child.pid


@pytest.mark.parametrize(("changes", "told"), [
    ({"REDIS_URL": "localhost:hush"}, "REDIS_URL: Value error, it is no address of a Redis"),
    ({"REDIS_URL": "redis://:hush@host:hush"}, "REDIS_URL: Value error, it is no address of a Redis"),
    ({"REDIS_URL": ""}, "REDIS_URL: Value error, it is no address of a Redis"),
    ({"REDIS_URL": "redis://127.0.0.1:1", "TWOWAY_KEY_FILE": "raw"}, "key can't be read from raw (not text in UTF-8)"),
])
def test_a_command_tells_a_setting_that_it_cannot_read_in_one_line(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    made(tmp_path / "key")
    (tmp_path / "raw").write_bytes(b"\xff" * KEY_BYTES)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "console.main", "status"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env=clean | {"PYTHONPATH": str(ROOT), "TWOWAY_KEY_FILE": "key"} | changes)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert "hush" not in ended.stderr
