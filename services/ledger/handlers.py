"""What the ledger does when something happens: for each event its three beats, needs, decide and apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.ledger.domain import chains, entries, refusals
from services.ledger.domain.breaks import window
from services.ledger.domain.chains import Chains
from services.ledger.domain.entries import Account, Transfer
from services.ledger.domain.protection import Thresholds, only_gives, unreturned
from services.ledger.domain.refusals import FORMER, LATE_MS, Pair
from services.ledger.domain.weeks import week_of
from services.ledger.store import ACCOUNTS, AGREEMENTS, CHAINS, HOLDERS, LEFT, PAIRS, SERVICE, TRANSFERS, Holder, Left
from shared.clock import derived_id
from shared.events import (
    BreakEnded,
    BreakStarted,
    CountsChanged,
    Event,
    GestureSent,
    GivingUnreturned,
    Kind,
    MomentCorrected,
    MomentRecorded,
    MomentRefused,
    MomentReversed,
    MomentShared,
    PairClosed,
    PairFormed,
    PeerLeft,
    ReceivingUnrecorded,
    TimerElapsed,
)
from shared.rows import Ref, Rows
from shared.service import Entry, Later

NET_WEEKS = 26
"""Weeks over which the matcher is told what somebody gave and received (rule 6)."""

FORGET = "forget"
"""The timer of a pair that somebody left: from then on nothing more can be written down of it."""


def account_of(rows: Rows, peer: str) -> Account:
    """A former peer's has no holder to be told of its counts."""
    if peer == FORMER:
        return Account()
    holder = rows.get(HOLDERS, peer)
    account = rows.get(ACCOUNTS, holder.account) if holder is not None and holder.account is not None else None
    return account or Account(holder=peer)


def holder_and_account(rows: Rows, peer: str) -> Iterable[Ref]:
    yield HOLDERS, peer
    holder = rows.known(HOLDERS, peer)
    if holder is not None and holder.account is not None:
        yield ACCOUNTS, holder.account


# ── moments and gestures ─────────────────────────────────────────────────────────────────────────────────────────────


def needs_moment(rows: Rows, event: MomentShared | GestureSent) -> Iterable[Ref]:
    yield CHAINS, chains.ALL
    yield PAIRS, event.pair
    yield TRANSFERS, event.moment
    for peer in (event.giver, event.receiver):
        yield from holder_and_account(rows, peer)
    if (pair := rows.known(PAIRS, event.pair)) is not None and pair.former is not None:
        yield ACCOUNTS, pair.former
        yield LEFT, event.giver
        yield LEFT, event.receiver


class Moments:
    """Decides what becomes of a moment, and whether its giver is to be protected."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds

    def decide_moment(self, rows: Rows, entry: Entry) -> Iterable[Event]:
        shared: MomentShared = entry.event
        return _recorded(rows, entry, self._thresholds, MomentRecorded(
            moment=shared.moment, pair=shared.pair, giver=shared.giver, receiver=shared.receiver, kind=shared.kind,
            recorded_by=shared.recorded_by, minutes=shared.minutes))

    def decide_gesture(self, rows: Rows, entry: Entry) -> Iterable[Event]:
        """A gesture is a moment that its giver wrote down by sending it."""
        sent: GestureSent = entry.event
        return _recorded(rows, entry, self._thresholds, MomentRecorded(
            moment=sent.moment, pair=sent.pair, giver=sent.giver, receiver=sent.receiver, kind=Kind.GESTURE,
            recorded_by=sent.giver))


def _recorded(rows: Rows, entry: Entry, thresholds: Thresholds, moment: MomentRecorded) -> Iterable[Event]:
    by = moment.recorded_by or moment.giver
    pair = rows.get(PAIRS, moment.pair)
    if pair is not None and pair.former is not None:
        moment = moment.model_copy(update={
            side: FORMER for side in ("giver", "receiver") if rows.get(LEFT, getattr(moment, side)) is not None})
    reason = refusals.of_moment(moment.giver, moment.receiver, by, pair,
                                rows.get(TRANSFERS, moment.moment) is not None, entry.at_ms,
                                gesture=moment.kind is Kind.GESTURE)
    if reason is not None:
        yield MomentRefused(moment=moment.moment, peer=by, reason=reason)
        return
    yield moment
    week = week_of(entry.at_ms)
    giver = account_of(rows, moment.giver).posted(1, 0, moment.kind, week)
    yield from counts(rows, giver, entry.at_ms)
    yield from counts(rows, account_of(rows, moment.receiver).posted(0, 1, moment.kind, week), entry.at_ms)
    yield from protection(rows, giver, entry.at_ms, thresholds)


def counts(rows: Rows, after: Account, at_ms: int) -> Iterable[Event]:
    """What a posting made of an account's counts, told to its holder if there still is one."""
    if after.holder is None:
        return
    holder = rows.get(HOLDERS, after.holder) or Holder()
    recent = window(after.by_week, holder.breaks, NET_WEEKS, at_ms)
    given, received = (recent.given, recent.received) if recent is not None else (0, 0)
    yield CountsChanged(peer=after.holder, given=after.given, received=after.received, given_26w=given,
                        received_26w=received)


