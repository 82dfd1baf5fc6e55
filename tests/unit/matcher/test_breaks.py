from __future__ import annotations

import pytest

from shared.events import Answer, BreakKind, BreakStarted, ProposalWithdrawn
from tests.unit.in_memory import only
from tests.unit.matcher.town import Town


@pytest.fixture
def town() -> Town:
    """Ada and Ben are proposed to each other."""
    town = Town()
    town.asks("ada")
    town.asks("ben")
    return town


def test_a_break_withdraws_open_proposals_and_the_other_keeps_their_place(town: Town) -> None:
    town.answers("ben", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.takes_a_break("ada", days=10))
    assert (withdrawn.reason, withdrawn.said_yes) == ("break", ("ben",))
    assert town.proposed(town.asks("cleo")) == [{"ben", "cleo"}]


@pytest.mark.parametrize("kind", list(BreakKind))
def test_whoever_takes_a_break_after_a_yes_is_not_among_those_to_be_told(town: Town, kind: BreakKind) -> None:
    town.answers("ada", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.hear(BreakStarted(peer="ada", kind=kind, until_ms=town.now_ms + 1000)))
    assert (withdrawn.reason, withdrawn.said_yes) == ("break", ())


def test_the_other_of_a_withdrawn_proposal_is_proposed_to_somebody_else_at_once(town: Town) -> None:
    town.asks("cleo")
    assert town.proposed(town.takes_a_break("ada", days=10)) == [{"ben", "cleo"}]


def test_nothing_is_proposed_during_a_break_and_the_best_pair_is_once_it_is_over(town: Town) -> None:
    town.takes_a_break("ada", days=10)
    assert town.proposed(town.pass_time(days=9.9)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_coming_back_early_ends_the_break(town: Town) -> None:
    town.takes_a_break("ada", days=10)
    assert town.proposed(town.is_back("ada")) == [{"ada", "ben"}]
    town.answers("ada", Answer.SOMEONE_DIFFERENT)
    assert town.pass_time(days=30) == []


@pytest.mark.parametrize(("first", "then"), [(10.0, 20.0), (20.0, 10.0)])
def test_a_newer_break_takes_the_place_of_an_older_one_be_it_longer_or_shorter(town: Town, first: float, then: float) -> None:
    town.takes_a_break("ada", days=first)
    town.takes_a_break("ada", days=then)
    assert town.proposed(town.pass_time(days=then - 0.1)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_pairs_survive_a_break(town: Town) -> None:
    pair = town.both_say_yes("ada", "ben")
    assert town.takes_a_break("ada", days=10) == []
    assert pair in town.standing("ada").pairs


def test_whoever_asks_during_a_break_is_proposed_after_it(town: Town) -> None:
    town.takes_a_break("ada", days=3)
    town.no_longer_asks("ada")
    assert town.proposed(town.asks("ada")) == []
    assert town.proposed(town.pass_time(days=3)) == [{"ada", "ben"}]


def test_a_break_does_not_end_a_rest_nor_a_rest_a_break(town: Town) -> None:
    town.answers("ada", Answer.NOT_NOW)
    town.takes_a_break("ada", days=20)
    assert town.proposed(town.pass_time(days=19.9)) == []
    assert town.proposed(town.is_back("ada")) == [{"ada", "ben"}]


def test_a_break_that_is_over_before_it_is_read_ends_at_the_next_timer(town: Town) -> None:
    town.hear(BreakStarted(peer="ada", kind=BreakKind.DIFFICULT_DAY, until_ms=town.now_ms - 1000))
    assert town.proposed(town.pass_time(days=0)) == [{"ada", "ben"}]


def test_a_break_of_somebody_unknown_changes_nothing(town: Town) -> None:
    before = town.stored()
    assert town.takes_a_break("zoe", days=1) == town.is_back("zoe") == []
    assert town.stored() == before
    assert town.pass_time(days=1) == []


def test_a_suspension_withdraws_open_proposals_as_a_break_does_and_the_other_keeps_their_place(town: Town) -> None:
    town.answers("ben", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.suspends("ada"))
    assert (withdrawn.reason, withdrawn.said_yes) == ("break", ("ben",))
    assert town.proposed(town.asks("cleo")) == [{"ben", "cleo"}]


def test_nothing_is_proposed_to_whoever_is_suspended_until_it_is_lifted(town: Town) -> None:
    town.suspends("ada")
    assert town.proposed(town.pass_time(days=60)) == []
    assert town.proposed(town.restores("ada")) == [{"ada", "ben"}]


def test_neither_a_break_that_ends_nor_asking_anew_lifts_a_suspension(town: Town) -> None:
    town.suspends("ada")
    town.takes_a_break("ada", days=1)
    assert town.proposed(town.pass_time(days=2)) == []
    town.no_longer_asks("ada")
    assert town.proposed(town.asks("ada")) == []


def test_a_pair_outlives_a_suspension(town: Town) -> None:
    town.answers("ada", Answer.YES)
    town.answers("ben", Answer.YES)
    assert town.suspends("ada") == []
