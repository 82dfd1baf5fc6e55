"""Whoever gives far more than they receive has no second place for four weeks (rule 7)."""

from __future__ import annotations

import pytest

from shared.events import ProposalDiscarded
from tests.unit.matcher.town import ASSISTED, Town


@pytest.fixture
def town() -> Town:
    """Ada would have three buddies and has one, Ben. Nobody else waits."""
    town = Town()
    town.asks("ada", capacity=3)
    town.asks("ben")
    town.both_say_yes("ada", "ben")
    return town


def protected(town: Town) -> None:
    assert town.is_protected("ada") == []


def test_nobody_new_is_proposed_to_whoever_has_somebody(town: Town) -> None:
    protected(town)
    assert town.proposed(town.asks("cleo")) == []
    assert len(town.standing("ada").pairs) == 1
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


def test_after_four_weeks_they_are_looked_for_as_before(town: Town) -> None:
    protected(town)
    town.asks("cleo")
    assert town.proposed(town.pass_time(days=27.9)) == []
    assert {"ada", "cleo"} in town.proposed(town.pass_time(days=0.2))


def test_when_it_is_said_anew_the_four_weeks_begin_anew(town: Town) -> None:
    protected(town)
    town.pass_time(days=20)
    protected(town)
    town.asks("cleo")
    assert town.proposed(town.pass_time(days=27)) == []
    assert {"ada", "cleo"} in town.proposed(town.pass_time(days=2))


def test_an_open_proposal_and_whoever_is_there_stay(town: Town) -> None:
    town.asks("cleo")
    before = town.standing("ada")
    protected(town)
    after = town.standing("ada")
    assert (after.proposals, after.pairs) == (before.proposals, before.pairs)
    assert after.proposals
    assert town.findings() == []


def test_whoever_has_nobody_is_still_proposed_somebody() -> None:
    town = Town()
    town.asks("ada", capacity=3)
    protected(town)
    assert town.proposed(town.asks("cleo")) == [{"ada", "cleo"}]
    assert town.proposed(town.asks("dan")) == []


def test_whoever_asks_anew_says_themselves_how_many_places_they_have(town: Town) -> None:
    protected(town)
    town.asks("cleo")
    town.no_longer_asks("ada")
    assert town.proposed(town.asks("ada", capacity=3)) == [{"ada", "cleo"}]


def test_of_somebody_who_is_not_there_nothing_is_kept(town: Town) -> None:
    town.leaves("ada")
    protected(town)
    assert not town.known("ada")
    assert town.findings() == []


def test_what_waits_for_a_coordinator_beyond_the_one_place_goes_and_the_other_is_looked_for() -> None:
    town = Town(ASSISTED)
    town.asks("ada", capacity=3)
    town.asks("ben")
    town.approves(next(iter(town.drafts)))
    town.asks("cleo")
    [draft] = town.drafts
    town.asks("dan", languages=("cy",))
    assert [type(each) for each in town.is_protected("ada")] == [ProposalDiscarded]
    assert town.standing("cleo").places == 1
    assert list(town.standing("ada").proposals.values()) == ["ben"]
    assert draft not in town.drafts
    assert town.findings() == []
    assert town.rebuilt() == town.stored()
