"""Logs as an operator meets them: on the standard output of a real process."""

from __future__ import annotations

import base64
import json
import os
import socket
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


FOREIGN = """
import asyncio, gc, logging
from shared import logs
logs.configure("json", "info")
logs.configure("json", "info")
uvicorn = logging.getLogger("uvicorn.error")
async def breaks(secret):
    raise ValueError("canary words " + secret)
async def forgotten():
    asyncio.create_task(breaks("canary value"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
uvicorn.info("canary.quiet")
uvicorn.warning("canary of %s", "canary")
try:
    asyncio.run(breaks("canary value"))
except ValueError:
    uvicorn.exception("canary in ASGI application")
uvicorn.error(OSError(98, "canary in use"))
asyncio.run(forgotten())
gc.collect()
"""


def test_what_a_library_says_takes_the_same_form_without_its_words() -> None:
    ended = subprocess.run([sys.executable, "-c", FOREIGN], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stderr == ""
    assert "canary" not in ended.stdout
    made = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(line["event.name"], line["level"], line["what"], line.get("error")) for line in made] == [
        ("host.trouble", "warning", "uvicorn.error", None),
        ("host.broke", "error", "uvicorn.error", "ValueError"),
        ("host.broke", "error", "uvicorn.error", "OSError"),
        ("host.broke", "error", "asyncio", "ValueError")]
    assert made[1]["frames"][-1].endswith(" breaks")


def test_a_port_that_somebody_else_has_is_one_clear_line() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = subprocess.run(
            [sys.executable, "-m", "services.matcher"], capture_output=True, text=True, timeout=60, check=False,
            env=clean | {"TWOWAY_KEY": base64.urlsafe_b64encode(bytes(32)).decode(), "TWOWAY_PORT": address.split(":")[1]})
    assert ended.returncode == 1
    assert ended.stderr == ""
    [line] = map(json.loads, ended.stdout.splitlines())
    assert (line["event.name"], line["address"], line["reason"]) == (
        "service.cannot_listen", address, "Address already in use")
