"""Whoever was left out is next: nobody is passed over without end while people who fit them are paired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.domain import rounds
from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.line import line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.rounds import Chosen, Policy
from services.matcher.domain.standing import Standing
from services.matcher.pairing.choosing import choose, choose_among
from services.matcher.pairing.live import LivePool
from services.matcher.store import ROUNDS, Round
from services.matcher.worker import next_in_line
from shared.clock import DAY_MS
from shared.events import NEXT_MAX, Answer, Details, Way
from tests.unit.matcher.crowds import NOW_MS as CROWD_MS
from tests.unit.matcher.crowds import Uncompiled, crowd_people
from tests.unit.matcher.town import DAILY, Town, person

BALANCED = BARS["balanced"]
NOW_MS = 300 * DAY_MS
Way_ = Callable[[Sequence[Person], int, Bar, int | None], Chosen]


def on_columns(people: Sequence[Person], now_ms: int, bar: Bar, days: int | None) -> Chosen[Match]:
    """As a worker has it of very many people."""
    pool, by_name = LivePool(0, Uncompiled()), {each.peer: each for each in people}
    for each in people:
        pool.put(each)
    seen = pool.seen("riverside")
    assert seen is not None
    chosen = choose_among(seen, now_ms, bar, 1, days)
    pairs = tuple(Match.of(by_name[a], by_name[b], pair.benefit, pair.step) for pair in chosen.pairs for a, b in [pair.peers])
    return Chosen(pairs, chosen.waiting, chosen.left_out, chosen.proven_share, chosen.sampled)


WAYS: dict[str, Way_] = {
    "plain": lambda people, now_ms, bar, days: rounds.choose(people, now_ms, bar, days),
    "exact": lambda people, now_ms, bar, days: choose(people, now_ms, bar, 1, 500, days),
    "by prices": lambda people, now_ms, bar, days: choose(people, now_ms, bar, 1, 0, days),
    "on columns": on_columns,
}


def waited(name: str, days: float, **fields: object) -> Person:
    return person(name, since_ms=NOW_MS - round(days * DAY_MS), **fields)


def together(chosen: Chosen) -> list[set[str]]:
    return [{each.peer for each in match.people} for match in chosen.pairs]


def left_out_for_later_ones(people: Sequence[Person], chosen: Chosen, days: int) -> list[tuple[str, str]]:
    """(who is in line and has nobody, one they fit who is free or with somebody who stands behind them)."""
    rank = {each.peer: place for place, each in enumerate(line(people, CROWD_MS, BALANCED, days))}
    mates: dict[str, set[str]] = {each.peer: set() for each in people}
    for one, other in map(tuple, together(chosen)):
        mates[one].add(other)
        mates[other].add(one)
    return [(one.peer, other.peer) for one in people if one.peer in rank and not mates[one.peer] for other in people
            if fits(one, other) and (len(mates[other.peer]) < other.places
                                     or any(rank.get(mate, 10**6) > rank[one.peer] for mate in mates[other.peer]))]


HALF = {"seeks": ("grief", "money"), "offers": ("sleep",)}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whoever_has_waited_long_takes_the_best_partner_before_a_better_pair_does(way: Way_) -> None:
    people = [waited("hub", 1), replace(waited("old", 21, **HALF), strangers=frozenset({"ada"})), waited("ada", 3)]
    assert together(way(people, NOW_MS, BALANCED, None)) == together(way(people, NOW_MS, BALANCED, 22)) == [{"hub", "ada"}]
    assert together(way(people, NOW_MS, BALANCED, 21)) == [{"hub", "old"}]


@pytest.mark.parametrize(("size", "seed"), [(12, 1), (40, 2), (80, 3)])
def test_of_all_rounds_that_keep_the_line_the_exact_one_brings_most(size: int, seed: int) -> None:
    """By another library: each place in line counts more than all behind it and all benefit together."""
    people = crowd_people(size, seed)
    rank = {each.peer: place for place, each in enumerate(reversed(line(people, CROWD_MS, BALANCED, 40)), 1)}
    graph, whole = nx.Graph(), size * 20_000
    for place, a in enumerate(people):
        for b in people[place + 1:]:
            if fits(a, b) and BALANCED.lets_pass(points := benefit(a, b, CROWD_MS), a, b, CROWD_MS):
                turns = sum(whole << rank[each.peer] for each in (a, b) if each.peer in rank)
                graph.add_edge(a.peer, b.peer, weight=points + turns, points=points)
    best = sum(graph.edges[pair]["points"] for pair in nx.max_weight_matching(graph))
    exact, guided = (choose(people, CROWD_MS, BALANCED, 1, exact_max, 40) for exact_max in (500, 0))
    assert len(rank) > 3
    assert sum(match.benefit for match in exact.pairs) == best
    assert sum(match.benefit for match in guided.pairs) >= 0.9 * best


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_longest_wait_chooses_before_a_shorter_one_whoever_brings_more(way: Way_) -> None:
    hub = waited("hub", 1)
    people = [hub, waited("older", 40, **HALF), waited("old", 30)]
    strangers = frozenset({"old", "older"})
    people[1:] = [replace(each, strangers=strangers) for each in people[1:]]
    assert together(way(people, NOW_MS, BALANCED, None)) == [{"hub", "old"}]
    assert together(way(people, NOW_MS, BALANCED, 21)) == [{"hub", "older"}]


def test_nobody_is_in_line_before_the_bar_is_down_with_somebody_or_without_a_place() -> None:
    people = [waited("a", 30), waited("b", 20.9), waited("c", 25),
              waited("busy", 90).standing(Standing(request="r-busy", capacity=2, pairs={"p": "z"})),
              waited("away", 90).standing(Standing(request="r-away", capacity=1, break_until_ms=1))]
    assert [each.peer for each in line(people, NOW_MS, BARS["better"], 7)] == ["a", "c"]
    assert [each.peer for each in line(people, NOW_MS, BALANCED, 7)] == ["a", "c", "b"]
    assert [each.peer for each in line(people, NOW_MS, BALANCED, 26)] == ["a"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_wait_makes_two_meet_who_must_not(way: Way_) -> None:
    people = [waited("old", 200), waited("cy", 100, languages=("cy",)),
              waited("other", 100, seeks=("money",), offers=("money",)),
              replace(waited("apart", 100), strangers=frozenset({"old"}))]
    assert way(people, NOW_MS, NO_BAR, 1).pairs == ()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_all_rules_hold_in_a_crowd_of_which_many_are_in_line(way: Way_) -> None:
    people = crowd_people(120, 7, capacity=3)
    chosen = way(people, CROWD_MS, BALANCED, 30)
    places = {each.peer: each.places for each in people}
    assert len(chosen.pairs) > 30
    for match in chosen.pairs:
        a, b = match.people
        assert fits(a, b)
        assert match.benefit == benefit(a, b, CROWD_MS) >= BALANCED.points(match.step)
        for each in (a, b):
            places[each.peer] -= 1
    assert min(places.values()) >= 0
    assert len({frozenset(two) for two in together(chosen)}) == len(chosen.pairs)
    left_out = left_out_for_later_ones(people, chosen, 30)
    in_line = {each.peer for each in line(people, CROWD_MS, BALANCED, 30)}
    assert all(other in in_line for _, other in left_out) if way is WAYS["plain"] else left_out == []


@pytest.mark.parametrize("exact_max", [500, 0])
def test_the_order_in_which_people_are_known_changes_nothing(exact_max: int) -> None:
    people = crowd_people(70, 5, capacity=2)
    assert choose(people[::-1], CROWD_MS, BALANCED, 1, exact_max, 25) == choose(people, CROWD_MS, BALANCED, 1, exact_max, 25)


# ── who comes between two rounds ─────────────────────────────────────────────────────────────────────────────────────


def overlooked(policy: Policy = DAILY) -> Town:
    """Old has waited for 22 days, with cy, whom old does not fit; ada, who came today, keeps apart from old."""
    town = Town(policy)
    town.asks("old", **HALF)
    town.asks("cy", languages=("cy",))
    town.pass_time(days=22)
    town.asks("ada", avoids=("money",))
    return town


def test_whoever_comes_is_looked_at_first_with_those_whom_the_latest_round_left_out() -> None:
    never = overlooked(replace(DAILY, first_in_line_days=None))
    assert never.proposed(never.asks("ben")) == [{"ada", "ben"}]
    town = overlooked()
    assert town.proposed(town.asks("ben")) == [{"old", "ben"}]
    assert town.proposed(town.asks("cleo")) == [{"ada", "cleo"}]
    assert town.findings() == []
    assert town.rebuilt() == town.stored()


@pytest.mark.parametrize(("days", "bens"), [(21, "old"), (None, "ada")])
def test_whoever_is_freed_is_looked_at_first_with_those_who_were_left_out(days: int | None, bens: str) -> None:
    town = Town(replace(DAILY, first_in_line_days=days))
    town.asks("old", **HALF)
    town.asks("cy", languages=("cy",))
    town.pass_time(days=20)
    town.asks("dan", avoids=("money",))
    assert town.proposed(town.asks("ben")) == [{"ben", "dan"}]
    town.pass_time(days=2)
    town.asks("ada", avoids=("money",))
    assert {"ben", bens} in town.proposed(town.answers("ben", Answer.SOMEONE_DIFFERENT))


def test_whoever_left_is_not_named_among_those_who_are_next() -> None:
    town = overlooked()
    assert "old" in (town.rows.get(ROUNDS, "riverside") or Round()).next
    town.leaves("old")
    assert (town.rows.get(ROUNDS, "riverside") or Round()).next == ("cy",)
    assert town.proposed(town.asks("ben")) == [{"ada", "ben"}]
    assert town.rebuilt() == town.stored()


def test_whoever_asks_for_nobody_any_more_is_not_next_and_leaves_no_trace_there() -> None:
    town = overlooked()
    town.no_longer_asks("old")
    assert (town.rows.get(ROUNDS, "riverside") or Round()).next == ("cy",)
    town.leaves("old")
    assert "'old'" not in repr(town.stored()["rounds"])


def test_whoever_leaves_while_a_round_is_computed_is_not_named_as_next_by_it() -> None:
    town = overlooked()
    town.held = True
    town.pass_time(days=2)
    town.leaves("old")
    town.workers_tell()
    assert (town.rows.get(ROUNDS, "riverside") or Round()).next == ("cy",)


@pytest.mark.parametrize("way", ["exact", "by prices", "on columns"])
def test_with_many_in_line_a_round_still_proves_how_good_it_is(way: str) -> None:
    people = crowd_people(300, 5)
    in_line = len(line(people, CROWD_MS, BALANCED, 40))
    chosen = WAYS[way](people, CROWD_MS, BALANCED, 40)
    assert in_line > 60
    assert chosen.proven_share is not None
    assert 0.9 < chosen.proven_share <= 1


def test_of_many_who_were_left_out_another_part_is_next_each_time() -> None:
    many = [f"p{number:04}" for number in range(NEXT_MAX * 3)]
    first, second = next_in_line(many, "one round"), next_in_line(many, "another")
    assert len(first) == len(second) == NEXT_MAX
    assert first != second
    assert list(first) == sorted(first)
    assert next_in_line(many[:NEXT_MAX], "one round") == tuple(many[:NEXT_MAX])


FULL = {"avoids": ("caring",)}
"""Somebody with whom nobody fits who seeks help with caring for somebody."""


@pytest.mark.parametrize("days", [21, None])
def test_of_those_who_are_passed_over_day_after_day_one_after_the_other_gets_somebody(days: int | None) -> None:
    """Each day comes one who suits the next one better than anybody who has waited: a minority language, a rare need, little
    to offer, one way to meet."""
    town = Town(replace(DAILY, first_in_line_days=days))
    overlooked = {"letters": {"ways": (Way.LETTER, Way.MESSAGE), "seeks": ("caring", "grief"), "offers": ("sleep",)},
                  "urdu": {"languages": ("ur", "en"), "seeks": ("caring",), "offers": ("grief",)},
                  "rare": {"seeks": ("caring", "hearing_voices", "sleep"), "offers": ("sleep",)},
                  "little": {"seeks": ("caring", "grief"), "offers": ()}}
    for name, said in overlooked.items():
        town.asks(name, **said, meets_ages=("young",), age_band="old")
        town.pass_time(days=0.01)
    town.pass_time(days=21.1)
    served: list[str] = []
    for day in range(5):
        town.asks(f"first-{day}", **FULL, age_band="young")
        said = town.asks(f"second-{day}", age_band="young")
        served += [name for two in town.proposed(said) for name in two if name in overlooked]
        town.pass_time(days=1)
    assert served == (list(overlooked) if days else [])
    assert town.findings() == []


# ── nobody waits without end ─────────────────────────────────────────────────────────────────────────────────────────

NEWCOMERS = st.lists(st.lists(st.sampled_from(("grief", "sleep", "forms", "money")), min_size=1, max_size=3, unique=True),
                     min_size=2, max_size=5)
"""What each of one day's newcomers seeks and offers: with one another they fit fully."""

