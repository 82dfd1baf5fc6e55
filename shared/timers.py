"""Later is an event too. What is due at a time waits in the partition's timer set, put there by the one write; the
timekeeper moves what has come due to the log. Proposals lapse, breaks end and quiet hours pass by this one mechanism.

A due time is never early; it is late by at most the timekeeper's look (1 s) and by however long Redis was away.
"""

from __future__ import annotations

from redis.asyncio import Redis

from shared.stream.names import Partition

LOOK_S = 1.0
"""How often the timekeeper looks. Nothing that Twoway schedules needs finer time: people wait hours and days."""

BATCH = 200
"""Due entries moved by one script call, about 2 ms of the server's time."""

_MOVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do
  redis.call('XADD', KEYS[2], '*', unpack(cjson.decode(member)))
  redis.call('ZREM', KEYS[1], member)
end
return #due
"""


class Timekeeper:
    """Moves due timers of one partition to its log. Any number may run: each timer is moved once, by one script."""

    def __init__(self, redis: Redis, partition: Partition) -> None:
        self._keys = [partition.timers, partition.log]
        self._script = redis.register_script(_MOVE)

    async def move_due(self) -> int:
        """Moves everything that is due now; says how many."""
        moved = 0
        while count := int(await self._script(keys=self._keys, args=[BATCH])):
            moved += count
            if count < BATCH:
                break
        return moved
