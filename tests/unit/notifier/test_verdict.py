"""Send now, hold until, or withhold and why: every rule of rules 8 and 9 as a row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.hours import USUAL, hours_of
from services.notifier.domain.messages import Template, klass_of, of_gesture
from services.notifier.domain.verdict import Hold, Send, Standing, Withhold, late, verdict
from shared.events import Gesture, MessageClass, QuietHours
from tests.unit.notifier.world import DAY, HOUR, LONDON, MINUTE, ms, shown

SIGN_IN, ESSENTIAL, KIND = MessageClass.SIGN_IN, MessageClass.ESSENTIAL, MessageClass.KIND
NOON, NIGHT = "2026-03-02 12:00", "2026-03-02 23:00"
LATE_RISER = QuietHours(start="20:00", end="11:30")
NEW_YORK = QuietHours(start="21:00", end="09:00", zone="America/New_York")


def ago(*hours: float) -> tuple[float, ...]:
    return hours


@pytest.mark.parametrize(("klass", "quiet", "at", "break_ends", "sent_hours_ago", "under_way", "expected"), [
    # sign-in passes everything
    (SIGN_IN, USUAL, NOON, None, (), 0, "send"),
    (SIGN_IN, USUAL, NIGHT, None, (), 0, "send"),
    (SIGN_IN, USUAL, NIGHT, "2026-03-09 12:00", (), 0, "send"),
    (SIGN_IN, None, NOON, None, ago(1, 2, 3), 3, "send"),
    # essential: within the person's hours, after a break, never capped
    (ESSENTIAL, USUAL, NOON, None, (), 0, "send"),
    (ESSENTIAL, USUAL, NIGHT, None, (), 0, "2026-03-03 09:00"),
    (ESSENTIAL, None, NIGHT, None, (), 0, "send"),
    (ESSENTIAL, LATE_RISER, "2026-03-02 10:00", None, (), 0, "2026-03-02 11:30"),
    (ESSENTIAL, NEW_YORK, NOON, None, (), 0, "2026-03-02 14:00"),
    (ESSENTIAL, NEW_YORK, NIGHT, None, (), 0, "send"),
    (ESSENTIAL, USUAL, NOON, None, ago(1, 2, 3), 3, "send"),
    (ESSENTIAL, USUAL, NOON, "2026-03-05 15:00", (), 0, "2026-03-05 15:00"),
    (ESSENTIAL, USUAL, NOON, "2026-03-05 23:00", (), 0, "2026-03-06 09:00"),
    (ESSENTIAL, None, NOON, "2026-03-05 23:00", (), 0, "2026-03-05 23:00"),
    (ESSENTIAL, USUAL, NOON, "2026-03-02 11:59", (), 0, "send"),
    (ESSENTIAL, USUAL, NIGHT, "2026-03-02 11:59", (), 0, "2026-03-03 09:00"),
    # kind: within the person's hours, never on a break, one a day and three a week
    (KIND, USUAL, NOON, None, (), 0, "send"),
    (KIND, None, NIGHT, None, (), 0, "send"),
    (KIND, USUAL, NIGHT, None, (), 0, "2026-03-03 09:00"),
    (KIND, USUAL, NOON, "2026-03-05 15:00", (), 0, "break"),
    (KIND, USUAL, NIGHT, "2026-03-05 15:00", (), 0, "break"),
    (KIND, None, NOON, "2026-03-02 12:00", (), 0, "send"),
    (KIND, USUAL, NOON, None, ago(1), 0, "cap"),
    (KIND, USUAL, NOON, None, ago(23.9), 0, "cap"),
    (KIND, USUAL, NOON, None, ago(24), 0, "send"),
    (KIND, USUAL, NOON, None, ago(25, 49), 0, "send"),
    (KIND, USUAL, NOON, None, ago(25, 49, 73), 0, "cap"),
    (KIND, USUAL, NOON, None, ago(25, 49, 167.9), 0, "cap"),
    (KIND, USUAL, NOON, None, ago(25, 49, 168), 0, "send"),
    (KIND, USUAL, NOON, None, (), 1, "cap"),
    (KIND, USUAL, NIGHT, None, (), 1, "cap"),
    (KIND, USUAL, NOON, "2026-03-05 15:00", ago(1), 1, "break"),
])
def test_the_decision(klass, quiet, at, break_ends, sent_hours_ago, under_way, expected):
    now_ms = ms(at)
    person = Standing(hours_of(quiet, LONDON), ms(break_ends) if break_ends else None,
                      tuple(now_ms - round(each * HOUR) for each in sent_hours_ago), under_way)
    what = verdict(klass, person, now_ms)
    told = {Send: lambda: "send", Hold: lambda: shown(what.until_ms), Withhold: lambda: what.reason}[type(what)]()
    assert told == expected


STANDINGS = st.builds(
    Standing,
    hours=st.sampled_from([None, hours_of(USUAL, LONDON), hours_of(LATE_RISER, LONDON), hours_of(NEW_YORK, LONDON)]),
    break_until_ms=st.none() | st.integers(ms("2026-03-20 00:00"), ms("2026-04-10 00:00")),
    stopped=st.booleans(),
    kind_sent_ms=st.lists(st.integers(ms("2026-03-10 00:00"), ms("2026-04-01 00:00")), max_size=4).map(tuple),
    kind_open=st.integers(0, 2))


@settings(max_examples=400, deadline=None)
@given(klass=st.sampled_from(MessageClass), person=STANDINGS,
       now_ms=st.integers(ms("2026-03-20 00:00"), ms("2026-04-01 00:00")))
def test_what_is_sent_or_held_never_meets_quiet_hours_or_a_break_unless_it_is_a_sign_in(klass, person, now_ms):
    what = verdict(klass, person, now_ms)
    if klass is SIGN_IN:
        assert what == Send()
    elif not isinstance(what, Withhold):
        at_ms = what.until_ms if isinstance(what, Hold) else now_ms
        assert person.hours is None or not person.hours.quiet_at(at_ms)
        assert not person.on_break(at_ms)
        assert at_ms >= now_ms


@settings(max_examples=200, deadline=None)
@given(person=STANDINGS, now_ms=st.integers(ms("2026-03-20 00:00"), ms("2026-04-01 00:00")))
def test_an_essential_message_is_withheld_from_those_alone_who_stopped_our_messages(person, now_ms):
    what = verdict(ESSENTIAL, person, now_ms)
    assert (what == Withhold("stopped")) is person.stopped
    assert isinstance(what, Withhold) is person.stopped


@settings(max_examples=200, deadline=None)
@given(person=STANDINGS, now_ms=st.integers(ms("2026-03-20 00:00"), ms("2026-04-01 00:00")))
def test_whoever_stopped_our_messages_gets_nothing_but_sign_ins_now_or_later(person, now_ms):
    stopped = replace(person, stopped=True)
    assert {klass: verdict(klass, stopped, now_ms) for klass in MessageClass} == {
        SIGN_IN: Send(), ESSENTIAL: Withhold("stopped"), KIND: Withhold("stopped")}


@pytest.mark.parametrize(("klass", "after_ms", "too_late"), [
    (SIGN_IN, 15 * MINUTE - 1, False),
    (SIGN_IN, 15 * MINUTE, True),
    (KIND, DAY - 1, False),
    (KIND, DAY, True),
    (ESSENTIAL, 400 * DAY, False),
])
def test_a_sign_in_helps_for_a_quarter_of_an_hour_a_gesture_for_a_day_and_the_rest_always(klass, after_ms, too_late):
    assert late(klass, ms(NOON), ms(NOON) + after_ms) is too_late


def test_every_gesture_has_a_kind_message_of_its_own():
    assert len({of_gesture(each) for each in Gesture}) == len(Gesture)
    assert {klass_of(of_gesture(each)) for each in Gesture} == {KIND}


def test_only_what_brings_a_link_that_opens_a_page_is_of_the_class_that_passes_quiet_hours():
    assert [each for each in Template if klass_of(each) is SIGN_IN] == [Template.SIGN_IN, Template.KNOWN_ALREADY]
