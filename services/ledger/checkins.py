"""What the ledger does when a partner tells of people, and when they agree to that or take it back: needs, decide, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.ledger.domain import chains, checkins
from services.ledger.domain.checkins import Found
from services.ledger.domain.protection import Thresholds
from services.ledger.domain.refusals import FORMER, Pair
from services.ledger.handlers import holder_and_account, nothing, posted
from services.ledger.store import ACCOUNTS, AGREEMENTS, CHAINS, HOLDERS, LEFT, PAIRS, TRANSFERS, Agreement
from shared.events import (
    CheckinPosted,
    CheckinRecorded,
    CheckinRefused,
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    MomentRecorded,
    Posted,
    TrainingCompleted,
    TrainingNoted,
    TrainingRefused,
)
from shared.rows import Ref, Rows
from shared.service import Entry

CHECKINS, TRAINING = "checkins", "training"
"""The two things that a person may agree to a partner telling us."""

# ── what people agreed to ────────────────────────────────────────────────────────────────────────────────────────────


def needs_agreement(_rows: Rows, event: ConsentGiven | ConsentWithdrawn) -> Iterable[Ref]:
    if event.partner is not None:
        yield LEFT, event.peer
        yield AGREEMENTS, event.peer


def apply_given(rows: Rows, event: ConsentGiven, _at_ms: int) -> None:
    if event.partner is not None and rows.get(LEFT, event.peer) is None:
        before = rows.get(AGREEMENTS, event.peer) or Agreement()
        rows.put(AGREEMENTS, event.peer, before.given(event.partner, event.wording))


def apply_withdrawn(rows: Rows, event: ConsentWithdrawn, _at_ms: int) -> None:
    before = rows.get(AGREEMENTS, event.peer)
    if before is not None:
        rows.put(AGREEMENTS, event.peer, before.withdrawn(event.partner, event.wording))


def _agreed(rows: Rows, peer: str | None, partner: str, wording: str) -> bool:
    agreement = None if peer is None else rows.get(AGREEMENTS, peer)
    return agreement is not None and agreement.covers(partner, wording)


# ── check-ins ────────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_checkin(rows: Rows, event: CheckinRecorded) -> Iterable[Ref]:
    yield CHAINS, chains.ALL
    for peer in _named(event):
        yield LEFT, peer
        yield AGREEMENTS, peer
        yield from holder_and_account(rows, peer)
        holder = rows.known(HOLDERS, peer)
        for id in holder.pairs if holder is not None else ():
            yield PAIRS, id
    for id, pair in _pairs(rows, event).items():
        for found in _found(event, id, pair):
            yield TRANSFERS, found.moment
        if pair.former is not None:
            yield ACCOUNTS, pair.former
        for peer in pair.peers:
            if peer != FORMER:
                yield from holder_and_account(rows, peer)


class Checkins:
    """Decides what becomes of a check-in, and whether whoever gave in it is to be protected."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds

    def decide(self, rows: Rows, entry: Entry) -> Iterable[Event]:
        checkin: CheckinRecorded = entry.event
        peers = tuple(None if peer is None or rows.get(LEFT, peer) is not None else peer for peer in checkin.peers)
        agreed = tuple(_agreed(rows, peer, checkin.partner, CHECKINS) for peer in peers)
        reason = checkins.of_people(peers, agreed, checkin.happened_ms, entry.at_ms)
        if reason is None:
            pair = checkins.pair_of(_pairs(rows, checkin), checkin.happened_ms, entry.at_ms)
            if not isinstance(pair, str):
                new = [found for found in _found(checkin, *pair) if rows.get(TRANSFERS, found.moment) is None]
                if new:
                    yield from _posted(rows, entry, self._thresholds, *pair, new)
                    return
                reason = "already_recorded"
            else:
                reason = pair
        yield CheckinRefused(checkin=checkin.checkin, partner=checkin.partner, reason=reason)


def _posted(rows: Rows, entry: Entry, thresholds: Thresholds, id: str, pair: Pair, new: list[Found]) -> Iterable[Event]:
    """The moments with all that follows from them, and the one answer to the partner's event."""
    checkin: CheckinRecorded = entry.event
    named, happened_ms = _named(checkin), min(checkin.happened_ms, entry.at_ms)
    moments = [MomentRecorded(
        moment=found.moment, pair=id, giver=pair.peers[found.giver], receiver=pair.peers[1 - found.giver], kind=found.kind,
        recorded_by=named[0], minutes=found.minutes, checkin=checkin.checkin, happened_ms=happened_ms) for found in new]
    yield from posted(rows, moments, entry.at_ms, thresholds)
    yield CheckinPosted(
        checkin=checkin.checkin, partner=checkin.partner, peers=named, happened_ms=happened_ms, moments=tuple(
            Posted(moment=each.moment, kind=each.kind, giver=each.giver, receiver=each.receiver) for each in moments))


def _named(checkin: CheckinRecorded) -> tuple[str, ...]:
    return tuple(peer for peer in checkin.peers if peer is not None)


def _pairs(rows: Rows, checkin: CheckinRecorded) -> Mapping[str, Pair]:
    """Every pair there is of all whom the check-in names, as far as it was loaded."""
    named = _named(checkin)
    holders = [rows.known(HOLDERS, peer) for peer in named]
    ids = holders[0].pairs if holders and holders[0] is not None else ()
    found = {id: pair for id in ids if (pair := rows.known(PAIRS, id)) is not None}
    return {id: pair for id, pair in found.items() if set(named) <= set(pair.peers)}


def _found(checkin: CheckinRecorded, id: str, pair: Pair) -> Iterable[Found]:
    return checkins.moments_of(checkin.partner, id, pair.peers.index(_named(checkin)[0]), checkin.moments,
                               checkin.happened_ms)


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_training(_rows: Rows, event: TrainingCompleted) -> Iterable[Ref]:
    if event.peer is not None:
        yield LEFT, event.peer
        yield AGREEMENTS, event.peer


def decide_training(rows: Rows, entry: Entry) -> Iterable[Event]:
    training: TrainingCompleted = entry.event
    peer, about = training.peer, training.about
    if peer is None or about is None or rows.get(LEFT, peer) is not None:
        yield TrainingRefused(training=training.training, partner=training.partner, reason="unknown_reference")
        return
    agreement = rows.get(AGREEMENTS, peer) or Agreement()
    if not agreement.covers(training.partner, TRAINING):
        yield TrainingRefused(training=training.training, partner=training.partner, reason="no_consent")
    elif training.training in agreement.trainings:
        yield TrainingRefused(training=training.training, partner=training.partner, reason="already_noted")
    else:
        yield TrainingNoted(training=training.training, partner=training.partner, peer=peer, about=about)


def apply_noted(rows: Rows, event: TrainingNoted, _at_ms: int) -> None:
    agreement = rows.get(AGREEMENTS, event.peer) or Agreement()
    rows.put(AGREEMENTS, event.peer, agreement.trained(event.training))


OWN: Mapping[type[Event], Callable[[Rows, Any, int], None]] = {
    CheckinPosted: nothing,
    CheckinRefused: nothing,
    TrainingNoted: apply_noted,
    TrainingRefused: nothing,
}
