"""Send now, hold until, or withhold and why: every rule of rules 8, 9 and 10 as a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.hours import USUAL, hours_of
from services.notifier.domain.messages import NUDGES, Template, klass_of, of_gesture
from services.notifier.domain.verdict import Hold, Send, Standing, Withhold, late, verdict
from shared.events import Frequency, Gesture, MessageClass, QuietHours
from tests.unit.notifier.world import DAY, HOUR, LONDON, MINUTE, ms, shown

SAFETY = MessageClass.SAFETY
SIGN_IN, ESSENTIAL, KIND, NUDGE = MessageClass.SIGN_IN, MessageClass.ESSENTIAL, MessageClass.KIND, MessageClass.NUDGE
DAILY, WEEKLY, ONLY_NEEDED = Frequency.DAILY, Frequency.WEEKLY, Frequency.ONLY_NEEDED
NOON, NIGHT = "2026-03-02 12:00", "2026-03-02 23:00"
"""A Monday's. British clocks change on Sunday 29 March (01:00 to 02:00) and Sunday 25 October 2026 (02:00 to 01:00)."""
LATE_RISER = QuietHours(start="20:00", end="11:30")
NEW_YORK = QuietHours(start="21:00", end="09:00", zone="America/New_York")
BY_DAY = QuietHours(start="10:00", end="17:00")


def person(now: str, quiet: QuietHours | None = USUAL, rests_until: str | None = None, sent: tuple[float, ...] = (),
           due: tuple[str, ...] = (), **wishes: Any) -> Standing:
    """`sent`: how many hours ago kind messages and nudges arrived; `due`: when others on their way may go."""
    return Standing(hours_of(quiet, LONDON), ms(rests_until) if rests_until else None,
                    tuple(ms(now) - round(each * HOUR) for each in sent), tuple(map(ms, due)), zone=LONDON, **wishes)


