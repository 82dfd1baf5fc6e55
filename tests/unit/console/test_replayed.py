"""A history through the policy that it had, and through others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from console.fates import ASSUMED, Fate, Fates, seen
from console.figures import figures, quantile
from console.replayed import Taken, Way, taken
from services.matcher.domain.bar import BARS, NO_BAR
from services.matcher.domain.weights import Weights
from shared.clock import DAY_MS
from shared.events import Answer, Ending
from tests.unit.console.past import past
from tests.unit.matcher.town import DAILY, Town

BALANCED = Way(BARS["balanced"])
HALF = {"seeks": ("grief", "money"), "offers": ("sleep",)}


def both(town: Town, way: Way | None = BALANCED, from_ms: int = 0) -> tuple[Taken, Taken]:
    """(as it was, through that way)."""
    history = past(town)
    fates = seen(history.happened)
    return taken(history, from_ms, fates, None), taken(history, from_ms, fates, way)


def twos(out: Taken) -> list[frozenset[str]]:
    return [frozenset(each.peers) for each in out.proposed]


@pytest.fixture
def town() -> Town:
    """Ada and Ben became a pair after a day, Cleo would not have Dan, Eve fits nobody, and what went to Fay and Gus lapsed."""
    town = Town()
    for name in ("ada", "ben"):
        town.asks(name)
    town.pass_time(days=1)
    pair = town.both_say_yes("ada", "ben")
    for name in ("cleo", "dan"):
        town.asks(name, seeks=("forms",), offers=("forms",))
    town.pass_time(days=0.5)
    town.answers("cleo", Answer.NOT_THIS_PERSON)
    town.asks("eve", languages=("cy",))
    for name in ("fay", "gus"):
        town.asks(name, seeks=("money",), offers=("money",))
    town.pass_time(days=20)
    town.ends("ada", pair, Ending.AGREED)
    town.pass_time(days=1)
    return town


def test_as_it_was_is_what_happened(town: Town) -> None:
    was, _ = both(town)
    assert twos(was)[:3] == [frozenset(two) for two in (("ada", "ben"), ("cleo", "dan"), ("fay", "gus"))]
    told = figures(was)
    assert (told.requests, told.without_proposal, told.pairs) == (7, 1, 1)
    assert (told.wait_median_days, told.wait_p95_days) == (0.0, 21.0)
    assert told.repeats == 1, "fay and gus once more, after the fortnight apart"
    assert told.paired == round(2 / 7, 4)
    assert told.seen == 1.0
    assert told.accepted == told.accepted_seen == round(1 / 3, 4)


def test_the_policy_that_was_proposes_the_same_again(town: Town) -> None:
    was, again = both(town)
    assert Counter(twos(again)) == Counter(twos(was))
    assert figures(again).pairs == figures(was).pairs
    assert figures(again).wait_p95_days == figures(was).wait_p95_days


def test_what_came_before_the_window_stands_as_it_was_and_what_is_open_ends_as_it_did(town: Town) -> None:
    _, again = both(town, from_ms=town._heard[0][0].at_ms + round(0.5 * DAY_MS))
    assert frozenset(("ada", "ben")) not in twos(again)
    assert again.pairs == 1
    assert len(again.cohort) == 5, "ada and ben had been proposed to somebody before"


def test_a_lower_bar_proposes_sooner_and_the_lot_says_what_came_of_it() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben", **HALF)
    town.pass_time(days=7)
    town.answers("ada", Answer.NOT_NOW)
    town.pass_time(days=3)
    was, sooner = both(town, Way(BARS["sooner"]))
    assert figures(was).wait_median_days == 6.0
    assert figures(sooner).wait_median_days == pytest.approx(2.0, abs=0.13)
    assert figures(sooner).seen == 1.0
    _, better = both(town, Way(BARS["better"]))
    assert (figures(better).proposals, figures(better).wait_median_days) == (0, 10.0)


def test_other_weights_choose_other_people() -> None:
    town = Town()
    town.asks("near", **HALF, area="Leeds")
    town.blocks("near", "far")
    town.asks("far")
    town.blocks("near", "far")
    town.asks("new", area="Leeds")
    was, other = both(town, Way(NO_BAR, Weights(mutual=0, help=0, same_area=5000)))
    assert (twos(was), twos(other)) == ([frozenset(("far", "new"))], [frozenset(("near", "new"))])
    assert other.proposed[0].benefit < was.proposed[0].benefit, "told by the published weights"


def test_whoever_left_is_left_out_and_whom_they_were_with_is_free_for_others() -> None:
    town = Town()
    town.asks("ada")
    town.asks("gone")
    town.pass_time(days=1)
    town.leaves("gone")
    town.asks("ben")
    history = past(town)
    assert history.closed == 1
    was, again = both(town)
    assert twos(was) == twos(again) == [frozenset(("ada", "ben"))]
    assert len(again.cohort) == 2


@pytest.mark.parametrize("what", ["break", "withdrew", "blocked"])
def test_what_people_chose_is_kept_to_under_every_policy(what: str) -> None:
    town = Town()
    town.asks("ada")
    match what:
        case "break":
            town.takes_a_break("ada", days=50)
        case "withdrew":
            town.no_longer_asks("ada")
        case "blocked":
            town.blocks("ada", "ben")
    town.asks("ben")
    town.pass_time(days=30)
    _, again = both(town, Way(NO_BAR))
    assert again.proposed == []


def test_acceptance_is_told_apart_where_both_policies_proposed_the_same_two() -> None:
    """Ada and Ben said yes to each other. Without a bar Ada and Cy would have met too, whose word nobody knows."""
    town = Town(replace(DAILY, bar=BARS["better"]))
    town.asks("ada", capacity=2)
    town.asks("cy", seeks=("sleep",), offers=("money",))
    town.asks("ben")
    town.pass_time(days=3)
    town.both_say_yes("ada", "ben")
    town.pass_time(days=5)
    was, other = both(town, Way(NO_BAR))
    assert twos(was) == [frozenset(("ada", "ben"))]
    assert {frozenset(each.peers): each.seen for each in other.proposed if "ada" in each.peers} == {
        frozenset(("ada", "cy")): False, frozenset(("ada", "ben")): True}
    assert (other.known_ended, other.known_pairs) == (1, 1)
    assert other.ended > 1
    assert figures(other).accepted_seen == 1.0


def test_a_break_that_ends_and_a_rest_that_is_over_bring_people_back() -> None:
    town = Town()
    town.asks("ada")
    town.takes_a_break("ada", days=3)
    town.asks("ben")
    town.pass_time(days=4)
    town.answers("ben", Answer.NOT_NOW)
    town.pass_time(days=15)
    was, again = both(town)
    assert twos(was) == twos(again) == [frozenset(("ada", "ben"))] * 2
    assert again.repeats == was.repeats == 1


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_same_policy_comes_near_to_what_was(seed: int) -> None:
    """A town at random. Rounds of the town come daily and those of a replay every three hours, so not all is the same."""
    random, town = Random(seed), Town()
    names = [f"p{number}" for number in range(24)]
    topics = ("grief", "sleep", "forms", "money")
    for name in names:
        town.asks(name, seeks=tuple(random.sample(topics, 2)), offers=tuple(random.sample(topics, 2)),
                  capacity=random.randint(1, 2))
        town.pass_time(days=random.uniform(0, 1.5))
        one = random.choice(names)
        if town.known(one) and (open_to := list(town.standing(one).proposals)):
            town.answers(one, random.choice((Answer.YES, Answer.YES, *Answer)), open_to[0])
        elif town.known(one):
            random.choice((lambda: town.takes_a_break(one, days=2), lambda: town.blocks(one, random.choice(names)),  # noqa: B023
                           lambda: town.no_longer_asks(one)))()  # noqa: B023
    town.pass_time(days=20)
    was, again = both(town)
    assert len(was.cohort) == len(again.cohort) > 15
    assert abs(len(was.proposed) - len(again.proposed)) <= max(4, len(was.proposed) // 3)
    for way in (Way(NO_BAR), Way(BARS["better"], first_in_line_days=None)):
        _, other = both(town, way, from_ms=town.now_ms - 25 * DAY_MS)
        assert all(one != two for one, two in (each.peers for each in other.proposed))


def test_two_who_were_never_proposed_end_as_the_others_did_by_lot_and_alike_each_time() -> None:
    assert Fates().of("a", "b") == Fates().of("b", "a")
    assert not Fates().of("a", "b")[1]
    assert {Fates().of("a", f"b{number}")[0].how for number in range(200)} == {fate.how for fate in ASSUMED}
    yes = Fate("pair", DAY_MS)
    known = Fates([(frozenset("ab"), yes)])
    assert known.of("b", "a") == (yes, True)
    assert known.of("a", "b", 1) == (yes, False)
    assert known.of("c", "d") == (yes, False)


@pytest.mark.parametrize(("values", "part", "found"), [
    ([], 0.5, None), ([1.0], 0.5, 1.0), ([1.0], 0.95, 1.0), ([1.0, 2.0], 0.5, 1.0), ([1.0, 2.0, 3.0], 0.5, 2.0),
    ([float(each) for each in range(1, 101)], 0.95, 95.0)])
def test_a_quantile_is_the_least_that_is_not_exceeded_by_so_many(values: list[float], part: float, found: float | None) -> None:
    assert quantile(values, part) == found
