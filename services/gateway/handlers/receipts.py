"""What became of partners' check-ins and training: for the partner who asks, and on the pages of those whom it named."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers import stories
from services.gateway.handlers.peers import change
from services.gateway.store import (
    PEERS,
    RECEIPT_LIVES_MS,
    RECEIPTS,
    SERVICE,
    TRAININGS_MAX,
    ReceiptRow,
    Trained,
)
from shared.events import (
    CheckinPosted,
    CheckinRecorded,
    CheckinRefused,
    Event,
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


def needs(rows: Rows, event: Brought | Answered) -> Iterable[Ref]:
    yield RECEIPTS, delivery(event)
    if isinstance(event, CheckinPosted):
        yield from stories.needs_told(rows, event)
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


def posted(rows: Rows, event: CheckinPosted, at_ms: int) -> None:
    _answer(rows, event)
    stories.told(rows, event, at_ms)


def noted(rows: Rows, event: TrainingNoted, _at_ms: int) -> None:
    _answer(rows, event)
    training = Trained(training=event.training, partner=event.partner, about=event.about)
    change(rows, event.peer, lambda row: row.changed(trainings=(training, *row.trainings)[:TRAININGS_MAX]))


def refused(rows: Rows, event: CheckinRefused | TrainingRefused, _at_ms: int) -> None:
    _answer(rows, event, event.reason)


def _answer(rows: Rows, event: Answered, reason: str | None = None) -> None:
    row = rows.get(RECEIPTS, delivery(event))
    if row is not None and row.status == "accepted":
        status = "recorded" if reason is None else "refused"
        rows.put(RECEIPTS, delivery(event), row.model_copy(update={"status": status, "reason": reason}))


def _ours(event: TimerElapsed) -> bool:
    return event.service == SERVICE and event.what == EXPIRY
