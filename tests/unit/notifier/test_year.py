"""A year of whatever may happen to one person, in any zone there is: what rules 8, 9 and 10 promise holds at every message."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.hours import hours_of
from services.notifier.domain.messages import GENTLE, NUDGES
from services.notifier.domain.verdict import Hold, Withhold
from services.notifier.outbox import INTERRUPTED
from shared.events import (
    BreakEnded,
    Event,
    Frequency,
    GivingUnreturned,
    Kind,
    MessageClass,
    MessageIntended,
    MessageWithheld,
    MomentRecorded,
    PreferencesChanged,
    QuietHours,
    ReceivingUnrecorded,
    SignInRequested,
)
from tests.unit.notifier.world import DAY, HOUR, LONDON, MINUTE, SEAL, World, gesture, ms, proposal, rest, shown, withdrawn

ZONES = st.sampled_from([*sorted(available_timezones()), "Mars/Olympus_Mons", "../etc", ""])
TIMES = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
WISHES = st.builds(
    PreferencesChanged, peer=st.just("ben"), quiet=st.none() | st.builds(QuietHours, start=TIMES, end=TIMES, zone=ZONES)
    | st.builds(QuietHours, zone=ZONES), stopped=st.sampled_from([False] * 5 + [True]), frequency=st.sampled_from(Frequency),
    without=st.lists(st.sampled_from(["essential", "kind", "nudge"]), max_size=2, unique=True).map(tuple))
STEPS = st.lists(st.tuples(
    st.sampled_from([*["gesture"] * 8, "gestures", "gestures", "moment", "offer", "ask", "proposal", "sign_in", "break", "back",
                     "wishes", "nothing"]),
    st.sampled_from([30, 24 * 60, 26 * 60, 10 * 24 * 60]).flatmap(lambda most: st.integers(1, most)),  # minutes to the next
    st.integers(0, 6 * 60),        # minutes that a worker takes to look
    st.sampled_from([*["delivered"] * 4, "blocked", "interrupted"]), WISHES), min_size=20, max_size=90)


@dataclass
class Year:
    world: World
    sent: list[tuple[str, MessageClass, int]] = field(default_factory=list)

    def happens(self, what: str, number: int, minutes: int, wishes: PreferencesChanged) -> None:
        friends = ("ann", "cat", "dan")
        one = friends[number % 3]
        happening: dict[str, list[Event]] = {
            "gesture": [gesture(f"{one}'s", one, "ben")],
            "gestures": [gesture(f"{each}'s", each, "ben") for each in friends],
            "moment": [MomentRecorded(moment=f"m{number}", pair=f"{one}'s", giver="ben", receiver=one, kind=Kind.LISTENED)],
            "offer": [GivingUnreturned(peer="ben")], "ask": [ReceivingUnrecorded(peer="ben")],
            "proposal": [proposal(f"p{number}", "ben", "eve"), withdrawn(f"p{number}", "ben", "eve", said_yes=("ben",))],
            "sign_in": [SignInRequested(peer="ben", secret=SEAL)],
            "break": [rest("ben", shown(self.world.now_ms + minutes * MINUTE * 3))], "back": [BreakEnded(peer="ben")],
            "wishes": [wishes], "nothing": []}
        self.world.happens(*happening[what])

    def goes_on(self, until_ms: int, lag: int, outcome: str) -> None:
        """A worker looks some time after anything may have changed."""
        while self.world._timers and self.world._timers[0][0] <= until_ms:
            self.world.passes_until(max(self.world.now_ms, self.world._timers[0][0]))
            self.world.passes_until(min(until_ms, self.world.now_ms + lag * MINUTE))
            self.work(outcome)
        self.world.passes_until(until_ms)
        self.work(outcome)

    def work(self, outcome: str) -> None:
        world = self.world
        for message in world.ready():
            row = world.row(message)
            match world.decisions.last_look(message, row, world.someone(row.to), world.now_ms):
                case Hold(until_ms, reason):
                    world.attempted(message, "hold", reason, until_ms)
                case Withhold(reason):
                    world.attempted(message, "withhold", reason)
                case _ if outcome == "blocked":
                    world.attempted(message, "hold", "unreachable", world.now_ms + HOUR)
                case _:
                    if row.to == "ben":
                        self.reaches(row.template, row.klass)
                    gone = outcome == "interrupted" and row.klass in GENTLE
                    world.attempted(message, *(("failed", INTERRUPTED) if gone else ("delivered",)))

    def reaches(self, template: str, klass: MessageClass) -> None:
        """The rules, said once more in other words than the code's."""
        now_ms, ben = self.world.now_ms, self.world.someone("ben")
        self.sent.append((template, klass, now_ms))
        if klass is MessageClass.SIGN_IN:
            return
        hours = hours_of(ben.quiet, LONDON)
        assert hours is None or not hours.quiet_at(now_ms), "woken"
        assert ben.break_until_ms is None or ben.break_until_ms <= now_ms, "on a break"
        assert not ben.stopped, "stopped"
        assert klass not in ben.without, "stopped"
        if klass in GENTLE:
            assert ben.frequency is not Frequency.ONLY_NEEDED
            before = [at_ms for _, each, at_ms in self.sent if each in GENTLE]
            assert sum(now_ms - at_ms < DAY for at_ms in before) <= 1, "more than one a day"
            assert sum(now_ms - at_ms < 7 * DAY for at_ms in before) <= 3, "more than three a week"


@settings(max_examples=60, deadline=None)
@given(start=st.integers(ms("2025-10-01 00:00"), ms("2026-09-30 00:00")),
       wishes=WISHES | st.just(PreferencesChanged(peer="ben", quiet=None)), steps=STEPS)
def test_nobody_is_woken_pressed_or_written_to_against_their_wish_and_nothing_is_lost_or_kept(start, wishes, steps):
    world = World(shown(start))
    for name in ("ben", "ann", "cat", "dan", "eve"):
        world.person(name)
    for each in ("ann", "cat", "dan"):
        world.pair(f"{each}'s", each, "ben")
    world.happens(wishes)
    year = Year(world)
    for number, (what, minutes, lag, outcome, wishes) in enumerate(steps):
        year.happens(what, number, minutes, wishes)
        year.goes_on(world.now_ms + minutes * MINUTE, lag, outcome)

    world.happens(BreakEnded(peer="ben"), PreferencesChanged(peer="ben", quiet=None))
    year.goes_on(world.now_ms + 29 * DAY, 1, "delivered")  # three a week: what was put off, many things at once, needs some
    assert not world.someone("ben").unsent, "something is still held"
    essential = [each for each in year.sent if each[1] is MessageClass.ESSENTIAL]
    intended = {each.message for each in world.every(MessageIntended) if each.to == "ben" and each.klass == "essential"}
    withheld = {each.message for each in world.every(MessageWithheld)}
    introductions = 3
    assert introductions + len(essential) == len(intended - withheld), "an essential message was lost, or came twice"
    _same_nudge_at_most_twice(world)
    assert world.rebuilt() == world.stored()


def _same_nudge_at_most_twice(world: World) -> None:
    given: list[tuple[str, str | None]] = []
    for each in world.said:
        shown = isinstance(each, MessageIntended) or (isinstance(each, MessageWithheld) and each.due_ms is not None)
        if shown and each.to == "ben" and each.template in NUDGES:
            given.append((each.template, each.about))
    assert all(len(set(given[at:at + 3])) > 1 for at in range(len(given) - 2)), "the same nudge three times in a row"
