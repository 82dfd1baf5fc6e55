"""A round over very many people is computed on a copy of their columns, and keeps every rule that one over people does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.weights import PUBLISHED
from services.matcher.pairing.choosing import choose_among
from services.matcher.pairing.live import LivePool
from services.matcher.pairing.seen import Seen
from tests.unit.matcher.crowds import NOW_MS, Uncompiled, crowd_people

SEED = 7


def pool_of(people: list[Person]) -> LivePool:
    pool = LivePool(0, Uncompiled())
    for each in people:
        pool.put(each)
    return pool


def seen(pool: LivePool) -> Seen:
    found = pool.seen("riverside")
    assert found is not None
    return found


@pytest.mark.parametrize("bar", [BARS["balanced"], NO_BAR])
def test_its_pairs_fit_reach_the_bar_have_places_and_come_best_first(bar: Bar) -> None:
    people = crowd_people(150, 3, capacity=2)
    by_name = {each.peer: each for each in people}
    chosen = choose_among(seen(pool_of(people)), NOW_MS, bar, SEED)
    left, pairs = {each.peer: each.places for each in people}, list(chosen.pairs)
    assert len(pairs) > 40
    assert chosen.waiting == 150
    for pair in pairs:
        a, b = (by_name[name] for name in pair.peers)
        assert fits(a, b)
        assert pair.requests == (a.request, b.request)
        assert (pair.benefit, pair.step) == (benefit(a, b, NOW_MS), bar.step(a, b, NOW_MS))
        assert pair.benefit >= bar.points(pair.step)
        left[a.peer] -= 1
        left[b.peer] -= 1
    assert min(left.values()) >= 0
    assert len({frozenset(pair.peers) for pair in pairs}) == len(pairs)
    ranks = [Match.of(by_name[pair.peers[0]], by_name[pair.peers[1]], pair.benefit, pair.step).rank[:3] for pair in pairs]
    assert ranks == sorted(ranks)
    assert [pair.peers for pair in chosen.pairs[3:5]] == [pair.peers for pair in pairs[3:5]]
    assert chosen.proven_share is not None


def test_who_came_and_went_before_and_in_which_order_changes_nothing() -> None:
    people = crowd_people(60, 4)
    shuffled = [*people]
    random.Random(1).shuffle(shuffled)
    other = pool_of([*crowd_people(20, 9), *shuffled])
    for each in crowd_people(20, 9):
        other.drop(each.peer)
    for each in people[:20]:
        other.put(each)
    first, second = (choose_among(seen(pool), NOW_MS, NO_BAR, SEED) for pool in (pool_of(people), other))
    assert sum(pair.benefit for pair in first.pairs) == pytest.approx(sum(pair.benefit for pair in second.pairs), rel=0.01)
    assert [*seen(pool_of(people)).in_order().crowd(NOW_MS, PUBLISHED).names] == [
        *seen(other).in_order().crowd(NOW_MS, PUBLISHED).names]


def test_what_happens_to_the_pool_meanwhile_is_not_seen() -> None:
    people = crowd_people(30, 5)
    pool = pool_of(people)
    before = seen(pool)
    expected = choose_among(before, NOW_MS, NO_BAR, SEED)
    for each in people:
        pool.put(replace(each, seeks=frozenset(("another",)), places=0))
        pool.drop(each.peer)
    again = choose_among(before, NOW_MS, NO_BAR, SEED)
    assert list(again.pairs) == list(expected.pairs)
    assert len(seen(pool)) == 0
