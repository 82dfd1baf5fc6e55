from __future__ import annotations

import pytest

from services.matcher.handlers.ahead import MemoryAstray
from services.matcher.store import PEERS
from shared.events import (
    Answer,
    ProposalMade,
    ProposalWithdrawn,
    RequestRefused,
    RequestWaiting,
    Sealed,
    SupportRequested,
    SupportWithdrawn,
    TimerElapsed,
    Way,
)
from shared.rows import KEYS
from shared.sealing import BrokenSeal
from tests.unit.in_memory import only
from tests.unit.matcher.town import Town, details


@pytest.fixture
def town() -> Town:
    return Town()


def test_whoever_fits_nobody_waits(town: Town) -> None:
    town.asks("ada", languages=("cy",))
    waiting: RequestWaiting = only(town.asks("ben"))
    assert waiting.peer == "ben"


def test_people_of_two_communities_never_meet(town: Town) -> None:
    town.asks("ada", community="hillview")
    assert town.proposed(town.asks("ben")) == []


def test_everybody_has_at_most_as_many_proposals_and_pairs_as_they_chose(town: Town) -> None:
    town.asks("ada", capacity=2)
    assert town.proposed(town.asks("ben")) == [{"ada", "ben"}]
    assert town.proposed(town.asks("cleo")) == [{"ada", "cleo"}]
    assert town.proposed(town.asks("dan", languages=("en", "cy"))) == []
    town.both_say_yes("ada", "ben")
    assert town.proposed(town.asks("eve", languages=("cy",))) == [{"dan", "eve"}]
    assert town.proposed(town.asks("fay")) == []


def test_several_places_are_proposed_for_at_once_best_pair_first(town: Town) -> None:
    ways = (Way.MESSAGE, Way.LETTER)
    town.asks("ben", seeks=("sleep",), offers=("grief",))
    town.asks("cleo", seeks=("sleep",), offers=("grief",), ways=ways)
    town.asks("dan", seeks=("sleep", "money"), offers=("grief",), ways=ways)
    assert town.proposed(town.asks("ada", capacity=2, seeks=("grief",), offers=("sleep",), ways=ways)) == [
        {"ada", "cleo"}, {"ada", "ben"}]


def test_the_same_two_are_never_in_two_proposals(town: Town) -> None:
    town.asks("ada", capacity=5)
    assert town.proposed(town.asks("ben", capacity=5)) == [{"ada", "ben"}]


def test_a_second_request_is_refused_while_one_is_open_and_changes_nothing(town: Town) -> None:
    town.asks("ada")
    before = town.stored()
    refused: RequestRefused = only(town.asks("ada", capacity=5))
    assert refused.reason == "already_waiting"
    assert town.stored() == before


@pytest.mark.parametrize("by", ["ada", "ben"])
def test_the_id_of_an_open_request_can_be_used_by_nobody_again(town: Town, by: str) -> None:
    """Not even to make somebody else's request go away."""
    [waiting, *_] = town.asks("ada")
    assert isinstance(waiting, RequestWaiting)
    town.key_for("ben")
    before = town.stored()
    again = SupportRequested(peer=by, request=waiting.request, community="riverside", details=town.sealed(by, details()))
    assert only(town.hear(again)).reason == "already_waiting"
    assert town.stored() == before


def test_a_request_whose_key_is_gone_is_refused_as_unreadable_and_leaves_nothing(town: Town) -> None:
    town.key_for("ada")
    sealed = town.sealed("ada", details())
    town.rows.drop(KEYS, "ada")
    refused: RequestRefused = only(town.hear(SupportRequested(peer="ada", request="r", community="riverside", details=sealed)))
    assert refused.reason == "unreadable"
    assert not any(town.stored().values())


def test_a_seal_that_is_no_seal_is_a_bug_and_not_a_business_no(town: Town) -> None:
    """So that the reader keeps the entry among the dead letters instead of turning a person away."""
    town.key_for("ada")
    with pytest.raises(BrokenSeal):
        town.hear(SupportRequested(peer="ada", request="r", community="riverside", details=Sealed("s1.ada.AAAA")))


def test_withdrawing_ends_open_proposals_and_frees_the_other_at_once(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    town.asks("cleo")
    withdrawn, made = town.no_longer_asks("ada")
    assert isinstance(withdrawn, ProposalWithdrawn)
    assert withdrawn.reason == "request_withdrawn"
    assert isinstance(made, ProposalMade)
    assert set(made.peers) == {"ben", "cleo"}


@pytest.mark.parametrize(("who", "told"), [("ada", ()), ("ben", ("ada",))])
def test_whoever_withdraws_after_a_yes_is_not_among_those_to_be_told(town: Town, who: str, told: tuple[str, ...]) -> None:
    town.asks("ada")
    town.asks("ben")
    town.answers("ada", Answer.YES)
    withdrawn: ProposalWithdrawn = only(town.no_longer_asks(who))
    assert withdrawn.said_yes == told


def test_withdrawing_leaves_pairs_as_they_are_and_they_count_under_the_next_request(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    pair = town.both_say_yes("ada", "ben")
    assert town.no_longer_asks("ada") == []
    assert pair in town.standing("ada").pairs
    town.asks("ada")
    town.asks("cleo")
    assert town.proposed(town.asks("dan")) == [{"cleo", "dan"}]
    assert town.findings() == []


def test_whoever_has_more_pairs_than_a_new_request_asks_for_keeps_them_and_gets_no_more(town: Town) -> None:
    town.asks("ada", capacity=2)
    town.asks("ben")
    town.asks("cleo")
    first, second = town.both_say_yes("ada", "ben"), town.both_say_yes("ada", "cleo")
    town.no_longer_asks("ada")
    town.asks("ada", capacity=1)
    assert town.standing("ada").pairs.keys() == {first, second}
    assert town.findings() == []
    town.ends("ada", first)
    assert town.proposed(town.asks("dan")) == [{"ben", "dan"}]
    town.ends("ada", second)
    assert town.standing("ada").places == 1


@pytest.mark.parametrize(("peer", "request_id"), [("ben", "unheard-of"), ("ben", "r1-ada"), ("ada", "unheard-of")])
def test_nobody_can_withdraw_what_is_not_theirs(town: Town, peer: str, request_id: str) -> None:
    town.asks("ada")
    before = town.stored()
    assert town.hear(SupportWithdrawn(peer=peer, request=request_id)) == []
    assert town.stored() == before


def test_the_timers_of_other_services_are_passed_over(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    before = town.stored()
    other = TimerElapsed(service="notifier", what="lapse", of=town.proposal_of("ada"), due_ms=town.now_ms)
    unknown = TimerElapsed(service="matcher", what="tea", of="ada", due_ms=town.now_ms)
    assert town.hear(other) == town.hear(unknown) == []
    assert town.stored() == before


def test_a_row_that_vanished_behind_the_matchers_back_makes_it_start_over_instead_of_proposing(town: Town) -> None:
    town.asks("ada")
    town.asks("ben", languages=("cy",))
    town.rows.drop(PEERS, "ada")
    with pytest.raises(MemoryAstray):
        town.asks("cleo")
