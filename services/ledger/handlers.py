"""What the ledger does when something happens: for each event its three beats, needs, decide and apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.ledger.domain import chains, entries, refusals, same_day
from services.ledger.domain.breaks import window
from services.ledger.domain.chains import Chains
from services.ledger.domain.entries import Account, Transfer, other_way
from services.ledger.domain.protection import Thresholds, only_gives, unreturned
from services.ledger.domain.refusals import FORMER, LATE_MS, Pair
from services.ledger.domain.weeks import day_of, week_of
from services.ledger.store import (
    ACCOUNTS,
    AGREEMENTS,
    CHAINS,
    CORRECTIONS,
    HOLDERS,
    LEFT,
    PAIRS,
    SERVICE,
    TRANSFERS,
    Holder,
    Left,
)
from shared.clock import derived_id
from shared.events import (
    BreakEnded,
    BreakStarted,
    CountsChanged,
    Event,
    GestureSent,
    GivingUnreturned,
    Kind,
    MomentRecorded,
    MomentRefused,
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
    if isinstance(event, MomentShared) and event.both_ways:
        yield TRANSFERS, other_way(event.moment)
    for peer in (event.giver, event.receiver):
        yield from holder_and_account(rows, peer)
    if (pair := rows.known(PAIRS, event.pair)) is None:
        return
    if pair.former is not None:
        yield ACCOUNTS, pair.former
        yield LEFT, event.giver
        yield LEFT, event.receiver
    elif pair.recent and isinstance(event, MomentShared):
        for giver in (event.giver, event.receiver) if event.both_ways else (event.giver,):
            for _, moment in same_day.like(pair.peers, pair.recent, event.kind, giver, event.recorded_by):
                yield CORRECTIONS, moment


class Moments:
    """Decides what becomes of a moment, and whether its giver is to be protected."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds

    def decide_moment(self, rows: Rows, entry: Entry) -> Iterable[Event]:
        """Where both gave there are two, each naming the other. An hour together was one: the first keeps the minutes."""
        shared: MomentShared = entry.event
        happened_ms = None if shared.happened_ms is None else min(shared.happened_ms, entry.at_ms)
        first = MomentRecorded(
            moment=shared.moment, pair=shared.pair, giver=shared.giver, receiver=shared.receiver, kind=shared.kind,
            recorded_by=shared.recorded_by, minutes=shared.minutes, happened_ms=happened_ms, way=shared.way)
        both = (first,) if not shared.both_ways else (
            first.model_copy(update={"linked": other_way(first.moment)}),
            first.model_copy(update={"moment": other_way(first.moment), "giver": first.receiver, "receiver": first.giver,
                                     "minutes": None, "linked": first.moment}))
        return _recorded(rows, entry, self._thresholds, both, shared.happened_ms)

    def decide_gesture(self, rows: Rows, entry: Entry) -> Iterable[Event]:
        """A gesture is a moment that its giver wrote down by sending it."""
        sent: GestureSent = entry.event
        return _recorded(rows, entry, self._thresholds, [MomentRecorded(
            moment=sent.moment, pair=sent.pair, giver=sent.giver, receiver=sent.receiver, kind=Kind.GESTURE,
            recorded_by=sent.giver)])


def _recorded(rows: Rows, entry: Entry, thresholds: Thresholds, moments: Sequence[MomentRecorded],
              said_ms: int | None = None) -> Iterable[Event]:
    """`said_ms` is when it happened, as it was said; none when that was left open."""
    first, pair = moments[0], rows.get(PAIRS, moments[0].pair)
    by = first.recorded_by or first.giver
    if pair is not None and pair.former is not None:
        there = {peer: peer if rows.get(LEFT, peer) is None else FORMER for peer in (first.giver, first.receiver)}
        moments = [each.model_copy(update={"giver": there[each.giver], "receiver": there[each.receiver]}) for each in moments]
    reason = refusals.of_moment(
        moments[0].giver, moments[0].receiver, by, pair, any(rows.get(TRANSFERS, each.moment) is not None for each in moments),
        entry.at_ms if said_ms is None else said_ms, entry.at_ms, gesture=first.kind is Kind.GESTURE)
    if reason is not None or pair is None:
        yield MomentRefused(moment=first.moment, peer=by, reason=reason or "unknown_pair")
        return
    yield from posted(rows, [_recognised(rows, pair, each, entry.at_ms) for each in moments], entry.at_ms, thresholds)


