"""What is trimmed from a log is first archived, so that any service can be rebuilt from archive + log.

Compressed JSON lines, one file a partition and day (of the entry's own time, UTC): `archive/p0/2026-11-23.jsonl.gz`. Each
run appends one gzip member and fsyncs it and its folder before anything is trimmed, and Redis remembers up to which byte the
files are good: what a crashed run left behind that mark is cut off and written again. A folder that lacks what the mark
promises is another machine's, or was not mounted: then nothing is written or trimmed.
Trimming is by age (MINID), never past the slowest service's cursor and never by length. Archives expire (24 months).
"""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import orjson
from redis.asyncio import Redis

from shared import SERVICES
from shared.clock import DAY_MS
from shared.stream.dead import readable
from shared.stream.names import Partition, place
from shared.stream.write import START

CHUNK = 1_000
"""Entries read, archived and remembered at a time; about 0.5 MB in memory."""


@dataclass(frozen=True)
class Mark:
    """Everything up to entry `at` is archived: the file of `day` is good up to `length` bytes, and no later file is."""

    at: str
    day: str
    length: int


class UnknownArchive(Exception):
    """The archive's folder does not belong to this Redis. Nothing was changed; set TWOWAY_DATA to the folder that does, the
    same for every instance. Files that no Redis of yours knows: move them away."""

    def __init__(self, reason: Literal["unknown_files", "missing_files"]) -> None:
        super().__init__(self.__doc__)
        self.reason = reason


# Moves the mark if it is where the archivist believes it to be: one that was paused meanwhile can't move it back.
# KEYS: archived. ARGV: the believed mark, the new one, each as at, day and length.
_MOVE = """
local here = redis.call('HMGET', KEYS[1], 'at', 'day', 'length')
for i = 1, 3 do
  if (here[i] or '') ~= ARGV[i] then return 0 end
end
redis.call('HSET', KEYS[1], 'at', ARGV[4], 'day', ARGV[5], 'length', ARGV[6])
return 1
"""


