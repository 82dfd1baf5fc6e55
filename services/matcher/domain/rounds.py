"""A round: everybody of one community who waits with a place, looked at together.

`choose` is the plain way to choose, and the yardstick for `pairing/`, which does better and takes its place.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from services.matcher.domain.bar import BARS, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.line import AFTER_DAYS, first_in_line, line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, by_rank
from services.matcher.domain.waiting import NOTHING, LookedAt
from services.matcher.domain.weights import PUBLISHED, Weights

EXACT_MAX = 500
"""People up to whom a round is exact: all programmes but the largest, in a fifth of a second."""

EVERY_MS = 15 * 60 * 1000
"""Between two rounds. Simulated with the bar, a quarter of an hour gave better pairs than an hour without it, sooner. The
bar matters more than the pace: it comes down by whole days, and whoever arrives is looked at at once anyway."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator chose: how good a pair has to be, how often a round comes, whether a coordinator looks first,
    who goes first in a round, what makes a pair good, and what is counted of those who wait."""

    bar: Bar = BARS["balanced"]
    round_every_ms: int = EVERY_MS
    assist: bool = True
    first_in_line_days: int | None = AFTER_DAYS
    """Days of waiting from which whoever has nobody goes first; none: never."""
    weights: Weights = PUBLISHED
    looked_at: LookedAt = NOTHING
    """What the programme's file lets be counted of those who wait."""


class Two(Protocol):
    """A pair that a round chose. `Match` is one; of very many people there is no more than this."""

    @property
    def peers(self) -> tuple[str, str]: ...
    @property
    def requests(self) -> tuple[str, str]: ...
    @property
    def benefit(self) -> int: ...
    @property
    def step(self) -> int: ...


Pair = TypeVar("Pair", bound=Two, covariant=True)


@dataclass(frozen=True, slots=True)
class Chosen(Generic[Pair]):
    """What a round came to, best pair first. `waiting` is how many people it looked at; `left_out` are those in line who
    have nobody now, the first in line first."""

    pairs: Sequence[Pair]
    waiting: int
    left_out: tuple[str, ...] = ()
    proven_share: float | None = None
    """At least this much of the best possible, were there no line; none when nothing is proven."""
    sampled: bool = False
    """Whether that share is a 99.9 % confidence limit."""


def choose(people: Sequence[Person], now_ms: int, bar: Bar, first_in_line_days: int | None = None,
           weights: Weights = PUBLISHED) -> Chosen[Match]:
    """Pairs who fit and reach the bar, nobody in more of them than they have places.

    Whoever is in line chooses first. Then takes the best pair that is left, again and again: whoever could still be paired
    when it ends would have to be paired with somebody who has no place left. Equals are told apart as `Match.rank` does.
    Weighs everybody with everybody; 2,000 people take some seconds.
    """
    if first_in_line_days is not None:
        first, rest = first_in_line(people, now_ms, bar, first_in_line_days, weights)
        pairs = [*first, *choose(rest, now_ms, bar, None, weights).pairs]
        in_line = line(people, now_ms, bar, first_in_line_days)
        return Chosen(best_first(pairs), len(people), who_has_nobody(in_line, pairs))
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


def best_first(pairs: Iterable[Match]) -> tuple[Match, ...]:
    return tuple(sorted(pairs, key=by_rank))


def who_has_nobody(line: Iterable[Person], pairs: Iterable[Match]) -> tuple[str, ...]:
    """Those in line who are in none of the pairs, in their order."""
    paired = {peer for match in pairs for peer in match.peers}
    return tuple(person.peer for person in line if person.peer not in paired)


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
