"""What the notifier's own events change: a message from its intent to its end, beside its recipient's row."""

from __future__ import annotations

from typing import TypeVar

from services.notifier.domain.messages import ELSEWHERE, GENTLE, NUDGES
from services.notifier.domain.verdict import WEEK_MS
from services.notifier.store import (
    MESSAGES,
    NOT_THERE,
    PEOPLE,
    READY,
    SEND,
    SERVICE,
    MessageRow,
    NotThere,
    Nudged,
    PersonRow,
    ReferralRow,
    Unsent,
    recipient,
)
from shared.events import (
    MessageAttempted,
    MessageBounced,
    MessageClass,
    MessageDelivered,
    MessageFailed,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    TimerElapsed,
)
from shared.rows import Rows

INTERRUPTED = "interrupted"
"""The reason of a kind message or nudge that may or may not have arrived: nobody can tell, and it isn't sent again."""

RULED = ("quiet_hours", "break", "frequency")
"""Reasons to hold that come from a rule; every other one is trouble on the way."""

R = TypeVar("R", PersonRow, ReferralRow)


def intended(rows: Rows, event: MessageIntended, at_ms: int) -> None:
    table, to = recipient(event.template, event.to)
    owner = rows.get(table, to)
    secret = owner.secret if isinstance(owner, PersonRow) and event.klass is MessageClass.SIGN_IN else None
    address = owner.elsewhere if isinstance(owner, PersonRow) and event.template in ELSEWHERE else None
    rows.put(MESSAGES, event.message, MessageRow(
        to=to, template=event.template, klass=event.klass, message_id=event.message_id, about=event.about,
        parts=event.parts, intended_ms=at_ms, first_due_ms=event.not_before_ms, due_ms=event.not_before_ms, secret=secret,
        address=address, trace=event.traceparent or ""))
    if event.not_before_ms <= at_ms:
        rows.put(READY, event.message, b"1")
    new = Unsent(message=event.message, template=event.template, klass=event.klass, about=event.about, parts=event.parts,
                 due_ms=event.not_before_ms)
    if owner is not None:
        rows.put(table, to, owner.model_copy(update={"unsent": (*owner.unsent, new)} | (
            {"secret": None} if secret is not None else {}) | ({"elsewhere": None} if address is not None else {})))
    _nudged(rows, event)


def attempted(rows: Rows, event: MessageAttempted, at_ms: int) -> None:
    """Counts the attempt; what its outcome leads to follows in an event of its own."""
    row = rows.get(MESSAGES, event.message)
    if row is None:
        return
    changes: dict[str, object] = {"tries": row.tries + 1, "by_mail": row.by_mail or event.by_mail}
    if event.outcome == "hold" and event.reason not in RULED:
        changes |= {"troubles": row.troubles + 1, "trouble_ms": row.trouble_ms or at_ms,
                    "wait_until_ms": event.not_before_ms or at_ms}
    rows.put(MESSAGES, event.message, row.model_copy(update=changes))
    if event.no_such_address and row.address is None and recipient(row.template, row.to)[0] is PEOPLE:
        _not_there(rows, row.to, row.intended_ms, NotThere(found_ms=at_ms, reason=event.reason or ""))


def bounced(rows: Rows, event: MessageBounced, at_ms: int) -> None:
    if event.no_such_address:
        _not_there(rows, event.to, event.intended_ms, NotThere(found_ms=at_ms, reason=event.status))


def _not_there(rows: Rows, peer: str, intended_ms: int, mark: NotThere) -> None:
    """What came of a message from before they gave another address says nothing of that one."""
    person = rows.get(PEOPLE, peer)
    if person is not None and person.address_ms <= intended_ms:
        rows.put(NOT_THERE, peer, mark)


def timed(rows: Rows, event: TimerElapsed, at_ms: int) -> None:
    """Its time has come: unless the decision that goes with this says otherwise, it may be sent."""
    row = row_that_is_due(rows, event, at_ms)
    if row is not None:
        rows.put(READY, event.of, b"1")


def row_that_is_due(rows: Rows, event: TimerElapsed, at_ms: int) -> MessageRow | None:
    """The message that a timer is about; None when it ended, or was put off since this timer was set."""
    if event.service != SERVICE or event.what != SEND:
        return None
    row = rows.get(MESSAGES, event.of)
    return row if row is not None and row.due_ms <= at_ms else None


def held(rows: Rows, event: MessageHeld, _at_ms: int) -> None:
    row = rows.get(MESSAGES, event.message)
    if row is not None:
        rows.put(MESSAGES, event.message, row.model_copy(update={"due_ms": event.until_ms}))
        rows.drop(READY, event.message)
        table, to = recipient(event.template, event.to)
        if (owner := rows.get(table, to)) is not None:
            rows.put(table, to, owner.model_copy(update={"unsent": tuple(
                each.model_copy(update={"due_ms": event.until_ms}) if each.message == event.message else each
                for each in owner.unsent)}))


def delivered(rows: Rows, event: MessageDelivered, at_ms: int) -> None:
    row = rows.get(MESSAGES, event.message)
    if row is not None and row.klass is MessageClass.SIGN_IN and row.address is None:
        rows.drop(NOT_THERE, event.to)
    _end(rows, event, at_ms)


def withheld(rows: Rows, event: MessageWithheld, _at_ms: int) -> None:
    _end(rows, event, None)
    if event.due_ms is not None:
        _nudged(rows, event)


def failed(rows: Rows, event: MessageFailed, at_ms: int) -> None:
    _end(rows, event, at_ms if event.reason == INTERRUPTED else None)


def _nudged(rows: Rows, event: MessageIntended | MessageWithheld) -> None:
    """By message or on the page alone, it is given: that counts for how often it may be given in a row."""
    person = rows.get(PEOPLE, event.to) if event.template in NUDGES else None
    if person is not None:
        nudged = Nudged(template=event.template, about=event.about,
                        times=person.nudges_in_a_row(event.template, event.about) + 1)
        rows.put(PEOPLE, event.to, person.model_copy(update={"nudged": nudged}))


def _end(rows: Rows, event: MessageDelivered | MessageWithheld | MessageFailed, reached_ms: int | None) -> None:
    """The message is over; `reached_ms` is when it reached the person, or may have."""
    rows.drop(MESSAGES, event.message)
    rows.drop(READY, event.message)
    table, to = recipient(event.template, event.to)
    owner = rows.get(table, to)
    ended = next((each for each in owner.unsent if each.message == event.message), None) if owner else None
    if owner is None or ended is None:
        return
    changes: dict[str, object] = {"unsent": tuple(each for each in owner.unsent if each is not ended)}
    if isinstance(owner, PersonRow) and ended.klass in GENTLE and reached_ms is not None:
        recent = tuple(each for each in owner.kind_sent_ms if reached_ms - each < WEEK_MS)
        changes["kind_sent_ms"] = (*recent, reached_ms)
    rows.put(table, to, owner.model_copy(update=changes))
