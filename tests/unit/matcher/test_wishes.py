"""What a live request says of whom somebody would be comfortable with, or would rather meet, is kept to in the pairing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.domain.constraints import meets
from shared.events import ProposalMade
from tests.unit.in_memory import only
from tests.unit.matcher.town import Town, person

TWENTIES, SIXTIES = {"age_band": "25_34"}, {"age_band": "65_74"}
WOMAN, MAN = {"facts": {"gender": "woman"}}, {"facts": {"gender": "man"}}
MEETS_TWENTIES, MEETS_WOMEN = {"meets_ages": ("18_24", "25_34")}, {"chosen_limits": {"gender": ("woman", "non_binary")}}


def proposed(first: dict[str, Any], second: dict[str, Any]) -> bool:
    town = Town()
    town.asks("ada", **first)
    return town.proposed(town.asks("ben", **second)) == [{"ada", "ben"}]


@pytest.mark.parametrize(("one", "other", "fits"), [
    ({}, {}, True),
    (MEETS_TWENTIES, TWENTIES, True),
    (MEETS_TWENTIES, SIXTIES, False),
    (MEETS_TWENTIES, {}, False),
    (MEETS_TWENTIES | SIXTIES, TWENTIES, True),
    (MEETS_TWENTIES | SIXTIES, MEETS_TWENTIES | TWENTIES, False),
    (MEETS_WOMEN, WOMAN, True),
    (MEETS_WOMEN, MAN, False),
    (MEETS_WOMEN, {}, False),
    (MEETS_WOMEN | MAN, WOMAN, True),
    (MEETS_WOMEN | MAN, MEETS_WOMEN | WOMAN, False),
    (MEETS_WOMEN | MEETS_TWENTIES, WOMAN | TWENTIES, True),
    (MEETS_WOMEN | MEETS_TWENTIES, WOMAN | SIXTIES, False),
    ({"chosen_limits": {"gender": ()}}, MAN, True),
])
@pytest.mark.parametrize("turned", [False, True], ids=["limited first", "limited second"])
def test_a_limit_holds_whoever_of_the_two_has_it_and_whoever_asked_first(
        one: dict[str, Any], other: dict[str, Any], fits: bool, turned: bool) -> None:
    assert proposed(*((other, one) if turned else (one, other))) is fits


def test_no_wait_brings_anybody_to_whom_they_would_not_be_comfortable_with() -> None:
    town = Town()
    town.asks("ada", **MEETS_WOMEN, **WOMAN)
    town.asks("ben", **MAN)
    town.asks("cleo", **SIXTIES, **MEETS_TWENTIES)
    town.pass_time(days=60)
    assert town.proposed(town.said) == []
    assert town.proposed(town.asks("dan", **WOMAN)) == [{"ada", "dan"}]


def test_a_limit_goes_with_the_request_that_had_it() -> None:
    town = Town()
    town.asks("ada", **MEETS_WOMEN)
    town.asks("ben", **MAN)
    town.no_longer_asks("ada")
    assert town.proposed(town.asks("ada")) == [{"ada", "ben"}]


def test_a_wish_decides_between_two_who_would_help_equally_and_keeps_nobody_away() -> None:
    town = Town()
    for name, says in (("ben", "lively"), ("cleo", "quiet")):
        town.asks(name, seeks=("sleep",), offers=("grief",), facts={"talking": says})
    for name, buddy in (("ada", "cleo"), ("eve", "ben")):
        said = town.asks(name, seeks=("grief",), offers=("sleep",), prefers={"talking": ("quiet",)})
        assert town.proposed(said) == [{name, buddy}]


def test_a_newcomer_is_introduced_to_whoever_welcomes_newcomers_when_others_would_help_as_much() -> None:
    town = Town()
    for name, welcomes in (("ben", False), ("cleo", True), ("dan", False)):
        town.asks(name, seeks=("sleep",), offers=("grief",), welcomes_newcomers=welcomes)
    assert town.proposed(town.asks("ada", seeks=("grief",), offers=("sleep",), newcomer=True)) == [{"ada", "cleo"}]
    assert town.proposed(town.asks("eve", seeks=("grief",), offers=("sleep",), newcomer=True))


@pytest.mark.parametrize(("says", "wishes", "points"), [
    ({"newcomer": True}, {"welcomes_newcomers": True}, 200),
    ({"newcomer": True, "welcomes_newcomers": True}, {"newcomer": True, "welcomes_newcomers": True}, 400),
    ({"facts": {"talking": "quiet", "village": "upper"}}, {"prefers": {"talking": ("quiet",), "village": ("lower",)}}, 100),
    ({"newcomer": True}, {}, 0),
])
def test_a_met_wish_and_a_welcome_count_as_the_published_weights_say(
        says: dict[str, Any], wishes: dict[str, Any], points: int) -> None:
    assert _points(says, wishes) - _points({}, {}) == points


def _points(one: dict[str, Any], other: dict[str, Any]) -> int:
    """What a pair is worth, as its proposal on the log says it."""
    town = Town()
    town.asks("ada", **one)
    town.asks("ben", **other)
    made: ProposalMade = only(town.every(ProposalMade))
    return made.benefit


SAID = st.fixed_dictionaries({
    "age_band": st.sampled_from([None, "18_24", "25_34"]), "meets_ages": st.sampled_from([(), ("18_24",), ("18_24", "25_34")]),
    "facts": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from("xyz")),
    "chosen_limits": st.dictionaries(st.sampled_from(["a", "b"]), st.lists(st.sampled_from("xyz"), max_size=2).map(tuple))})


@given(st.lists(SAID, min_size=2, max_size=5))
@settings(max_examples=40, deadline=None)
def test_nobody_is_ever_proposed_to_somebody_outside_the_limits_of_either(everybody: list[dict[str, Any]]) -> None:
    town = Town()
    for number, said in enumerate(everybody):
        town.asks(f"p{number}", **said)
    town.pass_time(days=21)
    people = {f"p{number}": person(f"p{number}", **said) for number, said in enumerate(everybody)}
    for pair in town.proposed(town.said):
        a, b = (people[name] for name in pair)
        assert meets(a, b)
        assert meets(b, a)
    assert town.unmet() == []
