"""A round: everybody of one community who waits with a place, looked at together.

`choose` is the plain way to choose, and the yardstick for `pairing/`, which does better and takes its place.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from services.matcher.domain.bar import BARS, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match

EVERY_MS = 15 * 60 * 1000
"""Between two rounds. Simulated with the bar, a quarter of an hour gave better pairs than an hour without it, sooner. The
bar matters more than the pace: it comes down by whole days, and whoever arrives is looked at at once anyway."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator chose: how good a pair has to be, how often a round comes, and whether a coordinator looks first."""

    bar: Bar = BARS["balanced"]
    round_every_ms: int = EVERY_MS
    assist: bool = True


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a round came to, best pair first. `waiting` is how many people it looked at."""

    pairs: tuple[Match, ...]
    waiting: int


def choose(people: Sequence[Person], now_ms: int, bar: Bar) -> Chosen:
    """Pairs who fit and reach the bar, nobody in more of them than they have places.

    Takes the best pair that is left, again and again: whoever could still be paired when it ends would have to be paired
    with somebody who has no place left. Equals are told apart as `Match.rank` does. Weighs everybody with everybody; 2,000
    people take some seconds.
    """
    left = [person.places for person in people]
    pairs = []
    for points, reaching in sorted(weighed(people, now_ms, bar).items(), reverse=True):
        alike = [(Match.of(people[a], people[b], points, bar.step(people[a], people[b], now_ms)), a, b)
                 for a, b in (divmod(each, len(people)) for each in reaching) if left[a] and left[b]]
        for match, a, b in sorted(alike, key=lambda each: each[0].rank):
            if left[a] and left[b]:
                left[a] -= 1
                left[b] -= 1
                pairs.append(match)
    return Chosen(tuple(pairs), len(people))


def weighed(people: Sequence[Person], now_ms: int, bar: Bar) -> dict[int, array[int]]:
    """Points → every pair that is worth them, fits and reaches the bar, as one number: the place of one among `people`
    times their count, plus the place of the other. Eight bytes a pair, for there can be millions."""
    weighed: dict[int, array[int]] = {}
    for a, one in enumerate(people):
        for b in range(a + 1, len(people)):
            if fits(one, people[b]):
                points = benefit(one, people[b], now_ms)
                if bar.lets_pass(points, one, people[b], now_ms):
                    weighed.setdefault(points, array("Q")).append(a * len(people) + b)
    return weighed
