"""The notifier's events: what is told to whom, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.events.base import NOTIFIER, Event, PeerId


class MessageClass(StrEnum):
    """How a message may be treated: *sign_in* and *safety* pass quiet hours, and the latter is never lost; nor is *essential*;
    *kind* (gestures, thanks) and *nudge* (check-ins, offers) may be let go, and share one cap."""

    SIGN_IN = "sign_in"
    SAFETY = "safety"
    ESSENTIAL = "essential"
    KIND = "kind"
    NUDGE = "nudge"


class MessageIntended(Event, type="message.intended", owner=NOTIFIER):
    """Committed before anything is sent. `message_id` is the fixed Message-ID of every attempt."""

    message: str
    to: str = Field(description="a peer's id, or a referral's")
    template: str
    klass: MessageClass
    message_id: str
    not_before_ms: int
    about: str | None = Field(None, description="the id of what it is about: a proposal, pair, moment or referral")
    parts: tuple[str, ...] = Field((), description="the pairs whose kind words a digest puts together; each once")
    traceparent: str | None = Field(None, description="the entry's own `trace`: whoever sends it goes on with that")


class MessageAttempted(Event, type="message.attempted", owner=NOTIFIER):
    """What the worker saw when it tried, the look just before sending included."""

    message: str
    outcome: Literal["delivered", "failed", "hold", "withhold"]
    reason: str | None = None
    not_before_ms: int | None = None
    no_such_address: bool = Field(False, description="the mail server says that nobody has this address: nothing but links to "
                                  "sign in is sent there, until one of those is taken")
    by_mail: bool = Field(False, description="it could not go as a text message, and goes by e-mail from now on")


class MessageDelivered(Event, type="message.delivered", owner=NOTIFIER):
    """The mail server took it."""

    message: str
    to: str
    template: str


class MessageHeld(Event, type="message.held", owner=NOTIFIER):
    """Not now: quiet hours, a break, or how often a person likes to hear; it is looked at again at `until_ms` (rule 8)."""

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
    about: str | None = Field(None, description="the id of what it would have been about, beside `due_ms`")


class MessageFailed(Event, type="message.failed", owner=NOTIFIER):
    """It could not be sent, and is not tried again."""

    message: str
    to: str
    template: str
    reason: str


Hears = Literal["introduced", "no_longer_introduced"]
"""What a partner may be told of somebody, if they agreed to it."""


class WebhookIntended(Event, type="webhook.intended", owner=NOTIFIER):
    """A partner will be told something about somebody whom it referred, and who agreed to that."""

    webhook: str
    partner: str
    peer: PeerId
    referral: str
    what: Hears
    about: str = Field(description="the pair; it is not told")
    not_before_ms: int = Field(description="an ending is told the next morning, as the other of the two hears it (rule 17)")


class WebhookAttempted(Event, type="webhook.attempted", owner=NOTIFIER):
    """One try to reach a partner, and what came of it."""

    webhook: str
    outcome: Literal["delivered", "hold", "failed"]
    reason: str = ""
    not_before_ms: int | None = None


class WebhookDelivered(Event, type="webhook.delivered", owner=NOTIFIER):
    """The partner has taken it. It stands on the person's page that it was told."""

    webhook: str
    partner: str
    peer: PeerId
    what: Hears


class WebhookFailed(Event, type="webhook.failed", owner=NOTIFIER):
    """The partner was not told, and why: it could not be reached for three days, or the person agrees no more."""

    webhook: str
    partner: str
    peer: PeerId
    reason: str


class MessageBounced(Event, type="message.bounced", owner=NOTIFIER):
    """It was taken over and came back: an operator's mail server says so (`twoway bounce`)."""

    message: str
    to: str = Field(description="a peer's id, or a referral's")
    intended_ms: int = Field(description="when it was intended, as its Message-ID has it: no news of an address given since")
    status: str = Field("", description="RFC 3463, such as 5.1.1; empty where the mail that came back gives none")
    no_such_address: bool = Field(False, description="the status says that nobody has this address: as in `message.attempted`")


class AddressCleared(Event, type="address.cleared", owner=NOTIFIER):
    """An operator knows that the address is there after all: it is written to again."""

    peer: str
