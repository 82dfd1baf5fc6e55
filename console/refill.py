"""Writing a backup's files into an empty Redis."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from console.bundle import PartitionPart, Unusable, read_lines, unpack
from shared.stream.names import Partition

MARK = "twoway:restoring"
"""There while a restore is under way; whoever finds it knows that what is here is not whole."""

CHUNK = 1_000
"""Log entries written at a time: about half a megabyte."""


async def check_empty(redis: Redis) -> None:
    """Raises Unusable for a Redis that somebody uses; clears away what an unfinished restore left."""
    if await redis.exists(MARK):
        print("An earlier restore did not come to its end; it begins anew.", file=sys.stderr)
        async for each in redis.scan_iter(match="twoway:*", count=1_000):
            await redis.unlink(each)
        return
    async for each in redis.scan_iter(match="twoway:*", count=1_000):
        raise Unusable(f"this Redis is not empty (it holds {each.decode()}); a backup goes into an empty one, with all "
                       "services stopped")


async def log(redis: Redis, folder: Path, part: PartitionPart) -> None:
    """Every entry under the id it had, then what the stream knew of itself."""
    log = Partition(part.number).log
    if part.last is None:
        return
    await redis.xgroup_create(log, "restoring", "0", mkstream=True)  # a log may have been trimmed empty
    await redis.xgroup_destroy(log, "restoring")
    for lines in _chunks(read_lines(folder / f"p{part.number}.log.jsonl.gz")):
        pipeline = redis.pipeline(transaction=False)
        for at, fields in lines:
            pipeline.execute_command("XADD", log, at, *unpack(fields))
        await pipeline.execute()
    await redis.eval("return redis.call('XSETID', KEYS[1], ARGV[1], 'ENTRIESADDED', ARGV[2], 'MAXDELETEDID', ARGV[3])", 1,
                     log, part.last, str(part.added), part.deleted)


async def keys(redis: Redis, path: Path) -> None:
    """Everything of one file, each with the time it has left."""
    for lines in _chunks(read_lines(path), 20):
        pipeline = redis.pipeline(transaction=False)
        for line in lines:
            pipeline.execute_command(*_command(line))
            if line["ttl_ms"] > 0:
                pipeline.pexpire(line["key"], line["ttl_ms"])
        await pipeline.execute()


def _command(line: dict[str, Any]) -> list[str | bytes]:
    items = unpack(line["items"])
    if line["kind"] == "zset":  # read as member and score, written as score and member
        items = [part for member, score in zip(items[::2], items[1::2], strict=True) for part in (score, member)]
    word = {"hash": "HSET", "zset": "ZADD", "set": "SADD", "list": "RPUSH", "string": "SET"}[line["kind"]]
    return [word, line["key"], *items]


def _chunks(lines: Iterator[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
