"""`twoway backup`: everything but the installation's key, consistent, while the system runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from console import journal, shown, snapshot, system
from console.bundle import LINE_ITEMS_MAX, MANIFEST, Manifest, PartitionPart, pack, vouch, write_lines
from console.running import refuse
from console.snapshot import Kept
from console.system import Data, System
from services.gateway import left_ids
from shared.stream.archive import Archive, Mark
from shared.stream.names import Partition
from shared.stream.write import START

STILL_WARN_S = 1.0
"""A stillness that people could notice is announced. From 5 s on Redis tells others that it is busy; services then wait."""

ANSWER_S_MAX = 600.0
"""For the one large answer: about 20 GB of state on a fast network."""

LEFT_OUT = ("twoway:mailbox:", "twoway:gateway:", "twoway:limits:")
"""The try-out mailbox, limits, and what goes by itself within a month: drafts, sessions, sign-ins. Somebody
who leaves later would live on in them."""


def add_to(app: typer.Typer) -> None:
    app.command()(backup)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder for the backup.")],
    key_to: Annotated[Path | None, typer.Option(
        help="Also copy the installation's key to this new file. Keep it in another place than the backup.")] = None,
    data: Data = None,
) -> None:
    """Copy log, state, archive, people's keys and the ids of who left; the services go on meanwhile.

    The installation's key is not in the backup. Without it nothing in the backup that describes a person can be read: keep a
    copy of it elsewhere. With it everything can, also of people who have left since: let backups go after some weeks.
    """
    _check(folder, key_to)

    async def work(at: System) -> None:
        with journal.noted(at, "backup.made", path=folder.name):
            copied = await _copy(at, folder)
        if key_to is not None:
            _write_key(at, key_to)
        shown.table(("partition", "log entries", "keys", "up to", "server stood still"), (
            (f"p{each.part.number}", each.part.entries, each.part.keys, each.part.last or "", shown.span(each.still_s))
            for each in copied))
        print(f"The backup is in {folder}.")
        _warn(at, key_to)
    system.run(work, data, answer_s=ANSWER_S_MAX)


def _check(folder: Path, key_to: Path | None) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        refuse(f"{folder} is not empty; name a new folder for each backup")
    if key_to is not None and key_to.exists():
        refuse(f"{key_to} is there already; name a new file for the key")
    if key_to is not None and folder.resolve() in key_to.resolve().parents:
        refuse("the key would lie beside what it opens; name a file outside the backup")


@dataclass(frozen=True)
class _Copied:
    """A partition in the backup. `mark` is how far its archive went at that moment."""

    part: PartitionPart
    still_s: float
    mark: Mark


async def _copy(at: System, folder: Path) -> list[_Copied]:
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        copied = [await _partition(at, folder, partition) for partition in at.partitions]
        await write_lines(folder / "installation.jsonl.gz", _installation(at))
        _files(at.settings.data, folder, copied)
        manifest = Manifest(made_ms=at.clock.now_ms(), partitions=tuple(each.part for each in copied), files=vouch(folder))
        (folder / MANIFEST).write_text(manifest.signed(at.vault).model_dump_json(indent=1), "utf-8")
    except OSError as error:
        refuse(f"{error.filename or folder} can't be written ({error.strerror}); there is no whole backup in {folder}")
    except snapshot.Unreadable as error:
        refuse(str(error))
    return copied


async def _partition(at: System, folder: Path, partition: Partition) -> _Copied:
    expected = await snapshot.stands_still_s(at.redis, partition)
    if expected > STILL_WARN_S:
        print(f"p{partition.number}: every service will wait for about {shown.span(expected)}.", file=sys.stderr)
    log = _Log(at, partition)
    count = await write_lines(folder / f"p{partition.number}.log.jsonl.gz", log.lines())
    assert log.cut is not None  # noqa: S101  # `lines` has run to its end
    state = log.cut.state
    await write_lines(folder / f"p{partition.number}.state.jsonl.gz", _each(state))
    end = log.cut.end
    said = {"last": end.last, "added": end.added, "deleted": end.deleted} if end else {}
    part = PartitionPart(number=partition.number, entries=count, keys=len(state), **said)
    return _Copied(part, log.still_s, _mark(partition, state))


@dataclass
class _Log:
    """A partition's log up to its cut. After `lines` is through, `cut` holds the state of that moment."""

    at: System
    partition: Partition
    cut: snapshot.Cut | None = None
    still_s: float = 0.0

    async def lines(self) -> AsyncIterator[Any]:
        after: str | None = None
        async for after, fields in snapshot.entries(self.at.redis, self.partition, None):
            yield [after, pack(fields)]
        began = time.monotonic()
        self.cut = await snapshot.cut(self.at.redis, self.partition, after)
        self.still_s = time.monotonic() - began
        for place, fields in self.cut.tail:
            yield [place, pack(fields)]


async def _each(state: list[Kept]) -> AsyncIterator[Any]:
    for kept in sorted(state, key=lambda each: each.key):
        for first in range(0, max(1, len(kept.items)), LINE_ITEMS_MAX):
            yield {"key": kept.key, "kind": kept.kind, "ttl_ms": kept.ttl_ms,
                   "items": pack(kept.items[first:first + LINE_ITEMS_MAX])}


async def _installation(at: System) -> AsyncIterator[Any]:
    """Every key of ours outside the partitions; each stands for itself, so each is read by itself."""
    kept = []
    async for key in at.redis.scan_iter(match="twoway:*", count=1_000):
        name = key.decode()
        if not name.startswith(("twoway:{", *LEFT_OUT)):
            kept.append(await snapshot.one(at.redis, name))
    async for line in _each([each for each in kept if each is not None]):
        yield line


def _files(data: Path, folder: Path, copied: list[_Copied]) -> None:
    """The archive as far as it went at each partition's moment: what came to it since is on the log that was copied. Who left
    after everything else."""
    if (data / "archive").is_dir():
        shutil.copytree(data / "archive", folder / "archive")
    for each in copied:
        Archive(folder, Partition(each.part.number)).settle(each.mark)
    if (data / left_ids.NAME).exists():
        shutil.copyfile(data / left_ids.NAME, folder / left_ids.NAME)


def _mark(partition: Partition, state: list[Kept]) -> Mark:
    for kept in state:
        if kept.key == partition.archived:
            told = dict(zip(kept.items[::2], kept.items[1::2], strict=True))
            return Mark(told[b"at"].decode(), told[b"day"].decode(), int(told[b"length"]))
    return Mark(START, "", 0)


def _write_key(at: System, path: Path) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(at.settings.key.get_secret_value().strip() + "\n")
    except OSError as error:
        refuse(f"the backup is made, but the key can't be written to {path} ({error.strerror})")


def _warn(at: System, key_to: Path | None) -> None:
    where = at.running.key_file or "in TWOWAY_KEY"
    copied = f"its copy is {key_to}: take that to another place" if key_to else f"it is {where}: keep a copy in another place"
    print(f"The installation's key is NOT in it ({copied}). Without the key nothing about people can be read any more, "
          "and nobody can help; with it everything can, so never keep the two together.", file=sys.stderr)
