"""Moments as they are recorded, taken back and put back, and what follows from them for signals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.ledger.domain import tallies
from services.ledger.domain.refusals import FORMER, Pair
from services.ledger.domain.weeks import day_of, week_of
from services.ledger.signals.counting import community_of, count, needs_weeks
from services.ledger.signals.firsts import needs_joined_week, put_firsts
from services.ledger.signals.pairs import paused
from services.ledger.signals.weekly import set_timer, timer
from services.ledger.store import ACCOUNTS, HOLDERS, PAIRS, TRANSFERS, Holder
from shared.events import (
    CheckinRecorded,
    CountsChanged,
    Event,
    GestureSent,
    MilestoneReached,
    MomentCorrected,
    MomentPutBack,
    MomentRecorded,
    MomentRestored,
    MomentReversed,
    MomentShared,
    PulseOffered,
)
from shared.rows import Ref, Rows
from shared.service import Entry, Later


def needs_moment(rows: Rows, event: MomentShared | GestureSent) -> Iterable[Ref]:
    happened_ms = event.happened_ms if isinstance(event, MomentShared) else None
    return _needs(rows, (event.giver, event.receiver), happened_ms, rows.known(PAIRS, event.pair))


def needs_checkin(rows: Rows, event: CheckinRecorded) -> Iterable[Ref]:
    for peer in event.peers:
        holder = None if peer is None else rows.known(HOLDERS, peer)
        for id in holder.pairs if holder is not None else ():
            if (pair := rows.known(PAIRS, id)) is not None:
                yield from _needs(rows, pair.peers, event.happened_ms, pair)


def _needs(rows: Rows, peers: Iterable[str], happened_ms: int | None, pair: Pair | None) -> Iterable[Ref]:
    weeks = () if happened_ms is None else (week_of(happened_ms),)
    yield from needs_weeks(community_of(rows.known, *peers), *weeks, *paused(pair))
    for peer in peers:
        holder = rows.known(HOLDERS, peer)
        if holder is not None and None in (holder.firsts.giving, holder.firsts.receiving):
            yield from needs_joined_week(holder)


def needs_correction(rows: Rows, event: MomentCorrected | MomentPutBack) -> Iterable[Ref]:
    moment = rows.known(TRANSFERS, event.moment)
    for leg in moment.legs if moment is not None else ():
        account = rows.known(ACCOUNTS, leg.account)
        if moment is None or account is None:
            continue
        yield from needs_weeks(account.community, week_of(moment.at_ms))
        if account.holder is not None and (holder := rows.known(HOLDERS, account.holder)) is not None:
            yield from needs_weeks(holder.community, week_of(moment.at_ms))
            yield from needs_joined_week(holder)


def decide(rows: Rows, entry: Entry, said: Sequence[Event | Later]) -> Iterable[Event | Later]:
    """What follows from moments that were recorded, taken back or put back: somebody's first; and of those recorded, a question
    how they are, and the timer of the signals where it was lost."""
    week, recorded = week_of(entry.at_ms), any(type(each) is MomentRecorded for each in said)
    community = ""
    for peer, counts in {each.peer: each for each in said if isinstance(each, CountsChanged)}.items():
        holder = rows.get(HOLDERS, peer)
        if holder is None or holder.belongs is None:
            continue
        community = holder.belongs.community
        if None in (holder.firsts.giving, holder.firsts.receiving):
            yield from _milestones(rows, holder, counts)
        asked = recorded and holder.pulse.due(counts.given + counts.received, week)
        if asked and not holder.breaks.on(entry.at_ms):
            yield PulseOffered(peer=peer)
    if community and recorded:
        yield from timer(rows, community, entry.at_ms)


def _milestones(rows: Rows, holder: Holder, after: CountsChanged) -> Iterable[MilestoneReached]:
    account = rows.get(ACCOUNTS, holder.account) if holder.account is not None else None
    given, received = (account.given, account.received) if account is not None else (0, 0)
    if after.given and not given and holder.firsts.giving is None:
        yield MilestoneReached(peer=after.peer, milestone="first_giving")
    if after.received and not received and holder.firsts.receiving is None:
        yield MilestoneReached(peer=after.peer, milestone="first_receiving")


def apply_recorded(rows: Rows, event: MomentRecorded, at_ms: int) -> None:
    """A moment after a break says that the pair went on."""
    community = _moved(rows, event, 1)
    set_timer(rows, community, at_ms)
    pair, moment = rows.get(PAIRS, event.pair), rows.get(TRANSFERS, event.moment)
    if pair is not None and moment is not None and pair.paused and _goes_on(rows, pair, moment.at_ms):
        rows.put(PAIRS, event.pair, pair.model_copy(update={"paused": 0}))
        for week in paused(pair):
            count(rows, community, week, {"break:went_on": 1})


def _goes_on(rows: Rows, pair: Pair, happened_ms: int) -> bool:
    """Whether it happened after the break, whenever it was written down."""
    return day_of(happened_ms) > pair.paused and not any(_rests(rows, peer, happened_ms) for peer in pair.peers)


def _rests(rows: Rows, peer: str, at_ms: int) -> bool:
    holder = rows.get(HOLDERS, peer) if peer != FORMER else None
    return holder is not None and holder.breaks.on(at_ms)


def apply_reversed(rows: Rows, event: MomentReversed, _at_ms: int) -> None:
    """Whoever gave or received nothing else has their first still before them. That a pair went on, or that somebody was asked
    how they are, stays as it was counted."""
    _moved(rows, event, -1)
    for peer in dict.fromkeys((event.giver, event.receiver)):
        holder = rows.get(HOLDERS, peer) if peer != FORMER else None
        account = rows.get(ACCOUNTS, holder.account) if holder is not None and holder.account is not None else None
        if holder is not None and account is not None:
            firsts = holder.firsts if account.given else holder.firsts._replace(giving=None)
            put_firsts(rows, peer, holder, firsts if account.received else firsts._replace(receiving=None))


def apply_restored(rows: Rows, event: MomentRestored, _at_ms: int) -> None:
    _moved(rows, event, 1)


def _moved(rows: Rows, event: MomentRecorded | MomentReversed | MomentRestored, by: int) -> str:
    """The counts of the week in which the moment stands, which its transfer says. Returns whose counts they are."""
    community, moment = community_of(rows.get, event.giver, event.receiver), rows.get(TRANSFERS, event.moment)
    if moment is None:
        return community
    if event.giver == event.receiver == FORMER:
        accounts = [rows.get(ACCOUNTS, leg.account) for leg in moment.legs]
        community = next((account.community for account in accounts if account is not None and account.community), "")
    count(rows, community, week_of(moment.at_ms), tallies.of_moment(moment, by))
    return community