ROWS: list[tuple[MessageClass, str, dict[str, Any], str]] = [
    # sign-in passes everything
    (SIGN_IN, NOON, {}, "send"),
    (SIGN_IN, NIGHT, {}, "send"),
    (SIGN_IN, NIGHT, {"rests_until": "2026-03-09 12:00"}, "send"),
    (SIGN_IN, NOON, {"quiet": None, "sent": (1, 2, 3), "due": (NOON,)}, "send"),
    (SIGN_IN, NIGHT, {"stopped": True}, "send"),
    (SAFETY, NIGHT, {"stopped": True, "rests_until": "2026-03-09 12:00", "frequency": ONLY_NEEDED}, "send"),
    (SIGN_IN, NIGHT, {"without": ("sign_in", "essential", "kind", "nudge")}, "send"),
    (SIGN_IN, NIGHT, {"frequency": ONLY_NEEDED}, "send"),
    # essential: within the person's hours, after a break, never capped, whatever the frequency
    (ESSENTIAL, NOON, {}, "send"),
    (ESSENTIAL, NIGHT, {}, "2026-03-03 09:00 quiet_hours"),
    (ESSENTIAL, "2026-03-02 08:59", {}, "2026-03-02 09:00 quiet_hours"),
    (ESSENTIAL, "2026-03-02 09:00", {}, "send"),
    (ESSENTIAL, "2026-03-02 20:59", {}, "send"),
    (ESSENTIAL, "2026-03-02 21:00", {}, "2026-03-03 09:00 quiet_hours"),
    (ESSENTIAL, NIGHT, {"quiet": None}, "send"),
    (ESSENTIAL, "2026-03-02 10:00", {"quiet": LATE_RISER}, "2026-03-02 11:30 quiet_hours"),
    (ESSENTIAL, NOON, {"quiet": BY_DAY}, "2026-03-02 17:00 quiet_hours"),
    (ESSENTIAL, NOON, {"quiet": NEW_YORK}, "2026-03-02 14:00 quiet_hours"),
    (ESSENTIAL, NIGHT, {"quiet": NEW_YORK}, "send"),
    (ESSENTIAL, NIGHT, {"quiet": QuietHours(zone="Mars/Olympus_Mons")}, "2026-03-03 09:00 quiet_hours"),
    (ESSENTIAL, NIGHT, {"quiet": QuietHours(start="03:00", end="03:00")}, "2026-03-03 09:00 quiet_hours"),
    (ESSENTIAL, NOON, {"sent": (1, 2, 3), "due": (NOON,)}, "send"),
    (ESSENTIAL, NOON, {"rests_until": "2026-03-05 15:00"}, "2026-03-05 15:00 break"),
    (ESSENTIAL, NOON, {"rests_until": "2026-03-05 23:00"}, "2026-03-06 09:00 break"),
    (ESSENTIAL, NOON, {"quiet": None, "rests_until": "2026-03-05 23:00"}, "2026-03-05 23:00 break"),
    (ESSENTIAL, NOON, {"rests_until": "2026-03-02 11:59"}, "send"),
    (ESSENTIAL, NIGHT, {"rests_until": "2026-03-02 11:59"}, "2026-03-03 09:00 quiet_hours"),
    (ESSENTIAL, NOON, {"stopped": True}, "stopped"),
    (ESSENTIAL, NOON, {"without": ("essential",)}, "stopped"),
    (ESSENTIAL, NOON, {"without": ("kind", "nudge")}, "send"),
    (ESSENTIAL, NOON, {"frequency": DAILY}, "send"),
    (ESSENTIAL, NOON, {"frequency": WEEKLY}, "send"),
    (ESSENTIAL, NOON, {"frequency": ONLY_NEEDED}, "send"),
    # the nights on which clocks change
    (ESSENTIAL, "2026-03-28 22:00", {}, "2026-03-29 09:00 quiet_hours"),
    (ESSENTIAL, "2026-10-24 22:00", {}, "2026-10-25 09:00 quiet_hours"),
    (ESSENTIAL, "2026-03-28 23:00", {"quiet": QuietHours(start="22:00", end="01:30")}, "2026-03-29 02:30 quiet_hours"),
    (KIND, "2026-03-28 22:00", {"frequency": DAILY}, "2026-03-29 09:00 frequency"),
    # kind: within the person's hours, never on a break, one a day and three a week
    (KIND, NOON, {}, "send"),
    (KIND, NIGHT, {"quiet": None}, "send"),
    (KIND, NIGHT, {}, "2026-03-03 09:00 quiet_hours"),
    (KIND, NOON, {"rests_until": "2026-03-05 15:00"}, "break"),
    (KIND, NIGHT, {"rests_until": "2026-03-05 15:00"}, "break"),
    (KIND, NOON, {"quiet": None, "rests_until": NOON}, "send"),
    (KIND, NOON, {"sent": (1,)}, "cap"),
    (KIND, NOON, {"sent": (23.9,)}, "cap"),
    (KIND, NOON, {"sent": (24,)}, "send"),
    (KIND, NOON, {"sent": (25, 49)}, "send"),
    (KIND, NOON, {"sent": (25, 49, 73)}, "cap"),
    (KIND, NOON, {"sent": (25, 49, 167.9)}, "cap"),
    (KIND, NOON, {"sent": (25, 49, 168)}, "send"),
    (KIND, NIGHT, {"sent": (15,)}, "2026-03-03 09:00 quiet_hours"),
    (KIND, NIGHT, {"sent": (13,)}, "cap"),
    (KIND, NOON, {"due": (NOON,)}, "cap"),
    (KIND, NOON, {"due": ("2026-03-02 12:01",)}, "send"),
    (KIND, NIGHT, {"due": (NOON,)}, "cap"),
    (KIND, NOON, {"rests_until": "2026-03-05 15:00", "sent": (1,), "due": (NOON,)}, "break"),
    (KIND, NOON, {"stopped": True}, "stopped"),
    (KIND, NOON, {"without": ("kind",)}, "stopped"),
    (KIND, NOON, {"without": ("nudge", "essential")}, "send"),
    (KIND, NOON, {"without": ("kind",), "rests_until": "2026-03-05 15:00"}, "stopped"),
    # once a day: the next morning; once a week: the next Monday morning; what is more than the cap waits on
    (KIND, NOON, {"frequency": DAILY}, "2026-03-03 09:00 frequency"),
    (KIND, "2026-03-02 08:00", {"frequency": DAILY}, "2026-03-02 09:00 frequency"),
    (KIND, NOON, {"frequency": DAILY, "quiet": None}, "2026-03-03 09:00 frequency"),
    (KIND, NOON, {"frequency": DAILY, "quiet": LATE_RISER}, "2026-03-03 11:30 frequency"),
    (KIND, NOON, {"frequency": DAILY, "quiet": NEW_YORK}, "2026-03-02 14:00 frequency"),
    (KIND, NOON, {"frequency": DAILY, "sent": (2.5,)}, "2026-03-03 09:30 frequency"),
    (KIND, NOON, {"frequency": DAILY, "sent": (3, 27, 51)}, "2026-03-07 09:00 frequency"),
    (KIND, NOON, {"frequency": DAILY, "rests_until": "2026-03-05 15:00"}, "break"),
    (KIND, NOON, {"frequency": WEEKLY}, "2026-03-09 09:00 frequency"),
    (KIND, "2026-03-02 08:00", {"frequency": WEEKLY}, "2026-03-02 09:00 frequency"),
    (KIND, "2026-03-08 12:00", {"frequency": WEEKLY, "sent": (2,)}, "2026-03-09 10:00 frequency"),
    (KIND, "2026-03-09 08:00", {"frequency": WEEKLY, "sent": (20,)}, "2026-03-09 12:00 frequency"),
    (KIND, "2026-03-09 08:00", {"frequency": WEEKLY, "sent": (2,)}, "2026-03-16 09:00 frequency"),
    (KIND, NOON, {"frequency": ONLY_NEEDED}, "only_needed"),
    # nudges as kind messages
    (NUDGE, NOON, {}, "send"),
    (NUDGE, NIGHT, {}, "2026-03-03 09:00 quiet_hours"),
    (NUDGE, NOON, {"rests_until": "2026-03-05 15:00"}, "break"),
    (NUDGE, NOON, {"sent": (1,)}, "cap"),
    (NUDGE, NOON, {"sent": (25, 49, 73)}, "cap"),
    (NUDGE, NIGHT, {"due": ("2026-03-03 09:00",)}, "cap"),
    (NUDGE, NOON, {"stopped": True}, "stopped"),
    (NUDGE, NOON, {"without": ("nudge",)}, "stopped"),
    (NUDGE, NOON, {"without": ("kind",)}, "send"),
    (NUDGE, NOON, {"frequency": WEEKLY}, "2026-03-09 09:00 frequency"),
    (NUDGE, NOON, {"frequency": ONLY_NEEDED}, "only_needed"),
]


