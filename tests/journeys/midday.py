"""A programme in which it is midday, whenever a test runs: whoever has chosen no hours can be written to at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from shared.programme import DEFAULT


def midday(folder: Path, source: Path = DEFAULT) -> Path:
    """Writes a copy of `source` into `folder`, in a time zone where it is between 12 and 13 o'clock; returns its path."""
    ahead = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"  # POSIX counts hours west of Greenwich
    copy = folder / "midday.toml"
    copy.write_text(re.sub(r'(?m)^time_zone = "[^"]*"', f'time_zone = "{zone}"', source.read_text("utf-8")), "utf-8")
    return copy
