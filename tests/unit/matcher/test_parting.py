from __future__ import annotations

import pytest

from shared.events import Answer, AnswerRefused, Ending, Event, PairClosed, ProposalMade, ProposalWithdrawn
from tests.unit.in_memory import only
from tests.unit.matcher.town import Town

NOT_FOR_SAFETY = [ending for ending in Ending if ending is not Ending.SAFETY]


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def pair(town: Town) -> str:
    """Ada and Ben are a pair."""
    town.asks("ada")
    town.asks("ben")
    return town.both_say_yes("ada", "ben")


@pytest.mark.parametrize("ending", list(Ending))
def test_whoever_ends_a_pair_both_have_room_for_somebody_else_at_once(town: Town, pair: str, ending: Ending) -> None:
    town.asks("cleo", languages=("cy",))
    closed: PairClosed = only(town.ends("ben", pair, ending))
    assert (closed.pair, set(closed.peers), closed.reason, closed.by) == (pair, {"ada", "ben"}, "ended", "ben")
    assert town.proposed(town.asks("dan")) == [{"ada", "dan"}]
    assert town.proposed(town.asks("eve")) == [{"ben", "eve"}]


def test_whoever_is_free_after_a_pair_ended_is_proposed_to_those_who_wait(town: Town, pair: str) -> None:
    town.asks("cleo")
    assert town.proposed(town.ends("ben", pair)) == [{"ada", "cleo"}]


