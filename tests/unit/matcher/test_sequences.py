"""Whatever people do, in whatever order: the rules that always hold, held against random histories."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.domain.rounds import Policy
from services.matcher.pairing.live import LivePool
from shared.clock import DAY_MS
from shared.events import (
    Answer,
    Ending,
    PairFormed,
    ProposalAnswered,
    ProposalApproved,
    ProposalDiscarded,
    ProposalDrafted,
    ProposalLapsed,
    ProposalMade,
    RequestSetAside,
    RoundIntended,
    RoundRun,
)
from tests.unit.matcher.crowds import Uncompiled
from tests.unit.matcher.made_up import DETAILS
from tests.unit.matcher.town import Town

PEOPLE = [f"peer-{letter}" for letter in "abcdef"]
NAMES = st.sampled_from(PEOPLE)
CAPACITIES = st.tuples(*(st.integers(1, 3) for _ in PEOPLE))
APPROVES = st.tuples(st.just("approves"), st.integers(0, 5))
YES = st.tuples(st.just("both_yes"), NAMES, st.integers(0, 2))
STEPS = st.tuples(CAPACITIES, st.lists(st.one_of(
    st.tuples(st.just("asks"), NAMES, st.integers(1, 3), DETAILS, st.sampled_from(("riverside", "riverside", "hillview"))),
    st.tuples(st.just("asks"), NAMES, st.integers(1, 3), st.none(), st.just("riverside")),
    YES, YES,
    st.tuples(st.just("no_longer_asks"), NAMES),
    st.tuples(st.just("answers"), NAMES, st.sampled_from(Answer), st.integers(0, 2)),
    APPROVES, APPROVES,
    st.tuples(st.just("declines"), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("suspends"), NAMES),
    st.tuples(st.just("restores"), NAMES),
    st.tuples(st.just("takes_a_break"), NAMES, st.floats(0.1, 30)),
    st.tuples(st.just("is_back"), NAMES),
    st.tuples(st.just("comes_back"), NAMES),
    st.tuples(st.just("ends"), NAMES, st.sampled_from(Ending), st.integers(0, 2)),
    st.tuples(st.just("blocks"), NAMES, NAMES),
    st.tuples(st.just("is_told"), NAMES, st.one_of(st.none(), st.integers(0, 15)), st.integers(0, 15)),
    st.tuples(st.just("is_protected"), NAMES),
    st.tuples(st.just("leaves"), NAMES),
    st.tuples(st.just("pass_time"), st.floats(0.1, 40)),
    st.tuples(st.just("rounds_are_held")),
    st.tuples(st.just("workers_tell")),
), min_size=8, max_size=40))
"""How many everybody asks for to begin with, each fitting each; then what happens."""


OFTEN_ENOUGH = Policy(round_every_ms=3 * DAY_MS, assist=False)
"""So that some rounds come in between, and the histories do not take too long."""

LOOKED_AT = Policy(round_every_ms=3 * DAY_MS, assist=True)
POLICIES = st.sampled_from((OFTEN_ENOUGH, LOOKED_AT))
"""Without a coordinator who looks first, and with one."""


def steps_of(history: tuple[Any, Any]) -> list[tuple[Any, ...]]:
    capacities, steps = history
    asking = [("asks", name, capacity, None, "riverside") for name, capacity in zip(PEOPLE, capacities, strict=True)]
    return [*asking, *steps]


def play(town: Town, step: tuple[Any, ...]) -> None:
    what, *how = step
    match what, *how:
        case "asks", name, capacity, details, community:
            fields = {} if details is None else dict(details)
            town.asks(name, capacity, community, **fields)
        case "answers", name, answer, which:
            if ids := [*town.standing(name).proposals]:
                town.answers(name, answer, ids[which % len(ids)])
        case "both_yes", name, which:
            if ids := [*town.standing(name).proposals]:
                id = ids[which % len(ids)]
                for each in (name, town.standing(name).proposals[id]):
                    town.answers(each, Answer.YES, id)
        case ("approves" | "declines"), which, *how_long:
            if ids := [*town.drafts]:
                getattr(town, what)(ids[which % len(ids)], *how_long)
        case "ends", name, ending, which:
            if ids := [*town.standing(name).pairs, *town.standing(name).past]:
                town.ends(name, ids[which % len(ids)], ending)
        case ("rounds_are_held",):
            town.held = True
        case ("workers_tell",):
            town.workers_tell()
            town.held = False
        case "blocks", name, other:
            if name != other and town.known(name) and town.known(other):
                town.blocks(name, other)
        case _, *rest:
            getattr(town, what)(*rest)


@pytest.mark.parametrize("few", [0, 1_000])
@settings(max_examples=100, deadline=None)
@given(history=STEPS, policy=POLICIES)
def test_the_rules_hold_after_every_step_of_any_history(few: int, history: tuple[Any, Any], policy: Policy) -> None:
    """Whether people are kept as columns or plainly, and whether a coordinator looks first or not."""
    town = Town(policy, partial(LivePool, few, Uncompiled()))
    for step in steps_of(history):
        play(town, step)
        assert town.findings() == []
        assert town.unmet() == []
        assert {each.peer: each for each in town.memory.pool} == town.remembered_afresh()
    play(town, ("workers_tell",))
    town.pass_time(days=4)
    assert town.unmet() == []
    assert town.rebuilt() == town.stored()
    what_was_proposed_reached_the_bar(town)
    who_was_set_aside_had_given_no_word(town)
    every_round_that_was_intended_was_run(town)
    nobody_is_introduced_before_both_said_yes(town)
    nothing_that_had_to_be_looked_at_went_out_unseen(town)


def what_was_proposed_reached_the_bar(town: Town) -> None:
    for made in town.every(ProposalMade):
        assert made.benefit >= town.policy.bar.points(made.step)


def who_was_set_aside_had_given_no_word(town: Town) -> None:
    """Three lapses at least for each time, counted from the outside."""
    silent = Counter(peer for lapsed in town.every(ProposalLapsed) for peer in lapsed.peers if peer not in lapsed.said_yes)
    for peer, times in Counter(event.peer for event in town.every(RequestSetAside)).items():
        assert silent[peer] >= 3 * times


def every_round_that_was_intended_was_run(town: Town) -> None:
    ran = {event.round: event for event in town.every(RoundRun)}
    assert ran.keys() == {event.round for event in town.every(RoundIntended)}
    for event in ran.values():
        assert event.chosen == event.proposed + event.no_longer_held


def nobody_is_introduced_before_both_said_yes(town: Town) -> None:
    made = {event.proposal: set(event.peers) for event in town.every(ProposalMade)}
    last = {(event.proposal, event.peer): event.answer for event in town.heard(ProposalAnswered)}
    for formed in town.every(PairFormed):
        assert [last.get((formed.proposal, peer)) for peer in made[formed.proposal]] == [Answer.YES, Answer.YES]
        assert set(formed.peers) == made[formed.proposal]


def nothing_that_had_to_be_looked_at_went_out_unseen(town: Town) -> None:
    """Each draft went out once, as it was drafted and after it was approved; or to nobody; or it waits."""
    drafted = {event.proposal: event for event in town.every(ProposalDrafted)}
    made = {event.proposal: event for event in town.every(ProposalMade)}
    discarded = [event.proposal for event in town.every(ProposalDiscarded)]
    assert Counter(drafted.keys()) == Counter([*(drafted.keys() & made), *discarded, *town.drafts])
    assert drafted.keys() & made <= {event.proposal for event in town.heard(ProposalApproved)}
    for proposal in drafted.keys() & made:
        assert made[proposal].model_dump(exclude={"lapses_ms"}) == drafted[proposal].model_dump(exclude={"runs_out_ms"})
    if town.policy.assist:
        assert made.keys() <= drafted.keys()


@settings(max_examples=50, deadline=None)
@given(STEPS, NAMES, POLICIES)
def test_no_row_ever_leads_back_to_whoever_left(history: tuple[Any, Any], name: str, policy: Policy) -> None:
    town = Town(policy)
    for step in steps_of(history):
        play(town, step)
    town.leaves(name)
    town.workers_tell()
    assert name not in repr(town.stored())


@settings(max_examples=50, deadline=None)
@given(STEPS, POLICIES)
def test_the_same_history_leads_to_the_same_events(history: tuple[Any, Any], policy: Policy) -> None:
    first, second = Town(policy), Town(policy)
    for step in steps_of(history):
        play(first, step)
        play(second, step)
    # seals are random, everything else is not
    assert [event.model_dump(exclude={"reasons"}) for event in first.said] == [
        event.model_dump(exclude={"reasons"}) for event in second.said]