@pytest.mark.parametrize(("klass", "now", "standing", "expected"), ROWS)
def test_the_decision(klass, now, standing, expected):
    match verdict(klass, person(now, **standing), ms(now)):
        case Send():
            assert expected == "send"
        case Hold(until_ms, reason):
            assert expected == f"{shown(until_ms)} {reason}"
        case Withhold(reason):
            assert expected == reason


@pytest.mark.parametrize(("frequency", "came_up", "now", "expected"), [
    (DAILY, "2026-03-01 12:00", "2026-03-02 09:00", "send"),
    (WEEKLY, "2026-02-24 12:00", "2026-03-02 09:00", "send"),
    (WEEKLY, "2026-02-24 12:00", "2026-03-03 12:00", "send"),
    (WEEKLY, "2026-03-02 12:00", "2026-03-03 09:00", "2026-03-09 09:00"),  # they chose it while it was held for the next day
])
def test_what_waited_as_long_as_its_reader_likes_waits_no_longer(frequency, came_up, now, expected):
    what = verdict(KIND, person(now, frequency=frequency), ms(now), ms(came_up))
    assert expected == (shown(what.until_ms) if isinstance(what, Hold) else "send")


STANDINGS = st.builds(
    Standing,
    hours=st.sampled_from([None, hours_of(USUAL, LONDON), hours_of(LATE_RISER, LONDON), hours_of(NEW_YORK, LONDON)]),
    break_until_ms=st.none() | st.integers(ms("2026-03-20 00:00"), ms("2026-04-10 00:00")),
    stopped=st.booleans(),
    without=st.lists(st.sampled_from(["essential", "kind", "nudge"]), unique=True).map(tuple),
    frequency=st.sampled_from(Frequency),
    zone=st.just(LONDON),
    kind_sent_ms=st.lists(st.integers(ms("2026-03-10 00:00"), ms("2026-04-01 00:00")), max_size=4).map(tuple),
    kind_due_ms=st.lists(st.integers(ms("2026-03-19 00:00"), ms("2026-04-05 00:00")), max_size=2).map(tuple))
