"""Moments and gestures on their way: what was sent, and what the ledger did not take. What it recorded is in `stories.py`."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import PAIRS, PEERS, SENT_MAX, PeerRow, Received, Refusal, Sent
from services.gateway.store.stories import MOMENTS, PLACES
from shared.events import GestureSent, Kind, MomentRefused, MomentShared, RefusalCleared
from shared.rows import Ref, Rows


def needs_shared(_rows: Rows, event: MomentShared) -> Iterable[Ref]:
    yield PEERS, event.recorded_by


def needs_sent(_rows: Rows, event: GestureSent) -> Iterable[Ref]:
    yield PAIRS, event.pair
    yield PEERS, event.giver
    yield PEERS, event.receiver


def needs_refused(rows: Rows, event: MomentRefused) -> Iterable[Ref]:
    if event.peer is not None:
        yield PEERS, event.peer
        yield PLACES, event.moment
        if (there := rows.known(PLACES, event.moment)) is not None:
            yield MOMENTS, there.decode()


def needs_cleared(_rows: Rows, event: RefusalCleared) -> Iterable[Ref]:
    yield PEERS, event.peer


def shared(rows: Rows, event: MomentShared, at_ms: int) -> None:
    _sends(rows, event.recorded_by, Sent(moment=event.moment, kind=event.kind, at_ms=at_ms))


def sent(rows: Rows, event: GestureSent, at_ms: int) -> None:
    """Reaches the inbox only within a pair that is there, and not once its receiver ended it or blocked; on a break it
    simply waits in it (rule 9)."""
    _sends(rows, event.giver, Sent(moment=event.moment, kind=Kind.GESTURE, at_ms=at_ms))
    pair = rows.get(PAIRS, event.pair)
    if pair is not None and set(pair.peers) == {event.giver, event.receiver}:
        gesture = Received(giver=event.giver, gesture=event.gesture, at_ms=at_ms)
        change(rows, event.receiver, lambda row: row.hearing(event.pair, gesture))


def refused(rows: Rows, event: MomentRefused, at_ms: int) -> None:
    """Told to whose doing it was: what they meant, as far as it is known here, and why it was not taken."""
    if event.peer is None:
        return
    place = rows.get(PLACES, event.moment)
    moment = None if place is None else rows.get(MOMENTS, place.decode())

    def after(row: PeerRow) -> PeerRow:
        on_its_way = next((each for each in row.sent if each.moment == event.moment), None)
        said = on_its_way or moment
        return row.refused(Refusal(moment=event.moment, kind=None if said is None else said.kind,
                                   at_ms=at_ms if said is None else said.at_ms, reason=event.reason))
    change(rows, event.peer, after)


def cleared(rows: Rows, event: RefusalCleared, _at_ms: int) -> None:
    change(rows, event.peer, lambda row: row.changed(
        refusals=tuple(each for each in row.refusals if each.moment != event.moment)))


def _sends(rows: Rows, peer: str, what: Sent) -> None:
    change(rows, peer, lambda row: row.changed(sent=(what, *row.sent)[:SENT_MAX]))
