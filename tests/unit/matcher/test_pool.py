from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.domain.bar import BARS, NO_BAR
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, Pool
from services.matcher.domain.standing import Standing
from shared.clock import DAY_MS
from tests.unit.matcher.made_up import people
from tests.unit.matcher.town import person

NOW_MS = 300 * DAY_MS
BALANCED = BARS["balanced"]


def pair(match: Match | None) -> set[str]:
    return {each.peer for each in match.people} if match else set()


def test_the_best_of_those_who_fit_is_chosen() -> None:
    pool = Pool([person("a"), person("b", offers=("grief",)), person("c"), person("d", languages=("cy",))])
    assert pair(pool.best_for("a", 0, NO_BAR)) == {"a", "c"}


def test_of_equally_good_ones_whoever_waits_longer_is_chosen_then_the_lesser_id() -> None:
    """Within a day nobody has more points for waiting, so only the order decides."""
    pool = Pool([person("z", since_ms=5), person("d", since_ms=4), person("c", since_ms=4), person("e", since_ms=9)])
    assert pair(pool.best_for("z", 10, NO_BAR)) == {"z", "c"}
    assert pair(pool.best_for("e", 10, NO_BAR)) == {"e", "c"}


def test_nobody_without_a_place_is_chosen_or_chooses() -> None:
    reserved = person("b").standing(Standing(request="r", capacity=1, proposals={"p": "x"}))
    pool = Pool([person("a"), reserved])
    assert pool.best_for("a", 0, NO_BAR) is None
    assert pool.best_for("b", 0, NO_BAR) is None
    assert pool.best_for("unheard-of", 0, NO_BAR) is None


def test_somebody_with_a_place_left_after_a_proposal_is_still_in_the_pool() -> None:
    pool = Pool([person("a"), person("b").standing(Standing(request="r", capacity=2, proposals={"p": "x"}))])
    assert pair(pool.best_for("a", 0, NO_BAR)) == {"a", "b"}


def test_whoever_is_dropped_is_gone_and_whoever_is_put_again_is_as_they_are_now() -> None:
    pool = Pool([person("a"), person("b"), person("c", seeks=("sleep",))])
    pool.drop("b")
    assert pair(pool.best_for("a", 0, NO_BAR)) == {"a", "c"}
    pool.put(person("c", languages=("cy",)))
    assert pool.best_for("a", 0, NO_BAR) is None
    assert len(pool) == 2


def test_the_best_pair_for_several_is_the_best_of_any_of_them() -> None:
    pool = Pool([person("a", offers=("grief",)), person("b", offers=("sleep",)), person("c"), person("d")])
    assert pair(pool.best_pair(["a", "c"], 0, NO_BAR)) == {"c", "d"}
    assert pair(pool.best_pair([], 0, NO_BAR)) == set()


def test_two_are_asked_once_more_as_they_are_now_and_under_the_requests_they_had() -> None:
    pool, requests = Pool([person("a"), person("b"), person("c", offers=("grief",))]), ("r-a", "r-b")
    assert pair(pool.pair_of(("b", "a"), ("r-b", "r-a"), 0, BALANCED)) == {"a", "b"}
    assert pool.pair_of(("a", "b"), ("r-a", "another"), 0, BALANCED) is None
    assert pool.pair_of(("a", "gone"), requests, 0, NO_BAR) is None
    assert pool.pair_of(("a", "c"), ("r-a", "r-c"), 0, BALANCED) is None
    assert pair(pool.pair_of(("a", "c"), ("r-a", "r-c"), 14 * DAY_MS, BALANCED)) == {"a", "c"}
    pool.put(person("b").standing(Standing(request="r-b", capacity=1, apart={"a": None})))
    assert pool.pair_of(("a", "b"), requests, 0, NO_BAR) is None
    pool.put(person("b").standing(Standing(request="r-b", capacity=1, proposals={"p": "c"})))
    assert pool.pair_of(("a", "b"), requests, 0, NO_BAR) is None


@given(people("a"), st.lists(st.sampled_from("bcdefgh"), unique=True).flatmap(
    lambda names: st.tuples(*(people(name) for name in names))))
def test_the_best_is_the_best_by_looking_at_each_and_hangs_on_no_order(one: Person, others: tuple[Person, ...]) -> None:
    fitting = [each for each in others if fits(one, each)]
    forth, back = Pool([one, *others]), Pool([*reversed(others), one])
    found = forth.best_for("a", NOW_MS, NO_BAR)
    assert found == back.best_for("a", NOW_MS, NO_BAR)
    assert (found is None) == (not fitting)
    if found is not None:
        assert found.benefit == max(benefit(one, each, NOW_MS) for each in fitting)
        assert "a" in pair(found)
