"""The notifier's events: what is told to whom, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.events.base import NOTIFIER, Event


class MessageClass(StrEnum):
    """How a message may be treated: *sign_in* passes quiet hours; *essential* is never lost; *kind* may be let go."""

    SIGN_IN = "sign_in"
    ESSENTIAL = "essential"
    KIND = "kind"


class MessageIntended(Event, type="message.intended", owner=NOTIFIER):
    """Committed before anything is sent. `message_id` is the fixed Message-ID of every attempt."""

    message: str
    to: str = Field(description="a peer's id, or a referral's")
    template: str
    klass: MessageClass
    message_id: str
    not_before_ms: int
    about: str | None = Field(None, description="the id of what it is about: a proposal, pair, moment or referral")
    traceparent: str | None = Field(None, description="the entry's own `trace`: whoever sends it goes on with that")


class MessageAttempted(Event, type="message.attempted", owner=NOTIFIER):
    """What the worker saw when it tried, the look just before sending included."""

    message: str
    outcome: Literal["delivered", "failed", "hold", "withhold"]
    reason: str | None = None
    not_before_ms: int | None = None


class MessageDelivered(Event, type="message.delivered", owner=NOTIFIER):
    """The mail server took it."""

    message: str
    to: str
    template: str


class MessageHeld(Event, type="message.held", owner=NOTIFIER):
    """Not now: quiet hours, a break or a cap; it is looked at again at `until_ms` (rules 8 and 9)."""

    message: str
    to: str
    template: str
    until_ms: int


class MessageWithheld(Event, type="message.withheld", owner=NOTIFIER):
    """It will not be sent, and why."""

    message: str
    to: str
    template: str
    reason: str
    due_ms: int | None = Field(None, description="when it would have been sent, if nothing was intended before; what it "
                               "would have told stands on the person's page from then")


class MessageFailed(Event, type="message.failed", owner=NOTIFIER):
    """It could not be sent, and is not tried again."""

    message: str
    to: str
    template: str
    reason: str
