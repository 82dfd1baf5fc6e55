"""What operators do with the console leaves a line: in `operators.jsonl` of the data folder and on standard error.

What can't be noted isn't done: a look is noted before it, a change needs the journal open before it begins. The line has the
form and the allow-list of every other log line (`shared/logs.py`), so it never tells what was read.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from console.running import refuse
from console.system import System
from shared.logs import FIELDS

FILE = "operators.jsonl"

By = Annotated[str, typer.Option(
    "--by", metavar="NAME", help="Who decided, as they like to be called here: initials will do. Kept in the operators' "
    "journal alone.")]
_BY = re.compile(r"[\w .'’-]{1,40}")


def check_by(by: str) -> None:
    """Refuses what is no name, before anything is done."""
    if by and not _BY.fullmatch(by):
        refuse("--by takes up to 40 letters, digits, spaces, dots and dashes: initials or a name")


def note(system: System, name: str, **fields: str | int) -> None:
    """Writes the line now; refuses to go on when it can't be."""
    with noted(system, name, **fields):
        pass


@contextmanager
def noted(system: System, name: str, **fields: str | int) -> Iterator[None]:
    """Writes the line once what is inside has been done."""
    try:
        system.running.data.mkdir(parents=True, exist_ok=True)
        journal = os.open(system.running.data / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        refuse(f"the operators' journal in {system.running.data} can't be written ({error.strerror}), so nothing was done")
    try:
        yield
        text = _line(system.clock.now_ms(), name, fields)
        os.write(journal, text.encode())
        os.fsync(journal)
    finally:
        os.close(journal)
    sys.stderr.write(text)


def _line(now_ms: int, name: str, fields: dict[str, str | int]) -> str:
    now = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"timestamp": now, "level": "info", "message": name, "event.name": name, "service.name": "console"}
    return json.dumps(line | {field: value for field, value in fields.items() if field in FIELDS}) + "\n"
