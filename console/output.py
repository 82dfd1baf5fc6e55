"""One stream of lines from many processes: the services' own lines as they are, and the few that `twoway up` adds.

Whoever reads our standard output may be slow, stopped or gone. Nothing that helps people waits for that: lines queue up to
a limit, further ones are dropped, and how many were is said once the reader is back.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

QUEUE_LINES_MAX = 10_000  # some megabytes: about a minute of a busy system
LINE_BYTES_MAX = 256 * 1024  # a longer line is passed on in pieces, so that no process can fill our memory

_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"


class Output:
    """Writes lines to `file` from a thread of its own; `write` never blocks and never raises."""

    def __init__(self, file: BinaryIO, *, form: str) -> None:
        self._file, self._form = file, form
        self._lines: queue.Queue[bytes | None] = queue.Queue(QUEUE_LINES_MAX)
        self._dropped = 0
        self._gone = False
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def event(self, name: str, /, *, level: str = "info", **fields: str | int) -> None:
        """A line in the services' own form (`shared/logs.py`), which is too large to import for a handful of lines."""
        self.write(self._formed(name, level, fields))

    def words(self, text: str) -> None:
        """A line for people, shown only where people look."""
        if self._form == "console":
            self.write(text.encode())

    def close(self, seconds: float = 2.0) -> None:
        """Writes what is queued, as far as the reader takes it within `seconds`."""
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._put(line)
            if self._dropped and self._lines.empty():
                count, self._dropped = self._dropped, 0
                self._put(self._formed("log.lines_dropped", "warning", {"count": count}))

    def _put(self, line: bytes) -> None:
        if self._gone:
            return
        try:
            self._file.write(line + b"\n")
            self._file.flush()
        except (OSError, ValueError):
            self._gone = True  # nobody reads any more; the system goes on

    def _formed(self, name: str, level: str, fields: dict[str, str | int]) -> bytes:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if self._form == "console":
            shown = " ".join(f"{key}={value}" for key, value in fields.items())
            return f"{_DIM}{now}{_PLAIN} [{_BOLD}{level:<9}{_PLAIN}] {_BOLD}{name:<30}{_PLAIN} {shown}".encode()
        line = {"timestamp": now, "level": level, "message": name, "event.name": name}
        return json.dumps(line | {"service.name" if key == "service" else key: value for key, value in fields.items()}).encode()


class Lines(asyncio.Protocol):
    """Cuts what a process writes into lines; `over` once it can write no more."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.over = asyncio.Event()
        self._write = write
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._write(line)
        if len(self._rest) > LINE_BYTES_MAX:
            self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._flush()
        self.over.set()

    def _flush(self) -> None:
        if self._rest:
            self._write(self._rest)
            self._rest = b""
