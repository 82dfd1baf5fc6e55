"""The compiled engine weighs every pair as the reference does: the same who may meet, the same integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.domain.bar import BARS
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.weights import POINTS_MAX, PUBLISHED, Weights
from services.matcher.pairing.arrival import benefits, best_for
from services.matcher.pairing.columns import Columns, Crowd, Ints
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.roll import Roll, crowd_of
from services.matcher.pairing.rules import bar_after, rules_of
from services.matcher.pairing.weighing import ROUNDING, promise
from services.matcher.pairing.weights import Points
from services.matcher.pairing.words import TooVaried
from tests.unit.matcher.crowds import NOW_MS, crowd_people
from tests.unit.matcher.made_up import choosy
from tests.unit.matcher.town import person

HEAVIEST = Weights(**{name: POINTS_MAX for name in Weights.model_fields if name not in ("returning", "shared_times_max")},
                   returning=500, shared_times_max=21)
SMALL = Weights(mutual=7, help=3, returning=499, shared_time=1, waited_max=0, waited_day=0)
"""Few points beside a great nudge: sums below one and many halves."""


def weighed(people: list[Person], weights: Weights = PUBLISHED) -> Ints:
    crowd = crowd_of(people, NOW_MS, weights)
    return benefits(crowd.columns, rules_of(crowd), Points.of(weights))


@compiled
def promises(columns: Columns, points: Points, price: Ints) -> Ints:
    """What is promised of every two."""
    n = len(price)
    table = np.empty((n, n), np.int32)
    for i in range(n):
        promise(columns, i, columns, 0, n, price, points, table[i])
    return table


def reference(people: list[Person], weights: Weights = PUBLISHED) -> Ints:
    return np.array([[benefit(a, b, NOW_MS, weights) if fits(a, b) else 0 for b in people] for a in people])


@pytest.mark.parametrize("weights", [PUBLISHED, HEAVIEST, SMALL])
@pytest.mark.parametrize("topics", [12, 64])
def test_every_pair_of_a_crowd_weighs_what_the_reference_says(topics: int, weights: Weights) -> None:
    people = crowd_people(120, seed=topics, topics=topics)
    expected = reference(people, weights)
    assert 0.05 < (expected > 0).mean() < 0.5
    np.testing.assert_array_equal(weighed(people, weights), expected)


@pytest.mark.parametrize("weights", [PUBLISHED, HEAVIEST, SMALL])
@pytest.mark.parametrize("topics", [12, 64])
def test_a_promise_is_never_below_what_a_pair_is_worth_and_hardly_above(topics: int, weights: Weights) -> None:
    people = crowd_people(120, seed=topics, topics=topics)
    columns, expected = crowd_of(people, NOW_MS, weights).columns, reference(people, weights)
    promised = promises(columns, Points.of(weights), np.zeros(120, np.int32))
    above, met = promised - expected, expected > 0
    assert (above >= 0)[met].all()
    assert (above <= ROUNDING + 1)[met].all()
    assert (promised[~met] < 0).mean() > 0.9


@settings(max_examples=200)
@given(choosy("a"), choosy("b"))
def test_any_two_people_weigh_what_the_reference_says(a: Person, b: Person) -> None:
    two = [replace(each, places=1, community="riverside") for each in (a, b)]
    np.testing.assert_array_equal(weighed(two), reference(two))


@settings(max_examples=100)
@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 64), st.integers(0, 64), st.integers(-10, 10))
def test_however_many_topics_are_sought_the_fraction_is_rounded_exactly(
        a_seeks: int, b_seeks: int, a_finds: int, b_finds: int, net: int) -> None:
    topics = [f"t{number}" for number in range(64)]
    a = replace(person("a", seeks=topics[:a_seeks], offers=topics[:min(b_finds, b_seeks)]), given=10 + net, received=10)
    b = person("b", seeks=topics[:b_seeks], offers=topics[:min(a_finds, a_seeks)])
    for weights in (PUBLISHED, HEAVIEST, SMALL):
        np.testing.assert_array_equal(weighed([a, b], weights), reference([a, b], weights))


def test_the_best_partner_of_each_is_the_best_there_is_among_all() -> None:
    people = crowd_people(300)
    crowd, table = crowd_of(people, NOW_MS), reference(people)
    free = np.zeros(len(people), np.int32)
    for i in range(len(people)):
        row, best = best_for(crowd.columns, rules_of(crowd), Points.of(PUBLISHED), free, i)
        assert best == table[i].max()
        assert row == (table[i].argmax() if best else -1)


def test_a_price_is_taken_from_what_a_partner_is_worth() -> None:
    crowd = crowd_of([person("a"), person("b"), person("c", area="Leeds")], 0)
    price = np.array([0, 5, 6], np.int32)
    row, gain = best_for(crowd.columns, rules_of(crowd), Points.of(PUBLISHED), price, 0)
    assert (row, gain) == (1, benefit(person("a"), person("b"), 0) - 5)


def test_the_bar_falls_with_the_longer_wait_and_is_gone_after_fourteen_days() -> None:
    bar = BARS["balanced"]
    assert bar_after(np.array([0, 7, 13, 14, 900]), bar).tolist() == [6000, 3000, 429, 0, 0]
    assert [bar.points(bar.step_after(days)) for days in (0, 7, 13, 14, 900)] == [6000, 3000, 429, 0, 0]


def barred(days: int) -> Crowd:
    """Two of whom only one helps the other, and one of whom has waited."""
    a, b = person("a", seeks=("sleep",), offers=()), person("b", seeks=("grief",), offers=("sleep",))
    roll = Roll()
    for each, waited_days in ((a, days), (b, 0)):
        roll.put(each, days=waited_days, places=1, strangers=())
    return roll.crowd()


@pytest.mark.parametrize(("days", "met"), [(0, False), (10, False), (13, True), (14, True)])
def test_who_helps_one_way_only_is_proposed_once_the_bar_has_come_down(days: int, met: bool) -> None:
    crowd = barred(days)
    assert bool(benefits(crowd.columns, rules_of(crowd, BARS["balanced"]), Points.of(PUBLISHED)).any()) is met


def test_a_person_who_brings_in_a_sixty_fifth_topic_is_refused_and_the_others_stay() -> None:
    roll = Roll()
    roll.put(person("a", seeks=[f"t{n}" for n in range(64)], offers=()), days=0, places=1, strangers=())
    with pytest.raises(TooVaried, match="topic 'one-more'"):
        roll.put(person("b", seeks=("one-more",), offers=()), days=0, places=1, strangers=())
    assert roll.names == ["a"]
    assert len(roll.crowd().columns.seeks) == 1


def test_a_person_with_ten_thousand_topics_is_refused_and_the_others_are_weighed() -> None:
    roll = Roll()
    roll.put(person("a"), days=0, places=1, strangers=())
    with pytest.raises(TooVaried, match="topic"):
        roll.put(person("b", seeks=[f"t{n}" for n in range(10_000)]), days=0, places=1, strangers=())
    roll.put(person("c"), days=0, places=1, strangers=())
    crowd = roll.crowd()
    assert benefits(crowd.columns, rules_of(crowd), Points.of(PUBLISHED))[0, 1] == benefit(person("a"), person("c"), 0)


def test_limits_about_more_than_a_mask_can_hold_are_refused() -> None:
    roll = Roll()
    for number in range(70):
        limits = {"home": frozenset((f"place {number}",))}
        roll.put(replace(person(f"p{number}"), chosen_limits=limits), days=0, places=1, strangers=())
    with pytest.raises(TooVaried, match="71 different things"):
        roll.crowd()


def test_a_crowd_of_nobody_has_empty_columns() -> None:
    assert weighed([]).shape == (0, 0)
