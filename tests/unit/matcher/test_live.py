"""A pool of columns proposes whom the plain pool would, pair by pair, whatever people do and however they are weighed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.domain.benefit import net
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, Pool
from services.matcher.domain.standing import Standing
from services.matcher.domain.waiting import LookedAt, Waiting, who_waits
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.keys import KEY_BYTES
from services.matcher.pairing.live import LivePool
from services.matcher.pairing.ready import Engine
from services.matcher.pairing.slots import Slots
from shared.clock import DAY_MS
from tests.unit.matcher.crowds import NOW_MS as CROWD_MS
from tests.unit.matcher.crowds import Uncompiled, crowd_people
from tests.unit.matcher.made_up import choosy
from tests.unit.matcher.test_weighing import HEAVIEST, SMALL
from tests.unit.matcher.town import person

NOW_MS = 300 * DAY_MS
BARS_ALL = st.sampled_from([*BARS.values(), NO_BAR])


@pytest.fixture(scope="module")
def compiled() -> Engine:
    engine = Engine()
    engine.compile()
    assert engine.compiled.wait(120)
    return engine


PLAINLY = Uncompiled()


def said(each: Person | None) -> Any:
    """What has to be the same: all that is compared, the net in place of its two parts, and of those who have a place whom
    they keep apart."""
    if each is None:
        return None
    strangers = each.strangers if each.places else frozenset()
    bare = replace(each, details=PLACEHOLDER, given=0, received=0, strangers=strangers)
    return bare, frozenset(each.details.showable), net(each)


PLACEHOLDER = person().details


def told(match: Match | None) -> Any:
    return match and (tuple(each.peer for each in match.people), tuple(each.request for each in match.people),
                      match.benefit, match.step)


def both(people: list[Person], engine: Engine) -> tuple[Pool, LivePool]:
    live = LivePool(few=0, engine=engine)
    for each in people:
        live.put(each)
    return Pool(people), live


def agree(plain: Pool, live: LivePool, names: list[str], now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> None:
    assert {each.peer: said(each) for each in live} == {each.peer: said(each) for each in plain}
    assert (len(live), set(live.communities())) == (len(plain), set(plain.communities()))
    for name in names:
        assert told(live.best_for(name, now_ms, bar, weights)) == told(plain.best_for(name, now_ms, bar, weights))
        assert live.request_of(name) == plain.request_of(name)
    assert told(live.best_pair(names, now_ms, bar, weights)) == told(plain.best_pair(names, now_ms, bar, weights))


@pytest.mark.parametrize("weights", [PUBLISHED, HEAVIEST, SMALL])
@pytest.mark.parametrize("topics", [12, 60])
@pytest.mark.parametrize("bar", [BARS["balanced"], NO_BAR])
def test_everybody_in_a_crowd_is_proposed_the_same_partner(
        compiled: Engine, topics: int, weights: Weights, bar: Bar) -> None:
    people = crowd_people(80, seed=topics, topics=topics, capacity=2)
    names = [each.peer for each in people]
    for engine in (PLAINLY, compiled):
        plain, live = both(people, engine)
        agree(plain, live, names, CROWD_MS - 20 * DAY_MS, bar, weights)


STEPS = st.lists(st.one_of(
    st.sampled_from("abcdefgh").flatmap(choosy).map(lambda each: ("put", each)),
    st.sampled_from("abcdefgh").map(lambda name: ("drop", name)),
    st.tuples(st.just("stand"), st.sampled_from("abcdefgh"), st.builds(
        Standing, request=st.just("r"), capacity=st.integers(0, 4), given=st.integers(0, 30), received=st.integers(0, 30),
        proposals=st.dictionaries(st.just("p"), st.sampled_from("ax")), proposed_day=st.integers(0, 400),
        apart=st.dictionaries(st.sampled_from("abcxyz"), st.none()))),
    st.tuples(st.just("count"), st.sampled_from("abcdefgh"), st.integers(0, 30), st.integers(0, 30)),
), max_size=25)


LOOKED_AT = LookedAt(("carer", "gender", "asked no more"), True, frozenset(("forms", "unheard of")))


def counted(waiting: Waiting) -> Any:
    """Lists in their order, and only groups of somebody."""
    groups = {(fact, value): sorted(days) for fact, each in waiting.groups.items() for value, days in each.items()}
    return sorted(waiting.days), waiting.unproposed, sorted(waiting.practical), groups


def play(pool: Pool | LivePool, step: Any) -> None:
    match step:
        case "put", each:
            pool.put(each)
        case "drop", name:
            pool.drop(name)
        case "stand", name, standing:
            if pool.get(name) is not None:
                pool.stand(name, standing)
        case "count", name, given_, received:
            pool.count(name, given_, received)


@settings(max_examples=100, deadline=None)
@given(STEPS, BARS_ALL, st.integers(0, 400 * DAY_MS), st.sampled_from([0, 3]))
def test_whatever_people_do_the_same_are_proposed(
        compiled: Engine, steps: list[Any], bar: Bar, now_ms: int, few: int) -> None:
    pools = [Pool(), LivePool(few, PLAINLY), LivePool(few, compiled)]
    for step in steps:
        for pool in pools:
            play(pool, step)
    plain, *lives = pools
    assert isinstance(plain, Pool)
    for live in lives:
        assert isinstance(live, LivePool)
        agree(plain, live, list("abcdefgh"), now_ms, bar)
        for community in ("riverside", "hillview"):
            assert live.with_places(community) == plain.with_places(community)
            assert ({each.peer for each in live.waiting(community)} == {each.peer for each in plain.waiting(community)})
            assert counted(live.who_waits(community, now_ms, LOOKED_AT)) == counted(
                who_waits(plain.waiting(community), now_ms, LOOKED_AT))
        for one in plain:
            for other in plain:
                requests = one.request, other.request
                assert told(live.pair_of((one.peer, other.peer), requests, now_ms, bar)) == told(
                    plain.pair_of((one.peer, other.peer), requests, now_ms, bar))


def test_many_who_are_alike_are_told_apart_by_their_ids(compiled: Engine) -> None:
    people = [person(f"p{number:04}", since_ms=number // 40 * 1000) for number in range(1_500)]
    random.Random(1).shuffle(people)
    for engine in (PLAINLY, compiled):
        plain, live = both(people, engine)
        for name in ("p0000", "p0001", "p0700", "p1499"):
            assert told(live.best_for(name, NOW_MS, NO_BAR)) == told(plain.best_for(name, NOW_MS, NO_BAR))


def test_a_hub_that_keeps_everybody_apart_is_proposed_to_nobody(compiled: Engine) -> None:
    people = [replace(person("hub", since_ms=0), strangers=frozenset(f"p{n}" for n in range(50))),
              *(replace(person(f"p{n}", since_ms=n), strangers=frozenset(("hub",)) if n % 2 else frozenset())
                for n in range(50))]
    for engine in (PLAINLY, compiled):
        plain, live = both(people, engine)
        assert live.best_for("hub", NOW_MS, NO_BAR) is None
        agree(plain, live, [each.peer for each in people], NOW_MS, NO_BAR)


# ── words that come up while people are in ───────────────────────────────────────────────────────────────────────────


def grown(word: Callable[[int], dict[str, Any]], many: int) -> list[Person]:
    """People of whom each brings in a word that nobody said before."""
    return [replace(person(f"p{n}", since_ms=n), **word(n)) for n in range(many)]


@pytest.mark.parametrize(("what", "many"), [
    (lambda n: {"seeks": frozenset((f"t{n}", "sleep"))}, 60),
    (lambda n: {"languages": frozenset((f"l{n}", "en"))}, 60),
    (lambda n: {"area": f"area {n // 2}"}, 80),
    (lambda n: {"facts": {"home": f"h{n}"}, "chosen_limits": {"home": frozenset((f"h{n + 1}", f"h{n + 2}", f"h{n - 1}"))}}, 55),
    (lambda n: {"age_band": f"{n}", "meets_ages": frozenset((f"{n + 1}", f"{n - 1}"))}, 55),
    (lambda n: {"facts": {"home": f"h{n}"}, "prefers": {"home": frozenset((f"h{n + 1}", f"h{n - 1}"))}}, 55),
])
def test_words_may_come_up_while_people_are_in(compiled: Engine, what: Any, many: int) -> None:
    people = grown(what, many)
    live = LivePool(few=0, engine=compiled)
    for n, each in enumerate(people):
        live.put(each)
        if n % 9 == 0 or n == many - 1:
            agree(Pool(people[:n + 1]), live, [other.peer for other in people[:n + 1]], NOW_MS, NO_BAR)
    assert live.seen("riverside") is not None


def test_a_community_of_too_many_words_goes_on_plainly_and_the_others_stay_columns(compiled: Engine) -> None:
    people = [*grown(lambda n: {"seeks": frozenset((f"t{n}", "sleep"))}, 80), *(
        person(f"q{n}", since_ms=n, community="hillview") for n in range(10))]
    plain, live = both(people, compiled)
    assert live.seen("riverside") is None
    assert live.seen("hillview") is not None
    agree(plain, live, [each.peer for each in people], NOW_MS, NO_BAR)


def test_who_moves_to_another_community_is_in_that_one_alone(compiled: Engine) -> None:
    plain, live = both([person("a"), person("b"), person("c", community="hillview")], compiled)
    for pool in (plain, live):
        pool.put(person("b", community="hillview"))
    agree(plain, live, list("abc"), NOW_MS, NO_BAR)
    assert live.with_places("riverside") == live.with_places("hillview") - 1 == 1


def test_a_few_people_are_kept_plainly_and_nothing_is_compiled_for_them() -> None:
    class Engines(Engine):
        begun = 0

        def compile(self) -> None:
            self.begun += 1

    engine = Engines()
    live = LivePool(few=3, engine=engine)
    for name in "abc":
        live.put(person(name))
    assert (live.seen("riverside"), engine.begun) == (None, 0)
    live.put(person("d"))
    assert live.seen("riverside") is not None
    assert engine.begun == 1


def test_everybodys_key_stays_with_them_while_their_community_becomes_columns_and_goes_on_plainly_again() -> None:
    live, keys = LivePool(few=3, engine=PLAINLY), dict[str, bytes]()
    for n, each in enumerate(grown(lambda n: {"seeks": frozenset((f"t{n}", "sleep"))}, 80)):
        live.put(each)
        keys[each.peer] = bytes([n + 1]) * (KEY_BYTES if n % 7 else 9)
        live.keep(each.peer, keys[each.peer])
        if n % 5 == 4:
            live.drop(f"p{n - 1}")
            del keys[f"p{n - 1}"]
        assert {peer: live.key(peer) for peer in keys} == keys
    assert live.seen("riverside") is None  # too varied by now


def test_room_that_was_let_go_is_filled_again() -> None:
    slots = Slots("riverside")
    for n in range(5_000):
        slots.put(person(f"p{n}"))
        if n >= 50:
            slots.drop(f"p{n - 50}")
    assert len(slots) == 50
    assert len(slots.columns()[1]) <= 51


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_those_who_might_fit_somebody_are_those_who_fit_and_have_a_place(seed: int) -> None:
    people = [*crowd_people(120, seed, capacity=2), person("away")]
    people[-1] = replace(people[-1], places=0)
    _, live = both(people, PLAINLY)
    names = [each.peer for each in people]
    random.Random(seed).shuffle(names)
    by_name = {each.peer: each for each in people}
    for each in people[:40]:
        expected = [name for name in names if by_name[name].places and fits(each, by_name[name])]
        assert list(live.who_might_fit([*names, "nobody"], each)) == expected
    assert any(list(live.who_might_fit(names, each)) for each in people)