class Archive:
    """The archive of one partition under `folder`."""

    def __init__(self, folder: Path, partition: Partition) -> None:
        self._folder = folder / "archive" / f"p{partition.number}"

    @property
    def exists(self) -> bool:
        return any(self._folder.glob("*.jsonl.gz"))

    def holds(self, mark: Mark) -> bool:
        """Whether what the mark promises is here."""
        path = self._folder / f"{mark.day}.jsonl.gz"
        return not mark.length or (path.exists() and path.stat().st_size >= mark.length)

    def settle(self, mark: Mark) -> None:
        """Cuts off whatever stands behind the mark: a crashed run's, or a later backup's."""
        for path in self._folder.glob("*.jsonl.gz"):
            if path.name[:10] > mark.day:
                path.unlink()
            elif path.name[:10] == mark.day and path.stat().st_size > mark.length:
                os.truncate(path, mark.length)

    def write(self, entries: list[tuple[str, dict[str, str]]]) -> Mark:
        """Appends entries, in order; returns the new mark once they are on disk."""
        by_day: dict[str, list[bytes]] = {}
        for at, fields in entries:
            day = datetime.fromtimestamp(place(at)[0] / 1000, UTC).strftime("%Y-%m-%d")
            by_day.setdefault(day, []).append(orjson.dumps({"at": at, **fields}))
        lasting_folder(self._folder)
        for day, lines in by_day.items():
            with (self._folder / f"{day}.jsonl.gz").open("ab") as file:
                file.write(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
                file.flush()
                os.fsync(file.fileno())
                length = file.tell()
        sync_folder(self._folder)
        return Mark(entries[-1][0], day, length)

    def read(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Every archived entry once, in the log's order; what a crashed run left behind its mark is passed over."""
        last = (-1, -1)
        for path in sorted(self._folder.glob("*.jsonl.gz")):
            for line in _lines(path):
                fields = orjson.loads(line)
                at = fields.pop("at")
                if place(at) > last:
                    last = place(at)
                    yield at, fields

    def backwards(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Every archived entry, the newest first, some perhaps twice; holds one day in memory (about 0.5 kB an entry)."""
        for path in sorted(self._folder.glob("*.jsonl.gz"), reverse=True):
            for line in reversed(list(_lines(path))):
                fields = orjson.loads(line)
                yield fields.pop("at"), fields

    def expire(self, before: datetime) -> int:
        """Deletes the files of days before `before`; says how many."""
        gone = [path for path in self._folder.glob("*.jsonl.gz") if path.name[:10] < before.strftime("%Y-%m-%d")]
        for path in gone:
            path.unlink()
        return len(gone)


def lasting_folder(folder: Path) -> None:
    """Makes the folder, with those it stands in, to outlast a power cut."""
    if not folder.is_dir():
        lasting_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """A file's own sync says nothing about its name: a new file is there after a power cut only once its folder is on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a file; a member torn by a crash is its last, and the run that tore it trimmed nothing."""
    with gzip.open(path) as file:
        try:
            yield from file
        except EOFError:
            return


async def archive_and_trim(redis: Redis, partition: Partition, folder: Path, older_than_ms: int) -> int:
    """Archives, then trims, every entry from before `older_than_ms` that all services have passed. Says how many.

    Raises UnknownArchive; nothing was changed then.
    """
    limit = await _limit(redis, partition, older_than_ms)
    archive, done = Archive(folder, partition), 0
    mark = await _mark(redis, partition, archive, limit)
    await asyncio.to_thread(archive.settle, mark)
    while True:
        entries: Any = await redis.xrange(partition.log, f"({mark.at}", f"({limit[0]}-{limit[1]}", count=CHUNK)
        if not entries:
            break
        rows = [(at.decode(), readable(fields)) for at, fields in entries]
        before, mark = mark, await asyncio.to_thread(archive.write, rows)
        if not await _move(redis, partition, before, mark):
            return done  # another archivist went on meanwhile; what stands behind its mark now will be cut off
        done += len(rows)
    await redis.xtrim(partition.log, minid=f"{limit[0]}-{limit[1]}", approximate=False)
    return done


async def _mark(redis: Redis, partition: Partition, archive: Archive, limit: tuple[int, int]) -> Mark:
    """How far the archive is known to go. The first mark is written before the first file. Raises UnknownArchive."""
    known = await _known(redis, partition)
    if known is not None:
        if not archive.holds(known):
            raise UnknownArchive("missing_files")
        return known
    if archive.exists:
        raise UnknownArchive("unknown_files")
    first = Mark(START, "0", 0)
    if limit > (0, 1) and not await _move(redis, partition, None, first):
        return await _mark(redis, partition, archive, limit)
    return first


async def _known(redis: Redis, partition: Partition) -> Mark | None:
    at, day, length = map(_text, await redis.hmget(partition.archived, "at", "day", "length"))
    return Mark(at, day, int(length)) if at else None


async def _move(redis: Redis, partition: Partition, before: Mark | None, mark: Mark) -> bool:
    """Moves the mark from `before`; False when it was elsewhere, and stays there."""
    believed = ("", "", "") if before is None else (before.at, before.day, before.length)
    return bool(await redis.register_script(_MOVE)(keys=[partition.archived],
                                                   args=[*believed, mark.at, mark.day, mark.length]))


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


async def _limit(redis: Redis, partition: Partition, older_than_ms: int) -> tuple[int, int]:
    """The first entry that must stay: by age, or because a service has not passed what is before it."""
    pipeline = redis.pipeline(transaction=False)
    for service in SERVICES:  # one that has never read holds everything back
        pipeline.hget(partition.cursor(service), "at")
    cursors = [START if at is None else at.decode() for at in await pipeline.execute()]
    ms, sequence = min(place(at) for at in cursors)
    return min((older_than_ms, 0), (ms, sequence + 1))


async def archivist(redis: Redis, partitions: list[Partition], folder: Path, now_ms: int,
                    retention_days: int, archive_months: int) -> int:
    """One round over all partitions: archive and trim by age, let old archives go. Raises UnknownArchive."""
    done = 0
    for partition in partitions:
        done += await archive_and_trim(redis, partition, folder, now_ms - retention_days * DAY_MS)
        oldest = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=archive_months * 30.44)
        await _expire(redis, partition, folder, oldest)
    return done


async def _expire(redis: Redis, partition: Partition, folder: Path, before: datetime) -> None:
    """Lets old days go. The mark first ceases to promise a file that goes."""
    mark = await _known(redis, partition)
    gone = mark is not None and mark.length and mark.day < before.strftime("%Y-%m-%d")
    if mark is None or not gone or await _move(redis, partition, mark, replace(mark, length=0)):
        await asyncio.to_thread(Archive(folder, partition).expire, before)
