from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.rounds import Chosen, choose
from services.matcher.domain.standing import Standing
from services.matcher.worker import Ref, parts
from shared.clock import DAY_MS
from shared.events import (
    ROUND_PAIRS_MAX,
    Answer,
    ProposalMade,
    RoundApplied,
    RoundChosen,
    RoundIntended,
    RoundRun,
    RoundScheduled,
    TimerElapsed,
)
from shared.stream.names import Partition
from tests.unit.in_memory import only
from tests.unit.matcher.made_up import DETAILS
from tests.unit.matcher.town import Town, person

NOW_MS = 300 * DAY_MS
HALF = {"seeks": ("grief", "money"), "offers": ("sleep",)}


@pytest.fixture
def town() -> Town:
    """Ada and Ben find half of what they seek with each other, which is enough after six days; rounds are held."""
    town = Town()
    town.asks("ada")
    town.asks("ben", **HALF)
    town.held = True
    assert town.pass_time(days=6) == []
    return town


# ── when there is one ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_round_is_scheduled_as_soon_as_somebody_waits_with_a_place_and_only_one() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", languages=("cy",))
    scheduled: RoundScheduled = only(town.every(RoundScheduled))
    assert (scheduled.community, scheduled.due_ms) == ("riverside", town.now_ms + DAY_MS)


def test_every_community_has_rounds_of_its_own() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", community="hillview")
    assert [event.community for event in town.every(RoundScheduled)] == ["riverside", "hillview"]


def test_no_round_comes_while_nobody_waits_with_a_place() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben")
    town.pass_time(days=5)
    assert len(town.every(RoundScheduled)) == 1
    town.answers("ada", Answer.SOMEONE_DIFFERENT)
    assert len(town.every(RoundScheduled)) == 2
    assert town.every(RoundIntended) == []


def test_somebody_who_waits_alone_can_count_on_the_next_round_though_none_is_computed() -> None:
    town = Town()
    town.asks("ada")
    town.pass_time(days=3)
    assert (len(town.every(RoundScheduled)), town.every(RoundIntended)) == (4, [])


def test_a_round_says_in_counts_what_came_of_it_and_the_next_one_is_scheduled_for_who_still_waits() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", **HALF)
    town.asks("cleo", languages=("cy",))
    town.pass_time(days=6)
    *earlier, last = town.every(RoundRun)
    assert {(each.waiting, each.chosen) for each in earlier} == {(3, 0)}
    assert (last.waiting, last.chosen, last.proposed, last.no_longer_held) == (3, 1, 1, 0)
    assert (last.proven_share, last.sampled) == (1.0, False)
    assert town.every(RoundScheduled)[-1].due_ms == town.now_ms + DAY_MS


def test_how_good_the_latest_round_was_proven_to_be_is_kept_while_the_next_one_comes() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", languages=("cy",))
    assert town.memory.rounds["riverside"].proven_share is None
    town.pass_time(days=1)
    assert (town.memory.rounds["riverside"].proven_share, town.memory.rounds["riverside"].to_come) == (1.0, True)
    assert town.rebuilt() == town.stored()


@pytest.mark.parametrize(("share", "told"), [(None, None), (1.0, 1.0), (0.98769, 0.9876), (0.99999, 0.9999)])
def test_what_is_proven_is_never_rounded_up(share: float | None, told: float | None) -> None:
    chosen: Chosen[Match] = Chosen((), 5000, proven_share=share, sampled=True)
    part = next(parts(Ref(Partition(0), "riverside", "r"), chosen))
    assert (part.proven_share, part.sampled) == (told, True)


# ── what still holds when it is read ─────────────────────────────────────────────────────────────────────────────────


def told(town: Town) -> RoundRun:
    """The round that was held is read; what it came to."""
    town.workers_tell()
    run: RoundRun = town.every(RoundRun)[-1]
    assert town.findings() == []
    assert town.rebuilt() == town.stored()
    return run


def test_what_was_chosen_is_proposed_when_nothing_has_changed(town: Town) -> None:
    town.workers_tell()  # the first day's, which came to nothing
    town.pass_time(days=1)
    assert told(town).proposed == 1
    assert only(town.every(ProposalMade)).step == 7


def test_an_entry_that_says_again_what_a_round_came_to_changes_nothing(town: Town) -> None:
    [again] = town.chosen
    told(town)
    before, said = town.stored(), len(town.said)
    assert town.hear(again) == []
    assert town.stored() == before
    assert len(town.said) == said


def test_a_timer_of_a_round_that_is_not_the_one_to_come_begins_none() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", **HALF)
    said = len(town.said)
    town.hear(TimerElapsed(service="matcher", what="round", of="riverside", due_ms=town.now_ms))
    town.hear(TimerElapsed(service="matcher", what="round", of="elsewhere", due_ms=town.now_ms))
    assert len(town.said) == said


@pytest.mark.parametrize("what", ["left", "break", "withdrew", "blocked", "proposed", "asked anew"])
def test_a_pair_that_no_longer_holds_is_passed_over(what: str) -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", **HALF)
    town.pass_time(days=5)
    town.held = True
    town.pass_time(days=1)
    match what:
        case "left":
            town.leaves("ben")
        case "break":
            town.takes_a_break("ben", days=3)
        case "withdrew":
            town.no_longer_asks("ben")
        case "blocked":
            town.blocks("ada", "ben")
        case "proposed":
            town.asks("cleo")
        case "asked anew":
            town.no_longer_asks("ben")
            town.asks("ben", **HALF, languages=("cy",))
    run = told(town)
    assert (run.chosen, run.proposed, run.no_longer_held) == (1, 0, 1)
    assert {"ada", "ben"} not in town.proposed(town.said)