OVERLOOKED = {
    "a minority language": Details(seeks=("grief",), offers=("grief",), languages=("ur", "en"), ways=(Way.LETTER, Way.MESSAGE)),
    "a rare need": Details(seeks=("hearing_voices", "parenting", "grief"), offers=("sleep",)),
    "little to offer": Details(seeks=("grief", "caring"), offers=()),
    "one way to meet": Details(seeks=("money", "caring"), offers=("money",), times=("mon-morning",)),
}


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(OVERLOOKED)), st.lists(NEWCOMERS, min_size=45, max_size=45))
def test_everybody_is_proposed_by_the_time_that_those_before_them_in_line_were(
        names: list[str], days: list[list[list[str]]]) -> None:
    """Day after day come people who suit each other better. Whoever was there before them waits 21 days, and from then on
    for as many rounds with somebody who fits them as there are people before them in line."""
    waiting = {name: Person.of(name, f"r-{name}", "riverside", place * 1000, OVERLOOKED[name]).standing(
        Standing(request=f"r-{name}", capacity=1)) for place, name in enumerate(names)}
    waiting = {name: replace(each, strangers=frozenset(names)) for name, each in waiting.items()}
    chances = dict.fromkeys(names, 0)
    for day, newcomers in enumerate(days):
        now_ms = day * DAY_MS + 5_000
        for place, topics in enumerate(newcomers):
            name = f"new-{day}-{place}"
            both = Details(seeks=tuple(topics), offers=tuple(topics), times=("mon-morning", "tue-evening"))
            waiting[name] = Person.of(name, f"r-{name}", "riverside", now_ms, both).standing(
                Standing(request=f"r-{name}", capacity=1))
        there = [name for name in names if name in waiting]
        line_up = [each.peer for each in line(waiting.values(), now_ms, BALANCED, 21)]
        open_to = {name: any(fits(waiting[name], each) for each in waiting.values()) for name in there}
        chosen = rounds.choose(list(waiting.values()), now_ms, BALANCED, 21)
        for two in together(chosen):
            for peer in two:
                del waiting[peer]
        for name in there:
            if name in line_up and name in waiting and open_to[name]:
                chances[name] += 1
                assert chances[name] <= line_up.index(name), "passed over for somebody who came later"
    # whoever is still here met nobody who fits since they came in line
    assert all(not open_to[name] or chances[name] for name in names if name in waiting)
