"""Logs as an operator meets them: on the standard output of a real process."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
from shared import logs
logs.configure("json", "info")
log = logs.get_logger("test")
log.info("proposal.made", service="matcher", partition=0, proposal="abc", trace="00-t", email="canary@example.org",
         address="s1.canary.AAAA")
log.debug("too.quiet")
def breaks(secret):
    raise ValueError("canary words " + secret)
try:
    breaks("canary value")
except ValueError as error:
    log.error("worker.broke", service="matcher", exc_info=error)
"""


def lines() -> list[dict[str, object]]:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert "canary" not in ended.stdout.replace("canary_", "")
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_line_has_the_standard_keys_and_only_allowed_fields() -> None:
    made, _ = lines()
    assert made.pop("timestamp", "").__class__ is str
    assert made == {"level": "info", "message": "proposal.made", "event.name": "proposal.made", "service.name": "matcher",
                    "partition": 0, "proposal": "abc", "trace_id": "00-t", "dropped": 2}


def test_an_exception_shows_its_class_and_frames_and_nothing_that_anybody_wrote() -> None:
    _, broke = lines()
    assert broke["error"] == "ValueError"
    assert [str(frame).split(" ")[-1] for frame in broke["frames"]] == ["<module>", "breaks"]  # type: ignore[attr-defined]


def test_a_seal_is_never_written_whatever_its_field_is_called() -> None:
    made, _ = lines()
    assert "address" not in made
