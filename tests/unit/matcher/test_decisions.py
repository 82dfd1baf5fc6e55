"""A coordinator looks first: what waits for them, what they decide, and what happens when nobody does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.matcher.domain.standing import FOR_EVER
from services.matcher.settings import MatcherSettings
from services.matcher.store import PEERS
from shared.clock import DAY_MS
from shared.events import (
    Answer,
    DecisionRefused,
    Event,
    PairFormed,
    ProposalDiscarded,
    ProposalDrafted,
    ProposalLapsed,
    ProposalMade,
    RequestSetAside,
    Way,
)
from tests.unit.in_memory import START_MS, only
from tests.unit.matcher.town import ASSISTED, DAILY, Town

IN_PERSON = {"ways": (Way.IN_PERSON,), "area": "Leeds"}


@pytest.fixture
def town() -> Town:
    """Ada and Ben wait, and a coordinator has them to look at."""
    town = Town(ASSISTED)
    town.asks("ada")
    town.asks("ben")
    return town


def kinds(said: list[Event]) -> list[str]:
    return [event.type for event in said]


def test_what_would_be_suggested_takes_both_places_and_waits_for_a_coordinator() -> None:
    town = Town(ASSISTED)
    town.asks("ada")
    _, drafted = town.asks("ben")
    assert isinstance(drafted, ProposalDrafted)
    assert drafted.peers == ("ada", "ben")
    assert drafted.runs_out_ms == town.now_ms + 7 * DAY_MS
    assert [town.standing(name).places for name in ("ada", "ben")] == [0, 0]
    assert town.every(ProposalMade) == []
    assert kinds(town.asks("cleo")) == ["request.waiting"], "neither is free for anybody else"


def test_neither_can_answer_before_a_coordinator_has_looked(town: Town) -> None:
    refused = only(town.answers("ada", Answer.YES))
    assert refused.reason == "unknown_proposal"


def test_an_approved_one_goes_to_both_as_it_was_drafted_and_its_week_begins_then(town: Town) -> None:
    drafted: ProposalDrafted = only(town.every(ProposalDrafted))
    town.pass_time(days=3)
    made: ProposalMade = only(town.approves(drafted.proposal))
    assert made.lapses_ms == town.now_ms + 7 * DAY_MS
    assert made.model_dump(exclude={"lapses_ms"}) == drafted.model_dump(exclude={"runs_out_ms"})
    assert town.drafts == {}
    assert kinds(town.pass_time(days=6)) == [], "what had been drafted does not run out any more"
    town.answers("ada", Answer.YES)
    assert isinstance(only(town.answers("ben", Answer.YES)), PairFormed)


def test_an_approved_one_lapses_as_any_other(town: Town) -> None:
    town.approves(town.proposal_of("ada"))
    assert isinstance(town.pass_time(days=7)[0], ProposalLapsed)


def test_after_a_decline_both_keep_their_places_and_are_free_for_others_at_once(town: Town) -> None:
    town.asks("cleo")
    since_ms = {request.peer: request.since_ms for request in town.snapshot().requests.values()}
    discarded, drafted = town.declines(town.proposal_of("ada"))
    assert isinstance(discarded, ProposalDiscarded)
    assert discarded.reason == "declined"
    assert isinstance(drafted, ProposalDrafted)
    assert drafted.peers == ("ada", "cleo")
    assert {request.peer: request.since_ms for request in town.snapshot().requests.values()} == since_ms
    assert town.standing("ada").lapses == town.standing("ben").lapses == 0, "a decline counts against nobody"


def test_declined_for_now_is_ninety_days_apart(town: Town) -> None:
    town.declines(town.proposal_of("ada"))
    assert town.proposed(town.pass_time(days=89.9)) == []
    assert town.drafts == {}
    assert [set(event.peers) for event in town.pass_time(days=0.2) if isinstance(event, ProposalDrafted)] == [{"ada", "ben"}]


def test_declined_for_ever_is_for_ever_whatever_happens(town: Town) -> None:
    town.declines(town.proposal_of("ada"), for_ever=True)
    assert town.standing("ada").apart == {"ben": FOR_EVER}
    assert town.standing("ben").apart == {"ada": FOR_EVER}
    assert kinds(town.pass_time(days=400)) == []
    town.no_longer_asks("ada")
    assert kinds(town.asks("ada")) == ["request.waiting"]


@pytest.mark.parametrize("again", [Town.approves, Town.declines])
def test_the_first_word_counts(town: Town, again: Callable[[Town, str], list[Event]]) -> None:
    approved, declined = town.proposal_of("ada"), "another"
    town.approves(approved)
    for proposal in (approved, declined):
        refused: DecisionRefused = only(again(town, proposal))
        assert (refused.proposal, refused.reason) == (proposal, "no_longer_waiting")
    assert town.proposal_of("ada") == approved
    assert town.findings() == []


@pytest.mark.parametrize(("what", "reason"), [
    (lambda town: town.takes_a_break("ada", days=2), "break"),
    (lambda town: town.no_longer_asks("ada"), "request_withdrawn"),
    (lambda town: town.blocks("ada", "ben"), "blocked"),
    (lambda town: town.leaves("ada"), "left"),
])
def test_what_takes_a_proposal_back_takes_back_what_waits_and_the_other_is_free(
        town: Town, what: Callable[[Town], list[Event]], reason: str) -> None:
    said = what(town)
    discarded: ProposalDiscarded = only([event for event in said if isinstance(event, ProposalDiscarded)])
    assert discarded.reason == reason
    assert town.drafts == {}
    assert town.standing("ben").places == 1
    assert set(kinds(said)) == {"proposal.discarded"}, "nothing is said that anybody is told of"
    assert town.findings() == []


def test_what_nobody_looked_at_runs_out_after_a_week_and_holds_nobody_any_longer(town: Town) -> None:
    town.asks("cleo")
    [ran_out, drafted] = town.pass_time(days=7)
    assert isinstance(ran_out, ProposalDiscarded)
    assert (ran_out.peers, ran_out.reason) == (("ada", "ben"), "ran_out")
    assert isinstance(drafted, ProposalDrafted)
    assert drafted.peers == ("ada", "cleo"), "somebody else comes first"
    assert town.every(ProposalMade) == [], "nothing goes out that nobody looked at"


def test_two_for_whom_there_is_nobody_else_are_put_before_a_coordinator_again_the_next_day(town: Town) -> None:
    assert kinds(town.pass_time(days=7.9)) == ["proposal.discarded"]
    assert kinds(town.pass_time(days=0.2)) == ["proposal.drafted"]
    assert town.now_ms - START_MS < 8.2 * DAY_MS


def test_whoever_can_only_meet_in_person_is_looked_at_first_whatever_the_setting() -> None:
    town = Town(DAILY)
    town.asks("ada", **IN_PERSON)
    assert kinds(town.asks("ben", **IN_PERSON)) == ["request.waiting", "proposal.drafted"]
    assert kinds(town.approves(town.proposal_of("ada"))) == ["proposal.made"]


@pytest.mark.parametrize("ways", [(Way.MESSAGE, Way.IN_PERSON), (Way.CALL, Way.IN_PERSON), (Way.MESSAGE,)])
def test_whoever_can_do_otherwise_needs_no_coordinator_where_none_looks(ways: tuple[Way, ...]) -> None:
    town = Town(DAILY)
    town.asks("ada", ways=ways, area="Leeds")
    assert kinds(town.asks("ben", ways=ways, area="Leeds")) == ["request.waiting", "proposal.made"]


def test_what_waits_takes_one_place_of_several() -> None:
    town = Town(ASSISTED)
    town.asks("ada", capacity=2)
    for name in ("ben", "cleo", "dan"):
        town.asks(name)
    assert {other for draft in town.drafts.values() for other in draft.peers} == {"ada", "ben", "cleo", "dan"} - {"dan"}
    assert town.standing("ada").places == 0


def test_not_now_takes_back_what_waits_and_the_other_is_free_for_somebody_else() -> None:
    town = Town(ASSISTED)
    town.asks("ada", capacity=2)
    town.asks("ben")
    town.approves(town.proposal_of("ben"))
    town.asks("cleo")
    town.asks("dan")
    said = town.answers("ada", Answer.NOT_NOW, town.proposal_of("ben"))
    discarded: ProposalDiscarded = only([event for event in said if isinstance(event, ProposalDiscarded)])
    assert (discarded.peers, discarded.reason) == (("ada", "cleo"), "rest")
    assert {peer for draft in town.drafts.values() for peer in draft.peers} == {"ben", "cleo"}
    assert town.standing("ada").proposals == {}


def test_who_was_silent_three_times_is_set_aside_at_once_and_what_waits_goes_to_nobody() -> None:
    town = Town(ASSISTED)
    town.asks("ada", capacity=2)
    for name in ("ben", "cleo"):
        town.asks(name)
        town.approves(town.proposal_of(name))
        town.pass_time(days=7)
        town.no_longer_asks(name)
    town.asks("dan")
    town.approves(town.proposal_of("dan"))
    town.pass_time(days=5)
    town.asks("eve")
    said = town.pass_time(days=2)
    discarded: ProposalDiscarded = only([event for event in said if isinstance(event, ProposalDiscarded)])
    assert (discarded.peers, discarded.reason) == (("ada", "eve"), "silence")
    assert [event.peer for event in said if isinstance(event, RequestSetAside)] == ["ada"]
    assert {peer for draft in town.drafts.values() for peer in draft.peers} == {"dan", "eve"}


def test_what_does_not_fit_any_more_when_it_is_approved_goes_to_nobody(town: Town) -> None:
    """No event leads there today; should one ever, nothing goes out that should not."""
    proposal = town.proposal_of("ada")
    town.rows.put(PEERS, "ada", town.standing("ada").resting(town.now_ms + DAY_MS))
    town.memory.follow("ada", town.standing("ada"))
    assert [event.reason for event in town.approves(proposal) if isinstance(event, ProposalDiscarded)] == ["no_longer_fits"]
    assert town.every(ProposalMade) == []
    assert [town.standing(name).proposals for name in ("ada", "ben")] == [{}, {}]


@pytest.mark.parametrize(("given", "assist"), [
    ({}, True), ({"try_out": True}, False), ({"assist": "off"}, False), ({"try_out": True, "assist": "on"}, True)])
def test_a_coordinator_looks_first_until_they_switch_it_off_and_in_a_try_out_only_if_it_is_set(
        given: dict[str, object], assist: bool) -> None:
    assert MatcherSettings(key="A" * 43, **given).policy.assist is assist  # type: ignore[arg-type]  # as the environment would


def test_each_reads_their_own_reasons_of_what_was_approved(town: Town) -> None:
    made: ProposalMade = only(town.approves(town.proposal_of("ada")))
    assert town.told(made, "ada")["they_offer"] == ("grief", "sleep")
