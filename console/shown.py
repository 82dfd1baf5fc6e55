"""How commands show things: tables on a terminal, the same tables unbroken into a pipe, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_COLUMNS = 400
"""Into a pipe a row stays one line, for grep; the widest table of ours has some 300 characters."""


def console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=PIPE_COLUMNS, color_system=None, legacy_windows=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    """Prints a table. Cells are text, never markup; whole numbers stand to the right."""
    rows = [list(row) for row in rows]
    shown = Table(*[], box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for place, name in enumerate(columns):
        figures = bool(rows) and all(isinstance(row[place], int | float) for row in rows)
        shown.add_column(name, justify="right" if figures else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    target = console()
    with target.capture() as captured:
        target.print(shown)
    lines = "\n".join(line.rstrip() for line in captured.get().splitlines())
    print(lines.strip("\n"), end="\n\n")


def as_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def time(ms: int) -> str:
    """A moment for operators: UTC, to the millisecond, sorting as text does."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")


def span(seconds: float) -> str:
    """A length of time in the two units that matter."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"
