from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.domain.benefit import benefit, waited
from services.matcher.domain.constraints import usable_ways
from services.matcher.domain.people import Person
from shared.clock import DAY_MS
from shared.events import Way
from tests.unit.matcher.made_up import people
from tests.unit.matcher.town import person

ONE_WAY: dict[str, Any] = {"ways": (Way.MESSAGE,)}
"""300 points for the one shared way are in every figure below."""


@pytest.mark.parametrize(("a", "b", "points"), [
    # full help both ways: 6000 + 400 · 2
    ({"seeks": ("sleep",), "offers": ("grief",)}, {"seeks": ("grief",), "offers": ("sleep",)}, 6800 + 300),
    # one way only: the harmonic mean is 0, one direction's 400 remain
    ({"seeks": ("sleep",), "offers": ()}, {"seeks": ("grief",), "offers": ("sleep",)}, 400 + 300),
    # nothing sought is no share at all
    ({"seeks": (), "offers": ("grief",)}, {"seeks": ("grief",), "offers": ()}, 400 + 300),
    # ra = 1/2, rb = 1: 6000 · 2 · 1/2 / (3/2) + 400 · 3/2
    ({"seeks": ("sleep", "forms"), "offers": ("grief",)}, {"seeks": ("grief",), "offers": ("sleep",)}, 4600 + 300),
    # ra = 1/3, rb = 1/3: 6000 · 1/3 + 400 · 2/3 = 2266 2/3, rounded to the nearest
    ({"seeks": ("sleep", "forms", "money"), "offers": ("grief",)},
     {"seeks": ("grief", "caring", "stress"), "offers": ("sleep",)}, 2267 + 300),
])
def test_help_counts_by_what_each_finds_with_the_other(a: dict[str, Any], b: dict[str, Any], points: int) -> None:
    assert benefit(person("a", **a, **ONE_WAY), person("b", **b, **ONE_WAY), 0) == points


BASE = benefit(person("a"), person("b"), 0)


@pytest.mark.parametrize(("fields", "more"), [
    ({"times": ("mon-morning", "tue-evening")}, 2 * 125),
    ({"times": tuple(f"t{n}" for n in range(12))}, 8 * 125),
    ({"languages": ("en", "cy")}, 300),
    ({"languages": ("en", "cy", "pl")}, 300),
    ({"ways": (Way.MESSAGE, Way.LETTER)}, 300),
    ({"ways": (Way.MESSAGE, Way.IN_PERSON)}, 0),
    ({"area": "Leeds"}, 300),
    ({"area": "Leeds", "ways": (Way.MESSAGE, Way.IN_PERSON)}, 300 + 300),
])
def test_each_handy_thing_that_both_share_adds_its_points(fields: dict[str, Any], more: int) -> None:
    assert benefit(person("a", **fields), person("b", **fields), 0) == BASE + more


def test_times_count_only_where_both_ticked_them() -> None:
    assert benefit(person("a", times=("mon-morning",)), person("b"), 0) == BASE


@pytest.mark.parametrize(("days", "points"), [(0, 0), (0.99, 0), (1, 10), (7.5, 70), (50, 500), (51, 500), (-1, 0)])
def test_each_whole_day_of_waiting_adds_ten_points_up_to_five_hundred(days: float, points: int) -> None:
    assert waited(0, round(days * DAY_MS)) == points


def test_the_waiting_of_both_counts() -> None:
    a, b = person("a", since_ms=0), person("b", since_ms=30 * DAY_MS)
    assert benefit(a, b, 40 * DAY_MS) == BASE + 400 + 100


@given(people("a"), people("b"), st.integers(0, 400 * DAY_MS))
def test_the_benefit_is_the_same_from_both_sides(a: Person, b: Person, now_ms: int) -> None:
    assert benefit(a, b, now_ms) == benefit(b, a, now_ms)


@given(people("a"), people("b"), st.integers(0, 400 * DAY_MS))
def test_the_benefit_is_the_published_formula_in_exact_fractions_rounded_once_half_up(
        a: Person, b: Person, now_ms: int) -> None:
    ra = Fraction(len(a.seeks & b.offers), len(a.seeks) or 1)
    rb = Fraction(len(b.seeks & a.offers), len(b.seeks) or 1)
    points = 400 * (ra + rb) + (6000 * 2 * ra * rb / (ra + rb) if ra + rb else 0)
    points += 125 * min(8, len(a.times & b.times)) + 300 * len(usable_ways(a, b))
    points += 300 * (a.area != "" and a.area == b.area) + 300 * (len(a.languages & b.languages) >= 2)
    points += sum(min(500, 10 * max(0, (now_ms - each.since_ms) // DAY_MS)) for each in (a, b))
    assert benefit(a, b, now_ms) == max(1, math.floor(points + Fraction(1, 2)))


def test_a_pair_is_never_worth_less_than_one_point() -> None:
    nothing = person("a", seeks=(), offers=(), ways=())
    assert benefit(nothing, nothing, 0) == 1
