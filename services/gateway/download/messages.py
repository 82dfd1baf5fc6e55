"""The messages that somebody was sent or spared: one line each, once it is decided and may be known."""

from __future__ import annotations

from typing import Any

from services.gateway.handlers.inboxes import STILL_SO
from shared.events import MessageDelivered, MessageFailed, MessageIntended, MessageWithheld

OfMessage = MessageIntended | MessageDelivered | MessageFailed | MessageWithheld


class Messages:
    """Follows the messages to one person in the log's order."""

    def __init__(self, peer: str, now_ms: int) -> None:
        self._peer, self._now_ms = peer, now_ms
        self._classes: dict[str, str] = {}

    def tell(self, event: OfMessage, at_ms: int) -> tuple[int, dict[str, Any]] | None:
        """(when, what). None of one that is on its way, and of one not sent because what it told is not so any more: nobody
        learns from this file what they were spared, or in the evening what they hear next morning (rule 17)."""
        if event.to != self._peer:
            return None
        if isinstance(event, MessageIntended):
            self._classes[event.message] = event.klass
            return None
        outcome = event.type.partition(".")[2]
        if isinstance(event, MessageWithheld):
            at_ms = max(at_ms, event.due_ms or 0)
            if event.reason not in STILL_SO or at_ms > self._now_ms:
                return None
        return at_ms, {"message": event.template, "klass": self._classes.pop(event.message, None), "outcome": outcome}
