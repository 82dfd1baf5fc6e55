from __future__ import annotations

import pytest

from services.matcher.domain.proposals import Next, Proposal, following, refusal
from shared.clock import DAY_MS
from shared.events import (
    Answer,
    AnswerRefused,
    PairFormed,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    RequestWaiting,
)
from tests.unit.in_memory import START_MS, only
from tests.unit.matcher.town import Town

NOT_YES = [answer for answer in Answer if answer is not Answer.YES]


@pytest.fixture
def town() -> Town:
    """Ada and Ben wait and are proposed to each other."""
    town = Town()
    town.asks("ada")
    town.asks("ben")
    return town


def test_two_who_fit_are_proposed_to_each_other_as_soon_as_both_ask() -> None:
    town = Town()
    waiting: RequestWaiting = only(town.asks("ada"))
    assert (waiting.peer, waiting.since_ms) == ("ada", START_MS)
    _, made = town.asks("ben")
    assert isinstance(made, ProposalMade)
    assert made.peers == ("ada", "ben")
    assert made.lapses_ms == town.now_ms + 7 * DAY_MS
    assert town.standing("ada").proposals == {made.proposal: "ben"}
    assert town.standing("ben").proposals == {made.proposal: "ada"}


def test_nobody_is_introduced_before_both_said_yes(town: Town) -> None:
    assert town.answers("ben", Answer.YES) == []
    formed: PairFormed = only(town.answers("ada", Answer.YES))
    assert formed.peers == ("ada", "ben")
    assert town.standing("ada").pairs == {formed.pair: "ben"}
    assert town.standing("ada").proposals == {}


@pytest.mark.parametrize("answer", NOT_YES)
def test_the_first_answer_that_is_no_yes_ends_the_proposal_at_once(town: Town, answer: Answer) -> None:
    withdrawn: ProposalWithdrawn = only(town.answers("ada", answer))
    assert (withdrawn.reason, withdrawn.said_yes) == ("answered", ())


@pytest.mark.parametrize("answer", NOT_YES)
def test_whoever_had_said_yes_is_named_when_the_other_says_otherwise(town: Town, answer: Answer) -> None:
    town.answers("ben", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.answers("ada", answer))
    assert withdrawn.said_yes == ("ben",)


@pytest.mark.parametrize("answer", [*NOT_YES, None])
def test_a_declined_or_lapsed_proposal_keeps_both_places_in_the_queue(town: Town, answer: Answer | None) -> None:
    if answer is None:
        town.pass_time(days=7)
    else:
        town.answers("ada", answer)
    town.pass_time(days=20)
    for name in ("ada", "ben"):
        found = town.memory.pool.get(name)
        assert found is not None
        assert found.since_ms == START_MS


def test_both_are_free_for_others_at_once_but_for_whoever_said_not_now(town: Town) -> None:
    town.answers("ada", Answer.NOT_NOW)
    assert town.proposed(town.asks("cleo")) == [{"ben", "cleo"}]
    assert town.proposed(town.asks("dan")) == []


def test_after_someone_different_another_is_proposed_at_once() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben")
    town.asks("cleo")
    assert town.proposed(town.answers("ada", Answer.SOMEONE_DIFFERENT)) == [{"ada", "cleo"}]


