"""Where the running Twoway is: what `twoway up` writes down while it is up, so that other commands need no flags.

The environment comes first (REDIS_URL and TWOWAY_…, as the services know them), then `run.json` in the data directory.
`run.json` holds the password of the built-in server, so it is readable by its owner alone, and it goes when `up` ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NoReturn

from shared import EXIT_SETTINGS, SERVICES

DATA = Path("var")
_NAME = "run.json"


@dataclass(frozen=True)
class Running:
    """One system that runs: everything that a service or a command needs to take part in it."""

    redis_url: str
    data: Path
    base_url: str
    """The address that people open and that links in messages point to."""
    host: str
    """What the gateway listens on. The other services listen on loopback, for health and metrics only."""
    ports: Mapping[str, int]
    key_file: Path | None
    """None when the installation's key stands in TWOWAY_KEY."""
    partitions: int = 1
    try_out: bool = False
    """Messages go to the built-in mailbox, which shows everyone's sign-in links."""
    pid: int | None = None
    """The process id of `twoway up`; None when the system was started another way."""

    def environment(self, service: str | None = None) -> dict[str, str]:
        """The settings as a service, or a command that reads `shared.settings`, expects them."""
        wanted = {
            "REDIS_URL": self.redis_url,
            "TWOWAY_DATA": str(self.data),
            "TWOWAY_BASE_URL": self.base_url,
            "TWOWAY_PARTITIONS": str(self.partitions),
        }
        if self.key_file is not None:
            wanted["TWOWAY_KEY_FILE"] = str(self.key_file)
        if self.try_out:
            wanted["TWOWAY_TRY_OUT"] = "1"
        if service is not None:
            wanted["TWOWAY_HOST"] = self.host if service == "gateway" else "127.0.0.1"
            wanted["TWOWAY_PORT"] = str(self.ports[service])
        return wanted

    def health_address(self, service: str) -> tuple[str, int]:
        """Where this machine reaches the service's `/livez`, `/readyz` and `/metrics`."""
        everywhere = service != "gateway" or self.host in ("0.0.0.0", "::", "")  # noqa: S104  # read, never bound
        return ("127.0.0.1" if everywhere else self.host), self.ports[service]


def find(data: Path | None = None, environment: Mapping[str, str] = os.environ) -> Running:
    """The running system, or one clear line and exit code 2 when there is none to be found."""
    folder = Path(data or environment.get("TWOWAY_DATA") or DATA)
    running = read(folder)
    if (redis_url := given_redis_url(environment)) is not None:
        return _told(replace(running or _plain(folder), redis_url=redis_url), environment)
    if running is None:
        refuse(f"nothing runs on {folder}; start it with `twoway up`, or set REDIS_URL to the system you mean")
    return _told(running, environment)


def at(folder: Path, redis_url: str, environment: Mapping[str, str] = os.environ) -> Running:
    """A system that `twoway up` does not run: on this folder and this Redis, and otherwise as the environment says."""
    return _told(replace(_plain(folder), redis_url=redis_url), environment)


def given_redis_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """The Redis that the environment names, itself or by a file; None means the built-in server."""
    if "REDIS_URL" in environment:
        return environment["REDIS_URL"]
    if path := environment.get("REDIS_URL_FILE"):
        try:
            return Path(path).read_text("utf-8").strip()
        except (OSError, ValueError):
            refuse(f"REDIS_URL_FILE: {path} can't be read")
    return None


def given_partitions(environment: Mapping[str, str] = os.environ) -> int | None:
    """The number of logs that the environment asks for."""
    text = environment.get("TWOWAY_PARTITIONS")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        refuse(f"TWOWAY_PARTITIONS: {text!r} is no whole number from 1")
    return int(text)


def read(data: Path) -> Running | None:
    """What `run.json` says, if the process that wrote it still lives."""
    try:
        found = json.loads((data / _NAME).read_text("utf-8"))
        key_file = Path(found["key_file"]) if found["key_file"] else None
        running = Running(**found | {"data": Path(found["data"]), "key_file": key_file})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if running.pid is not None and _alive(running.pid) else None


def write(running: Running) -> None:
    """Makes the system findable, readable by its owner alone, all at once."""
    new = running.data / f"{_NAME}.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(running), file, default=str, indent=1)
    new.replace(running.data / _NAME)


def forget(data: Path) -> None:
    (data / _NAME).unlink(missing_ok=True)


def refuse(line: str) -> NoReturn:
    """One line on standard error and exit code 2: *mend what you asked for, then try again*."""
    print(f"twoway: {line}.", file=sys.stderr)
    raise SystemExit(EXIT_SETTINGS)


def ports_from(first: int) -> dict[str, int]:
    return {service: first + place for place, service in enumerate(SERVICES)}


def _plain(folder: Path) -> Running:
    key = folder / "key"
    return Running("", folder, "http://127.0.0.1:8000", "127.0.0.1", ports_from(8000), key if key.exists() else None)


def _told(running: Running, environment: Mapping[str, str]) -> Running:
    """`running` with what the environment says in its place."""
    key_file = environment.get("TWOWAY_KEY_FILE")
    return replace(
        running,
        base_url=environment.get("TWOWAY_BASE_URL") or running.base_url,
        partitions=given_partitions(environment) or running.partitions,
        key_file=None if "TWOWAY_KEY" in environment else Path(key_file) if key_file else running.key_file,
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
