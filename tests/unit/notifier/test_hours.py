"""Quiet hours on a person's own clock, in every zone, through the nights on which clocks change."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.hours import USUAL, Hours, hours_of, morning_after
from shared.events import QuietHours
from tests.unit.notifier.world import DAY, LONDON, ms, shown

ZONES = sorted(available_timezones())
YEARS = st.integers(ms("2025-01-01 00:00"), ms("2027-12-31 00:00"))
CLOCKS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))


def hours(start: str, end: str, zone: str = "Europe/London") -> Hours:
    found = hours_of(QuietHours(start=start, end=end, zone=zone), LONDON)
    assert found is not None
    return found


@pytest.mark.parametrize(("start", "end", "at", "quiet"), [
    ("21:00", "09:00", "2026-03-02 20:59", False),
    ("21:00", "09:00", "2026-03-02 21:00", True),
    ("21:00", "09:00", "2026-03-03 00:00", True),
    ("21:00", "09:00", "2026-03-03 08:59", True),
    ("21:00", "09:00", "2026-03-03 09:00", False),
    ("08:00", "16:30", "2026-03-03 07:59", False),
    ("08:00", "16:30", "2026-03-03 08:00", True),
    ("08:00", "16:30", "2026-03-03 16:29", True),
    ("08:00", "16:30", "2026-03-03 16:30", False),
    ("00:00", "06:00", "2026-03-03 00:00", True),
    ("00:00", "06:00", "2026-03-02 23:59", False),
])
def test_quiet_hours_begin_with_their_first_minute_and_end_before_their_last(start, end, at, quiet):
    assert hours(start, end).quiet_at(ms(at)) is quiet


@pytest.mark.parametrize(("start", "end", "zone", "at", "allowed"), [
    ("21:00", "09:00", "Europe/London", "2026-03-02 22:00", "2026-03-03 09:00"),
    ("21:00", "09:00", "Europe/London", "2026-03-03 03:00", "2026-03-03 09:00"),
    ("21:00", "09:00", "Europe/London", "2026-03-03 10:00", "2026-03-03 10:00"),
    # the night is an hour shorter, then an hour longer: 09:00 stays 09:00
    ("21:00", "09:00", "Europe/London", "2026-03-28 22:00", "2026-03-29 09:00"),
    ("21:00", "09:00", "Europe/London", "2026-10-24 22:00", "2026-10-25 09:00"),
    ("21:00", "09:00", "America/New_York", "2026-03-07 23:00", "2026-03-08 09:00"),
    # the end lies in the hour that is skipped
    ("21:00", "01:30", "Europe/London", "2026-03-28 22:00", "2026-03-29 02:30"),
    # the end comes twice: the first time it is quiet no more
    ("21:00", "01:30", "Europe/London", "2026-10-24 22:00", "2026-10-25 01:30"),
    ("08:00", "16:30", "Asia/Kathmandu", "2026-03-03 12:00", "2026-03-03 16:30"),
])
def test_what_comes_in_quiet_hours_may_go_when_they_end(start, end, zone, at, allowed):
    zone_info = ZoneInfo(zone)
    assert shown(hours(start, end, zone).allowed_from(ms(at, zone_info)), zone_info) == allowed


@settings(max_examples=400, deadline=None)
@given(zone=st.sampled_from(ZONES), start=CLOCKS, end=CLOCKS, at_ms=YEARS)
def test_no_allowed_moment_is_ever_quiet_and_none_is_further_off_than_two_days(zone, start, end, at_ms):
    found = hours_of(QuietHours(start=start, end=end, zone=zone), LONDON)
    assert found is not None
    allowed_ms = found.allowed_from(at_ms)
    assert not found.quiet_at(allowed_ms)
    assert at_ms <= allowed_ms <= at_ms + 2 * DAY
    if not found.quiet_at(at_ms):
        assert allowed_ms == at_ms


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/St_Johns",
                                  "Africa/Casablanca", "Pacific/Chatham", "Asia/Gaza"])
def test_through_a_whole_year_of_nights_everything_held_goes_at_nine(zone):
    zone_info = ZoneInfo(zone)
    night = hours("21:00", "09:00", zone)
    for day in range(366):
        at_ms = ms("2026-01-01 23:30", zone_info) + day * DAY
        if night.quiet_at(at_ms):
            assert shown(night.allowed_from(at_ms), zone_info)[11:] == "09:00"


@pytest.mark.parametrize("zone", [None, "", "Europe", "Nowhere/Land", "../../etc/passwd", "/etc/localtime", "a\0b", "é"])
def test_an_unknown_zone_means_the_programmes_zone(zone):
    found = hours_of(QuietHours(start="21:00", end="09:00", zone=zone), LONDON)
    assert found == Hours(21 * 60, 9 * 60, LONDON)


def test_a_start_that_is_also_the_end_means_the_usual_hours():
    assert hours_of(QuietHours(start="10:00", end="10:00"), LONDON) == hours_of(USUAL, LONDON)


def test_every_hour_is_fine_when_the_person_said_so():
    assert hours_of(None, LONDON) is None


@pytest.mark.parametrize(("quiet", "at", "morning"), [
    (USUAL, "2026-03-02 09:00", "2026-03-03 09:00"),
    (USUAL, "2026-03-02 14:00", "2026-03-03 09:00"),
    (USUAL, "2026-03-03 02:00", "2026-03-03 09:00"),
    (None, "2026-03-02 14:00", "2026-03-03 09:00"),
    (None, "2026-03-02 08:59", "2026-03-02 09:00"),
    (QuietHours(start="22:30", end="06:15"), "2026-03-02 14:00", "2026-03-03 06:15"),
    (QuietHours(start="08:00", end="16:00"), "2026-03-02 17:00", "2026-03-03 16:00"),
    (USUAL, "2026-03-28 14:00", "2026-03-29 09:00"),
    (USUAL, "2026-10-24 14:00", "2026-10-25 09:00"),
])
def test_the_next_morning_is_nine_or_when_the_persons_quiet_hours_end(quiet, at, morning):
    assert shown(morning_after(ms(at), hours_of(quiet, LONDON), LONDON)) == morning