def _recognised(rows: Rows, pair: Pair, moment: MomentRecorded, at_ms: int) -> MomentRecorded:
    """Says of a moment which one it may be the same as: the first that the other wrote down for that day, and that stands.
    One that came in this same batch was never loaded, and what is not known of it was never taken back."""
    by = moment.recorded_by or moment.giver
    for day, other in same_day.like(pair.peers, pair.recent, moment.kind, moment.giver, by):
        corrections = rows.known(CORRECTIONS, other)
        if day == day_of(_happened_ms(moment, at_ms)) and (corrections is None or not corrections.taken_back):
            return moment.model_copy(update={"same_as": other})
    return moment


def _happened_ms(moment: MomentRecorded, at_ms: int) -> int:
    return at_ms if moment.happened_ms is None else moment.happened_ms


def posted(rows: Rows, moments: Iterable[MomentRecorded], at_ms: int, thresholds: Thresholds) -> Iterable[Event]:
    """Moments that are recorded together, what became of each count, and who of the givers is to be protected."""
    after: dict[str, Account] = {}
    givers: dict[str, None] = {}
    for moment in moments:
        yield moment
        week = week_of(_happened_ms(moment, at_ms))
        for peer, given, received in ((moment.giver, 1, 0), (moment.receiver, 0, 1)):
            after[peer] = (after.get(peer) or account_of(rows, peer)).posted(given, received, moment.kind, week)
        givers[moment.giver] = None
    for account in after.values():
        yield from counts(rows, account, at_ms)
    for giver in givers:
        yield from protection(rows, after[giver], at_ms, thresholds)


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
        rows.put(ACCOUNTS, holder.account, account._replace(**what))


def apply_recorded(rows: Rows, event: MomentRecorded, at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    former = pair.former if pair is not None else None
    accounts = {peer: former if peer == FORMER and former else _account_id(rows, peer, event.moment, side)
                for peer, side in ((event.giver, "giver"), (event.receiver, "receiver"))}
    happened_ms = _happened_ms(event, at_ms)
    giver, receiver, week = accounts[event.giver], accounts[event.receiver], week_of(happened_ms)
    before = rows.get(ACCOUNTS, giver)
    own_word = event.checkin is None  # a partner's comes in any order, and what is counted must not depend on it
    reached = before.reached if before is not None and own_word else None
    length = chains.length(reached, receiver, week, late=event.happened_ms is not None)
    transfer = Transfer(legs=entries.moment(giver, receiver), at_ms=happened_ms, chain=length, kind=event.kind,
                        recorded_by=accounts[event.recorded_by or event.giver], minutes=event.minutes,
                        source="peer" if own_word else "partner", way=event.way, linked=event.linked)
    post(rows, event.moment, transfer, transfer, goes_on=own_word)
    if pair is not None and pair.former is None:
        recent = same_day.after(pair.peers, pair.recent, event, happened_ms, at_ms)
        if recent is not pair.recent:
            rows.put(PAIRS, event.pair, pair.model_copy(update={"recent": recent}))


def _account_id(rows: Rows, peer: str, moment: str, side: str) -> str:
    """The peer's account; with their first moment one is opened under an id that says nothing of them."""
    holder = rows.get(HOLDERS, peer) or Holder()
    if holder.account is not None:
        return holder.account
    fresh = derived_id(moment, side)
    rows.put(HOLDERS, peer, holder.holding(fresh))
    rows.put(ACCOUNTS, fresh, Account(holder=peer))
    return fresh


def post(rows: Rows, id: str, transfer: Transfer, moment: Transfer, goes_on: bool = False) -> None:
    """`moment` is the transfer itself, or the one that it takes back or puts back; `goes_on` says that chains of help may."""
    rows.put(TRANSFERS, id, transfer)
    giver, week = transfer.legs[0], week_of(moment.at_ms)
    rows.put(CHAINS, chains.ALL, (rows.get(CHAINS, chains.ALL) or Chains()).moved(moment.chain, week, giver.given))
    for leg in transfer.legs:
        before = rows.get(ACCOUNTS, leg.account) or Account()
        reached = chains.reaches(before.reached, moment.chain, giver.account, week) if goes_on and leg is not giver else None
        rows.put(ACCOUNTS, leg.account, before.posted(leg.given, leg.received, moment.kind, week, reached))


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
            rows.put(ACCOUNTS, account, Account(community=holder.community))
        rows.put(PAIRS, id, pair.left_by(event.peer, account))
    if holder.account is not None and (held := rows.get(ACCOUNTS, holder.account)) is not None:
        rows.put(ACCOUNTS, holder.account, held.without_holder(holder.community))
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
    MomentRefused: nothing,
    CountsChanged: nothing,
    GivingUnreturned: apply_unreturned,
    ReceivingUnrecorded: apply_unrecorded,
}
