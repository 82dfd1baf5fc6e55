"""Rounds: every pair keeps every rule, small ones are exact, large ones come near and say truthfully how near."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from statistics import mean

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import pools
from services.matcher.domain.bar import BARS
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.pairing.columns import Crowd
from services.matcher.pairing.guided import Plan
from services.matcher.pairing.roll import crowd_of
from services.matcher.pairing.round import Round, run
from tests.journeys.sizes import FULL, size
from tests.unit.matcher.crowds import NOW_MS, crowd_people
from tests.unit.matcher.town import person

GUIDED = 0
"""`exact_max`: the method for large pools, whatever the size."""

LOOKED_UP = Plan(everybody_max=0)
"""And with likely prices, the index and the neighbourhoods, whatever the size."""


def crowd(n: int, seed: int = 1, capacity: int = 1) -> Crowd:
    return crowd_of(crowd_people(n, seed, capacity=capacity), NOW_MS)


def total(round: Round) -> int:
    return int(round.benefit.sum())


def optimum(people: list[Person]) -> int:
    """By another solver than ours, from the reference alone."""
    graph = networkx.Graph()
    graph.add_weighted_edges_from((a, b, benefit(people[a], people[b], NOW_MS))
                                  for a, b in combinations(range(len(people)), 2) if fits(people[a], people[b]))
    return sum(int(graph[a][b]["weight"]) for a, b in networkx.max_weight_matching(graph))


def assert_keeps_every_rule(people: list[Person], round: Round) -> None:
    pairs = list(zip(round.first.tolist(), round.second.tolist(), round.benefit.tolist(), strict=True))
    assert len({(a, b) for a, b, _ in pairs}) == len(pairs), "the same two twice"
    for a, b, points in pairs:
        assert fits(people[a], people[b])
        assert fits(people[b], people[a])
        assert points == benefit(people[a], people[b], NOW_MS)
    for row, count in Counter([row for a, b, _ in pairs for row in (a, b)]).items():
        assert count <= people[row].places


@pytest.mark.parametrize("exact_max", [500, GUIDED])
@pytest.mark.parametrize("plan", [Plan(), LOOKED_UP])
@pytest.mark.parametrize("capacity", [1, 5])
def test_every_pair_keeps_every_rule_both_ways_and_nobody_is_over_capacity(exact_max: int, plan: Plan, capacity: int) -> None:
    people = crowd_people(400, seed=capacity, capacity=capacity)
    round = run(crowd_of(people, NOW_MS), exact_max=exact_max, plan=plan)
    assert len(round.first) > 120
    assert_keeps_every_rule(people, round)


@settings(max_examples=size(25, 400), deadline=None)
@given(st.integers(0, 90), st.integers(0, 10_000), st.integers(1, 5))
def test_in_any_pool_every_pair_keeps_every_rule_and_nobody_is_over_capacity(n: int, seed: int, capacity: int) -> None:
    people = crowd_people(n, seed, capacity=capacity)
    pool = crowd_of(people, NOW_MS)
    for round in (run(pool), run(pool, exact_max=GUIDED), run(pool, exact_max=GUIDED, plan=LOOKED_UP)):
        assert_keeps_every_rule(people, round)


def pool_sizes() -> list[tuple[int, int]]:
    """(people, seed): 500 pools of 2 to 500 people, half of them below 130, for networkx takes its time (some seconds for
    500); fewer and smaller ones in the reduced proof."""
    count, most = size(24, 500), size(120, 500)
    places = [(number * 37) % most for number in range(count)]
    return [(2 + (most - 2) * place**2 // (most - 1)**2, number) for number, place in enumerate(places)]


@pytest.mark.prove
@pytest.mark.timeout(60 * 60 if FULL else 120)
def test_up_to_five_hundred_people_a_round_is_the_exact_maximum_and_the_large_method_comes_near() -> None:
    """In full some ten minutes, nearly all of them networkx's."""
    shares: dict[Plan, list[float]] = {Plan(): [], LOOKED_UP: []}
    for n, seed in pool_sizes():
        people = crowd_people(n, seed)
        pool, best = crowd_of(people, NOW_MS), optimum(people)
        exact = run(pool)
        assert total(exact) == best
        assert exact.proven_share == 1
        for plan, reached in shares.items():
            guided = run(pool, exact_max=GUIDED, plan=plan)
            share = total(guided) / best if best else 1.0
            reached.append(share)
            assert all(proof.bound.most >= best for proof in guided.proofs)
            assert guided.proven_share <= share <= 1
    for plan, reached in shares.items():
        print(f"{len(reached)} pools, {plan}: mean share {mean(reached):.5f}, worst {min(reached):.5f}")
        assert mean(reached) >= 0.995
        assert min(reached) >= 0.97


@settings(max_examples=size(25, 400), deadline=None)
@given(st.integers(2, 60), st.integers(0, 10_000))
def test_adding_a_person_never_lowers_the_exact_optimum(n: int, seed: int) -> None:
    people = crowd_people(n, seed)
    assert total(run(crowd_of(people[:-1], NOW_MS))) <= total(run(crowd_of(people, NOW_MS)))


@settings(max_examples=size(25, 400), deadline=None)
@given(st.integers(2, 90), st.integers(0, 10_000))
def test_no_round_is_above_its_bound_nor_the_bound_below_the_optimum(n: int, seed: int) -> None:
    pool = crowd(n, seed)
    best = total(run(pool))
    for plan in (Plan(), LOOKED_UP, Plan(searches=1)):
        guided = run(pool, exact_max=GUIDED, plan=plan)
        assert total(guided) <= best
        assert len(guided.proofs) <= 1, "leftovers that are paired afterwards stand under the first bound"
        assert all(proof.bound.most >= best for proof in guided.proofs)


