"""The one decision: may this message go to this person now, later, or not at all?

Asked twice of every message: when its cause is read, by the log's time, and just before it is sent, by the wall clock
and the person's latest wishes (rule 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.notifier.domain.hours import Hours
from shared.clock import DAY_MS
from shared.events import MessageClass

KIND_A_DAY_MAX, KIND_A_WEEK_MAX = 1, 3
"""Gestures, thanks and nudges that reach a person by message in any 24 hours and any 7 days (rule 9); the rest waits on
their page."""

SAME_NUDGE_MAX = 2
"""How often in a row the same nudge is given, by message or on the page (rule 9)."""

WEEK_MS = 7 * DAY_MS

FRESH_MS = {MessageClass.SIGN_IN: 15 * 60 * 1000, MessageClass.KIND: DAY_MS}
"""How long after it was due a message still helps. A sign-in link lives half an hour; a gesture is on the page anyway.
Essential messages help however late they are."""


@dataclass(frozen=True)
class Send:
    """Now."""


@dataclass(frozen=True)
class Hold:
    """Not before `until_ms`."""

    until_ms: int
    reason: Literal["quiet_hours", "break"]


@dataclass(frozen=True)
class Withhold:
    """Not by message. What it would have told is on the person's page all the same."""

    reason: Literal["stopped", "break", "cap", "late"]


Verdict = Send | Hold | Withhold


@dataclass(frozen=True)
class Standing:
    """What matters about a person at this moment."""

    hours: Hours | None
    break_until_ms: int | None = None
    kind_sent_ms: tuple[int, ...] = ()
    """When kind messages reached them, the last seven days at least."""
    kind_open: int = 0
    """Other kind messages that are on their way; each counts as if it arrived now."""
    stopped: bool = False
    """They asked us to stop writing to them (rule 10)."""

    def on_break(self, now_ms: int) -> bool:
        return self.break_until_ms is not None and now_ms < self.break_until_ms


def verdict(klass: MessageClass, person: Standing, now_ms: int) -> Verdict:
    """Sign-in always goes, and nothing else to whoever stopped our messages. A break stops what is kind and holds the
    rest; quiet hours hold both."""
    if klass is MessageClass.SIGN_IN:
        return Send()
    if person.stopped:
        return Withhold("stopped")
    on_break = person.on_break(now_ms)
    if klass is MessageClass.KIND:
        if on_break:
            return Withhold("break")
        if capped(person, now_ms):
            return Withhold("cap")
    from_ms = max(now_ms, person.break_until_ms or 0) if on_break else now_ms
    at_ms = person.hours.allowed_from(from_ms) if person.hours else from_ms
    return Send() if at_ms == now_ms else Hold(at_ms, "break" if on_break else "quiet_hours")


def capped(person: Standing, now_ms: int) -> bool:
    """Whether one more kind message now would be more than one a day or three a week."""
    day = sum(now_ms - at_ms < DAY_MS for at_ms in person.kind_sent_ms)
    week = sum(now_ms - at_ms < WEEK_MS for at_ms in person.kind_sent_ms)
    return day + person.kind_open >= KIND_A_DAY_MAX or week + person.kind_open >= KIND_A_WEEK_MAX


def late(klass: MessageClass, due_ms: int, now_ms: int) -> bool:
    """Whether a message that was first due at `due_ms` would come too late to help."""
    return klass in FRESH_MS and now_ms - due_ms >= FRESH_MS[klass]
