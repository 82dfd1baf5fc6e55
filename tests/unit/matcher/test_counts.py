"""What the ledger says of somebody's giving and receiving is weighed, wherever the person stands, and grows old."""

from __future__ import annotations

import pytest

from shared.events import PairFormed, ProposalMade
from tests.unit.matcher.town import Town

RECEIVES = {"seeks": ("sleep",), "offers": ("forms",)}
HELPS = {"seeks": ("grief",), "offers": ("sleep",)}
"""The first finds all they seek with the second, who finds nothing with the first: 15 points for each moment of difference."""


def waiting(town: Town, name: str) -> tuple[int, int]:
    person = town.memory.pool.get(name)
    assert person is not None
    return person.given, person.received


@pytest.fixture
def town() -> Town:
    return Town()


def test_whoever_waits_is_weighed_with_what_the_ledger_said_last(town: Town) -> None:
    town.asks("a")
    assert waiting(town, "a") == (0, 0)
    town.is_told("a", 7, 2)
    assert waiting(town, "a") == (7, 2)
    town.is_told("a", 8, 3)
    assert waiting(town, "a") == (8, 3)


def test_whoever_asks_later_has_the_counts_of_their_moments_since(town: Town) -> None:
    town.asks("a")
    town.asks("b")
    pair = town.both_say_yes("a", "b")
    town.is_told("a", 9, 1)
    town.no_longer_asks("a")
    town.ends("a", pair)
    town.asks("a")
    assert waiting(town, "a") == (9, 1)


def test_a_fresh_start_and_a_rebuild_know_the_same_counts(town: Town) -> None:
    town.asks("a")
    town.is_told("a", 4, 6)
    assert town.remembered_afresh()["a"] == town.memory.pool.get("a")
    assert town.rebuilt() == town.stored()
    assert town.findings() == []


def test_what_says_nothing_of_the_last_weeks_changes_nothing(town: Town) -> None:
    """An event from before they were told."""
    town.asks("a")
    town.is_told("a", 4, 6)
    town.is_told("a", None, None)
    assert waiting(town, "a") == (4, 6)


def test_nothing_is_kept_of_somebody_who_never_asked_or_has_left(town: Town) -> None:
    town.is_told("a", 4, 6)
    town.asks("b")
    town.leaves("b")
    town.is_told("b", 4, 6)
    assert town.stored()["peers"] == {}


def test_whoever_gave_more_is_proposed_where_they_receive(town: Town) -> None:
    town.asks("a", **RECEIVES)
    town.asks("b", **RECEIVES)
    town.is_told("b", 10, 0)
    town.asks("helper", **HELPS)
    town.pass_time(days=15)
    made = town.every(ProposalMade)[0]
    assert set(made.peers) == {"b", "helper"}, "a has waited as long, and came first"


def test_a_word_that_is_older_than_the_weeks_it_was_about_counts_for_nothing(town: Town) -> None:
    town.asks("a")
    town.is_told("a", 7, 2)
    town.pass_time(days=26 * 7 - 1)
    town.asks("b", languages=("cy",))
    assert waiting(town, "a") == (7, 2)
    town.pass_time(days=1)
    town.asks("c", languages=("pl",))
    assert waiting(town, "a") == (0, 0)
    assert town.remembered_afresh()["a"] == town.memory.pool.get("a")


def test_whoever_asks_when_the_last_word_is_too_old_begins_with_none(town: Town) -> None:
    town.asks("a")
    town.is_told("a", 7, 2)
    town.no_longer_asks("a")
    town.pass_time(days=26 * 7)
    town.asks("a")
    assert waiting(town, "a") == (0, 0)


def test_a_newer_word_lasts_as_long_again(town: Town) -> None:
    town.asks("a")
    town.is_told("a", 7, 2)
    town.pass_time(days=100)
    town.is_told("a", 3, 1)
    town.pass_time(days=100)
    town.asks("b", languages=("cy",))
    assert waiting(town, "a") == (3, 1)


def test_a_pair_is_not_formed_by_counts_alone(town: Town) -> None:
    town.asks("a", **RECEIVES)
    town.asks("b", **HELPS)
    town.is_told("a", 10, 0)
    assert town.every(ProposalMade) == town.every(PairFormed) == []


def test_however_often_the_ledger_says_it_somebody_is_remembered_once(town: Town) -> None:
    town.asks("a")
    for given in range(50):
        town.is_told("a", given, 0)
        town.pass_time(days=1)
    town.pass_time(days=26 * 7 - 2)
    town.asks("b", languages=("cy",))
    assert waiting(town, "a") == (49, 0)
    town.pass_time(days=2)
    town.asks("c", languages=("pl",))
    assert waiting(town, "a") == (0, 0)
    assert town.memory.looked_at_later == 0
