"""The ledger's tables: one hash of a partition each. All of them follow from the log alone.

Entries name accounts, and only `holders` and the account's own `holder` say whose it is. When somebody leaves, these two
go; accounts and entries stay whole, with a former peer in them whom no id leads back to, and so do their pairs for as long as
whoever stayed may write moments down.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.ledger.domain import packing
from services.ledger.domain.breaks import Breaks
from services.ledger.domain.chains import Chains
from services.ledger.domain.corrections import Corrections, OtherMemory
from services.ledger.domain.entries import Account, Transfer
from services.ledger.domain.members import Firsts, Joined, Pulse, Rested
from services.ledger.domain.refusals import Pair
from services.ledger.domain.signals import Waiting
from services.ledger.domain.tallies import Counts
from shared.events import Signal
from shared.rows import PackedTable, Table
from shared.stream.names import Partition

SERVICE = "ledger"


class Holder(BaseModel):
    """A peer: their account, from the first moment on, their pairs and breaks, and what signals need to know of them."""

    model_config = ConfigDict(frozen=True)
    account: str | None = None
    pairs: tuple[str, ...] = ()
    breaks: Breaks = Breaks()
    belongs: Joined | None = None
    firsts: Firsts = Firsts()
    rested: Rested = Rested()
    pulse: Pulse = Pulse()

    @property
    def community(self) -> str:
        """None, as an empty text, of whom it is not known."""
        return "" if self.belongs is None else self.belongs.community

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
ACCOUNTS = PackedTable("accounts", Account, pack=packing.pack_account, unpack=packing.unpack_account)
TRANSFERS = PackedTable("transfers", Transfer, pack=packing.pack, unpack=packing.unpack)
PAIRS = Table("pairs", Pair)
LEFT = Table("left", Left)
AGREEMENTS = Table("agreements", Agreement)
CHAINS = Table("chains", Chains)
"""One row for everybody."""
CORRECTIONS = Table("corrections", Corrections)
"""Of every moment that was ever taken back."""
MEMORIES = Table("memories", OtherMemory)
"""Of every moment that stands and is remembered differently."""
BOOKS: tuple[Table[Any], ...] = (HOLDERS, ACCOUNTS, TRANSFERS, PAIRS, LEFT, AGREEMENTS, CHAINS, CORRECTIONS, MEMORIES)
"""What people gave and received, and whose it is."""


class Community(BaseModel):
    """The week that is going on in one community, and when its signals are next due."""

    model_config = ConfigDict(frozen=True)
    week: int
    counts: Counts = {}
    pairs: int = 0
    """Open ones."""
    due_ms: int = 0
    """When the timer of the signals comes next."""
    under_way: tuple[int, ...] = ()
    """Weeks that are over and whose signals are being reckoned."""


class Tally(BaseModel):
    """A week that is over in one community."""

    model_config = ConfigDict(frozen=True)
    counts: Counts = {}


class Concern(BaseModel):
    """One that nobody has looked at yet. Who raised it is not written here."""

    model_config = ConfigDict(frozen=True)
    community: str
    raised_ms: int


class Counted(BaseModel):
    """Who waits in a community, as the matcher last said, and in which week it did."""

    model_config = ConfigDict(frozen=True)
    week: int
    waiting: Waiting


COMMUNITIES = Table("communities", Community)
TALLIES = Table("tallies", Tally)
"""By `of_week`."""
CONCERNS = Table("concerns", Concern)
WAITING = Table("waiting", Counted)
"""By community."""
SIGNALS = Table("signals", SignalsRow)
"""By `of_week`; all weeks are kept, some 3 kB each."""

LOOKED_OVER: tuple[Table[Any], ...] = (*BOOKS, COMMUNITIES, TALLIES)
TABLES: tuple[Table[Any], ...] = (*BOOKS, COMMUNITIES, TALLIES, CONCERNS, WAITING, SIGNALS)


def of_week(community: str, week: int) -> str:
    """The id of the rows that belong to one week of one community."""
    return f"{community}:{week}"


@dataclass(frozen=True)
class Snapshot:
    """All rows of the record, and what is counted of it, as of one moment; each field called as its table is."""

    holders: Mapping[str, Holder]
    accounts: Mapping[str, Account]
    transfers: Mapping[str, Transfer]
    pairs: Mapping[str, Pair]
    left: Mapping[str, Left]
    agreements: Mapping[str, Agreement]
    chains: Mapping[str, Chains]
    corrections: Mapping[str, Corrections]
    memories: Mapping[str, OtherMemory]
    communities: Mapping[str, Community]
    tallies: Mapping[str, Tally]


async def snapshot(redis: Redis, partition: Partition) -> Snapshot:
    """For looking everything over by hand: meanwhile the server stands still, some 2 s for a million rows.

    Raises RedisError.
    """
    pipeline = redis.pipeline(transaction=True)
    for table in LOOKED_OVER:
        pipeline.hgetall(table.path(partition, SERVICE))
    found = zip(LOOKED_OVER, await pipeline.execute(), strict=True)
    return Snapshot(**{table.name: table.load_all(texts) for table, texts in found})


SCAN = 200
"""Rows read at a time by whoever reads all: some 10 ms, in which nothing else of this process goes on."""


async def everybody(redis: Redis, partition: Partition,
                    community: str) -> AsyncIterator[tuple[Holder | None, Account | None, bool]]:
    """Whoever belongs to the community, once: with their account, and whether a training of theirs is noted; then the accounts
    of those who have left it, without a holder.

    Read bit by bit, so not as of one moment. Raises RedisError.
    """
    seen, held = set[str](), set[str | None]()
    async for found in _pages(redis, HOLDERS, partition):
        everyone = HOLDERS.load_all(found)
        held |= {holder.account for holder in everyone.values()}
        here = {peer: holder for peer, holder in everyone.items() if holder.community == community and peer not in seen}
        seen |= here.keys()
        for each in await _with_accounts(redis, partition, here) if here else ():
            yield each
    async for found in _pages(redis, ACCOUNTS, partition):
        new = {field: text for field, text in found.items() if ACCOUNTS.id_of(field) not in held}
        for id, account in ACCOUNTS.load_all(new).items():
            held.add(id)
            if account.holder is None and account.community == community:
                yield None, account, False


async def _with_accounts(redis: Redis, partition: Partition,
                         holders: Mapping[str, Holder]) -> list[tuple[Holder, Account | None, bool]]:
    pipeline = redis.pipeline(transaction=False)
    pipeline.hmget(ACCOUNTS.path(partition, SERVICE), [ACCOUNTS.field_of(holder.account or "") for holder in holders.values()])
    pipeline.hmget(AGREEMENTS.path(partition, SERVICE), list(holders))
    accounts, agreements = await pipeline.execute()
    return [(holder, None if account is None else ACCOUNTS.load(account),
             agreement is not None and bool(AGREEMENTS.load(agreement).trainings))
            for holder, account, agreement in zip(holders.values(), accounts, agreements, strict=True)]


async def _pages(redis: Redis, table: Table[Any], partition: Partition) -> AsyncIterator[dict[bytes, bytes]]:
    """A table bit by bit; a row may come twice."""
    cursor = 0
    while True:
        page: Any = await redis.hscan(table.path(partition, SERVICE), cursor, count=SCAN)
        cursor, found = page
        yield found
        if cursor == 0:
            return


async def communities(redis: Redis, partition: Partition) -> dict[str, Community]:
    """Every one, few as they are. Raises RedisError."""
    texts: Any = await redis.hgetall(COMMUNITIES.path(partition, SERVICE))
    return COMMUNITIES.load_all(texts)


async def tallies(redis: Redis, partition: Partition, community: str,
                  weeks: range) -> tuple[Community | None, dict[int, Counts]]:
    """The community's row, and the counts of those of `weeks` that are over, where there are any. Raises RedisError."""
    pipeline = redis.pipeline(transaction=True)  # at one moment, for a week that ends goes from one table to the other
    pipeline.hget(COMMUNITIES.path(partition, SERVICE), community)
    pipeline.hmget(TALLIES.path(partition, SERVICE), [of_week(community, week) for week in weeks])
    row, texts = await pipeline.execute()
    return (None if row is None else COMMUNITIES.load(row),
            {week: TALLIES.load(text).counts for week, text in zip(weeks, texts, strict=True) if text is not None})


async def open_concerns(redis: Redis, partition: Partition, community: str) -> list[Concern]:
    """Raises RedisError."""
    texts: Any = await redis.hgetall(CONCERNS.path(partition, SERVICE))
    return [concern for concern in CONCERNS.load_all(texts).values() if concern.community == community]


async def waiting(redis: Redis, partition: Partition, community: str) -> Counted | None:
    """Raises RedisError."""
    text: Any = await redis.hget(WAITING.path(partition, SERVICE), community)
    return None if text is None else WAITING.load(text)


async def signals(redis: Redis, partition: Partition, community: str, week: int) -> SignalsRow | None:
    """Those of a week, if they were computed. Raises RedisError."""
    text: Any = await redis.hget(SIGNALS.path(partition, SERVICE), of_week(community, week))
    return None if text is None else SIGNALS.load(text)
