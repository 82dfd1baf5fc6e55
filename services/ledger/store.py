"""The ledger's tables: one hash of a partition each. All of them follow from the log alone.

Entries name accounts, and only `holders` and the account's own `holder` say whose it is. When somebody leaves, these two
go; accounts and entries stay whole, with a former peer in them whom no id leads back to, and so do their pairs for as long as
whoever stayed may write moments down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.ledger.domain.breaks import Breaks
from services.ledger.domain.entries import Account, Transfer
from services.ledger.domain.refusals import Pair
from shared.rows import Table
from shared.stream.names import Partition

SERVICE = "ledger"


class Holder(BaseModel):
    """A peer who is or was in a pair, or took a break: their account, from the first moment on, their pairs and breaks."""

    model_config = ConfigDict(frozen=True)
    account: str | None = None
    pairs: tuple[str, ...] = ()
    breaks: Breaks = Breaks()

    def joined(self, pair: str) -> Holder:
        return self.model_copy(update={"pairs": (*self.pairs, pair)})

    def without(self, pair: str) -> Holder:
        return self.model_copy(update={"pairs": tuple(each for each in self.pairs if each != pair)})

    def holding(self, account: str) -> Holder:
        return self.model_copy(update={"account": account})

    def resting(self, breaks: Breaks) -> Holder:
        return self.model_copy(update={"breaks": breaks})


class Left(BaseModel):
    """Somebody left: a pair that was formed while they did is none."""

    model_config = ConfigDict(frozen=True)


HOLDERS = Table("holders", Holder)
ACCOUNTS = Table("accounts", Account)
TRANSFERS = Table("transfers", Transfer)
PAIRS = Table("pairs", Pair)
LEFT = Table("left", Left)
TABLES: tuple[Table[Any], ...] = (HOLDERS, ACCOUNTS, TRANSFERS, PAIRS, LEFT)


@dataclass(frozen=True)
class Snapshot:
    """All rows as of one moment."""

    holders: Mapping[str, Holder]
    accounts: Mapping[str, Account]
    transfers: Mapping[str, Transfer]
    pairs: Mapping[str, Pair]
    left: Mapping[str, Left]


async def snapshot(redis: Redis, partition: Partition) -> Snapshot:
    """For looking everything over by hand: meanwhile the server stands still, some 2 s for a million rows.

    Raises RedisError.
    """
    pipeline = redis.pipeline(transaction=True)
    for table in TABLES:
        pipeline.hgetall(table.path(partition, SERVICE))
    holders, accounts, transfers, pairs, left = await pipeline.execute()
    return Snapshot(HOLDERS.load_all(holders), ACCOUNTS.load_all(accounts), TRANSFERS.load_all(transfers),
                    PAIRS.load_all(pairs), LEFT.load_all(left))
