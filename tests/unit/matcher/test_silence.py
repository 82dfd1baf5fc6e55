"""Three proposals in a row without a word: set aside, and back with the place that was kept."""

from __future__ import annotations

import pytest

from shared.events import Answer, Event, ProposalMade, RequestSetAside
from tests.unit.in_memory import START_MS, only
from tests.unit.matcher.town import Town


@pytest.fixture
def town() -> Town:
    return Town()


def lapse(town: Town, *others: str) -> list[Event]:
    """Each of `others` asks, is proposed to Ada, says yes, and hears nothing from her for a week."""
    said = []
    for other in others:
        town.asks(other)
        assert town.proposal_of("ada") == town.proposal_of(other)
        town.answers(other, Answer.YES)
        said += town.pass_time(days=7)
        town.no_longer_asks(other)
    return said


def set_aside(town: Town) -> list[str]:
    return [event.peer for event in town.every(RequestSetAside)]


def test_whoever_gives_no_word_to_three_proposals_in_a_row_is_set_aside_and_nothing_more_is_proposed(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo")
    assert set_aside(town) == []
    lapse(town, "dan")
    assert set_aside(town) == ["ada"]
    assert town.proposed(town.asks("eve")) == []
    assert town.proposed(town.pass_time(days=100)) == []
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


def test_whoever_said_yes_each_time_is_never_set_aside(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo", "dan")
    assert set_aside(town) == ["ada"]


def test_both_are_set_aside_when_neither_gives_a_word(town: Town) -> None:
    town.asks("ada")
    town.asks("ben")
    town.pass_time(days=7 + 14 + 7 + 14 + 7)  # the same two come together again after a fortnight
    assert sorted(set_aside(town)) == ["ada", "ben"]
    assert len(town.every(ProposalMade)) == 3


@pytest.mark.parametrize("answer", list(Answer))
def test_any_answer_begins_the_count_anew(town: Town, answer: Answer) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo")
    town.asks("dan")
    town.answers("ada", answer)
    assert town.standing("ada").lapses == 0
    town.no_longer_asks("dan")
    town.pass_time(days=30)
    lapse(town, "eve", "fay")
    assert "ada" not in set_aside(town)


def test_a_yes_that_nobody_answers_is_a_word_all_the_same(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo")
    town.asks("dan")
    town.answers("ada", Answer.YES)
    town.pass_time(days=7)
    assert set_aside(town) == []
    assert town.standing("ada").lapses == 0


def test_asking_anew_is_a_word_too(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo", "dan")
    town.no_longer_asks("ada")
    town.asks("ada")
    assert town.proposed(town.asks("eve")) == [{"ada", "eve"}]


def test_whoever_takes_a_break_is_there(town: Town) -> None:
    three_lapses_and_one_open(town)
    town.takes_a_break("ada", days=2)
    assert set_aside(town) == []
    assert town.standing("ada").lapses == 0


def test_a_break_does_not_bring_back_whoever_was_set_aside(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo", "dan")
    town.asks("eve")
    town.takes_a_break("ada", days=2)
    assert town.proposed(town.pass_time(days=3)) == []
    assert town.proposed(town.comes_back("ada")) == [{"ada", "eve"}]


def test_one_word_brings_them_back_with_their_original_place(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo", "dan")
    town.asks("eve", languages=("cy",))
    town.asks("fay")
    made: ProposalMade = only(town.comes_back("ada"))
    assert set(made.peers) == {"ada", "fay"}
    found = town.memory.pool.get("ada")
    assert found is not None
    assert found.since_ms == START_MS
    assert made.step == 14
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


def test_coming_back_ends_a_rest_and_no_break(town: Town) -> None:
    town.asks("ada", capacity=4)
    for other in ("ben", "cleo", "dan", "eve"):
        town.asks(other)
    town.answers("ada", Answer.NOT_NOW, next(iter(town.standing("ada").proposals)))
    town.pass_time(days=7)
    assert set_aside(town).count("ada") == 1
    assert town.standing("ada").rest_until_ms
    town.asks("fay")
    town.takes_a_break("ada", days=1)
    assert town.comes_back("ada") == []
    assert (town.standing("ada").aside, town.standing("ada").rest_until_ms) == (False, 0)
    assert {"ada", "fay"} in town.proposed(town.pass_time(days=1))
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


def test_coming_back_twice_or_without_having_been_set_aside_or_under_another_request_changes_nothing(town: Town) -> None:
    town.asks("ada")
    lapse(town, "ben", "cleo")
    before = town.stored()
    assert town.comes_back("ada") == []
    assert town.stored() == before, "two lapses still count"
    lapse(town, "dan")
    before = town.stored()
    assert town.comes_back("ada", "r-of-another-time") == town.comes_back("zoe", "r") == []
    assert town.stored() == before


def three_lapses_and_one_open(town: Town) -> None:
    """Ada has room for two: two lapse together, then a third, while a fourth was proposed three days later."""
    town.asks("ada", capacity=2)
    town.asks("ben")
    town.asks("cleo")
    town.pass_time(days=7)
    town.no_longer_asks("ben")
    town.no_longer_asks("cleo")
    town.asks("dan")
    town.pass_time(days=3)
    town.asks("eve")
    town.pass_time(days=4)
    assert (town.standing("ada").lapses, town.standing("ada").places) == (3, 0)
    assert set_aside(town) == []
    assert town.findings() == []


def test_whoever_may_still_answer_another_proposal_is_set_aside_only_once_that_is_over(town: Town) -> None:
    three_lapses_and_one_open(town)
    town.pass_time(days=3)
    assert "ada" in set_aside(town)


def test_whoever_answers_that_other_proposal_is_not_set_aside_at_all(town: Town) -> None:
    three_lapses_and_one_open(town)
    town.answers("ada", Answer.SOMEONE_DIFFERENT)
    assert set_aside(town) == []
    assert town.standing("ada").lapses == 0


def test_when_that_other_proposal_ends_otherwise_they_are_set_aside_then(town: Town) -> None:
    three_lapses_and_one_open(town)
    town.leaves("eve")
    assert set_aside(town) == ["ada"]
    assert town.standing("ada").lapses == 3
