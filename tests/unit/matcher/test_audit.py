"""The audit finds what should never be: each kind of damage, done by hand to a healthy state, is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.matcher.audit import findings
from services.matcher.domain.proposals import OVER
from services.matcher.domain.standing import Standing
from services.matcher.store import Round, Snapshot
from shared.events import Answer
from tests.unit.matcher.town import ASSISTED, Town

P, PAIR = "the open proposal", "the pair"


@pytest.fixture
def healthy() -> Snapshot:
    """Ada and Ben are a pair, Ada and Cleo are proposed, Dan is on a break, Eve rests, Dan and Eve are kept apart."""
    town = Town()
    town.asks("ada", capacity=2)
    town.asks("ben")
    town.both_say_yes("ada", "ben")
    town.asks("cleo")
    for name in ("dan", "eve"):
        town.asks(name)
    town.blocks("dan", "eve")
    town.no_longer_asks("eve")
    town.asks("eve", languages=("cy",))
    town.asks("fay", languages=("cy",))
    town.answers("eve", Answer.NOT_NOW)
    town.takes_a_break("dan", days=3)
    assert town.findings() == []
    assert [len(town.standing(name).proposals) for name in ("ada", "eve", "fay")] == [1, 0, 0]
    return town.snapshot()


def standing(state: Snapshot, peer: str, **fields: Any) -> Snapshot:
    return replace(state, peers={**state.peers, peer: state.peers[peer].model_copy(update=fields)})


def proposal(state: Snapshot) -> str:
    return next(iter(state.peers["ada"].proposals))


def without(rows: Any, id: str) -> dict[str, Any]:
    return {each: row for each, row in rows.items() if each != id}


@pytest.mark.parametrize(("damage", "what"), [
    (lambda s: standing(s, "ada", capacity=1), "over_capacity"),
    (lambda s: standing(s, "ben", capacity=0), "over_capacity"),
    (lambda s: standing(s, "ada", proposals={proposal(s): "ben"}), "same_two_twice"),
    (lambda s: standing(s, "ada", apart={"cleo": None}), "together_though_kept_apart"),
    (lambda s: standing(s, "cleo", request=None), "proposed_while_away"),
    (lambda s: standing(s, "cleo", break_until_ms=1), "proposed_while_away"),
    (lambda s: replace(s, requests=without(s.requests, s.peers["dan"].request or "")), "request_missing"),
    (lambda s: replace(s, peers=without(s.peers, "fay")), "request_of_nobody"),
    (lambda s: standing(s, "dan", request=s.peers["fay"].request), "request_of_nobody"),
    (lambda s: replace(s, proposals={}), "proposal_lost"),
    (lambda s: standing(s, "ada", proposals={proposal(s): "dan"}), "proposal_lost"),
    (lambda s: standing(s, "cleo", proposals={}), "proposal_not_reserved"),
    (lambda s: standing(s, "cleo", request=s.peers["fay"].request), "proposal_not_reserved"),
    (lambda s: replace(s, proposals={proposal(s): s.proposals[proposal(s)].with_yes("dan")}), "proposal_answers_wrong"),
    (lambda s: replace(s, pairs={}), "pair_lost"),
    (lambda s: standing(s, "ada", pairs={}, past=s.peers["ada"].pairs), "pair_lost"),
    (lambda s: standing(s, "ben", pairs={}), "pair_not_of_both"),
    (lambda s: standing(s, "eve", apart={}), "kept_apart_on_one_side_only"),
    (lambda s: replace(s, timers=[]), "no_timer_for_lapse"),
    (lambda s: replace(s, timers=[]), "no_timer_for_break_over"),
    (lambda s: replace(s, timers=[]), "no_timer_for_rest_over"),
    (lambda s: standing(s, "cleo", aside=True), "proposed_though_set_aside"),
    (lambda s: standing(s, "fay", lapses=3), "not_set_aside"),
    (lambda s: replace(s, timers=[]), "no_timer_for_round"),
    (lambda s: replace(s, timers=[]), "no_timer_for_week_over"),
    (lambda s: replace(s, rounds={}), "no_round_to_come"),
    (lambda s: replace(s, rounds={"riverside": Round()}), "no_round_to_come"),
    (lambda s: replace(s, rounds={"riverside": Round(under_way="r", began_ms=s.now_ms - 3_600_001)}), "round_does_not_end"),
])
def test_every_kind_of_damage_is_found(healthy: Snapshot, damage: Callable[[Snapshot], Snapshot], what: str) -> None:
    assert what in {finding.what for finding in findings(damage(healthy))}


@pytest.fixture
def looked_at() -> Snapshot:
    """Ada and Ben wait for a coordinator."""
    town = Town(ASSISTED)
    town.asks("ada")
    town.asks("ben")
    assert town.findings() == []
    return town.snapshot()


@pytest.mark.parametrize(("damage", "what"), [
    (lambda s: replace(s, drafts={}), "proposal_lost"),
    (lambda s: standing(s, "ada", proposals={proposal(s): "cleo"}), "proposal_lost"),
    (lambda s: standing(s, "ben", proposals={}), "draft_not_reserved"),
    (lambda s: standing(s, "ben", request="another"), "draft_not_reserved"),
    (lambda s: standing(s, "ada", capacity=0), "over_capacity"),
    (lambda s: standing(s, "ada", break_until_ms=1), "proposed_while_away"),
    (lambda s: replace(s, proposals={proposal(s): OVER}), "draft_put_to_both"),
    (lambda s: replace(s, timers=[]), "no_timer_for_draft_over"),
])
def test_every_kind_of_damage_to_what_waits_for_a_coordinator_is_found(
        looked_at: Snapshot, damage: Callable[[Snapshot], Snapshot], what: str) -> None:
    assert what in {finding.what for finding in findings(damage(looked_at))}


def test_a_round_that_is_under_way_is_a_round_to_come(healthy: Snapshot) -> None:
    assert findings(replace(healthy, rounds={"riverside": Round(under_way="r", began_ms=healthy.now_ms)})) == []


def test_a_timer_that_is_due_may_be_on_its_way(healthy: Snapshot) -> None:
    late = replace(healthy, timers=[], now_ms=healthy.now_ms + 15 * 24 * 60 * 60 * 1000)
    assert findings(late) == []


def test_nothing_is_found_where_nothing_is() -> None:
    assert findings(Snapshot({}, {}, {}, {}, {}, {}, {}, [], 0)) == []
    assert findings(Snapshot({"ada": Standing()}, {}, {}, {}, {}, {}, {}, [], 0)) == []
