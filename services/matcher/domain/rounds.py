"""A round: everybody of one community who waits with a place, looked at together.

`choose` is the plain way to choose, and the yardstick for `pairing/`, which does better and takes its place.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.matcher.domain.bar import BARS, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.line import AFTER_DAYS, first_in_line, line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.weights import PUBLISHED, Weights

EVERY_MS = 15 * 60 * 1000
"""Between two rounds. Simulated with the bar, a quarter of an hour gave better pairs than an hour without it, sooner. The
bar matters more than the pace: it comes down by whole days, and whoever arrives is looked at at once anyway."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator chose: how good a pair has to be, how often a round comes, whether a coordinator looks first,
    who goes first in a round, and what makes a pair good."""

    bar: Bar = BARS["balanced"]
    round_every_ms: int = EVERY_MS
    assist: bool = True
    first_in_line_days: int | None = AFTER_DAYS
    """Days of waiting from which whoever has nobody goes first; none: never."""
    weights: Weights = PUBLISHED


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a round came to, best pair first. `waiting` is how many people it looked at; `left_out` are those in line who
    have nobody now, the first in line first."""

    pairs: tuple[Match, ...]
    waiting: int
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[Match], people: Sequence[Person], line: Iterable[Person] = ()) -> Chosen:
        pairs = sorted(pairs, key=lambda match: match.rank)
        paired = {person.peer for match in pairs for person in match.people}
        return cls(tuple(pairs), len(people), tuple(person.peer for person in line if person.peer not in paired))


def choose(people: Sequence[Person], now_ms: int, bar: Bar, first_in_line_days: int | None = None,
           weights: Weights = PUBLISHED) -> Chosen:
    """Pairs who fit and reach the bar, nobody in more of them than they have places.

    Whoever is in line chooses first. Then takes the best pair that is left, again and again: whoever could still be paired
    when it ends would have to be paired with somebody who has no place left. Equals are told apart as `Match.rank` does.
    Weighs everybody with everybody; 2,000 people take some seconds.
    """
    if first_in_line_days is not None:
        first, rest = first_in_line(people, now_ms, bar, first_in_line_days, weights)
        pairs = [*first, *choose(rest, now_ms, bar, None, weights).pairs]
        return Chosen.of(pairs, people, line(people, now_ms, bar, first_in_line_days))
    left = [person.places for person in people]
    pairs = []
    for points, reaching in sorted(weighed(people, now_ms, bar, weights).items(), reverse=True):
        alike = [(Match.of(people[a], people[b], points, bar.step(people[a], people[b], now_ms)), a, b)
                 for a, b in (divmod(each, len(people)) for each in reaching) if left[a] and left[b]]
        for match, a, b in sorted(alike, key=lambda each: each[0].rank):
            if left[a] and left[b]:
                left[a] -= 1
                left[b] -= 1
                pairs.append(match)
    return Chosen(tuple(pairs), len(people))


def weighed(people: Sequence[Person], now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> dict[int, array[int]]:
    """Points → every pair that is worth them, fits and reaches the bar, as one number: the place of one among `people`
    times their count, plus the place of the other. Eight bytes a pair, for there can be millions."""
    weighed: dict[int, array[int]] = {}
    for a, one in enumerate(people):
        for b in range(a + 1, len(people)):
            if fits(one, people[b]):
                points = benefit(one, people[b], now_ms, weights)
                if bar.lets_pass(points, one, people[b], now_ms):
                    weighed.setdefault(points, array("Q")).append(a * len(people) + b)
    return weighed
