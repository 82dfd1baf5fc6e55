"""What became of partners' check-ins and training: for the partner who asks, and on the pages of those whom it named."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import (
    PEERS,
    RECEIPT_LIVES_MS,
    RECEIPTS,
    SERVICE,
    TRAININGS_MAX,
    PeerRow,
    ReceiptRow,
    Trained,
    Written,
)
from shared.events import (
    CheckinPosted,
    CheckinRecorded,
    CheckinRefused,
    Event,
    MomentReversed,
    TimerElapsed,
    TrainingCompleted,
    TrainingNoted,
    TrainingRefused,
)
from shared.rows import Ref, Rows
from shared.service import Entry, Later

EXPIRY = "receipt_expiry"
Brought = CheckinRecorded | TrainingCompleted
Answered = CheckinPosted | CheckinRefused | TrainingNoted | TrainingRefused


def delivery(event: Brought | Answered) -> str:
    return event.checkin if isinstance(event, CheckinRecorded | CheckinPosted | CheckinRefused) else event.training


def needs(_rows: Rows, event: Brought | Answered) -> Iterable[Ref]:
    yield RECEIPTS, delivery(event)
    if isinstance(event, CheckinPosted):
        for peer in event.peers:
            yield PEERS, peer
    if isinstance(event, TrainingNoted):
        yield PEERS, event.peer


def expires_later(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
    id = delivery(entry.event)
    if rows.get(RECEIPTS, id) is None:
        due_ms = entry.at_ms + RECEIPT_LIVES_MS
        yield Later(TimerElapsed(service=SERVICE, what=EXPIRY, of=id, due_ms=due_ms), due_ms)


def brought(rows: Rows, event: Brought, _at_ms: int) -> None:
    """Told again long afterwards, it keeps the first answer: that is what it came to."""
    if rows.get(RECEIPTS, delivery(event)) is None:
        rows.put(RECEIPTS, delivery(event), ReceiptRow(partner=event.partner))


def needs_timer(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    if _ours(event):
        yield RECEIPTS, event.of


def forgotten(rows: Rows, event: TimerElapsed, _at_ms: int) -> None:
    if _ours(event):
        rows.drop(RECEIPTS, event.of)


def posted(rows: Rows, event: CheckinPosted, _at_ms: int) -> None:
    """The moments stand on the pages of whom the partner named, and of nobody else: that the other of the pair is known to
    some partner is not theirs to learn."""
    _answer(rows, event)
    for peer in event.peers:
        _write_down(rows, peer, event)


def _write_down(rows: Rows, peer: str, event: CheckinPosted) -> None:
    told = tuple(Written(moment=each.moment, kind=each.kind, gave=each.giver == peer, at_ms=event.happened_ms,
                         partner=event.partner, mine=peer == event.peers[0]) for each in event.moments)
    change(rows, peer, lambda row: row.with_written(*told))


def noted(rows: Rows, event: TrainingNoted, _at_ms: int) -> None:
    _answer(rows, event)
    training = Trained(training=event.training, partner=event.partner, about=event.about)
    change(rows, event.peer, lambda row: row.changed(trainings=(training, *row.trainings)[:TRAININGS_MAX]))


def refused(rows: Rows, event: CheckinRefused | TrainingRefused, _at_ms: int) -> None:
    _answer(rows, event, event.reason)


def needs_reversed(_rows: Rows, event: MomentReversed) -> Iterable[Ref]:
    yield PEERS, event.giver
    yield PEERS, event.receiver


def reversed(rows: Rows, event: MomentReversed, _at_ms: int) -> None:
    """Whoever sees a moment sees that it was taken back."""
    def after(row: PeerRow) -> PeerRow:
        return row.changed(written=tuple(
            each.model_copy(update={"withdrawn": True}) if each.moment == event.moment else each for each in row.written))
    for peer in (event.giver, event.receiver):
        change(rows, peer, after)


def _answer(rows: Rows, event: Answered, reason: str | None = None) -> None:
    row = rows.get(RECEIPTS, delivery(event))
    if row is not None and row.status == "accepted":
        status = "recorded" if reason is None else "refused"
        rows.put(RECEIPTS, delivery(event), row.model_copy(update={"status": status, "reason": reason}))


def _ours(event: TimerElapsed) -> bool:
    return event.service == SERVICE and event.what == EXPIRY
