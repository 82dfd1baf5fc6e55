from __future__ import annotations

import pytest

from shared.events import CountsChanged, MomentRecorded, MomentReversed, PairFormed
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
    for pair, other in (("over", "peer-cleo"), ("open", "peer-ben")):
        book.hear(PairFormed(pair=pair, proposal="p", peers=("peer-ada", other)))
    book.closes("over")
    book.shares("peer-ada", "peer-ben", pair="open")
    assert "peer-ada" in repr(book.stored())
    book.leaves("peer-ada")
    book.shares("peer-ada", "peer-ben", pair="open")
    assert book.stored().pop("left") == {"peer-ada": b"{}"}
    assert "peer-ada" not in repr({table: rows for table, rows in book.stored().items() if table != "left"})


@pytest.mark.parametrize("paired", ["still", "no more"])
def test_whoever_stayed_writes_down_late_what_happened_as_after_any_other_ending(paired: str) -> None:
    """So that nobody can tell leaving from ending (rule 17)."""
    book = Book()
    book.forms("a", "b")
    if paired == "no more":
        book.closes("ab")
    book.pass_time(days=1)
    book.leaves("a")
    if paired == "still":
        book.closes("ab", "left")
    book.pass_time(days=30 if paired == "still" else 29)
    recorded, of_receiver = book.shares("a", "b", moment="m")
    assert isinstance(recorded, MomentRecorded)
    assert (recorded.giver, recorded.receiver, recorded.recorded_by) == ("former", "b", "b")
    assert of_receiver == CountsChanged(peer="b", given=0, received=1, given_26w=0, received_26w=1)
    assert book.counts("b") == (0, 1)
    book.shares("b", "a", by="b")
    assert book.counts("b") == (1, 1)
    assert book.findings() == []
    assert len(book.corrects("b", "m")) == 2
    book.pass_time(days=0.001)
    assert reason(book.shares("a", "b")) == "unknown_pair"
    assert book.findings() == []


def test_late_moments_go_against_the_account_that_the_one_who_left_had(book: Book) -> None:
    book.closes("ab", "left")
    book.shares("a", "b")
    [former] = [each for each in book.snapshot().accounts.values() if each.holder is None]
    assert (former.given, former.received) == (3, 1)
    assert book.findings() == []


def test_the_time_for_late_moments_counts_from_the_closing_that_the_pages_count_from(book: Book) -> None:
    book.pass_time(days=2)
    book.closes("ab", "left")
    book.pass_time(days=30)
    assert len(book.shares("b", "a", by="b")) == 2


def test_of_a_pair_that_somebody_left_nothing_stays_once_its_time_is_over(book: Book) -> None:
    book.closes("ab", "left")
    book.pass_time(days=30.001)
    assert (book.stored()["pairs"], book.timers) == ({}, [])
    assert book.snapshot().holders["b"].pairs == ()
    assert book.stored() == book.rebuilt()
    assert book.findings() == []


def test_of_a_pair_whose_time_was_over_already_nothing_stays_when_somebody_leaves() -> None:
    book = Book()
    book.forms("a", "b")
    book.closes("ab")
    book.pass_time(days=31)
    book.leaves("a")
    assert (book.stored()["pairs"], book.timers) == ({}, [])
    assert book.findings() == []


@pytest.mark.parametrize("closed", [True, False])
def test_nothing_stays_of_a_pair_that_both_left(book: Book, closed: bool) -> None:
    if closed:
        book.closes("ab", "left")
    book.leaves("b")
    assert (book.stored()["pairs"], book.stored()["holders"]) == ({}, {})
    assert reason(book.shares("a", "b")) == "unknown_pair"
    book.closes("ab", "left")
    book.pass_time(days=31)
    assert book.stored()["pairs"] == {}
    assert book.stored() == book.rebuilt()
    assert book.findings() == []


def test_a_gesture_to_somebody_who_left_counts_as_long_as_one_in_a_pair_that_the_other_ended(book: Book) -> None:
    """Until the matcher closes the pair: so that leaving can't be told from ending by it."""
    assert len(book.sends("b", "a")) == 2
    book.closes("ab", "left")
    assert reason(book.sends("b", "a")) == "pair_ended"


def test_only_the_one_who_stayed_writes_down_and_only_with_the_one_who_left(book: Book) -> None:
    before = book.stored()
    assert reason(book.shares("b", "a", by="a")) == "not_of_this_pair"
    assert reason(book.sends("a", "b")) == "not_of_this_pair"
    assert reason(book.shares("c", "b", pair="ab")) == "not_of_this_pair"
    assert book.stored() == before


def test_a_moment_with_a_former_peer_can_still_be_taken_back_by_whoever_wrote_it_down(book: Book) -> None:
    taken_back, counts = book.corrects("b", "written by b")
    assert taken_back == MomentReversed(moment="written by b", giver="former", receiver="b")
    assert counts == CountsChanged(peer="b", given=1, received=1, given_26w=1, received_26w=1)
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
