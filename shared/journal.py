"""The operators' journal: `operators.jsonl` in the data folder, a line for each look and each act of who runs the programme.

The console and the coordinators' desk write it. What can't be noted isn't done: it is opened before anything happens, and its
line comes after. A line has the form and the allow-list of every other log line (`shared/logs.py`): never what was read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from shared.logs import FIELDS

FILE = "operators.jsonl"


@contextmanager
def opened(data: Path) -> Iterator[Callable[[str], None]]:
    """Gives what writes a line, and brings it to disk. Raises OSError where the journal can't be written."""
    data.mkdir(parents=True, exist_ok=True)
    journal = os.open(data / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(text: str) -> None:
        os.write(journal, text.encode())
        os.fsync(journal)

    try:
        yield write
    finally:
        os.close(journal)


def line(now_ms: int, service: str, name: str, fields: Mapping[str, str | int]) -> str:
    now = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"timestamp": now, "level": "info", "message": name, "event.name": name, "service.name": service}
    return json.dumps(told | {field: value for field, value in fields.items() if field in FIELDS}) + "\n"