@pytest.mark.parametrize("ending", NOT_FOR_SAFETY)
def test_two_whose_pair_ended_may_come_together_again_after_ninety_days(town: Town, pair: str, ending: Ending) -> None:
    town.ends("ada", pair, ending)
    assert town.proposed(town.pass_time(days=89.9)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_a_pair_that_ended_for_safety_never_comes_together_again(town: Town, pair: str) -> None:
    town.ends("ada", pair, Ending.SAFETY)
    assert town.proposed(town.pass_time(days=3650)) == []


def test_it_counts_when_only_the_second_of_two_says_that_it_ended_for_safety(town: Town, pair: str) -> None:
    town.ends("ada", pair, Ending.MOVED_ON)
    assert town.ends("ben", pair, Ending.SAFETY) == []
    assert town.proposed(town.pass_time(days=3650)) == []


def test_saying_later_that_it_was_by_agreement_does_not_undo_safety(town: Town, pair: str) -> None:
    town.ends("ada", pair, Ending.SAFETY)
    town.ends("ben", pair, Ending.AGREED)
    assert town.proposed(town.pass_time(days=3650)) == []


@pytest.mark.parametrize(("name", "id"), [("cleo", "the pair"), ("ada", "unheard-of")])
def test_nobody_can_end_what_is_not_theirs(town: Town, pair: str, name: str, id: str) -> None:
    before = town.stored()
    assert town.ends(name, pair if id == "the pair" else id) == []
    assert town.stored() == before


def test_two_kept_apart_since_they_were_proposed_are_not_introduced_and_both_who_said_yes_are_to_be_told(
        town: Town, pair: str) -> None:
    town.ends("ada", pair, Ending.MOVED_ON)
    town.pass_time(days=90)
    proposal = town.proposal_of("ada")
    town.answers("ada", Answer.YES, proposal)
    town.ends("ben", pair, Ending.SAFETY)
    withdrawn: ProposalWithdrawn = only(town.answers("ben", Answer.YES, proposal))
    assert (withdrawn.reason, withdrawn.said_yes) == ("blocked", ("ada", "ben"))
    assert town.rebuilt() == town.stored()


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_a_block_closes_a_pair_at_once_and_for_ever(town: Town, pair: str, who: str) -> None:
    closed: PairClosed = only(town.blocks(who, "ben" if who == "ada" else "ada"))
    assert (closed.reason, closed.by) == ("blocked", who)
    assert town.proposed(town.pass_time(days=3650)) == []


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_a_block_withdraws_a_proposal_between_the_two_and_frees_both(town: Town, who: str) -> None:
    town.asks("ada")
    town.asks("ben")
    town.answers("ada", Answer.YES)
    proposal = town.proposal_of("ada")
    withdrawn: ProposalWithdrawn = only(town.blocks(who, "ben" if who == "ada" else "ada"))
    assert (withdrawn.reason, withdrawn.said_yes) == ("blocked", () if who == "ada" else ("ada",))
    refused: AnswerRefused = only(town.answers("ben", Answer.YES, proposal))
    assert refused.reason == "no_longer_open"
    assert town.proposed(town.asks("cleo")) == [{"ada", "cleo"}]


def test_a_block_touches_no_proposal_or_pair_with_others(town: Town, pair: str) -> None:
    town.asks("cleo")
    assert town.blocks("ada", "cleo") == []
    assert pair in town.standing("ada").pairs
    assert town.standing("cleo").places == 1


def test_a_block_outlasts_every_shorter_time_apart(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    town.answers("ada", Answer.SOMEONE_DIFFERENT)
    town.blocks("ben", "ada")
    assert town.proposed(town.pass_time(days=3650)) == []


def test_a_block_of_somebody_who_asks_only_later_holds(town: Town) -> None:
    town.asks("ada")
    assert town.blocks("ada", "ben") == []
    assert town.proposed(town.asks("ben")) == []


def leaving_frees_everybody(town: Town) -> tuple[str, list[Event]]:
    """Ada leaves: paired with Ben, proposed to Cleo, and once paired with Dan, while Eve waits."""
    town.asks("ada", capacity=3)
    town.asks("dan")
    over = town.both_say_yes("ada", "dan")
    town.ends("ada", over)
    town.no_longer_asks("dan")
    town.asks("ben")
    town.both_say_yes("ada", "ben")
    town.asks("cleo")
    proposal = next(iter(town.standing("cleo").proposals))
    town.asks("eve", offers=("grief",), languages=("cy", "ur"))
    return proposal, town.leaves("ada")


def test_when_somebody_leaves_their_proposals_and_pairs_are_over_and_the_others_are_free_at_once(town: Town) -> None:
    proposal, said = leaving_frees_everybody(town)
    withdrawn, closed, made = said
    assert isinstance(withdrawn, ProposalWithdrawn)
    assert (withdrawn.proposal, withdrawn.reason) == (proposal, "left")
    assert isinstance(closed, PairClosed)
    assert (closed.reason, closed.by) == ("left", "ada")
    assert isinstance(made, ProposalMade)
    assert set(made.peers) == {"ben", "cleo"}


@pytest.mark.parametrize(("who", "told"), [("ada", ()), ("ben", ("ada",))])
def test_whoever_leaves_after_a_yes_is_not_among_those_to_be_told(town: Town, who: str, told: tuple[str, ...]) -> None:
    town.asks("ada")
    town.asks("ben")
    town.answers("ada", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.leaves(who))
    assert (withdrawn.reason, withdrawn.said_yes) == ("left", told)


def test_no_row_leads_back_to_whoever_left(town: Town) -> None:
    leaving_frees_everybody(town)
    kept = repr(town.stored())
    assert "ben" in kept
    assert "ada" not in kept


def test_no_row_leads_back_to_whoever_left_long_after_a_pair_ended(town: Town, pair: str) -> None:
    town.ends("ada", pair)
    town.no_longer_asks("ada")
    town.pass_time(days=100)
    town.leaves("ada")
    assert "ada" not in repr(town.stored())
    assert town.findings() == []


def test_leaving_twice_and_what_comes_after_leaving_changes_nothing(town: Town) -> None:
    proposal, _ = leaving_frees_everybody(town)
    before = town.stored()
    assert town.leaves("ada") == []
    assert only(town.answers("ada", Answer.YES, proposal)).reason == "no_longer_open"
    assert town.takes_a_break("ada", days=1) == []
    assert town.stored() == before
