"""The one decision: may this message go to this person now, later, or not at all?

Asked of every message when its cause is read and when its time has come, by the log's time, and just before it is sent, by
the wall clock and the person's latest wishes (rule 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

from services.notifier.domain.hours import Hours, is_monday, monday_after, morning_after
from services.notifier.domain.messages import ALWAYS, GENTLE
from shared.clock import DAY_MS
from shared.events import Frequency, MessageClass

KIND_A_DAY_MAX, KIND_A_WEEK_MAX = 1, 3
"""Gestures, thanks and nudges that reach a person by message in any 24 hours and any 7 days (rule 9); the rest waits on
their page."""

SAME_NUDGE_MAX = 2
"""How often in a row the same nudge is given, by message or on the page (rule 9)."""

WEEK_MS = 7 * DAY_MS

FRESH_MS = {MessageClass.SIGN_IN: 15 * 60 * 1000, MessageClass.KIND: DAY_MS, MessageClass.NUDGE: DAY_MS}
"""How long after it was due a message still helps. A sign-in link lives half an hour; a gesture is on the page anyway.
Essential ones and those of safety help however late they are."""


@dataclass(frozen=True)
class Send:
    """Now."""


@dataclass(frozen=True)
class Hold:
    """Not before `until_ms`."""

    until_ms: int
    reason: Literal["quiet_hours", "break", "frequency"]


@dataclass(frozen=True)
class Withhold:
    """Not by message. What it would have told is on the person's page all the same."""

    reason: Literal["stopped", "break", "only_needed", "cap", "late"]


Verdict = Send | Hold | Withhold


@dataclass(frozen=True)
class Standing:
    """What matters about a person at this moment."""

    hours: Hours | None
    break_until_ms: int | None = None
    kind_sent_ms: tuple[int, ...] = ()
    """When kind messages and nudges reached them, the last seven days at least."""
    kind_due_ms: tuple[int, ...] = ()
    """When others of these may go that are on their way and come first."""
    stopped: bool = False
    """They asked us to stop writing to them (rule 10)."""
    without: tuple[str, ...] = ()
    """Classes of messages that they stopped (rule 10)."""
    frequency: Frequency = Frequency.AS_IT_HAPPENS
    zone: tzinfo = UTC
    """The programme's, for the mornings of whoever has no quiet hours."""

    def on_break(self, now_ms: int) -> bool:
        return self.break_until_ms is not None and now_ms < self.break_until_ms

    def allowed_from(self, at_ms: int) -> int:
        return self.hours.allowed_from(at_ms) if self.hours else at_ms

    def reached_ms(self, now_ms: int, at_ms: int) -> list[int]:
        """When kind messages and nudges reach them up to `at_ms`; what may go by then counts from as soon as it may."""
        return [*self.kind_sent_ms, *(max(due_ms, now_ms) for due_ms in self.kind_due_ms if due_ms <= at_ms)]


def verdict(klass: MessageClass, person: Standing, now_ms: int, since_ms: int | None = None) -> Verdict:
    """Sign-in and safety always go, and nothing else to whoever stopped our messages, or this class of them. A break stops
    what is kind and nudges, and holds the rest; quiet hours hold all three. `since_ms` is when what it tells came up, none
    means now: once a day and once a week are counted from there."""
    if klass in ALWAYS:
        return Send()
    if person.stopped or klass in person.without:
        return Withhold("stopped")
    on_break = person.on_break(now_ms)
    if klass in GENTLE:
        return Withhold("break") if on_break else _gently(person, now_ms, now_ms if since_ms is None else since_ms)
    at_ms = person.allowed_from(max(now_ms, person.break_until_ms or 0) if on_break else now_ms)
    return Send() if at_ms == now_ms else Hold(at_ms, "break" if on_break else "quiet_hours")


def _gently(person: Standing, now_ms: int, since_ms: int) -> Verdict:
    """Whoever hears of things as they happen finds on their page what is more than the cap; whoever hears once a day or a
    week gets it the next time."""
    if person.frequency is Frequency.ONLY_NEEDED:
        return Withhold("only_needed")
    put_off_ms = _put_off(person, since_ms)
    at_ms = person.allowed_from(max(now_ms, put_off_ms))
    if capped(person, now_ms, at_ms):
        if person.frequency is Frequency.AS_IT_HAPPENS:
            return Withhold("cap")
        at_ms = put_off_ms = _free_from(person, now_ms, at_ms)
    return Send() if at_ms == now_ms else Hold(at_ms, "frequency" if put_off_ms > now_ms else "quiet_hours")


def _put_off(person: Standing, since_ms: int) -> int:
    match person.frequency:
        case Frequency.DAILY:
            return morning_after(since_ms, person.hours, person.zone)
        case Frequency.WEEKLY:
            return monday_after(since_ms, person.hours, person.zone)
        case _:
            return 0


def capped(person: Standing, now_ms: int, at_ms: int) -> bool:
    """Whether one more kind message or nudge at `at_ms` would be more than one a day or three a week."""
    ages_ms = [at_ms - each for each in person.reached_ms(now_ms, at_ms)]
    return (sum(age_ms < DAY_MS for age_ms in ages_ms) >= KIND_A_DAY_MAX
            or sum(age_ms < WEEK_MS for age_ms in ages_ms) >= KIND_A_WEEK_MAX)


def _free_from(person: Standing, now_ms: int, at_ms: int) -> int:
    """The first moment from `at_ms` on at which hours and cap allow one more, on a Monday for whoever hears once a week; there
    is one a week after the latest."""
    while capped(person, now_ms, at_ms):
        ends_ms = (each + span_ms for each in person.reached_ms(now_ms, at_ms) for span_ms in (DAY_MS, WEEK_MS))
        at_ms = person.allowed_from(min(each for each in ends_ms if each > at_ms))
        if person.frequency is Frequency.WEEKLY and not is_monday(at_ms, person.hours, person.zone):
            at_ms = monday_after(at_ms, person.hours, person.zone)
    return at_ms


def late(klass: MessageClass, due_ms: int, now_ms: int) -> bool:
    """Whether a message that was first due at `due_ms` would come too late to help."""
    return klass in FRESH_MS and now_ms - due_ms >= FRESH_MS[klass]
