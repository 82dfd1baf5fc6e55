"""The commands against the whole system as `twoway up` runs it, with made-up people on its real pages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.system import Up, clean_environment, up


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("whole") / "data") as system:
        yield system


def table(out: str) -> dict[str, list[str]]:
    """The rows of printed tables: first cell → the others."""
    rows = [[cell.strip() for cell in re.split(r" {2,}", line.strip())] for line in out.splitlines() if line.strip()]
    return {row[0]: row[1:] for row in rows if len(row) > 1}


def test_made_up_people_use_the_real_pages_and_every_count_agrees(running: Up) -> None:
    rows = table(running.command("demo", "--people", "14", "--seed", "7").stdout)
    assert rows["asked"] == ["14"]
    assert rows["left"] == ["1"]
    assert int(rows["moments"][0]) > 0
    for count in ("people with a page", "pairs", "introductions delivered", "moments given", "moments received"):
        *numbers, agree = rows[count]
        assert agree == "yes"
        assert len(set(numbers)) == 1
        assert int(numbers[0]) > 0


def test_the_same_seed_makes_the_same_people_and_they_can_come_twice(running: Up) -> None:
    first = running.command("demo", "--people", "6", "--seed", "3")
    second = running.command("demo", "--people", "6", "--seed", "3")
    for kind in ("asked", "signed in by link", "signed in by code"):
        assert table(first.stdout).get(kind) == table(second.stdout).get(kind)


def test_a_demonstration_says_what_went_wrong_in_one_line(running: Up, tmp_path: Path) -> None:
    away = running.command("demo", "--people", "2", "--url", "http://127.0.0.1:9/", check=False)
    assert away.returncode == 2
    assert "http://127.0.0.1:9" in away.stderr
    assert len(away.stderr.strip().splitlines()) == 1


def test_status_verify_and_trace_follow_what_people_did(running: Up) -> None:
    running.command("demo", "--people", "4", "--seed", "11")
    [status] = json.loads(running.command("status", "--json", check=False).stdout)
    assert all(reader["running"] for reader in status["readers"])
    assert "Everything adds up." in running.command("verify").stdout
    [formed] = [line for line in running.lines() if line["event.name"] == "pair.formed"][-1:]
    story = json.loads(running.command("trace", str(formed["id"]), "--json").stdout)
    assert [each["type"] for each in story][:2] == ["proposal.answered", "pair.formed"]
    assert {each["body"]["template"] for each in story if each["type"] == "message.delivered"} == {"introduction"}


def test_a_running_system_is_backed_up_and_comes_to_life_elsewhere(running: Up, tmp_path: Path) -> None:
    running.command("demo", "--people", "6", "--seed", "5")
    made = running.command("backup", str(tmp_path / "backup"), "--key-to", str(tmp_path / "key"))
    assert "NOT in it" in made.stderr
    busy = running.command("restore", str(tmp_path / "backup"), check=False)
    assert (busy.returncode, "stop it first" in busy.stderr) == (2, True)

    other = tmp_path / "elsewhere"
    restored = subprocess.run(
        [sys.executable, "-m", "console.main", "restore", str(tmp_path / "backup"), "--data", str(other), "--key",
         str(tmp_path / "key")], env=clean_environment(), capture_output=True, text=True, timeout=120, check=True)
    assert "is restored" in restored.stdout
    counts = json.loads(running.command("verify", "--json").stdout)[0]["counts"]
    with up(other) as system:
        assert json.loads(system.command("verify", "--json").stdout)[0]["counts"] == counts
        assert "yes" in table(system.command("demo", "--people", "4", "--seed", "6").stdout)["pairs"]


def test_without_a_mailbox_nobody_made_up_can_sign_in(tmp_path: Path) -> None:
    smtp = {"TWOWAY_SMTP_URL": "smtp://127.0.0.1:9", "TWOWAY_MAIL_FROM": "Twoway <hello@example.org>",
            "TWOWAY_SMTP_STARTTLS": "never"}
    with up(tmp_path / "data", **smtp) as system:
        refused = system.command("demo", "--people", "2", check=False)
        assert refused.returncode == 2
        assert "TWOWAY_TRY_OUT=1" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
