"""How far a service is behind its log, in entries and in seconds; there are no consumer groups to look after."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from shared.stream.names import Partition
from shared.stream.write import START


@dataclass(frozen=True)
class Lag:
    """`entries` not handled yet, and the age of the oldest of them in `seconds` (0.0 when there is none)."""

    at: str
    entries: int
    seconds: float


async def of(redis: Redis, partition: Partition, service: str, now_ms: int) -> Lag:
    """Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.hmget(partition.cursor(service), "at", "read")
    pipeline.exists(partition.log)
    (at, read), there = await pipeline.execute()
    at = START if at is None else at.decode()
    if not there:
        return Lag(at, 0, 0.0)
    pipeline = redis.pipeline(transaction=False)
    pipeline.xinfo_stream(partition.log)
    pipeline.xrange(partition.log, f"({at}", count=1)
    info, following = await pipeline.execute()
    if not following:
        return Lag(at, 0, 0.0)
    age_ms = now_ms - int(following[0][0].split(b"-", 1)[0])
    return Lag(at, max(1, int(info["entries-added"]) - int(read or 0)), max(0, age_ms) / 1000)
