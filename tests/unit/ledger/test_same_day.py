"""The same moment written down by both is recognised, each once, and never by looking through the books."""

from __future__ import annotations

from typing import Any

import pytest

from services.ledger.domain.entries import other_way
from services.ledger.domain.same_day import KEPT, KEPT_DAYS
from services.ledger.store import PAIRS
from shared.events import Correction, Event, Kind, MomentRecorded
from tests.unit.ledger.book import Book


@pytest.fixture
def book() -> Book:
    """Ada and Ben, on the tenth day of their pair at noon in UTC. Ben has written down that Ada listened (m)."""
    book = Book()
    book.forms("a", "b")
    book.forms("b", "c")
    book.pass_time(days=9 + (12 - book.now_ms / 3_600_000 % 24) / 24)
    book.shares("a", "b", by="b", moment="m")
    return book


def same_as(said: list[Event]) -> list[str | None]:
    return [each.same_as for each in said if isinstance(each, MomentRecorded)]


def test_what_both_write_down_of_one_day_is_recognised_and_both_stand(book: Book) -> None:
    assert same_as(book.shares("a", "b", by="a")) == ["m"]
    assert (book.counts("a"), book.counts("b")) == ((2, 0), (0, 2))
    assert book.findings() == []
    assert book.rebuilt() == book.stored()


@pytest.mark.parametrize("differs", [
    {"by": "b"}, {"kind": Kind.SAT_TOGETHER}, {"days": -1}, {"days": -0.51}, {"giver": "b", "receiver": "a"}])
def test_another_kind_day_giver_or_the_same_writer_is_another_moment(book: Book, differs: dict[str, Any]) -> None:
    assert same_as(book.shares(**{"giver": "a", "receiver": "b", "by": "a"} | differs)) == [None]


def test_the_day_is_that_on_which_it_happened_and_not_that_of_writing_it_down(book: Book) -> None:
    book.pass_time(days=3)
    assert same_as(book.shares("a", "b", by="a")) == [None]
    assert same_as(book.shares("a", "b", by="a", days=-3.2)) == ["m"]


def test_each_moment_is_asked_about_once(book: Book) -> None:
    assert same_as(book.shares("a", "b", by="a", moment="n")) == ["m"]
    assert same_as(book.shares("a", "b", by="a")) == [None]
    assert same_as(book.shares("a", "b", by="b")) == ["moment 1"], "and the third with a fourth of the other"
    book.keeps_apart("a", "n")
    assert same_as(book.shares("a", "b", by="a")) == [None]


def test_what_was_taken_back_is_not_the_same_as_anything_and_put_back_it_is(book: Book) -> None:
    book.corrects("b", "m")
    assert same_as(book.shares("a", "b", by="a", moment="n")) == [None]
    book.corrects("a", "n")
    book.puts_back("b", "m")
    assert same_as(book.shares("a", "b", by="a")) == ["m"]


def test_of_two_alike_the_one_that_was_written_down_first_is_recognised_first(book: Book) -> None:
    book.shares("a", "b", by="b", moment="m2")
    assert same_as(book.shares("a", "b", by="a")) == ["m"]
    assert same_as(book.shares("a", "b", by="a")) == ["m2"]


def test_of_a_moment_both_ways_each_half_is_recognised_for_itself(book: Book) -> None:
    assert same_as(book.shares("b", "a", by="a", both_ways=True)) == [None, "m"]
    book.shares("a", "b", by="b", moment="x", kind=Kind.OTHER, both_ways=True)
    assert same_as(book.shares("b", "a", by="a", kind=Kind.OTHER, both_ways=True)) == [other_way("x"), "x"]


def test_when_it_is_the_same_the_later_one_is_taken_back_and_counts_once(book: Book) -> None:
    book.shares("a", "b", by="a", moment="n")
    book.corrects("a", "n", Correction.SAME_MOMENT)
    assert (book.counts("a"), book.counts("b")) == ((1, 0), (0, 1))


def test_a_gesture_is_written_down_by_sending_it_and_by_nobody_else(book: Book) -> None:
    book.sends("a", "b")
    assert same_as(book.shares("a", "b", by="b", kind=Kind.GESTURE)) == [None]


def test_with_a_former_peer_nothing_is_looked_for(book: Book) -> None:
    book.leaves("b")
    assert same_as(book.shares("a", "b", by="a")) == [None]
    assert book.findings() == []


def test_what_a_pair_keeps_for_it_stays_small(book: Book) -> None:
    for _ in range(50):
        book.shares("a", "b", by="b", moment=book.moment().ljust(32, "x"))
    pair = book.snapshot().pairs["ab"]
    assert len(pair.recent) == KEPT
    assert len(PAIRS.dump(pair)) < 500
    book.pass_time(days=KEPT_DAYS + 1)
    book.shares("a", "b", by="b")
    assert len(book.snapshot().pairs["ab"].recent) == 1
