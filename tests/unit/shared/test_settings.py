"""Settings as a service meets them: in the environment of a real process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
READ = "from shared.settings import Settings, load; s, p = load(Settings); print(s.partitions, len(s.installation_key), p.name)"


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
    return subprocess.run([sys.executable, "-c", READ], env=clean | environment, capture_output=True, text=True,
                          timeout=60, check=False)


def test_settings_come_from_the_environment() -> None:
    assert start(TWOWAY_KEY=KEY, TWOWAY_PARTITIONS="3").stdout == "3 32 Twoway\n"


def test_any_setting_may_come_from_a_file_instead(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    assert start(TWOWAY_KEY_FILE=str(tmp_path / "key")).stdout == "1 32 Twoway\n"


@pytest.mark.parametrize(("environment", "named"), [
    ({}, "TWOWAY_KEY"),
    ({"TWOWAY_KEY": "c2hvcnQ"}, "TWOWAY_KEY"),
    ({"TWOWAY_KEY": KEY, "TWOWAY_PARTITIONS": "many"}, "TWOWAY_PARTITIONS"),
    ({"TWOWAY_KEY_FILE": "/nowhere/key"}, "/nowhere/key"),
    ({"TWOWAY_KEY": KEY, "TWOWAY_PROGRAMME": "/nowhere/programme.toml"}, "/nowhere/programme.toml"),
])
def test_a_missing_or_unreadable_setting_is_one_clear_line_and_exit_code_2(environment: dict[str, str], named: str) -> None:
    ended = start(**environment)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert named in ended.stderr
    assert KEY not in ended.stderr


@pytest.mark.parametrize("url", [
    "", "foo", "localhost:6379", "redis://:hush@host:hush/0", "redis://:hush@host:99999/0", "redis://:hush@[::1/0",
    "redis://:hush@host/0?socket_timeout=hush", "redis://:hush@host/0?hush=1"])
def test_an_address_that_is_none_of_a_redis_is_told_without_a_word_of_it(url: str) -> None:
    ended = start(TWOWAY_KEY=KEY, REDIS_URL=url)
    assert ended.returncode == 2
    assert ended.stderr == ("twoway: REDIS_URL: Value error, it is no address of a Redis, such as redis://host:6379/0. "
                            "deploy/env.example explains every setting.\n")


@pytest.mark.parametrize("url", ["redis://host", "rediss://:p%40ss@host:1/2?ssl_cert_reqs=none", "unix:///run/redis.sock"])
def test_every_address_of_a_redis_will_do(url: str) -> None:
    assert start(TWOWAY_KEY=KEY, REDIS_URL=url).returncode == 0


def test_a_file_that_is_no_text_is_told_without_a_byte_of_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(120, 152)))
    ended = start(TWOWAY_KEY_FILE=str(tmp_path / "key"))
    assert ended.returncode == 2
    assert ended.stderr == (f"twoway: {tmp_path}/key: not text in UTF-8; it can't be read. "
                            "deploy/env.example explains every setting.\n")


def test_a_programme_that_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "programme.toml").write_text('name = "x"\ntime_zone = "Mars/Olympus"\n')
    ended = start(TWOWAY_KEY=KEY, TWOWAY_PROGRAMME=str(tmp_path / "programme.toml"))
    assert ended.returncode == 2
    assert "TWOWAY_PROGRAMME" in ended.stderr
    assert "time_zone" in ended.stderr
