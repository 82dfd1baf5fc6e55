"""Small numbers are kept back, and so is whatever they could be worked out from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.few import LEAST, Cell, kept_back, too_few


@pytest.mark.parametrize(("cell", "few"), [
    ((0, 0), False), ((1, 4), True), ((0, 4), True), ((0, 5), False), ((5, 5), False), ((4, 20), True), ((16, 20), True),
    ((5, 10), False), ((6, 10), True)])
def test_a_share_tells_of_those_of_whom_it_is_true_and_of_the_others(cell: Cell, few: bool) -> None:
    assert too_few(cell) is few


def test_one_small_group_takes_the_next_smallest_along_for_the_total_would_tell() -> None:
    assert kept_back({"en": (40, 40), "ur": (9, 9), "cy": (7, 7), "pl": (2, 2)}) == {"pl", "cy"}


def test_two_small_groups_that_are_few_together_take_a_third_along() -> None:
    assert kept_back({"en": (40, 40), "ur": (9, 9), "cy": (2, 2), "pl": (2, 2)}) == {"pl", "cy", "ur"}
    assert kept_back({"en": (40, 40), "ur": (9, 9), "cy": (4, 4), "pl": (3, 3)}) == {"pl", "cy"}


def test_where_nobody_is_few_all_is_told() -> None:
    assert kept_back({"en": (40, 40), "ur": (9, 9)}) == set()
    assert kept_back({}) == set()


CELLS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30).flatmap(
    lambda people: st.integers(0, people).map(lambda some: (some, people))))


@given(CELLS, st.sets(st.sampled_from("abcdef")))
def test_what_is_kept_back_can_not_be_worked_out_from_the_total(cells: dict[str, Cell], already: set[str]) -> None:
    kept = kept_back(cells, already)
    assert already & cells.keys() <= kept
    assert not any(too_few(cell) for group, cell in cells.items() if group not in kept)
    assert len(kept) != 1 or len(cells) == 1
    if kept != cells.keys() and kept:
        some, people = (sum(cells[group][part] for group in kept) for part in (0, 1))
        assert not any(0 < each < LEAST for each in (some, people - some, people))
