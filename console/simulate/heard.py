"""Every message that reached somebody in a simulation, held against the rules for messages by the log alone. Pure.

The notifier decides ahead and once more just before it sends. Here each arrival is looked at afterwards: what the person had
asked for by then, what the clock on their wall said, what had reached them before. Nothing of the notifier's is used but the
names of its messages (rules 8, 9 and 11, `docs/operators/messages.md`).
"""

from __future__ import annotations

from calendar import MONDAY
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from console.simulate.standing import Hearing
from console.simulate.waits import Waits
from shared.clock import DAY_MS
from shared.events import (
    BreakEnded,
    BreakStarted,
    Frequency,
    MessageClass,
    MessageDelivered,
    MessageIntended,
    PeerJoined,
    PeerLeft,
    PreferencesChanged,
    QuietHours,
)

WEEK_MS = 7 * DAY_MS
GENTLE = ("kind", "nudge")
A_DAY, A_WEEK, IN_A_ROW = 1, 3, 2
"""Kind messages and nudges that may reach a person in 24 hours and in 7 days; and the same nudge one after another."""


@dataclass(frozen=True)
class Came:
    """A message that reached somebody."""

    at_ms: int
    message: str
    template: str
    klass: str
    about: str | None


@dataclass
class Ear:
    """What somebody has asked for so far, and what has reached them."""

    joined_ms: int
    wishes: PreferencesChanged
    left_ms: int | None = None
    break_until_ms: int = 0
    came: list[Came] = field(default_factory=list)

    def of_class(self, *classes: str) -> list[Came]:
        return [each for each in self.came if each.klass in classes]


@dataclass(frozen=True)
class Broken:
    """A message that should not have reached somebody then, or one that should have and did not; `rule` says which way."""

    rule: str
    peer: str
    message: str


class Heard:
    """Hears the log; judges each message as it arrives, and waits when all is over."""

    def __init__(self, zone: str) -> None:
        """`zone` is the programme's."""
        self._zone, self._zones = zone, available_timezones()
        self._ears: dict[str, Ear] = {}
        self._intended: dict[str, MessageIntended] = {}
        self._waits = Waits()
        self._broken: list[Broken] = []
        self.hearings: tuple[Hearing, Hearing] = ({
            PeerJoined: self._joined, PeerLeft: self._left, PreferencesChanged: self._wishes, BreakStarted: self._rests,
            BreakEnded: self._is_back, MessageIntended: self._is_intended, MessageDelivered: self._came}, self._waits.hearing)

    def broken(self, end_ms: int) -> list[Broken]:
        """All that was against a rule, up to `end_ms`."""
        return [*self._broken, *(Broken(*each) for each in self._waits.broken),
                *(Broken("silently_left_out", peer, "") for peer in self._waits.left_out(end_ms))]

    def a_week(self, end_ms: int) -> dict[str, tuple[float, int]]:
        """By class: how many reached a person in a week on average, and the most that reached anybody in any seven days."""
        weeks = sum(((ear.left_ms or end_ms) - ear.joined_ms) / WEEK_MS for ear in self._ears.values())
        sums = Counter(each.klass for ear in self._ears.values() for each in ear.came)
        return {klass: (sums[klass] / weeks, max(_most(ear, klass) for ear in self._ears.values()))
                for klass in map(str, MessageClass) if sums[klass]}

    def _joined(self, event: PeerJoined, at_ms: int) -> None:
        self._ears[event.peer] = Ear(at_ms, PreferencesChanged(peer=event.peer, quiet=QuietHours()))

    def _left(self, event: PeerLeft, at_ms: int) -> None:
        self._ears[event.peer].left_ms = at_ms

    def _wishes(self, event: PreferencesChanged, _at_ms: int) -> None:
        self._ears[event.peer].wishes = event

    def _rests(self, event: BreakStarted, _at_ms: int) -> None:
        self._ears[event.peer].break_until_ms = event.until_ms

    def _is_back(self, event: BreakEnded, _at_ms: int) -> None:
        self._ears[event.peer].break_until_ms = 0

    def _is_intended(self, event: MessageIntended, _at_ms: int) -> None:
        self._intended[event.message] = event

    def _came(self, event: MessageDelivered, at_ms: int) -> None:
        intended, ear = self._intended.get(event.message), self._ears.get(event.to)
        if intended is None or ear is None:  # an invitation, to somebody who is no peer yet, comes at any hour
            return
        came = Came(at_ms, event.message, event.template, str(intended.klass), intended.about)
        self._broken += [Broken(rule, event.to, event.message) for rule in self._against(ear, came)]
        ear.came.append(came)

    def _against(self, ear: Ear, came: Came) -> Iterator[str]:
        """Which rules the arrival of this message breaks."""
        if ear.left_ms is not None:
            yield "after_leaving"
        if any(each.message == came.message for each in ear.came):
            yield "twice"
        if came.klass == MessageClass.SIGN_IN:
            return
        if ear.wishes.stopped or came.klass in ear.wishes.without:
            yield "stopped"
        if came.at_ms < ear.break_until_ms:
            yield "on_a_break"
        if self._is_quiet(ear.wishes.quiet, came.at_ms):
            yield "in_quiet_hours"
        if came.klass in GENTLE:
            yield from self._too_often(ear, came)

    def _too_often(self, ear: Ear, came: Came) -> Iterator[str]:
        before = ear.of_class(*GENTLE)
        if sum(came.at_ms - each.at_ms < DAY_MS for each in before) >= A_DAY:
            yield "more_than_one_a_day"
        if sum(came.at_ms - each.at_ms < WEEK_MS for each in before) >= A_WEEK:
            yield "more_than_three_a_week"
        if ear.wishes.frequency is Frequency.ONLY_NEEDED:
            yield "only_what_is_needed"
        if ear.wishes.frequency is Frequency.WEEKLY and self._local(ear.wishes.quiet, came.at_ms).weekday() != MONDAY:
            yield "not_on_a_monday"
        last = [(each.template, each.about) for each in ear.of_class("nudge")][-IN_A_ROW:]
        if came.klass == "nudge" and last == [(came.template, came.about)] * IN_A_ROW:
            yield "more_than_twice_in_a_row"

    def _is_quiet(self, quiet: QuietHours | None, at_ms: int) -> bool:
        """By what the person's own clock shows at that moment."""
        if quiet is None:
            return False
        chosen = quiet if quiet.start != quiet.end else QuietHours(zone=quiet.zone)
        now = self._local(quiet, at_ms).strftime("%H:%M")
        over_midnight = chosen.start > chosen.end
        return now >= chosen.start or now < chosen.end if over_midnight else chosen.start <= now < chosen.end

    def _local(self, quiet: QuietHours | None, at_ms: int) -> datetime:
        named = quiet.zone if quiet is not None and quiet.zone in self._zones else self._zone
        return (datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(named))


def _most(ear: Ear, klass: str) -> int:
    """Of this class within any seven days."""
    times = [each.at_ms for each in ear.of_class(klass)]
    return max((sum(0 <= at_ms - each < WEEK_MS for each in times) for at_ms in times), default=0)