NOWS = st.integers(ms("2026-03-20 00:00"), ms("2026-04-01 00:00"))


@settings(max_examples=400, deadline=None)
@given(klass=st.sampled_from(MessageClass), person=STANDINGS, now_ms=NOWS)
def test_what_is_sent_or_held_never_meets_quiet_hours_or_a_break_unless_it_is_a_sign_in_or_safety(klass, person, now_ms):
    what = verdict(klass, person, now_ms)
    if klass in (SIGN_IN, SAFETY):
        assert what == Send()
    elif not isinstance(what, Withhold):
        at_ms = what.until_ms if isinstance(what, Hold) else now_ms
        assert person.hours is None or not person.hours.quiet_at(at_ms)
        assert not person.on_break(at_ms)
        assert at_ms >= now_ms


@settings(max_examples=200, deadline=None)
@given(person=STANDINGS, now_ms=NOWS)
def test_an_essential_message_is_withheld_from_those_alone_who_stopped_it(person, now_ms):
    stopped = person.stopped or "essential" in person.without
    what = verdict(ESSENTIAL, person, now_ms)
    assert (what == Withhold("stopped")) is stopped
    assert isinstance(what, Withhold) is stopped


@settings(max_examples=200, deadline=None)
@given(person=STANDINGS, now_ms=NOWS)
def test_whoever_stopped_our_messages_gets_nothing_but_sign_ins_and_safety_now_or_later(person, now_ms):
    stopped = replace(person, stopped=True)
    assert {klass: verdict(klass, stopped, now_ms) for klass in MessageClass} == {
        SIGN_IN: Send(), SAFETY: Send(), ESSENTIAL: Withhold("stopped"), KIND: Withhold("stopped"), NUDGE: Withhold("stopped")}


@pytest.mark.parametrize(("klass", "after_ms", "too_late"), [
    (SIGN_IN, 15 * MINUTE - 1, False),
    (SIGN_IN, 15 * MINUTE, True),
    (KIND, DAY - 1, False),
    (KIND, DAY, True),
    (NUDGE, DAY, True),
    (ESSENTIAL, 400 * DAY, False),
    (SAFETY, 400 * DAY, False),
])
def test_a_sign_in_helps_for_a_quarter_of_an_hour_a_gesture_for_a_day_and_the_rest_always(klass, after_ms, too_late):
    assert late(klass, ms(NOON), ms(NOON) + after_ms) is too_late


def test_every_gesture_has_a_kind_message_of_its_own():
    assert len({of_gesture(each) for each in Gesture}) == len(Gesture)
    assert {klass_of(of_gesture(each)) for each in Gesture} == {KIND}


def test_only_what_brings_a_link_that_works_once_or_tells_of_a_changed_address_passes_quiet_hours():
    assert [each for each in Template if klass_of(each) is SIGN_IN] == [
        Template.SIGN_IN, Template.KNOWN_ALREADY, Template.NEW_ADDRESS, Template.NEW_NUMBER, Template.ADDRESS_TAKEN]
    assert [each for each in Template if klass_of(each) is SAFETY] == [Template.ADDRESS_CHANGED]


def test_check_ins_and_offers_are_nudges_and_a_digest_is_as_kind_as_what_it_puts_together():
    assert tuple(each for each in Template if klass_of(each) is NUDGE) == NUDGES
    assert klass_of(Template.DIGEST) is KIND
