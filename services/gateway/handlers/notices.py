"""What stands on the page of whoever hears of it: that something is not going ahead (rule 17), and nudges (rule 9).

To whom it is said, and from which morning on, the notifier decides; by message or not, the page says the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import NOTICE_LIVES_MS, NOTICES_MAX, PEERS, Notice, PeerRow, latest
from shared.events import MessageHeld, MessageIntended, MessageWithheld
from shared.rows import Ref, Rows

NOT_GOING_AHEAD = "not_going_ahead"
NUDGES = ("rest_or_ask", "would_like")
"""The notifier's templates of these names."""

_SHOWN = (NOT_GOING_AHEAD, *NUDGES)

OfMessage = MessageIntended | MessageHeld | MessageWithheld


def needs(_rows: Rows, event: OfMessage) -> Iterable[Ref]:
    if event.template in _SHOWN:
        yield PEERS, event.to


def intended(rows: Rows, event: MessageIntended, at_ms: int) -> None:
    _shows(rows, event, event.not_before_ms, at_ms)


def withheld(rows: Rows, event: MessageWithheld, at_ms: int) -> None:
    """Not by message, for whoever asked for none; a message that was on its way is noted already."""
    if event.due_ms is not None:
        _shows(rows, event, event.due_ms, at_ms)


def held(rows: Rows, event: MessageHeld, _at_ms: int) -> None:
    """It may go earlier than it was to, for who came back from a break. What shows already is not hidden again."""
    def after(row: PeerRow) -> PeerRow:
        return row.changed(notices=tuple(
            each.model_copy(update={"from_ms": min(each.from_ms, event.until_ms)}) if each.message == event.message else each
            for each in row.notices))
    if event.template in _SHOWN:
        change(rows, event.to, after)


def _shows(rows: Rows, event: MessageIntended | MessageWithheld, from_ms: int, at_ms: int) -> None:
    def after(row: PeerRow) -> PeerRow:
        kept = tuple(each for each in row.notices if at_ms < each.from_ms + NOTICE_LIVES_MS)
        note = row.closing.get(event.about or "")
        notice = Notice(message=event.message, from_ms=from_ms, template=event.template, note=note,
                        pair=None if note is None else event.about)
        waiting = {pair: each for pair, each in row.closing.items() if pair != event.about}
        return row.changed(closing=waiting, notices=latest((notice, *kept), lambda each: each.template in NUDGES, NOTICES_MAX))
    if event.template in _SHOWN:
        change(rows, event.to, after)
