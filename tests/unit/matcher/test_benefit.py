from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.domain.benefit import benefit, net, waited
from services.matcher.domain.constraints import usable_ways
from services.matcher.domain.people import Person
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.weights import PUBLISHED_FILE, WeightsUnreadable, read
from shared.clock import DAY_MS
from shared.events import Way
from tests.unit.matcher.made_up import choosy
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


def differing(a: dict[str, Any], b: dict[str, Any]) -> int:
    """How many points more than nothing said, for two who differ in these fields."""
    return benefit(replace(person("a"), **a), replace(person("b"), **b), 0) - BASE


def test_a_newcomer_with_somebody_who_welcomes_newcomers_adds_two_hundred_points_each() -> None:
    assert differing({"newcomer": True}, {"welcomes_newcomers": True}) == 200
    assert differing({"newcomer": True, "welcomes_newcomers": True}, {"newcomer": True, "welcomes_newcomers": True}) == 400
    assert differing({"newcomer": True}, {"newcomer": True}) == 0
    assert differing({"newcomer": True, "welcomes_newcomers": True}, {}) == 0


def test_each_soft_wish_that_is_met_adds_a_hundred_points() -> None:
    wishes = {"prefers": {"gender": frozenset(("woman", "man")), "carer": frozenset(("yes",))}}
    assert differing(wishes, {"facts": {"gender": "man", "carer": "yes"}}) == 200
    assert differing(wishes, {"facts": {"gender": "man", "carer": "no"}}) == 100
    assert differing(wishes, {}) == 0


@pytest.mark.parametrize(("given", "received", "held"), [(0, 0, 0), (12, 9, 3), (9, 12, -3), (50, 0, 10), (0, 50, -10)])
def test_what_was_given_above_what_was_received_counts_within_a_band(given: int, received: int, held: int) -> None:
    assert net(replace(person("a"), given=given, received=received)) == held


def test_whoever_gave_more_gets_to_receive() -> None:
    receives, gives = {"seeks": ("sleep",), "offers": ()}, {"seeks": ("grief",), "offers": ("sleep",)}
    def worth(given_by_receiver: int, given_by_giver: int) -> int:
        return benefit(replace(person("a", **receives), given=given_by_receiver),
                       replace(person("b", **gives), given=given_by_giver), 0)
    assert worth(4, 0) - worth(0, 0) == 4 * 15
    assert worth(0, 4) - worth(0, 0) == -4 * 15
    assert worth(90, 0) - worth(0, 0) == 150


def test_halves_are_rounded_up_once_after_everything_is_added() -> None:
    # ra = 1/2, rb = 0, help 400: 200; returning 15 · 1 · 1/2 = 7.5
    a = person("a", seeks=("sleep", "forms"), offers=(), **ONE_WAY)
    b = person("b", seeks=("grief",), offers=("sleep",), **ONE_WAY)
    assert benefit(replace(a, given=1), b, 0) == 200 + 300 + 8
    assert benefit(a, replace(b, given=1), 0) == 200 + 300 - 7


WEIGHTS = st.builds(Weights, mutual=st.integers(0, 20_000), help=st.integers(0, 20_000), returning=st.integers(0, 500),
                    shared_time=st.integers(0, 500), soft_wish=st.integers(0, 500))


@given(choosy("a"), choosy("b"), st.integers(0, 400 * DAY_MS), WEIGHTS)
def test_the_benefit_is_the_same_from_both_sides(a: Person, b: Person, now_ms: int, weights: Weights) -> None:
    assert benefit(a, b, now_ms, weights) == benefit(b, a, now_ms, weights)


@given(choosy("a"), choosy("b"), st.integers(0, 400 * DAY_MS), WEIGHTS | st.just(PUBLISHED))
def test_the_benefit_is_the_published_formula_in_exact_fractions_rounded_once_half_up(
        a: Person, b: Person, now_ms: int, weights: Weights) -> None:
    ra = Fraction(len(a.seeks & b.offers), len(a.seeks) or 1)
    rb = Fraction(len(b.seeks & a.offers), len(b.seeks) or 1)
    points = weights.help * (ra + rb) + (weights.mutual * 2 * ra * rb / (ra + rb) if ra + rb else 0)
    points += weights.returning * (net(a) - net(b)) * (ra - rb)
    points += weights.shared_time * min(8, len(a.times & b.times)) + 300 * len(usable_ways(a, b))
    points += 300 * (a.area != "" and a.area == b.area) + 300 * (len(a.languages & b.languages) >= 2)
    points += sum(min(500, 10 * max(0, (now_ms - each.since_ms) // DAY_MS)) for each in (a, b))
    for one, other in ((a, b), (b, a)):
        points += 200 * (one.newcomer and other.welcomes_newcomers)
        points += weights.soft_wish * sum(other.facts.get(key) in values for key, values in one.prefers.items())
    assert benefit(a, b, now_ms, weights) == max(1, math.floor(points + Fraction(1, 2)))


def test_a_pair_is_never_worth_less_than_one_point() -> None:
    nothing = person("a", seeks=(), offers=(), ways=())
    assert benefit(nothing, nothing, 0) == 1


def test_the_published_file_says_what_the_code_takes_when_nothing_is_said() -> None:
    assert read() == PUBLISHED
    assert PUBLISHED_FILE.read_text("utf-8").count("why = ") == len(Weights.model_fields)


def test_a_file_that_says_one_weight_keeps_the_others(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[newcomer]\npoints = 900\nwhy = "we are new ourselves"\n', "utf-8")
    assert read(file) == PUBLISHED.model_copy(update={"newcomer": 900})


@pytest.mark.parametrize("text", [
    "newcomer = 900\n", "[newcomer]\npoints = 900\n", '[newcomer]\npoints = 1.5\nwhy = "x"\n',
    '[newcomer]\npoints = -1\nwhy = "x"\n', '[mutual]\npoints = 1000000\nwhy = "x"\n', '[unheard_of]\npoints = 1\nwhy = "x"\n',
    "no toml", "\x00"])
def test_weights_that_make_no_sense_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(WeightsUnreadable, match=r"mine\.toml: [^\n]+$"):
        read(file)


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnreadable, match=r"none\.toml: No such file"):
        read(tmp_path / "none.toml")
