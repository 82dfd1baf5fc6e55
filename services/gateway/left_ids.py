"""Who left, on disk and beside Redis: after a restore of an older backup their keys are destroyed again from this file.

One line an id, `p0 <id>`, of a peer who left or of a referral that is closed; appended and fsynced, folder included, before the
write that destroys the key. An id may stand there twice.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared.stream.archive import lasting_folder, sync_folder
from shared.stream.names import Partition

NAME = "left-ids"


async def remember(data: Path, partition: Partition, peers: Sequence[str]) -> None:
    """Raises OSError; then the reader waits and nothing is written."""
    if peers:
        await asyncio.to_thread(_append, data, "".join(f"p{partition.number} {peer}\n" for peer in peers))


def read(data: Path) -> Iterator[tuple[Partition, str]]:
    """Everyone who left, repeats included. A line torn by a crash belongs to a write that never came, and is passed over."""
    path = data / NAME
    if path.exists():
        for line in path.read_text("ascii").splitlines(keepends=True):
            number, _, peer = line.strip().partition(" ")
            if line.endswith("\n") and number[1:].isdigit() and peer:
                yield Partition(int(number[1:])), peer


def _append(data: Path, lines: str) -> None:
    lasting_folder(data)
    with (data / NAME).open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                lines = "\n" + lines  # what a crash tore off stays a line of its own
        file.write(lines.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(data)
