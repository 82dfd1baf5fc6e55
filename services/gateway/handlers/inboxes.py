"""The inbox that always works: what each message tells stands in it, be it sent, held or stopped.

Gestures and thanks are in a person's own row, with whom they came from, and so not in here; nor is what puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.gateway.handlers import notices
from services.gateway.handlers.peers import change
from services.gateway.store import PEERS
from services.gateway.store.inboxes import INBOXES, InboxRow, Item
from shared.events import (
    MessageBounced,
    MessageDelivered,
    MessageFailed,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    PeerLeft,
)
from shared.rows import Ref, Rows

ELSEWHERE = ("new_address", "new_number", "address_changed")
"""They go to another address than the person's, so what becomes of them says nothing of whether that one reaches them."""

UNTOLD = ("sign_in", "known_already", "new_address", "new_number", "address_taken", "invitation", "thanked", "digest")
"""The notifier's templates that tell nothing of lasting use, or nothing that is not there already."""

NUDGES = (*notices.NUDGES, "check_in", "check_in_later")
IN_THE_MORNING = (notices.NOT_GOING_AHEAD, *NUDGES)
"""They show when they may be said (rule 17); everything else at once."""

STILL_SO = ("no_address", "stopped", "break", "only_needed", "cap", "late", "put_together")
"""Reasons why a message on its way is not sent though what it tells is so. By any other it is not so any more, and is told
nowhere: whoever had not heard of it never does."""

INTERRUPTED = "interrupted"
"""The reason of a message that failed and may have arrived all the same."""

OfMessage = MessageIntended | MessageHeld | MessageWithheld | MessageDelivered | MessageFailed


def needs(rows: Rows, event: OfMessage) -> Iterable[Ref]:
    if isinstance(event, MessageDelivered):
        yield PEERS, event.to
        return
    if isinstance(event, MessageFailed):
        yield PEERS, event.to
    else:
        yield from notices.needs(rows, event)
    if _stands(event.template):
        yield PEERS, event.to
        yield INBOXES, event.to


def intended(rows: Rows, event: MessageIntended, at_ms: int) -> None:
    notices.intended(rows, event, at_ms)
    _put(rows, event, event.not_before_ms, at_ms)


def withheld(rows: Rows, event: MessageWithheld, at_ms: int) -> None:
    notices.withheld(rows, event, at_ms)
    if event.due_ms is not None:
        _put(rows, event, event.due_ms, at_ms)
    elif event.reason not in STILL_SO:
        _change(rows, event, lambda row: row.without(event.message))


def held(rows: Rows, event: MessageHeld, at_ms: int) -> None:
    """It may go earlier than it was to. What shows already is not hidden again."""
    notices.held(rows, event, at_ms)

    def after(row: InboxRow) -> InboxRow:
        was_ms = next((each.from_ms for each in row.items if each.message == event.message), event.until_ms)
        return row.changed(event.message, from_ms=min(was_ms, event.until_ms))
    if event.template in IN_THE_MORNING:
        _change(rows, event, after)


def failed(rows: Rows, event: MessageFailed, at_ms: int) -> None:
    if event.reason == INTERRUPTED:
        return
    if event.template not in ELSEWHERE:
        change(rows, event.to, lambda row: row.changed(unreached_ms=at_ms))
    _change(rows, event, lambda row: row.changed(event.message, failed=True))


def needs_to_bounce(_rows: Rows, event: MessageBounced) -> Iterable[Ref]:
    yield PEERS, event.to
    yield INBOXES, event.to


def bounced(rows: Rows, event: MessageBounced, at_ms: int) -> None:
    """It was taken over, and came back: as one that failed at once."""
    change(rows, event.to, lambda row: row.changed(unreached_ms=at_ms))
    row = rows.get(INBOXES, event.to)
    if row is not None and (after := row.changed(event.message, failed=True)) != row:
        rows.put(INBOXES, event.to, after)


def delivered(rows: Rows, event: MessageDelivered, _at_ms: int) -> None:
    """Messages reach them again."""
    row = rows.get(PEERS, event.to)
    if row is not None and row.unreached_ms and event.template not in ELSEWHERE:
        rows.put(PEERS, event.to, row.changed(unreached_ms=0))


def needs_to_leave(_rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    yield INBOXES, event.peer


def left(rows: Rows, event: PeerLeft, _at_ms: int) -> None:
    rows.drop(INBOXES, event.peer)


def _put(rows: Rows, event: MessageIntended | MessageWithheld, said_ms: int, at_ms: int) -> None:
    from_ms = said_ms if event.template in IN_THE_MORNING else at_ms
    item = Item(message=event.message, template=event.template, from_ms=from_ms)
    if _stands(event.template) and rows.get(PEERS, event.to) is not None:
        rows.put(INBOXES, event.to, (rows.get(INBOXES, event.to) or InboxRow()).with_item(item))


def _change(rows: Rows, event: OfMessage, how: Callable[[InboxRow], InboxRow]) -> None:
    row = rows.get(INBOXES, event.to) if _stands(event.template) else None
    if row is not None and (after := how(row)) != row:
        rows.put(INBOXES, event.to, after)


def _stands(template: str) -> bool:
    return template not in UNTOLD and not template.startswith("gesture_")