def test_answers_are_heard_while_a_round_is_under_way(town: Town) -> None:
    town.asks("dan", languages=("cy",))
    town.asks("eve", languages=("cy",))
    assert town.both_say_yes("dan", "eve")


def test_a_round_read_in_two_parts_counts_both_and_its_people_have_places_in_neither_too_many() -> None:
    town = Town()
    town.held = True
    town.asks("ada", capacity=2)
    town.asks("ben", **HALF)
    town.asks("cleo", **HALF)
    town.pass_time(days=1)
    town.pass_time(days=8)
    intended: RoundIntended = only(town.every(RoundIntended))
    chosen = choose(town.memory.pool.waiting("riverside"), town.now_ms, town.policy.bar)
    [first, second] = [part.model_copy(update={"part": n, "last": bool(n)}) for n, part in enumerate(
        RoundChosen(round=intended.round, community="riverside", pairs=(pair,), last=True, waiting=3, chosen=2)
        for pair in next(parts(Ref(Partition(0), "riverside", intended.round), chosen)).pairs)]
    assert len(town.proposed(town.hear(first))) == 1
    assert only(town.every(RoundApplied)).proposed == 1
    assert len(town.proposed(town.hear(second))) == 1
    run: RoundRun = only(town.every(RoundRun))
    assert (run.waiting, run.chosen, run.proposed) == (3, 2, 2)
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def crowd(names: str) -> st.SearchStrategy[list[Person]]:
    def one(name: str) -> st.SearchStrategy[Person]:
        return st.builds(
            lambda details, since_ms, capacity, apart: Person.of(name, f"r-{name}", "riverside", since_ms, details).standing(
                Standing(request=f"r-{name}", capacity=capacity, apart=dict.fromkeys(apart))),
            DETAILS, st.integers(280, 300).map(lambda days: days * DAY_MS), st.integers(0, 3),
            st.sets(st.sampled_from(names), max_size=1))
    return st.tuples(*(one(name) for name in names)).map(list)


BARS_ALL = st.sampled_from([*BARS.values(), NO_BAR])


@settings(max_examples=200, deadline=None)
@given(crowd("abcdefgh"), BARS_ALL)
def test_whoever_is_chosen_fits_reaches_the_bar_and_has_a_place_and_nobody_else_could_be(
        people: list[Person], bar: Bar) -> None:
    found = choose(people, NOW_MS, bar)
    left = {each.peer: each.places for each in people}
    together = [frozenset((a.peer, b.peer)) for match in found.pairs for a, b in [match.people]]
    for match in found.pairs:
        a, b = match.people
        assert fits(a, b)
        assert match == Match.of(b, a, benefit(a, b, NOW_MS), bar.step(a, b, NOW_MS))
        assert match.benefit >= bar.points(match.step)
        left[a.peer] -= 1
        left[b.peer] -= 1
    assert min(left.values()) >= 0
    assert len(set(together)) == len(together)
    assert list(found.pairs) == sorted(found.pairs, key=lambda match: match.rank)
    for n, a in enumerate(people):
        for b in people[n + 1:]:
            if left[a.peer] and left[b.peer] and fits(a, b) and frozenset((a.peer, b.peer)) not in together:
                assert not bar.lets_pass(benefit(a, b, NOW_MS), a, b, NOW_MS)


@settings(max_examples=100, deadline=None)
@given(crowd("abcdef"), st.permutations(range(6)))
def test_the_same_people_in_any_order_are_paired_the_same(people: list[Person], order: list[int]) -> None:
    assert choose(people, NOW_MS, NO_BAR) == choose([people[n] for n in order], NOW_MS, NO_BAR)


def test_nobody_one_person_and_people_who_do_not_fit_come_to_nothing() -> None:
    assert choose([], 0, NO_BAR) == Chosen((), 0)
    assert choose([person("a")], 0, NO_BAR) == Chosen((), 1)
    assert choose([person("a"), person("b", languages=("cy",))], 0, NO_BAR) == Chosen((), 2)


def test_one_whom_everybody_wants_has_only_their_places() -> None:
    hub = person("hub", seeks=("grief",)).standing(Standing(request="r-hub", capacity=2))
    others = [person(f"p{n}", seeks=("sleep",), offers=("grief",)) for n in range(20)]
    found = choose([*others, hub], 0, NO_BAR)
    assert [sorted(each.peer for each in match.people) for match in found.pairs] == [["hub", "p0"], ["hub", "p1"]]


@pytest.mark.parametrize(("pairs", "sizes"), [(0, [0]), (1, [1]), (500, [500]), (501, [500, 1]), (1500, [500] * 3)])
def test_what_was_chosen_is_told_in_parts_of_which_the_last_one_says_so(pairs: int, sizes: list[int]) -> None:
    chosen = Chosen(tuple(Match.of(person(f"a{n}"), person(f"b{n}"), 7000, 0) for n in range(pairs)), 5000)
    told = [part for part, _ in zip(parts(Ref(Partition(0), "riverside", "r"), chosen), sizes, strict=False)]
    assert [len(part.pairs) for part in told] == sizes
    assert [part.last for part in told] == [False] * (len(sizes) - 1) + [True]
    assert (told[-1].waiting, told[-1].chosen) == (5000, pairs)
    assert max(sizes) <= ROUND_PAIRS_MAX
