"""The ledger recounted on live data. Whatever is found is a bug of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from redis.asyncio import Redis

from services.ledger.domain.chains import ALL, Chains
from services.ledger.domain.entries import Account, Leg, Transfer, sum_of
from services.ledger.domain.refusals import FORMER
from services.ledger.domain.weeks import KEPT, counted, letter_of, week_of
from services.ledger.handlers import reversal_id
from services.ledger.store import Snapshot, snapshot
from shared.stream.names import Partition


class Posting(NamedTuple):
    """One leg on its account. Of a reversal's leg `moment` is the one that it takes back."""

    leg: Leg
    moment: Transfer


class Finding(NamedTuple):
    """`what` is wrong, as a stable key, with `of`, an id."""

    what: str
    of: str


async def recount(redis: Redis, partition: Partition) -> list[Finding]:
    """Everything that does not add up, as of one moment; empty when all is well. May run beside live services.

    Raises RedisError.
    """
    return findings(await snapshot(redis, partition))


def findings(state: Snapshot) -> list[Finding]:
    return [*_sums(state), *_transfers(state), *_accounts(state), *_holders(state), *_chains(state)]


def _sums(state: Snapshot) -> Iterator[Finding]:
    if sum_of(state.accounts.values()) != 0:
        yield Finding("sum_not_zero", "everyone")
    for id, transfer in state.transfers.items():
        if sum_of(transfer.legs) != 0:
            yield Finding("transfer_not_zero", id)


def _transfers(state: Snapshot) -> Iterator[Finding]:
    """A moment is one given and one received; a reversal takes exactly that back, and stands where it is looked for."""
    for id, transfer in state.transfers.items():
        giver, receiver = transfer.legs
        if transfer.reverses is None:
            if (giver.given, giver.received, receiver.given, receiver.received) != (1, 0, 0, 1):
                yield Finding("moment_not_one_for_one", id)
        elif (moment := state.transfers.get(transfer.reverses)) is None or id != reversal_id(transfer.reverses):
            yield Finding("reversal_of_nothing", id)
        elif transfer.legs != moment.reversal(transfer.reverses, 0).legs:
            yield Finding("reversal_of_something_else", id)
        if giver.account == receiver.account:
            yield Finding("transfer_to_oneself", id)


def _accounts(state: Snapshot) -> Iterator[Finding]:
    posted: dict[str, list[Posting]] = {}
    for transfer in state.transfers.values():
        moment = state.transfers.get(transfer.reverses, transfer) if transfer.reverses is not None else transfer
        for leg in transfer.legs:
            posted.setdefault(leg.account, []).append(Posting(leg, moment))
    for id in posted.keys() | state.accounts.keys():
        account, postings = state.accounts.get(id), posted.get(id, [])
        if account is None:
            yield Finding("account_missing", id)
        elif (account.given, account.received) != (sum(each.leg.given for each in postings),
                                                   sum(each.leg.received for each in postings)):
            yield Finding("counts_differ_from_entries", id)
        elif account.given < 0 or account.received < 0:
            yield Finding("counts_below_zero", id)
        elif not _counts_by_week(account, postings):
            yield Finding("weeks_differ_from_entries", id)


def _counts_by_week(account: Account, postings: Sequence[Posting]) -> bool:
    """Whether an account's weeks are those of its whole history, counted one by one."""
    weeks: dict[int, Counter[str]] = {}
    for leg, moment in postings:
        weeks.setdefault(week_of(moment.at_ms), Counter())[letter_of(moment.kind, leg.given != 0)] += leg.given + leg.received
    latest = max(weeks, default=0)
    kept = {week: counts for week, counts in weeks.items() if week > latest - KEPT}
    said = {account.latest - back: Counter(counted(text)) for back, text in enumerate(account.weeks.split(","))}
    ever = sum(weeks.values(), Counter[str]())
    return (account.latest == latest and account.since == min(weeks, default=0) and Counter(counted(account.ever)) == ever
            and all(said.get(week, Counter()) == kept.get(week, Counter()) for week in said.keys() | kept.keys()))


def _holders(state: Snapshot) -> Iterator[Finding]:
    """Each holder and their account name each other, and pairs are known of both sides; of a former peer there is an
    account of nobody's."""
    for peer, holder in state.holders.items():
        account = state.accounts.get(holder.account) if holder.account is not None else None
        if holder.account is not None and (account is None or account.holder != peer):
            yield Finding("account_not_of_holder", peer)
        if peer in state.left:
            yield Finding("left_but_there", peer)
        for id in holder.pairs:
            if id not in state.pairs or peer not in state.pairs[id].peers:
                yield Finding("pair_missing", id)
    for peer in state.agreements.keys() & state.left.keys():
        yield Finding("agreement_of_a_former_peer", peer)
    for id, account in state.accounts.items():
        if account.holder is not None and (account.holder not in state.holders
                                           or state.holders[account.holder].account != id):
            yield Finding("account_of_nobody", id)
    for id, pair in state.pairs.items():
        if not all(peer in state.holders and id in state.holders[peer].pairs for peer in pair.peers if peer != FORMER):
            yield Finding("pair_not_of_both", id)
        if (FORMER in pair.peers) != (pair.former is not None) or not _of_nobody(state, pair.former):
            yield Finding("pair_of_no_former_peer", id)


def _chains(state: Snapshot) -> Iterator[Finding]:
    """Moments by length and week are those that stand."""
    reversed = {transfer.reverses for transfer in state.transfers.values()}
    moments = {id: transfer for id, transfer in state.transfers.items() if transfer.reverses is None}
    latest = max((week_of(moment.at_ms) for moment in moments.values()), default=0)
    standing = Counter((week_of(moment.at_ms), moment.chain) for id, moment in moments.items() if id not in reversed)
    row = state.chains.get(ALL, Chains())
    said = {(row.latest - back, length): count for back, counts in enumerate(row.weeks)
            for length, count in enumerate(counts, 1) if count}
    if row.latest != latest or said != {key: count for key, count in standing.items() if key[0] > latest - KEPT}:
        yield Finding("chains_differ_from_entries", ALL)


def _of_nobody(state: Snapshot, account: str | None) -> bool:
    return account is None or (account in state.accounts and state.accounts[account].holder is None)
