from __future__ import annotations

import pytest

from shared.events import CountsChanged, MomentReversed
from tests.unit.ledger.book import Book, reason


@pytest.fixture
def book() -> Book:
    """Ada (a) gave to Ben (b) twice and received once, wrote one down, and left."""
    book = Book()
    book.forms("a", "b")
    book.shares("a", "b", by="b", moment="written by b")
    book.shares("a", "b", by="a", moment="written by a")
    book.shares("b", "a")
    book.leaves("a")
    return book


def test_the_ledger_stays_whole_when_somebody_leaves(book: Book) -> None:
    assert book.findings() == []
    assert book.counts("b") == (1, 2)
    assert len(book.snapshot().transfers) == 3


def test_no_entry_is_edited_when_somebody_leaves() -> None:
    book = Book()
    book.forms("a", "b")
    book.shares("a", "b")
    before = book.stored()["transfers"]
    book.leaves("b")
    assert book.stored()["transfers"] == before


def test_of_whoever_left_only_the_fact_that_they_left_is_kept() -> None:
    book = Book()
    book.forms("peer-ada", "peer-ben")
    book.shares("peer-ada", "peer-ben", pair="peer-adapeer-ben")
    assert "peer-ada" in repr(book.stored())
    book.leaves("peer-ada")
    assert book.stored().pop("left") == {"peer-ada": b"{}"}
    assert "peer-ada" not in repr({table: rows for table, rows in book.stored().items() if table != "left"})


def test_nothing_more_is_written_down_with_somebody_who_left(book: Book) -> None:
    assert reason(book.shares("b", "a")) == "unknown_pair"
    book.closes("ab", "left")
    assert reason(book.shares("b", "a")) == "unknown_pair"


def test_a_moment_with_a_former_peer_can_still_be_taken_back_by_whoever_wrote_it_down(book: Book) -> None:
    taken_back, counts = book.corrects("b", "written by b")
    assert taken_back == MomentReversed(moment="written by b", giver="former", receiver="b")
    assert counts == CountsChanged(peer="b", given=1, received=1)
    assert book.findings() == []


def test_nobody_can_take_back_what_a_former_peer_wrote_down(book: Book) -> None:
    assert reason(book.corrects("b", "written by a")) == "not_yours"
    assert reason(book.corrects("a", "written by a")) == "not_yours"


def test_a_pair_that_was_formed_while_one_of_them_left_is_none(book: Book) -> None:
    """The matcher hears of the leaving a moment later than of the second yes."""
    before = book.stored()
    book.forms("a", "b")
    book.forms("c", "a")
    assert book.stored() == before
    assert reason(book.shares("c", "a", pair="ca")) == "unknown_pair"


def test_the_pairs_that_the_other_has_with_others_are_not_touched() -> None:
    book = Book()
    book.forms("a", "b")
    book.forms("b", "c")
    book.leaves("a")
    assert len(book.shares("b", "c")) == 3
    assert book.findings() == []
