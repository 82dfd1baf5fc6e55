"""How far help travels: A helped B, B helped C."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.chains import LONGEST, Chains
from services.ledger.domain.weeks import KEPT
from tests.unit.ledger.book import Book


@pytest.fixture
def book() -> Book:
    """Six people in a ring: a and b, b and c, and so on round to a."""
    book = Book()
    for pair in ("ab", "bc", "cd", "de", "ef", "af"):
        book.forms(*pair)
    return book


def test_whoever_was_helped_and_helps_somebody_else_makes_a_chain_longer(book: Book) -> None:
    book.shares("a", "b")
    assert book.chains() == [1]
    book.shares("b", "c")
    assert book.chains() == [1, 1]
    book.shares("c", "d")
    assert book.chains() == [1, 1, 1]
    assert book.findings() == []


def test_two_who_help_each_other_are_no_chain(book: Book) -> None:
    for _ in range(5):
        book.shares("a", "b")
        book.shares("b", "a")
    assert book.chains() == [10]


def test_what_reached_somebody_more_than_twelve_weeks_ago_is_not_gone_on_with(book: Book) -> None:
    book.shares("a", "b")
    book.pass_time(days=11 * 7)
    book.shares("b", "c")
    assert book.chains() == [0, 1]
    book.pass_time(days=12 * 7)
    book.shares("c", "d")
    assert book.chains() == [1]


def test_a_shorter_chain_does_not_make_a_longer_one_forgotten_that_is_not_old_yet(book: Book) -> None:
    book.shares("a", "b")
    book.shares("b", "c")
    book.pass_time(days=7)
    book.shares("d", "c")
    book.shares("c", "d")
    assert book.chains() == [1, 0, 1]


def test_help_that_goes_round_and_round_counts_as_the_longest_there_is(book: Book) -> None:
    for _ in range(3):
        for giver, receiver in ("ab", "bc", "cd", "de", "ef", "fa"):
            book.shares(giver, receiver)
    assert len(book.chains()) == LONGEST
    assert sum(book.chains()) == 18


def test_a_correction_takes_its_own_moment_away_and_chains_that_went_on_stay(book: Book) -> None:
    book.shares("a", "b", moment="m")
    book.shares("b", "c")
    book.corrects("b", "m")
    assert book.chains() == [0, 1]
    assert book.findings() == []
    assert book.rebuilt() == book.stored()


MOVE = st.tuples(st.integers(1, 3), st.sampled_from([3000, 3001, 3000 + KEPT]), st.sampled_from([1, -1]))


@given(st.lists(MOVE, max_size=12), st.data())
def test_the_row_is_the_same_in_whatever_order_moments_were_written_down_and_taken_back(
        moves: list[tuple[int, int, int]], data: st.DataObject) -> None:
    rows = []
    for order in (moves, data.draw(st.permutations(moves))):
        row = Chains()
        for length, week, by in order:
            row = row.moved(length, week, by)
        rows.append(row.model_dump_json())
    assert rows[0] == rows[1]
