"""What a round of the living pool chooses, by the exact solver and by prices."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import networkx as nx
import pytest

from services.matcher import worker
from services.matcher.domain import rounds
from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.rounds import Chosen, Policy
from services.matcher.pairing.choosing import choose
from shared.clock import DAY_MS
from tests.unit.matcher.crowds import NOW_MS, crowd_people
from tests.unit.matcher.town import person

SEED = 2**127 + 5
"""A round's seed is its id, of 128 bits."""


def total(chosen: Chosen) -> int:
    return sum(match.benefit for match in chosen.pairs)


def best_of_all(people: Sequence[Person], bar: Bar) -> int:
    """By another library, from the reference alone."""
    graph = nx.Graph()
    for place, a in enumerate(people):
        for b in people[place + 1:]:
            if fits(a, b) and bar.lets_pass(points := benefit(a, b, NOW_MS), a, b, NOW_MS):
                graph.add_edge(a.peer, b.peer, weight=points)
    return sum(graph.edges[pair]["weight"] for pair in nx.max_weight_matching(graph))


@pytest.mark.parametrize("bar", [NO_BAR, BARS["balanced"]])
@pytest.mark.parametrize(("size", "seed"), [(2, 1), (9, 2), (40, 3), (80, 4)])
def test_no_other_pairs_would_bring_more_in_all(size: int, seed: int, bar: Bar) -> None:
    people = crowd_people(size, seed)
    assert total(choose(people, NOW_MS, bar, SEED)) == best_of_all(people, bar)


@pytest.mark.parametrize("exact_max", [500, 50])
def test_every_pair_fits_and_reaches_the_bar_and_nobody_is_in_more_than_they_have_places_for(exact_max: int) -> None:
    people = crowd_people(90, 7, capacity=3)
    chosen = choose(people, NOW_MS, BARS["balanced"], SEED, exact_max)
    places = {each.peer: each.places for each in people}
    in_pairs = Counter(each.peer for match in chosen.pairs for each in match.people)
    assert all(count <= places[peer] for peer, count in in_pairs.items())
    assert len({frozenset(each.peer for each in match.people) for match in chosen.pairs}) == len(chosen.pairs) > 20
    assert chosen.waiting == 90
    for match in chosen.pairs:
        a, b = match.people
        assert fits(a, b)
        assert match.benefit == benefit(a, b, NOW_MS) >= BARS["balanced"].points(match.step)
        assert match.step == BARS["balanced"].step(a, b, NOW_MS)


@pytest.mark.parametrize("exact_max", [500, 50])
def test_the_order_in_which_people_are_known_changes_nothing(exact_max: int) -> None:
    people = crowd_people(70, 5, capacity=2)
    chosen = choose(people, NOW_MS, NO_BAR, SEED, exact_max)
    random.Random(1).shuffle(people)
    assert choose(people, NOW_MS, NO_BAR, SEED, exact_max) == chosen
    assert list(chosen.pairs) == sorted(chosen.pairs, key=lambda match: match.rank)


def test_prices_come_near_to_the_exact_solver_on_the_same_people() -> None:
    people = crowd_people(300, 6)
    exact, guided = (total(choose(people, NOW_MS, NO_BAR, SEED, exact_max)) for exact_max in (500, 50))
    assert 0.97 * exact <= guided <= exact


def test_how_near_it_came_is_said_and_nothing_is_claimed_where_nothing_is_proven() -> None:
    people = crowd_people(300, 6)
    exact, guided = (choose(people, NOW_MS, NO_BAR, SEED, exact_max) for exact_max in (500, 50))
    assert exact.proven_share == 1.0
    assert guided.proven_share is not None
    assert 0.9 < guided.proven_share <= total(guided) / total(exact)
    assert rounds.choose(people, NOW_MS, NO_BAR).proven_share is None


def test_it_brings_at_least_what_the_plain_way_does() -> None:
    people = crowd_people(120, 8)
    assert total(choose(people, NOW_MS, NO_BAR, SEED)) >= total(rounds.choose(people, NOW_MS, NO_BAR))


@pytest.mark.parametrize("people", [[], [person("ada")], [person("ada"), person("ben", languages=("cy",))]])
def test_where_nobody_fits_nobody_is_chosen(people: list[Person]) -> None:
    assert choose(people, 0, NO_BAR, SEED) == Chosen((), len(people), proven_share=1.0)


def test_a_pool_of_too_many_topics_for_the_compiled_engine_is_paired_the_plain_way() -> None:
    people = [person(f"p{number}", seeks=(f"topic {number}", "sleep"), offers=("sleep",)) for number in range(70)]
    plainly = rounds.choose(sorted(people, key=lambda each: each.peer), 0, NO_BAR)
    assert choose(people, 0, NO_BAR, SEED, exact_max=50) == plainly


def test_a_round_of_more_than_four_thousand_is_chosen_by_its_own_id() -> None:
    """Where what is compiled looks for candidates by the round's seed."""
    people = [person(f"p{n:05}", seeks=(f"t{n % 7}",), offers=(f"t{(n + n // 7) % 7}",)) for n in range(4_002)]
    chosen = worker.choose(people, DAY_MS, Policy(NO_BAR, first_in_line_days=None), worker.seed_of("f" * 32))
    assert len(chosen.pairs) > 1_500
