from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from services.matcher.domain.constraints import fits, usable_ways
from services.matcher.domain.people import Person
from services.matcher.domain.standing import FOR_EVER, Standing
from shared.events import Way
from tests.unit.matcher.made_up import choosy
from tests.unit.matcher.town import person

CALL, MEET, WRITE, LETTER = Way.CALL, Way.IN_PERSON, Way.MESSAGE, Way.LETTER


@pytest.mark.parametrize(("a", "b", "fit"), [
    ({}, {}, True),
    # a shared language
    ({"languages": ("en", "cy")}, {"languages": ("cy",)}, True),
    ({"languages": ("en",)}, {"languages": ("cy",)}, False),
    ({"languages": ()}, {"languages": ()}, False),
    # at least one direction of real help
    ({"seeks": ("sleep",), "offers": ()}, {"seeks": ("grief",), "offers": ("sleep",)}, True),
    ({"seeks": ("sleep",), "offers": ("forms",)}, {"seeks": ("grief",), "offers": ("money",)}, False),
    ({"seeks": (), "offers": ("grief",)}, {"seeks": (), "offers": ("grief",)}, False),
    # nothing either seeks is on the other's avoids
    ({"avoids": ("grief",)}, {}, False),
    ({"avoids": ("grief",)}, {"seeks": ("sleep",)}, True),
    # a way to connect that both use and that works
    ({"ways": (WRITE,)}, {"ways": (LETTER,)}, False),
    ({"ways": ()}, {"ways": ()}, False),
    ({"ways": (LETTER,)}, {"ways": (LETTER,)}, True),
    ({"ways": (CALL,), "times": ("mon",)}, {"ways": (CALL,), "times": ("tue",)}, False),
    ({"ways": (CALL,), "times": ("mon", "tue")}, {"ways": (CALL,), "times": ("tue",)}, True),
    ({"ways": (CALL,), "times": ("mon",)}, {"ways": (CALL,), "times": ()}, True),
    ({"ways": (CALL,), "times": ()}, {"ways": (CALL,), "times": ()}, True),
    ({"ways": (MEET,)}, {"ways": (MEET,)}, False),
    ({"ways": (MEET,), "area": "Leeds"}, {"ways": (MEET,), "area": "York"}, False),
    ({"ways": (MEET,), "area": "Leeds"}, {"ways": (MEET,), "area": " leeds"}, True),
    ({"ways": (MEET,), "area": "Leeds", "times": ("mon",)}, {"ways": (MEET,), "area": "Leeds", "times": ("tue",)}, False),
    ({"ways": (MEET, WRITE), "times": ("mon",)}, {"ways": (MEET, WRITE), "times": ("tue",)}, True),
    # one community
    ({"community": "hillview"}, {}, False),
])
def test_every_hard_constraint_holds_in_both_directions(a: dict[str, Any], b: dict[str, Any], fit: bool) -> None:
    assert fits(person("a", **a), person("b", **b)) is fit
    assert fits(person("b", **b), person("a", **a)) is fit


WOMEN, CARERS = {"gender": frozenset(("woman",))}, {"carer": frozenset(("yes",))}


@pytest.mark.parametrize(("a", "b", "fit"), [
    ({"meets_ages": frozenset(("18-25",))}, {"age_band": "18-25"}, True),
    ({"meets_ages": frozenset(("18-25", "26-40"))}, {"age_band": "41-65"}, False),
    ({"meets_ages": frozenset(("18-25",))}, {}, False),
    ({"meets_ages": frozenset()}, {}, True),
    ({"chosen_limits": WOMEN}, {"facts": {"gender": "woman"}}, True),
    ({"chosen_limits": WOMEN}, {"facts": {"gender": "man"}}, False),
    ({"chosen_limits": WOMEN}, {"facts": {"carer": "yes"}}, False),
    ({"chosen_limits": WOMEN | CARERS}, {"facts": {"gender": "woman", "carer": "yes"}}, True),
    ({"chosen_limits": WOMEN | CARERS}, {"facts": {"gender": "woman", "carer": "no"}}, False),
    ({"chosen_limits": {"gender": frozenset()}}, {}, True),
    ({"prefers": WOMEN}, {"facts": {"gender": "man"}}, True),
])
def test_stated_limits_on_whom_one_meets_hold_in_both_directions(a: dict[str, Any], b: dict[str, Any], fit: bool) -> None:
    one, other = replace(person("a"), **a), replace(person("b"), **b)
    assert fits(one, other) is fit
    assert fits(other, one) is fit


@pytest.mark.parametrize("standing", [
    Standing(apart={"b": FOR_EVER}), Standing(apart={"b": 1}), Standing(proposals={"p": "b"}), Standing(pairs={"p": "b"})])
def test_two_who_are_kept_apart_or_together_already_do_not_fit_whoever_of_them_knows(standing: Standing) -> None:
    a, b = person("a").standing(standing), person("b")
    assert not fits(a, b)
    assert not fits(b, a)


def test_two_whose_pair_is_over_may_meet_again_unless_they_are_kept_apart() -> None:
    assert fits(person("a").standing(Standing(past={"p": "b"})), person("b"))


def test_nobody_fits_themselves() -> None:
    assert not fits(person("a"), person("a"))


@given(choosy("a"), choosy("b"))
def test_fitting_is_the_same_from_both_sides(a: Person, b: Person) -> None:
    assert fits(a, b) == fits(b, a)
    assert usable_ways(a, b) == usable_ways(b, a)


@given(choosy("a"), choosy("b"))
def test_whoever_fits_has_all_that_rule_3_asks_for(a: Person, b: Person) -> None:
    if fits(a, b):
        assert a.languages & b.languages
        assert a.seeks & b.offers or b.seeks & a.offers
        assert not a.avoids & b.seeks
        assert not b.avoids & a.seeks
        assert b.peer not in a.strangers
        assert a.peer not in b.strangers
        assert usable_ways(a, b) <= a.ways & b.ways
        for one, other in ((a, b), (b, a)):
            assert not one.meets_ages or other.age_band in one.meets_ages
            assert all(other.facts.get(key) in values for key, values in one.chosen_limits.items() if values)
        together = usable_ways(a, b) - {WRITE, LETTER}
        assert not together or not a.times or not b.times or a.times & b.times
        assert MEET not in together or a.area == b.area != ""
