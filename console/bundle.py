"""A backup on disk: a folder of compressed JSON lines and a manifest that vouches for every file.

    manifest.json            what is here: SHA-256 and size of every file, signed with the installation's key; written last
    p0.log.jsonl.gz          the log of partition 0, an entry a line
    p0.state.jsonl.gz        everything else of partition 0, as of the moment at which that log ends
    installation.jsonl.gz    what belongs to no partition: the directory, the partners
    archive/p0/….jsonl.gz    the archive of the log, as it is
    left-ids                 who left, as it is

Text stands as text; bytes that are no UTF-8 stand as base64 in a list of one. Nothing here opens without the
installation's key, which is not here.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
from collections.abc import AsyncIterable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from shared.sealing import Vault

FORMAT = 1
MANIFEST = "manifest.json"
LINE_ITEMS_MAX = 2_000
"""Items of one key in a line: about a megabyte, and well below the 7,000 arguments that one command may have."""


class File(BaseModel):
    model_config = ConfigDict(frozen=True)
    sha256: str
    size: int


class PartitionPart(BaseModel):
    """What the manifest says of a partition."""

    model_config = ConfigDict(frozen=True)
    number: int
    entries: int
    keys: int
    last: str | None = None
    added: int = 0
    deleted: str = "0-0"


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)
    format: int = FORMAT
    made_ms: int
    partitions: tuple[PartitionPart, ...]
    files: dict[str, File]
    mac: str = ""

    def signed(self, vault: Vault) -> Manifest:
        return self.model_copy(update={"mac": self._mac(vault)})

    def is_signed(self, vault: Vault) -> bool:
        return hmac.compare_digest(self.mac, self._mac(vault))

    def _mac(self, vault: Vault) -> str:
        return vault.mac("backup", orjson.dumps(self.model_dump(exclude={"mac"}), option=orjson.OPT_SORT_KEYS))


class Unusable(Exception):
    """This backup can't be used; the message says why."""


async def write_lines(path: Path, lines: AsyncIterable[Any]) -> int:
    """Writes compressed JSON lines; says how many."""
    count = 0
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=4) as file:
        async for line in lines:
            file.write(orjson.dumps(line) + b"\n")
            count += 1
    return count


def read_lines(path: Path) -> Iterator[Any]:
    with gzip.open(path) as file:
        for line in file:
            yield orjson.loads(line)


def vouch(folder: Path) -> dict[str, File]:
    """SHA-256 and size of every file below `folder`, by its path within it."""
    return {path.relative_to(folder).as_posix(): _vouched(path)
            for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST}


def read_manifest(folder: Path, vault: Vault) -> Manifest:
    """The manifest, with every file looked at. Raises Unusable."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise Unusable(f"{folder} holds no whole backup: {MANIFEST} can't be read ({error.strerror})") from error
    except ValueError as error:
        raise Unusable(f"{folder / MANIFEST} is no manifest of a backup") from error
    if manifest.format != FORMAT:
        raise Unusable(f"this backup has format {manifest.format}; this Twoway reads format {FORMAT}")
    if not manifest.is_signed(vault):
        raise Unusable("this backup was made under another installation's key, or its manifest was changed; "
                       "set TWOWAY_KEY_FILE to the key of the system that it was made of")
    found = vouch(folder)
    wrong = sorted(name for name in manifest.files.keys() | found.keys() if manifest.files.get(name) != found.get(name))
    if wrong:
        raise Unusable(f"not as they were when the backup was made: {', '.join(wrong)}")
    return manifest


def pack(items: Iterable[bytes]) -> list[Any]:
    return [_packed(item) for item in items]


def unpack(items: Sequence[Any]) -> list[bytes]:
    return [item.encode() if isinstance(item, str) else base64.b64decode(item[0]) for item in items]


def _packed(item: bytes) -> str | list[str]:
    try:
        return item.decode()
    except UnicodeDecodeError:
        return [base64.b64encode(item).decode()]


def _vouched(path: Path) -> File:
    with path.open("rb") as file:
        return File(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size)
