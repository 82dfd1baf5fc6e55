"""Dead letters: entries that a service could not process, kept with their reason until an operator replays or drops them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from shared.rows import Table
from shared.stream.names import Partition


class DeadLetter(BaseModel):
    """One entry set aside by one service. The error is a class name only: messages can quote what people wrote."""

    model_config = ConfigDict(frozen=True)
    service: str
    entry: str
    error: str
    tries: int
    first_ms: int
    """The entry's own time."""
    last_ms: int
    """When it was last tried: the entry's own time, or that of the replay that failed."""
    fields: dict[str, str]
    """The entry as it stands on the log; bytes that are no UTF-8 show as replacement characters."""
    replay: str = ""
    """The id of the replay that an operator has asked for: asking twice is asking once."""

    @property
    def id(self) -> str:
        return f"{self.service}:{self.entry}"


# Writes only over what was seen.
_OVER = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""

DEAD: Table[DeadLetter] = Table("dead", DeadLetter, derived=False, shared=True)


def readable(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in fields.items()}


async def letters(redis: Redis, partition: Partition) -> list[DeadLetter]:
    """All dead letters of a partition, oldest first."""
    rows: Any = await redis.hvals(partition.dead)
    return sorted((DEAD.load(row) for row in rows), key=lambda letter: (letter.first_ms, letter.id))


async def claim(redis: Redis, partition: Partition, id: str, replay: str) -> DeadLetter | None:
    """The letter with the id it is replayed under: `replay`, or the one an earlier call chose. None: there is no letter."""
    while True:
        row: Any = await redis.hget(partition.dead, id)
        if row is None:
            return None
        letter = DEAD.load(row)
        if letter.replay:
            return letter
        letter = letter.model_copy(update={"replay": replay})
        if await redis.register_script(_OVER)(keys=[partition.dead], args=[id, row, DEAD.dump(letter)]):
            return letter


async def drop(redis: Redis, partition: Partition, letter: DeadLetter) -> bool:
    """Forgets a dead letter for good; says whether it was there."""
    return bool(await redis.hdel(partition.dead, letter.id))