@pytest.mark.parametrize(("n", "plan", "capacity"), [
    (2_500, Plan(), 1), (6_000, Plan(searches=3), 1), (2_500, Plan(everybody_max=0, searches=2), 3)])
def test_the_same_seed_gives_the_same_pairs_with_one_thread_and_with_two(n: int, plan: Plan, capacity: int) -> None:
    one, two = (run(pools.crowd(n, capacity=capacity), seed=7, threads=threads, plan=plan) for threads in (1, 2))
    for mine, other in zip(one[:3], two[:3], strict=True):
        np.testing.assert_array_equal(mine, other)
    assert one.proofs == two.proofs


def test_above_ten_thousand_people_the_bound_is_a_limit_from_a_sample_and_says_so() -> None:
    plan = Plan(searches=2)
    assert run(pools.crowd(10_500), plan=plan).sampled
    assert not run(pools.crowd(3_000), plan=plan).sampled


def test_with_a_bar_no_pair_is_below_the_bar_of_the_longer_wait() -> None:
    pool = crowd(400)
    pool = pool._replace(days=pool.days // 9)
    for exact_max in (500, GUIDED):
        round = run(pool, bar=BARS["balanced"], exact_max=exact_max)
        days = np.maximum(pool.days[round.first], pool.days[round.second])
        assert (round.benefit >= 6000 * (1 - days / 14)).all()
        assert 0 < total(round) < total(run(pool))


def test_one_is_left_over_when_an_odd_number_fits_everybody() -> None:
    people = [person(f"p{number}") for number in range(7)]
    for exact_max in (500, GUIDED):
        assert len(run(crowd_of(people, 0), exact_max=exact_max).first) == 3


NOBODY: list[Person] = []
ALIKE = [person(f"p{number}") for number in range(40)]
STRANGERS = [replace(each, strangers=frozenset(other.peer for other in ALIKE)) for each in ALIKE]
FOREIGNERS = [person(f"p{number}", languages=(f"language-{number}",)) for number in range(30)]
HUB = [person("hub", seeks=("a",), offers=tuple("bcdefg")),
       *(person(f"p{number}", seeks=("b",), offers=("a", "z")) for number in range(39))]


@pytest.mark.parametrize("exact_max", [500, GUIDED])
@pytest.mark.parametrize("plan", [Plan(), LOOKED_UP])
@pytest.mark.parametrize(("people", "pairs"), [
    (NOBODY, 0), (ALIKE[:1], 0), (ALIKE[:2], 1), (ALIKE, 20), (STRANGERS, 0), (FOREIGNERS, 0), (HUB, 1)],
    ids=["nobody", "one", "two", "all identical", "all blocked", "no language shared", "a hub that everybody wants"])
def test_unusual_pools_get_right_answers(people: list[Person], pairs: int, exact_max: int, plan: Plan) -> None:
    round = run(crowd_of(people, 0), exact_max=exact_max, plan=plan)
    assert len(round.first) == pairs
    assert round.proven_share <= 1


def test_where_all_are_alike_and_have_five_places_each_gets_five_different_partners() -> None:
    people = [replace(each, places=5) for each in ALIKE]
    for exact_max, plan in ((500, Plan()), (GUIDED, Plan()), (GUIDED, LOOKED_UP)):
        round = run(crowd_of(people, 0), exact_max=exact_max, plan=plan)
        assert len({*zip(round.first.tolist(), round.second.tolist(), strict=True)}) == len(round.first) == 100
        assert set(Counter([*round.first.tolist(), *round.second.tolist()]).values()) == {5}


def test_a_hub_with_five_places_gets_five_different_partners() -> None:
    hub = replace(HUB[0], places=5)
    for exact_max in (500, GUIDED):
        round = run(crowd_of([hub, *HUB[1:]], 0), exact_max=exact_max)
        assert len(round.first) == 5
        assert set(round.first.tolist()) == {0}
        assert len(set(round.second.tolist())) == 5


@pytest.mark.prove
@pytest.mark.skipif(not FULL, reason="compiles everything once more, for wider masks")
def test_with_more_than_thirty_two_topics_rounds_keep_every_rule_too() -> None:
    people = [*crowd_people(300, topics=20), *(replace(each, peer=f"q{each.peer}") for each in crowd_people(300, 2, topics=64))]
    pool = crowd_of(people, NOW_MS)
    assert pool.columns.seeks.dtype == np.uint64
    for plan in (Plan(), LOOKED_UP):
        assert_keeps_every_rule(people, run(pool, plan=plan))


def test_ten_thousand_identical_people_are_all_paired_in_bounded_time() -> None:
    alike = pools.crowd(10_000)
    columns = alike.columns.take(np.zeros(10_000, np.int64))._replace(
        seeks=np.full(10_000, 3, np.uint32), offers=np.full(10_000, 3, np.uint32), avoids=np.zeros(10_000, np.uint32),
        refuses=np.zeros(10_000, np.uint32))
    nobody = np.zeros(10_001, np.int64), np.zeros(0, np.int32)
    round = run(alike._replace(columns=columns, apart_start=nobody[0], apart=nobody[1]))
    assert len(round.first) >= 4_900
