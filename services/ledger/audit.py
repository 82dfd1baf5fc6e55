"""The ledger recounted on live data. Whatever is found is a bug of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from redis.asyncio import Redis

from services.ledger.domain import same_day
from services.ledger.domain.chains import ALL, Chains
from services.ledger.domain.corrections import Corrections, reversal_id
from services.ledger.domain.entries import Account, Leg, Transfer, other_way, sum_of
from services.ledger.domain.refusals import FORMER
from services.ledger.domain.weeks import KEPT, counted, letter_of, week_of
from services.ledger.signals.audit import miscounted_pairs, miscounted_weeks
from services.ledger.store import Snapshot, snapshot
from shared.stream.names import Partition


class Posting(NamedTuple):
    """One leg on its account. Of a reversal's leg `moment` is the one that it takes back or puts back."""

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
    roots = _roots(state)
    return [*_sums(state), *_transfers(state), *_links(state), *_corrections(state, roots), *_accounts(state, roots),
            *_holders(state), *_pairs(state), *_chains(state, roots), *_counted(state, roots)]


def _roots(state: Snapshot) -> dict[str, str]:
    """Of every transfer the moment that it is, takes back or puts back; where a chain leads nowhere, the last that is there."""
    roots: dict[str, str] = {}
    for id in state.transfers:
        path, at = dict[str, None](), id
        while at not in roots and at not in path:
            path[at] = None
            before = state.transfers[at].reverses
            at = before if before is not None and before in state.transfers else at
        roots |= dict.fromkeys(path, roots.get(at, at))
    return roots


def _sums(state: Snapshot) -> Iterator[Finding]:
    if sum_of(state.accounts.values()) != 0:
        yield Finding("sum_not_zero", "everyone")
    for id, transfer in state.transfers.items():
        if sum_of(transfer.legs) != 0:
            yield Finding("transfer_not_zero", id)


def _transfers(state: Snapshot) -> Iterator[Finding]:
    """A moment is one given and one received; a reversal takes exactly that back, or puts it back, and stands where it is
    looked for."""
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
        if transfer.recorded_by not in (giver.account, receiver.account):
            yield Finding("recorded_by_somebody_else", id)


def _links(state: Snapshot) -> Iterator[Finding]:
    """Where both gave, two moments name each other, and are alike but for who gave."""
    for id, transfer in state.transfers.items():
        second = other_way(id)
        if transfer.linked is None:
            if second in state.transfers:
                yield Finding("link_missing", id)
            continue
        other = state.transfers.get(transfer.linked)
        if other is None or other.linked != id or (transfer.linked != second and id != other_way(transfer.linked)):
            yield Finding("link_to_nothing", id)
        elif _both_ways(transfer) != _both_ways(other, turned=True):
            yield Finding("link_to_something_else", id)


def _both_ways(transfer: Transfer, turned: bool = False) -> tuple[object, ...]:
    giver, receiver = (leg.account for leg in (transfer.legs[::-1] if turned else transfer.legs))
    return giver, receiver, transfer.at_ms, transfer.kind, transfer.recorded_by, transfer.way, transfer.reverses


def _corrections(state: Snapshot, roots: Mapping[str, str]) -> Iterator[Finding]:
    """As often as a moment was taken back or put back there is a transfer of it, and only what stands is remembered
    differently."""
    times = Counter(root for id, root in roots.items() if id != root)
    for id in times.keys() | state.corrections.keys():
        said = state.corrections.get(id, Corrections())
        if id not in state.transfers or said.times != times[id] or roots.get(said.last) != id or (
                reversal_id(said.last) in state.transfers):
            yield Finding("corrections_differ_from_entries", id)
    for id in state.memories:
        if id not in state.transfers or state.transfers[id].reverses is not None or times[id] % 2:
            yield Finding("other_memory_of_nothing", id)


def _accounts(state: Snapshot, roots: Mapping[str, str]) -> Iterator[Finding]:
    posted: dict[str, list[Posting]] = {}
    for id, transfer in state.transfers.items():
        for leg in transfer.legs:
            posted.setdefault(leg.account, []).append(Posting(leg, state.transfers[roots[id]]))
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
    """Each holder and their account name each other, and nothing is left of whoever left."""
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


def _pairs(state: Snapshot) -> Iterator[Finding]:
    """Pairs are known of both sides; of a former peer there is an account of nobody's; and what was written down lately is in
    the books."""
    for id, pair in state.pairs.items():
        if not all(peer in state.holders and id in state.holders[peer].pairs for peer in pair.peers if peer != FORMER):
            yield Finding("pair_not_of_both", id)
        if (FORMER in pair.peers) != (pair.former is not None) or not _of_nobody(state, pair.former):
            yield Finding("pair_of_no_former_peer", id)
        if any(moment not in state.transfers for moment in same_day.moments(pair.recent)):
            yield Finding("recent_moment_missing", id)


def _chains(state: Snapshot, roots: Mapping[str, str]) -> Iterator[Finding]:
    """Moments by length and week are those that stand: that were taken back as often as put back."""
    times = Counter(roots.values())
    moments = {id: transfer for id, transfer in state.transfers.items() if transfer.reverses is None}
    latest = max((week_of(moment.at_ms) for moment in moments.values()), default=0)
    standing = Counter((week_of(moment.at_ms), moment.chain) for id, moment in moments.items() if times[id] % 2)
    row = state.chains.get(ALL, Chains())
    said = {(row.latest - back, length): count for back, counts in enumerate(row.weeks)
            for length, count in enumerate(counts, 1) if count}
    if row.latest != latest or said != {key: count for key, count in standing.items() if key[0] > latest - KEPT}:
        yield Finding("chains_differ_from_entries", ALL)


def _counted(state: Snapshot, roots: Mapping[str, str]) -> Iterator[Finding]:
    times = Counter(roots.values())
    standing = [moment for id, moment in state.transfers.items() if moment.reverses is None and times[id] % 2]
    for id in miscounted_weeks(state, standing):
        yield Finding("signal_counts_differ_from_entries", id)
    for name in miscounted_pairs(state):
        yield Finding("open_pairs_differ_from_pairs", name)


def _of_nobody(state: Snapshot, account: str | None) -> bool:
    return account is None or (account in state.accounts and state.accounts[account].holder is None)
