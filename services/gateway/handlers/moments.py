"""Moments and gestures, as far as pages show them; the two counts come from the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import INBOX_MAX, PAIRS, PEERS, PeerRow, Received, Written
from shared.events import GestureSent, MomentCorrected, MomentRefused, MomentShared
from shared.rows import Ref, Rows


def needs_shared(_rows: Rows, event: MomentShared) -> Iterable[Ref]:
    yield PEERS, event.recorded_by


def needs_sent(_rows: Rows, event: GestureSent) -> Iterable[Ref]:
    yield PAIRS, event.pair
    yield PEERS, event.receiver


def needs_peer(_rows: Rows, event: MomentCorrected | MomentRefused) -> Iterable[Ref]:
    if event.peer is not None:
        yield PEERS, event.peer


def shared(rows: Rows, event: MomentShared, at_ms: int) -> None:
    moment = Written(moment=event.moment, kind=event.kind, gave=event.giver == event.recorded_by, at_ms=at_ms)
    change(rows, event.recorded_by, lambda row: row.with_written(moment))


def sent(rows: Rows, event: GestureSent, at_ms: int) -> None:
    """Reaches the inbox only within a pair that is there, and not once its receiver ended it or blocked; on a break it
    simply waits in it (rule 9)."""
    pair = rows.get(PAIRS, event.pair)
    if pair is not None and set(pair.peers) == {event.giver, event.receiver}:
        gesture = Received(giver=event.giver, gesture=event.gesture, at_ms=at_ms)
        change(rows, event.receiver, lambda row: row if event.pair not in row.pairs else row.changed(
            inbox=(gesture, *row.inbox)[:INBOX_MAX]))


def corrected(rows: Rows, event: MomentCorrected, _at_ms: int) -> None:
    def after(row: PeerRow) -> PeerRow:
        return row.changed(written=tuple(
            each.model_copy(update={"withdrawn": True}) if each.moment == event.moment else each
            for each in row.written))
    if event.peer is not None:
        change(rows, event.peer, after)


def refused(rows: Rows, event: MomentRefused, _at_ms: int) -> None:
    """The ledger took no such moment, so the page does not show it as written down."""
    if event.peer is not None and event.reason in ("unknown_pair", "not_of_this_pair", "same_person", "pair_ended"):
        change(rows, event.peer, lambda row: row.changed(
            written=tuple(each for each in row.written if each.moment != event.moment)))