def protection(rows: Rows, giver: Account, at_ms: int, thresholds: Thresholds) -> Iterable[Event]:
    """One of the two at most: what is offered to whoever gives far more asks what they would like, too."""
    if giver.holder is None:
        return
    breaks = (rows.get(HOLDERS, giver.holder) or Holder()).breaks
    if unreturned(giver, breaks, at_ms, thresholds):
        yield GivingUnreturned(peer=giver.holder)
    elif only_gives(giver, breaks, at_ms, thresholds):
        yield ReceivingUnrecorded(peer=giver.holder)


def apply_unreturned(rows: Rows, event: GivingUnreturned, at_ms: int) -> None:
    _noted(rows, event.peer, {"unreturned": week_of(at_ms), "asked": True})


def apply_unrecorded(rows: Rows, event: ReceivingUnrecorded, _at_ms: int) -> None:
    _noted(rows, event.peer, {"asked": True})


def _noted(rows: Rows, peer: str, what: dict[str, Any]) -> None:
    holder = rows.get(HOLDERS, peer)
    if holder is not None and holder.account is not None and (account := rows.get(ACCOUNTS, holder.account)) is not None:
        rows.put(ACCOUNTS, holder.account, account.model_copy(update=what))


def apply_recorded(rows: Rows, event: MomentRecorded, at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    former = pair.former if pair is not None else None
    accounts = {peer: former if peer == FORMER and former else _account_id(rows, peer, event.moment, side)
                for peer, side in ((event.giver, "giver"), (event.receiver, "receiver"))}
    at_ms = at_ms if event.happened_ms is None else event.happened_ms
    giver, receiver, week = accounts[event.giver], accounts[event.receiver], week_of(at_ms)
    before = rows.get(ACCOUNTS, giver)
    reached = before.reached if before is not None and event.checkin is None else None
    length = chains.length(reached, receiver, week)
    transfer = Transfer(legs=entries.moment(giver, receiver), at_ms=at_ms, chain=length, kind=event.kind,
                        recorded_by=accounts[event.recorded_by or event.giver], minutes=event.minutes,
                        source="peer" if event.checkin is None else "partner")
    _post(rows, event.moment, transfer, transfer)


def _account_id(rows: Rows, peer: str, moment: str, side: str) -> str:
    """The peer's account; with their first moment one is opened under an id that says nothing of them."""
    holder = rows.get(HOLDERS, peer) or Holder()
    if holder.account is not None:
        return holder.account
    fresh = derived_id(moment, side)
    rows.put(HOLDERS, peer, holder.holding(fresh))
    rows.put(ACCOUNTS, fresh, Account(holder=peer))
    return fresh


def _post(rows: Rows, id: str, transfer: Transfer, moment: Transfer) -> None:
    """`moment` is the transfer itself, or the one that it reverses."""
    rows.put(TRANSFERS, id, transfer)
    giver, week, by = transfer.legs[0].account, week_of(moment.at_ms), 1 if transfer is moment else -1
    rows.put(CHAINS, chains.ALL, (rows.get(CHAINS, chains.ALL) or Chains()).moved(moment.chain, week, by))
    goes_on = moment.source == "peer"  # a partner's word comes in any order, and what is counted must not depend on it
    for leg in transfer.legs:
        before = rows.get(ACCOUNTS, leg.account) or Account()
        reached = chains.reaches(before.reached, moment.chain, giver, week) if goes_on and leg.received > 0 else None
        rows.put(ACCOUNTS, leg.account, before.posted(leg.given, leg.received, moment.kind, week, reached))


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def reversal_id(moment: str) -> str:
    return derived_id(moment, "reversal")


def needs_correction(rows: Rows, event: MomentCorrected) -> Iterable[Ref]:
    yield CHAINS, chains.ALL
    if event.peer is not None:
        yield HOLDERS, event.peer
    yield TRANSFERS, event.moment
    yield TRANSFERS, reversal_id(event.moment)
    transfer = rows.known(TRANSFERS, event.moment)
    for leg in transfer.legs if transfer is not None else ():
        yield ACCOUNTS, leg.account
        if (account := rows.known(ACCOUNTS, leg.account)) is not None and account.holder is not None:
            yield HOLDERS, account.holder


def decide_correction(rows: Rows, entry: Entry) -> Iterable[Event]:
    correction: MomentCorrected = entry.event
    holder, moment = rows.get(HOLDERS, correction.peer or FORMER), rows.get(TRANSFERS, correction.moment)
    reason = refusals.of_correction(holder.account if holder is not None else None, moment,
                                    rows.get(TRANSFERS, reversal_id(correction.moment)) is not None)
    if reason is not None or moment is None:
        yield MomentRefused(moment=correction.moment, peer=correction.peer, reason=reason or "unknown_moment")
        return
    accounts = [rows.get(ACCOUNTS, leg.account) or Account() for leg in moment.legs]
    giver, receiver = (account.holder or FORMER for account in accounts)
    yield MomentReversed(moment=correction.moment, giver=giver, receiver=receiver)
    for account, leg in zip(accounts, moment.legs, strict=True):
        after = account.posted(-leg.given, -leg.received, moment.kind, week_of(moment.at_ms))
        yield from counts(rows, after, entry.at_ms)


def apply_reversed(rows: Rows, event: MomentReversed, at_ms: int) -> None:
    moment = rows.get(TRANSFERS, event.moment)
    if moment is not None:
        _post(rows, reversal_id(event.moment), moment.reversal(event.moment, at_ms), moment)


# ── breaks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_break(_rows: Rows, event: BreakStarted | BreakEnded) -> Iterable[Ref]:
    yield HOLDERS, event.peer
    yield LEFT, event.peer


def apply_break(rows: Rows, event: BreakStarted, at_ms: int) -> None:
    """Noted of whoever is in no pair yet too: their pair may stand behind it on the log."""
    if rows.get(LEFT, event.peer) is None:
        holder = rows.get(HOLDERS, event.peer) or Holder()
        rows.put(HOLDERS, event.peer, holder.resting(holder.breaks.begun(at_ms, event.until_ms)))


def apply_return(rows: Rows, event: BreakEnded, at_ms: int) -> None:
    if (holder := rows.get(HOLDERS, event.peer)) is not None:
        rows.put(HOLDERS, event.peer, holder.resting(holder.breaks.ended(at_ms)))


# ── pairs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_formed(_rows: Rows, event: PairFormed) -> Iterable[Ref]:
    yield PAIRS, event.pair
    for peer in event.peers:
        yield HOLDERS, peer
        yield LEFT, peer


def apply_formed(rows: Rows, event: PairFormed, at_ms: int) -> None:
    if any(rows.get(LEFT, peer) is not None for peer in event.peers):
        return
    rows.put(PAIRS, event.pair, Pair(peers=event.peers, formed_ms=at_ms))
    for peer in event.peers:
        rows.put(HOLDERS, peer, (rows.get(HOLDERS, peer) or Holder()).joined(event.pair))


def needs_closed(_rows: Rows, event: PairClosed) -> Iterable[Ref]:
    yield PAIRS, event.pair


def decide_closed(rows: Rows, entry: Entry) -> Iterable[Later]:
    pair = rows.get(PAIRS, entry.event.pair)
    if pair is not None and pair.closed_ms is None and pair.former is not None:
        yield _forgotten(entry.event.pair, entry.at_ms)


def apply_closed(rows: Rows, event: PairClosed, at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    if pair is not None and pair.closed_ms is None:
        rows.put(PAIRS, event.pair, pair.model_copy(update={"closed_ms": at_ms}))


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_leaving(rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    yield LEFT, event.peer
    yield AGREEMENTS, event.peer
    yield from holder_and_account(rows, event.peer)
    holder = rows.known(HOLDERS, event.peer)
    for id in holder.pairs if holder is not None else ():
        yield PAIRS, id
        pair = rows.known(PAIRS, id)
        for peer in pair.peers if pair is not None else ():
            yield HOLDERS, peer


def decide_leaving(rows: Rows, entry: Entry) -> Iterable[Later]:
    """A pair that is open yet is closed by the matcher, in a moment; its time counts from then, as on the pages."""
    for id, pair in _pairs(rows, entry.event.peer):
        if pair.closed_ms is not None and FORMER not in pair.peers and not pair.late(entry.at_ms):
            yield _forgotten(id, pair.closed_ms)


def apply_leaving(rows: Rows, event: PeerLeft, at_ms: int) -> None:
    """Whose the account was, and with whom they were paired, is forgotten; what was given and received stands.

    Whoever stayed may write moments down for a while yet, as after any other ending (rule 17): so the pair stays that
    long, with an account of nobody's in the place of the one who left.
    """
    rows.put(LEFT, event.peer, Left())
    if rows.get(AGREEMENTS, event.peer) is not None:
        rows.drop(AGREEMENTS, event.peer)
    holder = rows.get(HOLDERS, event.peer)
    if holder is None:
        return
    account = holder.account
    for id, pair in _pairs(rows, event.peer):
        if FORMER in pair.peers or pair.late(at_ms):
            _forget_pair(rows, id)
            continue
        if account is None:
            account = derived_id(id, FORMER)
            rows.put(ACCOUNTS, account, Account())
        rows.put(PAIRS, id, pair.left_by(event.peer, account))
    if holder.account is not None and (held := rows.get(ACCOUNTS, holder.account)) is not None:
        rows.put(ACCOUNTS, holder.account, held.without_holder())
    rows.drop(HOLDERS, event.peer)


def _pairs(rows: Rows, peer: str) -> Iterable[tuple[str, Pair]]:
    holder = rows.get(HOLDERS, peer)
    for id in holder.pairs if holder is not None else ():
        if (pair := rows.get(PAIRS, id)) is not None:
            yield id, pair


def _forget_pair(rows: Rows, id: str) -> None:
    pair = rows.get(PAIRS, id)
    for peer in pair.peers if pair is not None else ():
        if (holder := rows.get(HOLDERS, peer)) is not None:
            rows.put(HOLDERS, peer, holder.without(id))
    rows.drop(PAIRS, id)


def _forgotten(pair: str, closed_ms: int) -> Later:
    due_ms = closed_ms + LATE_MS + 1
    return Later(TimerElapsed(service=SERVICE, what=FORGET, of=pair, due_ms=due_ms), due_ms)


def needs_timer(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    if event.service != SERVICE or event.what != FORGET:
        return
    yield PAIRS, event.of
    pair = rows.known(PAIRS, event.of)
    for peer in pair.peers if pair is not None else ():
        yield HOLDERS, peer


def apply_timer(rows: Rows, event: TimerElapsed, _at_ms: int) -> None:
    """Nothing is left of a pair that somebody left, once no moment of it can be written down any more."""
    if event.service == SERVICE and event.what == FORGET:
        _forget_pair(rows, event.of)


def nothing(_rows: Rows, _event: Event, _at_ms: int) -> None:
    """A refusal changes nothing; the counts changed with the moment that moved them."""


OWN: Mapping[type[Event], Callable[[Rows, Any, int], None]] = {
    MomentRecorded: apply_recorded,
    MomentReversed: apply_reversed,
    MomentRefused: nothing,
    CountsChanged: nothing,
    GivingUnreturned: apply_unreturned,
    ReceivingUnrecorded: apply_unrecorded,
}
