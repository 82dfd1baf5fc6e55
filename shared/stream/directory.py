"""Which partition a community lives on. It is given once and for good, so partitions can be added for new communities."""

from __future__ import annotations

from redis.asyncio import Redis

from shared.stream.names import DIRECTORY, Partition

# The emptiest partition by communities, the first of equals; one script, so two gateways can't give two answers.
_PLACE = """
local placed = redis.call('HGET', KEYS[1], ARGV[1])
if placed then return tonumber(placed) end
local load = {}
for i = 0, tonumber(ARGV[2]) - 1 do load[i] = 0 end
for _, number in ipairs(redis.call('HVALS', KEYS[1])) do
  local i = tonumber(number)
  if load[i] then load[i] = load[i] + 1 end
end
local best = 0
for i = 1, tonumber(ARGV[2]) - 1 do if load[i] < load[best] then best = i end end
redis.call('HSET', KEYS[1], ARGV[1], best)
return best
"""


class Directory:
    def __init__(self, redis: Redis, partitions: int) -> None:
        self._script = redis.register_script(_PLACE)
        self._partitions = partitions
        self._known: dict[str, Partition] = {}

    async def partition_of(self, community: str) -> Partition:
        """The community's partition; a community seen for the first time is given the emptiest one."""
        if community not in self._known:
            number = int(await self._script(keys=[DIRECTORY], args=[community, self._partitions]))
            self._known[community] = Partition(number)
        return self._known[community]

    @property
    def partitions(self) -> list[Partition]:
        return [Partition(number) for number in range(self._partitions)]
