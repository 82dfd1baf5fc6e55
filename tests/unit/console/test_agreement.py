from __future__ import annotations

import ssl

import pytest

from console.agreement import Row, done
from console.browser import Browser
from console.people import people
from console.visitor import Deed, Visitor


def visitor(number: int, pairs: list[str], deeds: list[Deed], browser: Browser) -> Visitor:
    made = Visitor(people(number + 1, 1, "run")[number], browser)
    made.pairs, made.deeds = pairs, deeds
    return made


@pytest.fixture
def browser() -> Browser:
    return Browser("http://twoway.example", ssl.create_default_context())


def test_what_each_gave_and_received_follows_from_what_both_of_a_pair_sent(browser: Browser) -> None:
    both = [visitor(0, ["p"], [Deed("p", True), Deed("p", True), Deed("p", False)], browser),
            visitor(1, ["p"], [Deed("p", False)], browser)]
    assert done(both) == {0: (3, 1), 1: (1, 3)}


def test_a_buddy_who_is_not_of_the_demonstration_is_not_counted(browser: Browser) -> None:
    assert done([visitor(0, ["p"], [Deed("p", True), Deed("p", False)], browser)]) == {0: (1, 1)}


@pytest.mark.parametrize(("row", "agrees"), [
    (Row("pairs", 3, None, 3), True),
    (Row("pairs", 3, None, 2), False),
    (Row("moments given", 3, 3, 3), True),
    (Row("moments given", 3, 2, 3), False),
    (Row("moments given", 3, 3, 2), False),
    (Row("moments given", 3, 3, 3, off=2), False),
])
def test_a_count_agrees_only_when_every_side_says_the_same(row: Row, agrees: bool) -> None:
    assert row.agrees is agrees
