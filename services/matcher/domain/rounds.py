"""A round: everybody of one community who waits with a place, looked at together.

`choose` is the seam to whichever engine chooses. Same people, time, bar and seed: same pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.matcher.domain.bar import BARS, Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match

EVERY_MS = 15 * 60 * 1000
"""Between two rounds. Simulated, a bar and a quarter of an hour lost nothing against an hour, and people wait half as
long; more often finds hardly anybody new."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator chose: how good a pair has to be, and how often a round comes."""

    bar: Bar = BARS["balanced"]
    round_every_ms: int = EVERY_MS


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a round came to, best pair first. `waiting` is how many people it looked at."""

    pairs: tuple[Match, ...]
    waiting: int


def choose(people: Sequence[Person], now_ms: int, bar: Bar, seed: int) -> Chosen:
    """Pairs who fit and reach the bar, nobody in more of them than they have places.

    Takes the best pair that is left, again and again: whoever could still be paired when it ends would have to be paired
    with somebody who has no place left. Weighs everybody with everybody; 2,000 people take some seconds.
    """
    del seed  # nothing is left to chance here: equals are told apart as `Match.rank` does
    places = {person.peer: person.places for person in people}
    taken = Counter[str]()
    pairs = []
    for match in sorted(_reaching(people, now_ms, bar), key=lambda match: match.rank):
        first, second = (person.peer for person in match.people)
        if taken[first] < places[first] and taken[second] < places[second]:
            taken.update((first, second))
            pairs.append(match)
    return Chosen(tuple(pairs), len(people))


def _reaching(people: Sequence[Person], now_ms: int, bar: Bar) -> Iterator[Match]:
    for place, one in enumerate(people):
        for other in people[place + 1:]:
            if fits(one, other):
                points = benefit(one, other, now_ms)
                if bar.lets_pass(points, one, other, now_ms):
                    yield Match.of(one, other, points, bar.step(one, other, now_ms))
