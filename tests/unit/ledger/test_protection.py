"""Whoever gives far more than they receive, for long, is found; nobody else is (rule 7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.ledger.domain.protection import Thresholds
from services.ledger.settings import LedgerSettings
from shared.events import GivingUnreturned, ReceivingUnrecorded
from tests.unit.ledger.book import Book


@pytest.fixture
def book() -> Book:
    """Ada and Ben (a, b) are a pair."""
    book = Book()
    book.forms("a", "b")
    return book


def weeks(book: Book, count: int, gives: int = 1, receives: int = 0) -> None:
    """What Ada does in each of so many weeks."""
    for _ in range(count):
        for _ in range(gives):
            book.shares("a", "b")
        for _ in range(receives):
            book.shares("b", "a")
        book.pass_time(days=7)


def found(book: Book) -> list[str]:
    return [event.peer for event in book.every(GivingUnreturned)]


def test_a_steady_helper_who_receives_nothing_is_found_as_soon_as_they_are_no_newcomer(book: Book) -> None:
    weeks(book, 12)
    assert found(book) == []
    weeks(book, 1)
    assert found(book) == ["a"]
    assert book.rebuilt() == book.stored()
    assert book.findings() == []


@pytest.mark.parametrize(("gives", "receives", "is_found"), [
    (1, 0, True), (2, 0, True), (3, 1, True), (7, 2, True),
    (1, 1, False), (2, 1, False), (5, 2, False), (0, 3, False),
])
def test_the_band_of_what_is_fine_is_wide(book: Book, gives: int, receives: int, is_found: bool) -> None:
    weeks(book, 26, gives, receives)
    assert ("a" in found(book)) == is_found


def test_both_windows_have_to_say_so(book: Book) -> None:
    """What they received earlier in half a year evens out a season of giving."""
    weeks(book, 14, gives=1, receives=3)
    weeks(book, 12, gives=3)
    assert "a" not in found(book)
    weeks(book, 8, gives=3)
    assert "a" in found(book)


def test_a_busy_month_is_never_enough_nor_is_the_quiet_one_after_it(book: Book) -> None:
    weeks(book, 20, gives=1, receives=1)
    for _ in range(31):
        book.shares("a", "b")
        book.shares("a", "b")
        book.pass_time(days=1)
    assert found(book) == []
    book.pass_time(days=31)
    book.shares("a", "b")
    assert found(book) == []


def test_time_that_passes_leads_to_nothing(book: Book) -> None:
    weeks(book, 12)
    assert book.pass_time(days=365) == []
    assert book.timers == []


@pytest.mark.parametrize("back", [lambda book: book.returns("a"), lambda book: book.pass_time(days=10)])
def test_nobody_is_found_while_on_a_break(book: Book, back: Callable[[Book], None]) -> None:
    weeks(book, 12)
    book.rests("a", 9)
    weeks(book, 1)
    assert found(book) == []
    back(book)
    book.pass_time(days=1)
    book.shares("a", "b")
    assert found(book) == ["a"]


def test_a_long_break_does_not_make_a_helper_somebody_else(book: Book) -> None:
    weeks(book, 11)
    book.rests("a", 7 * 8)
    book.pass_time(days=7 * 8 + 1)
    weeks(book, 2)
    assert found(book) == ["a"], "their twelve weeks are those before the break and after it"


def test_it_is_said_again_only_after_twelve_weeks(book: Book) -> None:
    weeks(book, 24)
    assert found(book) == ["a"]
    weeks(book, 1)
    assert found(book) == ["a", "a"]


def test_whoever_only_gives_is_asked_once(book: Book) -> None:
    weeks(book, 4, gives=3)
    assert book.every(ReceivingUnrecorded) == []
    weeks(book, 30, gives=3)
    assert [event.peer for event in book.every(ReceivingUnrecorded)] == ["a"]


def test_whoever_gives_now_and_then_is_asked_once_they_have_given_five_times(book: Book) -> None:
    for given in range(1, 8):
        book.shares("a", "b")
        assert len(book.every(ReceivingUnrecorded)) == (given >= 5)
        book.pass_time(days=30)
    assert found(book) == []


def test_whoever_received_anything_is_not_asked(book: Book) -> None:
    weeks(book, 1, gives=0, receives=1)
    weeks(book, 30)
    assert book.every(ReceivingUnrecorded) == []


def test_nobody_is_told_of_a_former_peer(book: Book) -> None:
    weeks(book, 12)
    book.leaves("a")
    book.shares("a", "b")
    assert found(book) == []


def test_the_settings_say_what_is_tested_here() -> None:
    fields = LedgerSettings.model_fields
    assert Thresholds() == Thresholds(
        times=fields["giving_times"].default, more=fields["giving_more"].default, weeks=fields["giving_weeks"].default,
        newcomer_weeks=fields["giving_newcomer_weeks"].default, again_weeks=fields["giving_again_weeks"].default,
        only_given=fields["only_giving"].default)
