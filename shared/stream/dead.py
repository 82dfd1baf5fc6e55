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
    last_ms: int
    fields: dict[str, str]
    """The entry as it stands on the log; bytes that are no UTF-8 show as replacement characters."""

    @property
    def id(self) -> str:
        return f"{self.service}:{self.entry}"


DEAD: Table[DeadLetter] = Table("dead", DeadLetter, derived=False, shared=True)


def readable(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in fields.items()}


async def letters(redis: Redis, partition: Partition) -> list[DeadLetter]:
    """All dead letters of a partition, oldest first."""
    rows: Any = await redis.hvals(partition.dead)
    return sorted((DEAD.load(row) for row in rows), key=lambda letter: (letter.first_ms, letter.id))


async def drop(redis: Redis, partition: Partition, letter: DeadLetter) -> bool:
    """Forgets a dead letter for good; says whether it was there."""
    return bool(await redis.hdel(partition.dead, letter.id))
