"""Windows over what was recorded: which week a moment is in, what a break takes out, and that nothing recorded is not zero."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ledger.domain.breaks import Breaks
from services.ledger.domain.weeks import KEPT, LETTERS, Weeks, by_kind, week_of
from services.ledger.store import ACCOUNTS, HOLDERS
from shared.clock import DAY_MS
from shared.events import Kind
from tests.unit.ledger.book import Book

MONDAY_MS = 1_795_392_000_000
"""2026-11-23, shortly after the book's first day, a Wednesday."""


def ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]  # year, month, day, …


@pytest.fixture
def book() -> Book:
    """Ada and Ben (a, b) are a pair; it is a Monday, at midnight."""
    book = Book()
    book.forms("a", "b")
    book.pass_time((MONDAY_MS - book.now_ms) / DAY_MS)
    return book


def counted(book: Book, peer: str = "a") -> list[tuple[int, int] | None]:
    """Given and received over 4, 12 and 26 weeks."""
    found = (book.window(peer, weeks) for weeks in (4, 12, 26))
    return [None if window is None else (window.given, window.received) for window in found]


@pytest.mark.parametrize(("when", "week"), [
    (ms(1970, 1, 1), 0), (ms(1970, 1, 4, 23, 59), 0), (ms(1970, 1, 5), 1), (ms(2026, 11, 22, 23, 59, 59), 2968),
    (MONDAY_MS, 2969), (ms(2026, 11, 29, 23, 59), 2969),
])
def test_a_week_begins_on_monday_in_utc(when: int, week: int) -> None:
    assert week_of(when) == week


def test_a_moment_is_in_each_window_until_as_many_weeks_have_passed(book: Book) -> None:
    book.shares("a", "b")
    seen = []
    for _ in range(27):
        seen.append(counted(book))
        book.pass_time(days=7)
    assert [sum(week[i] is not None for week in seen) for i in range(3)] == [4, 12, 26]
    assert seen[3][0] == seen[11][1] == seen[25][2] == (1, 0)
    assert book.counts("a") == (1, 0)


def test_weeks_without_a_record_are_not_recorded_and_what_one_only_received_is_no_silence(book: Book) -> None:
    assert counted(book) == [None, None, None]
    book.shares("b", "a")
    assert counted(book) == [(0, 1)] * 3
    window = book.window("a", 12)
    assert window is not None
    assert (window.weeks_recorded, window.weeks_of_giving) == (1, 0)
    book.pass_time(days=7)
    book.shares("a", "b")
    later = book.window("a", 12)
    assert later is not None
    assert (later.weeks_recorded, later.weeks_of_giving) == (2, 1)
    book.pass_time(days=21)
    assert counted(book) == [(1, 0), (1, 1), (1, 1)]


def test_what_was_taken_back_is_not_recorded(book: Book) -> None:
    book.shares("a", "b", moment="m")
    book.corrects("b", "m")
    assert counted(book) == [None, None, None]


def test_a_correction_takes_away_from_the_week_in_which_the_moment_was_written_down(book: Book) -> None:
    book.shares("a", "b", moment="then")
    book.pass_time(days=35)
    book.shares("a", "b", moment="now")
    assert counted(book) == [(1, 0), (2, 0), (2, 0)]
    book.corrects("b", "then")
    assert counted(book) == [(1, 0), (1, 0), (1, 0)]


@pytest.mark.parametrize("written_down_since", [True, False])
def test_a_correction_of_what_is_older_than_all_weeks_kept_changes_the_counts_alone(
        book: Book, written_down_since: bool) -> None:
    book.shares("a", "b", moment="then")
    book.pass_time(days=7 * KEPT)
    if written_down_since:
        book.shares("a", "b", moment="now")
    book.corrects("b", "then")
    assert book.counts("a") == ((1, 0) if written_down_since else (0, 0))
    assert counted(book) == ([(1, 0)] * 3 if written_down_since else [None] * 3)
    assert book.findings() == []


def test_windows_tell_kinds_apart_and_give_and_take(book: Book) -> None:
    for kind in Kind:
        book.shares("a", "b", kind=kind)
        book.shares("b", "a", kind=kind)
    book.pass_time(days=14)
    for _ in range(12):
        book.sends("a", "b")
    window = book.window("a", 4)
    assert window is not None
    assert window.given_by_kind == dict.fromkeys(Kind, 1) | {Kind.GESTURE: 13}
    assert window.received_by_kind == dict.fromkeys(Kind, 1)
    assert (window.given, window.received) == (20, 8)
    [ever] = [account.ever for account in book.snapshot().accounts.values() if account.holder == "a"]
    assert by_kind(ever, given=True) == window.given_by_kind


