"""One partition as of one moment, read while the services go on.

The log only grows (what is trimmed meanwhile is in the archive by then), so most of it is copied beforehand in small reads.
Then one script reads all state and the log's last entries at once: nothing else happens on the server meanwhile, so state,
cursors, timers and log belong together. For that the server stands still about 0.4 s for each 100 MB of state and 0.4 s for
each 100,000 remembered event ids (measured on one core of a small machine); the log's size does not matter.

What is read are plain values, not Redis's own dump format, so that a backup of Valkey can be restored to Redis and back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.stream.names import Partition

CHUNK = 1_000
"""Log entries read at a time: about 2 ms of the server's time."""

STILL_S_PER_MB = 0.004
STILL_S_PER_REMEMBERED = 0.000004

_READ = """
local function read(key)
  local kind = redis.call('TYPE', key)['ok']
  local value
  if kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'string' then value = {redis.call('GET', key)}
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  end
  return {key, kind, redis.call('PTTL', key), value}
end
"""

_ONE = _READ + "return read(KEYS[1])"

# Everything of the partition but its log, its locks and who computes a round, which belong to processes that live; then the
# log's end. Who was sending what stays: a kind message that may have gone out is not sent again.
_CUT = _READ + """
local kept = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  if key ~= KEYS[1] and string.sub(key, -5) ~= ':lock' and not string.find(key, ':matcher:claim:', 1, true) then
    kept[#kept + 1] = read(key)
  end
end
if redis.call('EXISTS', KEYS[1]) == 0 then return {kept} end
return {kept, redis.call('XINFO', 'STREAM', KEYS[1]), redis.call('XRANGE', KEYS[1], ARGV[2], '+')}
"""

# As a script, for the client's own XRANGE makes a dictionary of the fields, and a field that came twice would be lost.
_ENTRIES = "return redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])"

class Unreadable(Exception):
    """A key of ours holds something that Twoway never writes."""


Fields = list[bytes]
"""Names and values in turn, as they stand on the log."""


@dataclass(frozen=True)
class Kept:
    """One key: its kind, how long it still lives (-1: for good) and what it holds, flat."""

    key: str
    kind: str
    ttl_ms: int
    items: list[bytes]


@dataclass(frozen=True)
class LogEnd:
    """What a stream knows of itself beside its entries."""

    last: str
    added: int
    deleted: str


@dataclass(frozen=True)
class Cut:
    """State and the log's last entries, as of one moment. `end` is None when there is no log yet."""

    state: list[Kept]
    end: LogEnd | None
    tail: list[tuple[str, Fields]]


async def entries(redis: Redis, partition: Partition, after: str | None) -> AsyncIterator[tuple[str, Fields]]:
    """The log from behind `after` to wherever it ends by then."""
    script = redis.register_script(_ENTRIES)
    while True:
        raw: Any = await script(keys=[partition.log], args=[f"({after}" if after else "-", CHUNK])
        for at, fields in raw:
            after = at.decode()
            yield after, fields
        if len(raw) < CHUNK:
            return


async def cut(redis: Redis, partition: Partition, after: str | None) -> Cut:
    """Everything at one moment, the log from behind `after`. Raises Unreadable, RedisError."""
    script = redis.register_script(_CUT)
    raw: Any = await script(keys=[partition.log], args=[f"{partition.tag}:*", f"({after}" if after else "-"])
    state = [_kept(each) for each in raw[0]]
    if len(raw) == 1:
        return Cut(state, None, [])
    info = dict(zip((_word(name) for name in raw[1][::2]), raw[1][1::2], strict=True))
    tail = [(at.decode(), list(fields)) for at, fields in raw[2]]
    end = LogEnd(_word(info["last-generated-id"]), int(info["entries-added"]), _word(info["max-deleted-entry-id"]))
    return Cut(state, end, tail)


async def one(redis: Redis, key: str) -> Kept | None:
    """A key by itself; None when it has gone meanwhile. Raises Unreadable, RedisError."""
    found = _kept(await redis.register_script(_ONE)(keys=[key]))
    return None if found.kind == "none" else found


async def stands_still_s(redis: Redis, partition: Partition) -> float:
    """About how long the server will stand still for `cut`."""
    size, remembered = 0, 0
    seen = partition.seen("").encode()
    async for key in redis.scan_iter(match=f"{partition.tag}:*", count=1_000):
        if key.startswith(seen):
            remembered += 1
        elif key != partition.log.encode():
            size += await _size(redis, key)
    return size / 1e6 * STILL_S_PER_MB + remembered * STILL_S_PER_REMEMBERED


async def _size(redis: Redis, key: bytes) -> int:
    try:
        return int(await redis.memory_usage(key, samples=10) or 0)
    except ResponseError:
        return 0  # a server that keeps this to itself; then there is only no estimate


def _kept(raw: Any) -> Kept:
    key, kind, ttl_ms, *items = raw
    if not items and _word(kind) != "none":
        raise Unreadable(f"{key.decode()} is a {_word(kind)}, which Twoway never writes; move it away and try again")
    return Kept(key.decode(), _word(kind), int(ttl_ms), list(items[0]) if items else [])


def _word(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