def test_not_now_means_fourteen_days_of_rest_and_then_the_same_pair_may_come_again(town: Town) -> None:
    town.answers("ada", Answer.NOT_NOW)
    assert town.proposed(town.pass_time(days=13.9)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_someone_different_keeps_the_two_apart_for_ninety_days(town: Town) -> None:
    town.answers("ada", Answer.SOMEONE_DIFFERENT)
    assert town.proposed(town.pass_time(days=89.9)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_not_this_person_means_never_again_whoever_said_it(town: Town) -> None:
    town.answers("ben", Answer.NOT_THIS_PERSON)
    assert town.proposed(town.pass_time(days=3650)) == []
    assert town.proposed(town.asks("cleo")) == [{"ada", "cleo"}]


def test_asking_anew_ends_the_rest(town: Town) -> None:
    town.answers("ada", Answer.NOT_NOW)
    town.no_longer_asks("ada")
    assert town.proposed(town.asks("ada")) == [{"ada", "ben"}]


def test_a_second_not_now_makes_the_rest_longer_and_the_first_timer_does_not_end_it() -> None:
    town = Town()
    town.asks("ada", capacity=2)
    town.asks("ben")
    town.asks("cleo")
    first, second = town.standing("ada").proposals
    town.answers("ada", Answer.NOT_NOW, first)
    town.pass_time(days=5)
    town.answers("ada", Answer.NOT_NOW, second)
    assert town.proposed(town.pass_time(days=13.9)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}, {"ada", "cleo"}]


def test_an_unanswered_proposal_lapses_after_seven_days(town: Town) -> None:
    town.answers("ben", Answer.YES)
    assert town.pass_time(days=6.9) == []
    lapsed: ProposalLapsed = only(town.pass_time(days=0.1))
    assert lapsed.said_yes == ("ben",)


def test_the_two_of_a_lapsed_proposal_are_free_for_others_and_not_asked_about_each_other_for_a_while(town: Town) -> None:
    assert town.proposed(town.pass_time(days=7)) == []
    assert town.proposed(town.asks("cleo")) == [{"ada", "cleo"}]
    assert town.proposed(town.asks("dan")) == [{"ben", "dan"}]


def test_two_whose_proposal_lapsed_may_come_together_again_after_fourteen_days(town: Town) -> None:
    town.pass_time(days=7)
    assert town.proposed(town.pass_time(days=13.9)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_whoever_is_kept_apart_from_several_meets_each_again_in_their_own_time() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben")
    town.answers("ada", Answer.SOMEONE_DIFFERENT)
    town.asks("cleo")
    town.no_longer_asks("ben")
    town.pass_time(days=7)
    town.asks("ben", languages=("en", "cy"))
    assert town.standing("ada").apart.keys() == {"ben", "cleo"}
    town.pass_time(days=14)
    assert town.standing("ada").apart.keys() == {"ben"}


def test_a_pair_does_not_lapse(town: Town) -> None:
    pair = town.both_say_yes("ada", "ben")
    assert town.pass_time(days=30) == []
    assert pair in town.standing("ada").pairs


def test_a_second_yes_is_refused_and_changes_nothing(town: Town) -> None:
    town.answers("ben", Answer.YES)
    before = town.stored()
    refused: AnswerRefused = only(town.answers("ben", Answer.YES))
    assert refused.reason == "already_answered"
    assert town.stored() == before


@pytest.mark.parametrize("second", NOT_YES)
def test_whoever_said_yes_may_still_say_otherwise_and_is_not_introduced(town: Town, second: Answer) -> None:
    proposal = town.proposal_of("ada")
    town.answers("ben", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.answers("ben", second))
    assert (withdrawn.reason, withdrawn.said_yes) == ("answered", ())
    assert only(town.answers("ada", Answer.YES, proposal)).reason == "no_longer_open"
    assert town.every(PairFormed) == []


@pytest.mark.parametrize(("second", "days"), [(Answer.NOT_NOW, 14), (Answer.SOMEONE_DIFFERENT, 90)])
def test_an_answer_that_takes_back_a_yes_has_the_same_effect_as_a_first_one(town: Town, second: Answer, days: int) -> None:
    town.answers("ben", Answer.YES)
    town.answers("ben", second)
    assert town.proposed(town.pass_time(days=days - 0.1)) == []
    assert town.proposed(town.pass_time(days=0.1)) == [{"ada", "ben"}]


def test_answers_that_do_not_count_are_refused_by_name(town: Town) -> None:
    proposal = town.proposal_of("ada")
    assert only(town.answers("ada", Answer.YES, "elsewhere")).reason == "unknown_proposal"
    assert only(town.answers("cleo", Answer.YES, proposal)).reason == "not_yours"
    town.answers("ada", Answer.NOT_NOW)
    before = town.stored()
    assert only(town.answers("ben", Answer.NOT_THIS_PERSON, proposal)).reason == "no_longer_open"
    assert town.stored() == before


def test_an_answer_after_the_lapse_is_refused(town: Town) -> None:
    proposal = town.proposal_of("ada")
    town.pass_time(days=7)
    assert only(town.answers("ada", Answer.YES, proposal)).reason == "unknown_proposal"


def test_nothing_is_kept_of_a_proposal_once_its_lapse_would_have_come(town: Town) -> None:
    town.both_say_yes("ada", "ben")
    assert town.stored()["proposals"] != {}
    town.pass_time(days=7)
    assert town.stored()["proposals"] == {}


OPEN = Proposal(peers=("ada", "ben"), requests=("ra", "rb"), lapses_ms=1)
ONE_YES = OPEN.with_yes("ada")


@pytest.mark.parametrize(("proposal", "peer", "answer", "reason"), [
    *[(proposal, peer, answer, reason) for answer in Answer for proposal, peer, reason in (
        (None, "cleo", "unknown_proposal"),
        (Proposal(), "cleo", "no_longer_open"),
        (Proposal(), "ada", "no_longer_open"),
        (OPEN, "cleo", "not_yours"),
        (ONE_YES, "cleo", "not_yours"),
        (ONE_YES, "ben", None),
        (OPEN, "ada", None))],
    (ONE_YES, "ada", Answer.YES, "already_answered"),
    *[(ONE_YES, "ada", answer, None) for answer in NOT_YES],
])
def test_an_answer_is_refused_for_the_first_reason_that_holds(
        proposal: Proposal | None, peer: str, answer: Answer, reason: str | None) -> None:
    assert refusal(proposal, peer, answer) == reason


@pytest.mark.parametrize(("proposal", "answer", "kept_apart", "next"), [
    (OPEN, Answer.YES, False, Next.WAIT),
    (OPEN, Answer.YES, True, Next.WAIT),
    (ONE_YES, Answer.YES, False, Next.PAIR),
    (ONE_YES, Answer.YES, True, Next.WITHDRAW_BLOCKED),
    *[(proposal, answer, apart, Next.WITHDRAW) for proposal in (OPEN, ONE_YES) for answer in NOT_YES
      for apart in (False, True)],
])
def test_what_follows_from_an_answer(proposal: Proposal, answer: Answer, kept_apart: bool, next: Next) -> None:
    assert following(proposal, answer, kept_apart) is next