def test_every_kind_has_a_letter_of_its_own() -> None:
    assert LETTERS.keys() == set(Kind)
    assert len(set(LETTERS.values())) == len(Kind)


# ── breaks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("begins", "days", "out"), [
    (0, 3.5, 1),    # Monday to Thursday noon: four days
    (0, 3, 0),      # until Thursday, midnight: three
    (3, 4, 1),      # Thursday to Sunday
    (4, 3, 0),      # Friday to Sunday
    (4, 7, 1),      # three days of the one week and four of the next
    (2, 14, 2),     # Wednesday to Wednesday: five, seven, two
    (0, 70, 10),
])
def test_a_week_of_which_more_than_half_was_a_break_is_no_week_of_a_window(
        book: Book, begins: float, days: float, out: int) -> None:
    book.shares("a", "b")
    book.pass_time(days=7 + begins)
    book.rests("a", days)
    book.pass_time(days=7 * (25 + out) - 7 - begins)
    assert counted(book)[2] == (1, 0)
    book.pass_time(days=7)
    assert counted(book)[2] is None


def test_what_is_recorded_in_a_week_of_a_break_still_counts(book: Book) -> None:
    book.rests("a", 14)
    book.pass_time(days=3)
    book.sends("b", "a")
    assert counted(book) == [(0, 1)] * 3


def test_who_comes_back_early_has_rested_until_then(book: Book) -> None:
    book.shares("a", "b")
    book.pass_time(days=7)
    book.rests("a", 60)
    book.pass_time(days=7)
    book.returns("a")
    book.pass_time(days=7 * 2)
    assert counted(book)[0] == (1, 0), "one week was taken out"
    book.pass_time(days=7)
    assert counted(book)[0] is None


def test_a_newer_break_takes_the_place_of_an_older_one_be_it_longer_or_shorter() -> None:
    old = Breaks().begun(MONDAY_MS, MONDAY_MS + 30 * DAY_MS)
    assert old.begun(MONDAY_MS + DAY_MS, MONDAY_MS + 3 * DAY_MS) == Breaks().begun(MONDAY_MS, MONDAY_MS + 3 * DAY_MS)
    assert old.begun(MONDAY_MS + DAY_MS, MONDAY_MS + 40 * DAY_MS) == Breaks().begun(MONDAY_MS, MONDAY_MS + 40 * DAY_MS)


def test_windows_reach_back_as_far_as_weeks_are_kept_and_no_further(book: Book) -> None:
    book.shares("a", "b")
    book.rests("a", 7 * 100)
    book.pass_time(days=7 * (KEPT - 1))
    assert counted(book)[0] == (1, 0)
    book.pass_time(days=7)
    assert counted(book)[0] is None


def test_a_break_that_began_before_the_pair_counts_as_one(book: Book) -> None:
    book.rests("c", 21)
    book.pass_time(days=1)
    book.forms("b", "c")
    book.shares("b", "c")
    book.pass_time(days=7 * 5)
    assert counted(book, "b")[0] is None
    assert counted(book, "c")[0] == (0, 1)


def test_of_breaks_nothing_stays_of_whoever_left(book: Book) -> None:
    book.rests("a", 7)
    book.leaves("a")
    book.rests("a", 7)
    assert "a" not in book.stored()["holders"]


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_half_a_year_of_giving_and_receiving_takes_a_few_hundred_bytes(book: Book) -> None:
    for week in range(26):
        book.shares("a", "b", kind=Kind.LISTENED if week % 2 else Kind.PRACTICAL_HELP)
        book.sends("b", "a")
        if week % 8 == 0:
            book.rests("a", 7)
        book.pass_time(days=7)
    rows = book.snapshot()
    holder = rows.holders["a"]
    account = rows.accounts[holder.account or ""]
    assert len(ACCOUNTS.dump(account)) < 300
    assert len(HOLDERS.dump(holder)) < 250


def test_a_life_of_moments_takes_no_more_than_the_weeks_that_are_kept() -> None:
    weeks = Weeks()
    for week in range(500):
        for letter in ("l", "G", "s", "l"):
            weeks = weeks.moved(letter, week, 1)
    assert weeks == (499, ",".join(["Gl2s"] * KEPT))
