"""`twoway restore`: a backup onto an empty system; whoever has left since stays left."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from console import journal, key, refill, shown, system
from console import running as runs
from console.bundle import Manifest, Unusable, read_manifest, vouch
from console.running import DATA, refuse
from console.system import Data, System
from services.gateway import left_ids
from services.gateway.store import ADDRESS_NEXT, ADDRESS_OF, ADDRESSES
from services.gateway.store import SERVICE as GATEWAY
from shared.clock import derived_id
from shared.events import PeerLeft
from shared.settings import text_of
from shared.stream.append import Input
from shared.stream.names import Partition

ANSWER_S_MAX = 600.0


def add_to(app: typer.Typer) -> None:
    app.command()(restore)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that `twoway backup` wrote.")],
    key_from: Annotated[Path | None, typer.Option(
        "--key", help="File with the installation's key, when the data folder and the environment have none.")] = None,
    left_from: Annotated[Path | None, typer.Option(
        help="Data folder of the system that was lost, where it still exists: who left is read from it too.")] = None,
    data: Data = None,
) -> None:
    """Put a backup into an empty system that is not running; whoever has left since stays left.

    With REDIS_URL into that Redis, otherwise into the built-in server on the data folder. Log, state and archive are as they
    were at the moment of the backup. The keys of everyone who has left since are destroyed again, and every service hears
    of it. Drafts, sessions and the try-out mailbox are in no backup.
    """
    home = (data or Path(os.environ.get("TWOWAY_DATA") or DATA)).resolve()
    _check_key(home, key_from)
    with ExitStack() as stack:
        redis_url = runs.given_redis_url()
        if redis_url is None:
            redis_url = system.built_in(stack, home)
        running = runs.at(home, redis_url)
        if key_from is not None:
            running = replace(running, key_file=key_from)

        async def work(at: System) -> None:
            with journal.noted(at, "backup.restored", path=folder.name):
                manifest = await _restore(at, folder)
                again = await _leave_again(at, folder, left_from)
            _keep_key(home, key_from)
            _say(manifest, again, folder)
        system.run_on(running, work, ANSWER_S_MAX)


def _check_key(home: Path, key_from: Path | None) -> None:
    """What is restored has to open with the key that the services will have: the environment's, or the data folder's."""
    if key_from is None:
        return
    wanted = _text_of(key_from)
    if (home / "key").exists() and _text_of(home / "key") != wanted:
        refuse(f"{home / 'key'} is another key than {key_from}; restore into a data folder of its own")
    if (given := _given_key()) is not None and given[1] != wanted:
        refuse(f"{given[0]} is another key than {key_from}, and the services would start with that one; mend or unset it")


def _text_of(key_file: Path) -> str:
    """The key in it, or one line that says what is wrong with the file."""
    try:
        return text_of(key_file)
    except OSError as error:
        refuse(f"{key_file} can't be read ({error.strerror})")


def _given_key() -> tuple[str, str] | None:
    """The environment's key as the services would find it, after the setting that names it."""
    if (key := os.environ.get("TWOWAY_KEY")) is not None:
        return "TWOWAY_KEY", key.strip()
    if path := os.environ.get("TWOWAY_KEY_FILE"):
        return f"the key in TWOWAY_KEY_FILE, {path},", _text_of(Path(path))
    return None


def _keep_key(home: Path, key_from: Path | None) -> None:
    """What was restored is of use only with its key: `twoway up` finds it in the data folder, unless the environment has it."""
    if key_from is not None and _given_key() is None and not (home / "key").exists():
        key.put(home / "key", key_from.read_bytes())


async def _restore(at: System, folder: Path) -> Manifest:
    try:
        manifest = await asyncio.to_thread(read_manifest, folder, at.vault)
        _check_archive(at.settings.data, manifest)
        await refill.check_empty(at.redis)
        if len(manifest.partitions) > at.settings.partitions:
            raise Unusable(f"this backup has {len(manifest.partitions)} partitions; set TWOWAY_PARTITIONS to that")
    except Unusable as error:
        refuse(f"{error}. Nothing was changed")
    await at.redis.set(refill.MARK, manifest.made_ms)
    for part in manifest.partitions:
        await refill.log(at.redis, folder, part)
        await refill.keys(at.redis, folder / f"p{part.number}.state.jsonl.gz")
    await refill.keys(at.redis, folder / "installation.jsonl.gz")
    if (folder / "archive").exists():
        await asyncio.to_thread(shutil.copytree, folder / "archive", at.settings.data / "archive", dirs_exist_ok=True)
    return manifest


def _check_archive(home: Path, manifest: Manifest) -> None:
    """Another archive would tell another story of the same people. What an unfinished restore left is the same."""
    found = vouch(home / "archive") if (home / "archive").exists() else {}
    other = [name for name, file in found.items() if manifest.files.get(f"archive/{name}") != file]
    if other:
        raise Unusable(f"{home / 'archive'} holds another system's archive ({other[0]}); move it away, or name another --data")


async def _leave_again(at: System, folder: Path, left_from: Path | None) -> int:
    """Destroys what the backup brought back of people who have left since, and lets every service know."""
    known = set(left_ids.read(at.settings.data))
    gone = known | set(left_ids.read(folder)) | set(left_ids.read(left_from) if left_from else ())
    again = 0
    for partition, peer in sorted(gone, key=lambda each: (each[0].number, each[1])):
        if (partition, peer) not in known:
            await left_ids.remember(at.settings.data, partition, [peer])
        again += await _destroyed(at, partition, peer)
    await at.redis.delete(refill.MARK)
    return again


async def _destroyed(at: System, partition: Partition, id: str) -> bool:
    """Whether the backup had brought back a person. Their event first: should this stop half-way, the key is still there and
    the next try does both. A referral has no address of its own in the index; its key goes without a word."""
    if not await at.redis.hexists(partition.keys, id):
        return False
    address: Any = await at.redis.hget(ADDRESS_OF.path(partition, GATEWAY), id)
    following: Any = await at.redis.hget(ADDRESS_NEXT.path(partition, GATEWAY), id)
    theirs = [each for each in (address, following) if each is not None
              and await at.redis.hget(ADDRESSES.path(partition, GATEWAY), each) == id.encode()]
    if address is not None:
        await at.appender.append(partition, [Input(PeerLeft(peer=id), derived_id(id, "left before a restore"))])
    pipeline = at.redis.pipeline(transaction=True)
    for each in theirs:
        pipeline.hdel(ADDRESSES.path(partition, GATEWAY), each)
    pipeline.hdel(ADDRESS_OF.path(partition, GATEWAY), id)
    pipeline.hdel(ADDRESS_NEXT.path(partition, GATEWAY), id)
    pipeline.hdel(partition.keys, id)
    await pipeline.execute()
    return address is not None


def _say(manifest: Manifest, again: int, folder: Path) -> None:
    shown.table(("partition", "log entries", "keys", "up to"), (
        (f"p{part.number}", part.entries, part.keys, part.last or "") for part in manifest.partitions))
    print(f"{folder} is restored, as of {shown.time(manifest.made_ms)}. "
          f"{'Nobody had' if not again else '1 person had' if again == 1 else f'{again} people had'} left since; "
          "who left stays left.")
    print("Start the services, then look with `twoway verify`.")
