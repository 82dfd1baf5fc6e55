"""Small numbers are kept back, and so is whatever they could be worked out from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.few import LEAST, LEAST_TOGETHER, Cell, kept_back, small, too_few


@pytest.mark.parametrize(("cell", "few"), [
    ((0, 0), False), ((1, 4), True), ((0, 4), True), ((0, 5), False), ((5, 5), False), ((4, 20), True), ((16, 20), True),
    ((5, 10), False), ((6, 10), True)])
def test_a_share_tells_of_those_of_whom_it_is_true_and_of_the_others(cell: Cell, few: bool) -> None:
    assert too_few(cell) is few


def test_a_small_group_takes_the_next_smallest_along_until_ten_people_are_not_told() -> None:
    assert small({"en": 40, "ur": 9, "cy": 8, "pl": 2}) == {"pl", "cy"}
    assert small({"en": 40, "ur": 9, "cy": 7, "pl": 2}) == {"pl", "cy", "ur"}
    assert small({"en": 40, "ur": 9, "cy": 4, "pl": 4}) == {"pl", "cy", "ur"}, "four and four are all that makes eight"


def test_groups_that_are_all_of_one_size_are_not_kept_back_alone() -> None:
    assert small({"en": 40, "ur": 5, "cy": 4, "pl": 4, "ar": 4}) == {"cy", "pl", "ar", "ur"}


def test_of_groups_of_one_size_all_are_told_or_none_for_the_first_by_name_would_tell_of_the_others() -> None:
    assert small({"en": 40, "ur": 6, "ar": 6, "pl": 4}) == {"pl", "ar", "ur"}


def test_shares_of_four_and_four_take_a_third_along_for_nothing_else_makes_eight() -> None:
    assert kept_back({"en": (30, 60), "ur": (0, 10), "cy": (4, 12), "pl": (4, 15)}) == {"cy", "pl", "ur"}
    assert kept_back({"en": (30, 60), "ur": (0, 10), "cy": (3, 12), "pl": (4, 15)}) == {"cy", "pl"}, "or four and three"


def test_a_group_in_which_nobody_answered_takes_none_along_and_hides_none() -> None:
    assert kept_back({"en": (30, 60), "ur": (0, 0), "cy": (3, 12), "pl": (4, 15)}) == {"cy", "pl"}


def test_where_nobody_is_few_all_is_told() -> None:
    assert small({"en": 40, "ur": 9}) == kept_back({"en": (40, 40), "ur": (9, 9)}) == set()
    assert small({}) == kept_back({}) == set()


CELLS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30).flatmap(
    lambda people: st.integers(0, people).map(lambda some: (some, people))))


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30)))
def test_the_groups_that_are_not_told_are_ten_people_at_least_and_not_of_one_size(sizes: dict[str, int]) -> None:
    rest = small(sizes)
    assert all(people >= LEAST for group, people in sizes.items() if group not in rest)
    if rest and rest != sizes.keys():
        assert sum(sizes[group] for group in rest) >= LEAST_TOGETHER
        assert len({sizes[group] for group in rest}) > 1


@given(CELLS, st.sets(st.sampled_from("abcdef")))
def test_what_is_kept_back_tells_of_few_people_neither_alone_nor_together(cells: dict[str, Cell], few: set[str]) -> None:
    kept = kept_back(cells, few)
    assert few & cells.keys() <= kept
    assert not any(too_few(cell) for group, cell in cells.items() if group not in kept)
    assert kept >= {group for group, (_, people) in cells.items() if people} or not too_few(
        (sum(cells[group][0] for group in kept), sum(cells[group][1] for group in kept)))


# ── by trying everything: what somebody can work out who knows the rule, and every group that there could be ──────────────────

Cells = tuple[Cell, ...]


@dataclass(frozen=True)
class Seen:
    """All that is told: the totals, and the sizes and shares that are shown, by group."""

    people: int
    some: int | None
    sizes: frozenset[tuple[int, int]]
    shares: frozenset[tuple[int, int]]


def seen(cells: Cells) -> Seen:
    """As `twoway fairness` tells it."""
    there = {str(group): cell for group, cell in enumerate(cells) if cell[1]}
    rest = small({group: people for group, (_, people) in there.items()})
    hidden = kept_back(there, rest)
    total = sum(some for some, _ in cells), sum(people for _, people in cells)
    return Seen(total[1], None if too_few(total) else total[0],
                frozenset((int(group), people) for group, (_, people) in there.items() if group not in rest),
                frozenset((int(group), some) for group, (some, _) in there.items() if group not in hidden))


def worked_out(everything: Iterable[Cells]) -> list[tuple[Seen, int, Cells]]:
    """Where a group's size, or its share, is not shown, and yet there is only one that it can be."""
    alike: dict[Seen, list[Cells]] = defaultdict(list)
    for cells in everything:
        if sum(people for _, people in cells) >= LEAST:
            alike[seen(cells)].append(cells)
    found = []
    for told, could_be in alike.items():
        sizes, shares = dict(told.sizes), dict(told.shares)
        for group, cell in enumerate(could_be[0]):
            somes, peoples = ({cells[group][part] for cells in could_be} for part in (0, 1))
            size = group not in sizes and peoples == {cell[1]} != {0}
            share = group not in shares and somes == {cell[0]} and peoples != {0} and not none_or_all(could_be[0], shares)
            if size or share:
                found.append((told, group, could_be[0]))
    return found


def none_or_all(cells: Cells, shown: Collection[int]) -> bool:
    """Of all together whose share is not shown: that may be told, and it is told of each."""
    kept = [cell for group, cell in enumerate(cells) if group not in shown]
    return sum(some for some, _ in kept) in (0, sum(people for _, people in kept))


@pytest.mark.parametrize(("groups", "most"), [(2, 30), (3, 14), (4, 9), (5, 6)])
def test_no_size_that_is_kept_back_can_be_worked_out(groups: int, most: int) -> None:
    assert worked_out(product([(people, people) for people in range(most + 1)], repeat=groups)) == []


@pytest.mark.parametrize(("groups", "people"), [(2, range(5, 21)), (3, (5, 6, 7, 10, 12, 15)), (4, (5, 8))])
def test_no_share_that_is_kept_back_can_be_worked_out(groups: int, people: Iterable[int]) -> None:
    for counts in combinations_with_replacement(people, groups):
        assert worked_out(product(*([(some, count) for some in range(count + 1)] for count in counts))) == []


def test_no_share_that_is_kept_back_can_be_worked_out_beside_groups_whose_size_is() -> None:
    cells = [(some, people) for people in range(8) for some in range(people + 1)]
    assert worked_out(product(cells, repeat=3)) == []
