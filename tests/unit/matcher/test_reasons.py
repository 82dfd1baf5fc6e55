from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.reasons import reasons
from shared.events import ProposalMade, Way
from tests.unit.matcher.made_up import people
from tests.unit.matcher.town import Town, person


def told(reader: Person, other: Person) -> dict[str, tuple[str, ...]]:
    return {fact.key: fact.values for fact in reasons(reader, other).facts}


@pytest.mark.parametrize(("reader", "other", "facts"), [
    ({"seeks": ("sleep", "grief")}, {"offers": ("grief", "sleep")},
     {"they_offer": ("sleep", "grief"), "you_both_connect_by": ("message",), "you_both_speak": ("en",)}),
    # what the other seeks appears only where the other lets it
    ({"seeks": ("sleep",)}, {"showable": ("grief", "money")},
     {"they_offer": ("sleep",), "you_offer": ("grief",), "you_both_connect_by": ("message",)}),
    ({"seeks": (), "offers": ("sleep",)}, {"seeks": ("sleep",), "showable": ()},
     {"you_both_connect_by": ("message",), "you_both_speak": ("en",)}),
    ({"ways": (Way.CALL, Way.LETTER), "times": ("tue", "mon")}, {"ways": (Way.CALL,), "times": ("mon", "tue", "sat")},
     {"they_offer": ("grief", "sleep"), "you_both_connect_by": ("call",), "you_share_times": ("tue", "mon")}),
    # a way that can't work between these two is not named
    ({"ways": (Way.IN_PERSON, Way.MESSAGE), "area": "Leeds"}, {"ways": (Way.IN_PERSON, Way.MESSAGE), "area": "York"},
     {"they_offer": ("grief", "sleep"), "you_both_connect_by": ("message",), "you_both_speak": ("en",)}),
])
def test_each_side_is_told_two_or_three_plain_facts(
        reader: dict[str, Any], other: dict[str, Any], facts: dict[str, tuple[str, ...]]) -> None:
    assert told(person("a", **reader), person("b", **other)) == facts


@given(people("a"), people("b"))
def test_nothing_is_told_but_what_the_other_offers_shares_or_lets_show(a: Person, b: Person) -> None:
    if not fits(a, b):
        return
    facts = told(a, b)
    assert 2 <= len(facts) <= 3
    assert set(facts.get("they_offer", ())) <= a.seeks & b.offers
    assert set(facts.get("you_offer", ())) <= b.seeks & set(b.details.showable) & a.offers
    shared = {"you_both_connect_by": a.ways & b.ways, "you_share_times": a.times & b.times,
              "you_both_speak": a.languages & b.languages}
    for key, both in shared.items():
        assert set(facts.get(key, ())) <= both
    assert facts.keys() <= {"they_offer", "you_offer", *shared}
    assert all(facts.values())


def test_the_reasons_of_a_proposal_are_sealed_for_each_reader_alone() -> None:
    town = Town()
    town.asks("ada", seeks=("sleep",), offers=("grief",))
    _, made = town.asks("ben", seeks=("grief",), offers=("sleep",), showable=("grief",))
    assert isinstance(made, ProposalMade)
    assert town.told(made, "ada")["they_offer"] == ("sleep",)
    assert town.told(made, "ada")["you_offer"] == ("grief",)
    assert "you_offer" not in town.told(made, "ben")
    for reason, reader in zip(made.reasons, made.peers, strict=True):
        assert reason.startswith(f"s1.{reader}.")
    assert not {"sleep", "grief"} & set(made.model_dump_json().split('"'))
