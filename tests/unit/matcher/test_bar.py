from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.settings import MatcherSettings
from shared.clock import DAY_MS
from shared.events import ProposalMade
from tests.unit.in_memory import only
from tests.unit.matcher.town import Town, person

BALANCED = BARS["balanced"]
HALF = {"seeks": ("grief", "money"), "offers": ("sleep",)}
"""Somebody whom the others of the town find half of what they seek with, and the other way round: 3,700 points."""


@pytest.mark.parametrize(("days", "points"), [(0, 6000), (1, 5572), (7, 3000), (13, 429), (14, 0)])
def test_the_bar_comes_down_in_equal_steps_by_whole_days(days: int, points: int) -> None:
    assert BALANCED.points(days) == points


@pytest.mark.parametrize(("waited_ms", "step"), [
    (-5, 0), (0, 0), (DAY_MS - 1, 0), (DAY_MS, 1), (13 * DAY_MS, 13), (14 * DAY_MS, 14), (900 * DAY_MS, 14)])
def test_the_step_is_the_whole_days_of_the_longer_wait_and_goes_no_further_than_the_last(waited_ms: int, step: int) -> None:
    old, new = person("a", since_ms=1000 * DAY_MS - waited_ms), person("b", since_ms=1000 * DAY_MS)
    assert BALANCED.step(old, new, 1000 * DAY_MS) == BALANCED.step(new, old, 1000 * DAY_MS) == step


BAR = st.builds(Bar, st.integers(0, 10_000), st.integers(1, 60))


@given(BAR, st.integers(0, 61), st.integers(0, 61))
def test_the_bar_never_rises_with_waiting_and_ends_at_nothing(bar: Bar, one: int, other: int) -> None:
    sooner, later = sorted((min(bar.days, one), min(bar.days, other)))
    assert bar.start >= bar.points(sooner) >= bar.points(later) >= bar.points(bar.days) == 0


def test_sooner_asks_less_and_better_asks_more_after_any_wait() -> None:
    for days in range(30):
        sooner, balanced, better = (bar.points(min(bar.days, days)) for bar in BARS.values())
        assert sooner <= balanced <= better


def test_the_dial_is_the_bar_and_a_try_out_has_none_unless_it_is_set() -> None:
    assert settings().policy.bar == BALANCED
    assert settings(dial="better").policy.bar == BARS["better"]
    assert settings(try_out=True).policy.bar == NO_BAR
    assert settings(try_out=True, dial="balanced").policy.bar == BALANCED


def settings(**given: object) -> MatcherSettings:
    return MatcherSettings(key="A" * 43, **given)  # type: ignore[arg-type]  # as the environment would give them


def test_whoever_does_not_reach_the_bar_waits_until_it_has_come_down_and_the_step_is_told() -> None:
    town = Town()
    town.asks("ada")
    assert town.proposed(town.asks("ben", **HALF)) == []
    assert town.proposed(town.pass_time(days=5)) == []
    made: ProposalMade = only(town.pass_time(days=1))
    assert (made.benefit, made.step) == (3820, 6)
    assert BALANCED.points(6) <= made.benefit < BALANCED.points(5)


def test_the_longer_wait_of_the_two_counts_for_a_newcomer() -> None:
    town = Town()
    town.asks("ada")
    town.pass_time(days=9)
    made = only([each for each in town.asks("ben", **HALF) if isinstance(each, ProposalMade)])
    assert made.step == 9


def test_a_better_pair_that_does_not_reach_the_bar_does_not_keep_others_from_theirs() -> None:
    """Who has waited needs fewer points: cleo would be better for ben, but ada has waited for a week."""
    town = Town()
    town.asks("ada", seeks=("grief", "money"), offers=("sleep",))
    town.pass_time(days=6.9)
    town.asks("cleo", seeks=("grief", "forms"), offers=("sleep",), languages=("en", "cy"))
    town.pass_time(days=0.2)
    assert town.proposed(town.asks("ben", languages=("en", "cy"))) == [{"ada", "ben"}]


def test_whoever_is_freed_keeps_to_the_bar_too() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben")
    town.asks("cleo", **HALF)
    assert town.proposed(town.no_longer_asks("ada")) == []
