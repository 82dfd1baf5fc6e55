"""The ledger's tables: one hash of a partition each. All of them follow from the log alone.

Entries name accounts, and only `holders` and the account's own `holder` say whose it is. When somebody leaves, these two
go; accounts and entries stay whole, with a former peer in them whom no id leads back to, and so do their pairs for as long as
whoever stayed may write moments down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.ledger.domain import packing
from services.ledger.domain.breaks import Breaks
from services.ledger.domain.chains import Chains
from services.ledger.domain.corrections import Corrections, OtherMemory
from services.ledger.domain.entries import Account, Transfer
from services.ledger.domain.refusals import Pair
from shared.events import Signal
from shared.rows import PackedTable, Table
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


class Agreement(BaseModel):
    """What a peer agreed to partners telling us, and which trainings they told of. Goes when the peer leaves."""

    model_config = ConfigDict(frozen=True)
    scopes: tuple[str, ...] = ()
    """`partner:wording` each, sorted, so that the order of agreeing leaves no trace."""
    trainings: tuple[str, ...] = ()

    def covers(self, partner: str, wording: str) -> bool:
        return f"{partner}:{wording}" in self.scopes

    def given(self, partner: str, wording: str) -> Agreement:
        return self.model_copy(update={"scopes": tuple(sorted({*self.scopes, f"{partner}:{wording}"}))})

    def withdrawn(self, partner: str, wording: str) -> Agreement:
        return self.model_copy(update={"scopes": tuple(sorted({*self.scopes} - {f"{partner}:{wording}"}))})

    def trained(self, training: str) -> Agreement:
        return self.model_copy(update={"trainings": (*self.trainings, training)})


class SignalsRow(BaseModel):
    """What `signals.computed` said of one community at the end of one week; its key is `community:week`."""

    model_config = ConfigDict(frozen=True)
    signals: tuple[Signal, ...]


HOLDERS = Table("holders", Holder)
ACCOUNTS = Table("accounts", Account)
TRANSFERS = PackedTable("transfers", Transfer, pack=packing.pack, unpack=packing.unpack)
PAIRS = Table("pairs", Pair)
LEFT = Table("left", Left)
AGREEMENTS = Table("agreements", Agreement)
CHAINS = Table("chains", Chains)
"""One row for everybody."""
SIGNALS = Table("signals", SignalsRow)
"""All weeks are kept."""
CORRECTIONS = Table("corrections", Corrections)
"""Of every moment that was ever taken back."""
MEMORIES = Table("memories", OtherMemory)
"""Of every moment that stands and is remembered differently."""
TABLES: tuple[Table[Any], ...] = (HOLDERS, ACCOUNTS, TRANSFERS, PAIRS, LEFT, AGREEMENTS, CHAINS, CORRECTIONS, MEMORIES)


@dataclass(frozen=True)
class Snapshot:
    """All rows of the record as of one moment, each field called as its table is."""

    holders: Mapping[str, Holder]
    accounts: Mapping[str, Account]
    transfers: Mapping[str, Transfer]
    pairs: Mapping[str, Pair]
    left: Mapping[str, Left]
    agreements: Mapping[str, Agreement]
    chains: Mapping[str, Chains]
    corrections: Mapping[str, Corrections]
    memories: Mapping[str, OtherMemory]


async def snapshot(redis: Redis, partition: Partition) -> Snapshot:
    """For looking everything over by hand: meanwhile the server stands still, some 2 s for a million rows.

    Raises RedisError.
    """
    wanted = {field.name for field in fields(Snapshot)}
    tables = [table for table in TABLES if table.name in wanted]
    pipeline = redis.pipeline(transaction=True)
    for table in tables:
        pipeline.hgetall(table.path(partition, SERVICE))
    found = zip(tables, await pipeline.execute(), strict=True)
    return Snapshot(**{table.name: table.load_all(texts) for table, texts in found})
