"""The one write: a service's new state, what it emits, what it schedules and its cursor, all or nothing.

One Lua script a batch. It is refused as a whole when the cursor is not where this reader believes it to be: then another
instance (or this one's own lost answer) was first, and the answer says how far the log has really been handled. That is the
fence: no lock is needed for safety, and an effect happens once through crashes, zombies and repeated commands. It is refused
too unless the batch begins with the very next entry behind the cursor, so that nothing is passed over unhandled or taken
twice.

Lua does not roll back, so everything that could fail is checked before: types of keys when a reader takes over
(`check_types`), the number of arguments when commands are built (`shared/rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis.asyncio import Redis

from shared.events import Event
from shared.stream.names import Partition

START = "0-0"

# KEYS: cursor, log, timers. ARGV: believed cursor, the batch's first and last entry, entries passed, emitted entries and
# timers as one JSON text
# each (redis-py spends 1.3 us on an argument, so 13 of them an event would cost more than all else), then the commands,
# each as a count and that many arguments.
_ONE_WRITE = """
local here = redis.call('HGET', KEYS[1], 'at') or '0-0'
if here ~= ARGV[1] then return here end
local next = redis.call('XRANGE', KEYS[2], '(' .. here, ARGV[2], 'COUNT', 1)[1]
if not next or next[1] ~= ARGV[2] then return here end
local emitted, timers = cjson.decode(ARGV[5]), cjson.decode(ARGV[6])
local i = 7
while ARGV[i] do
  local last = i + tonumber(ARGV[i])
  redis.call(unpack(ARGV, i + 1, last))
  i = last + 1
end
for _, entry in ipairs(emitted) do redis.call('XADD', KEYS[2], '*', unpack(entry)) end
for _, timer in ipairs(timers) do redis.call('ZADD', KEYS[3], timer[1], timer[2]) end
redis.call('HSET', KEYS[1], 'at', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'read', ARGV[4])
return 'OK'
"""


class WrongType(Exception):
    """A key of this service holds something else. Nothing was changed; move that key away and start again."""

    def __init__(self, key: str, found: str, right: str) -> None:
        super().__init__(f"{key} is a {found}, not a {right}. {self.__doc__}")
        self.key, self.found = key, found


@dataclass
class Write:
    """What one batch leads to."""

    commands: list[list[bytes | str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    emits: list[list[str]] = field(default_factory=list)
    """The flat fields of each of `events`."""
    timers: list[tuple[int, list[str]]] = field(default_factory=list)
    """Due time in ms, and the flat fields of the entry that will be appended then."""

    def emit(self, event: Event, fields: list[str]) -> None:
        self.events.append(event)
        self.emits.append(fields)


class Committer:
    """The one write of `service` on `partition`."""

    def __init__(self, redis: Redis, partition: Partition, service: str) -> None:
        self._redis = redis
        self._cursor = partition.cursor(service)
        self._keys = [self._cursor, partition.log, partition.timers]
        self._script = redis.register_script(_ONE_WRITE)

    async def cursor(self) -> str:
        """How far the service has really come."""
        at: Any = await self._redis.hget(self._cursor, "at")
        return START if at is None else at.decode()

    async def commit(self, believed: str, begin: str, end: str, passed: int, write: Write) -> str | None:
        """Passes the entries from `begin` to `end`. None when done; otherwise the cursor's real place, and nothing was written:
        it is not where it was believed, or the next entry behind it is not `begin`. Raises RedisError: unknown.
        """
        timers = [(str(due_ms), orjson.dumps(entry).decode()) for due_ms, entry in write.timers]
        args: list[bytes | str | int] = [believed, begin, end, passed, orjson.dumps(write.emits), orjson.dumps(timers)]
        for command in write.commands:
            args.append(len(command))
            args += command
        answer = await self._script(keys=self._keys, args=args)
        answer = answer.decode() if isinstance(answer, bytes) else answer
        return None if answer == "OK" else answer


async def check_types(redis: Redis, hashes: Iterable[str], partition: Partition, service: str) -> None:
    """Raises WrongType, naming the key, when a key that the one write touches is not of its type."""
    expected = dict.fromkeys(hashes, b"hash") | {
        partition.cursor(service): b"hash", partition.log: b"stream", partition.timers: b"zset"}
    pipeline = redis.pipeline(transaction=False)
    for key in expected:
        pipeline.type(key)
    for (key, right), found in zip(expected.items(), await pipeline.execute(), strict=True):
        if found not in (b"none", right):
            raise WrongType(key, found.decode(), right.decode())
