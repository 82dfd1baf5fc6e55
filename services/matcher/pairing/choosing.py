"""A round of the people who wait in a living programme: the seam between what the worker holds and the engine.

Up to EXACT_MAX people every pair is weighed by the reference itself, a second's work for 500. Nothing has to be compiled for
that, so a process that has just begun has its round like any other; the compiled engine is loaded when a pool is larger.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.matcher.domain import rounds
from services.matcher.domain.bar import Bar
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.rounds import Chosen
from services.matcher.pairing.blossom import EXACT_MAX, best_of_table
from services.matcher.pairing.words import TooVaried


def choose(people: Sequence[Person], now_ms: int, bar: Bar, seed: int, exact_max: int = EXACT_MAX) -> Chosen:
    """Pairs who fit and reach the bar, for the greatest benefit of all, nobody in more of them than they have places; best
    first. The same people in any order, time, bar and seed: the same pairs.

    A pool that says too many different things for the compiled engine is left to the plain way of `domain/rounds.py`.
    """
    everybody = sorted(people, key=lambda person: person.peer)
    try:
        pairs = (_exactly(everybody, now_ms, bar) if len(everybody) <= exact_max
                 else _guided(everybody, now_ms, bar, seed))
    except TooVaried:
        return rounds.choose(everybody, now_ms, bar)
    return Chosen(tuple(sorted(pairs, key=lambda match: match.rank)), len(everybody))


def _exactly(people: Sequence[Person], now_ms: int, bar: Bar) -> list[Match]:
    """A best matching of those who have a place, then one of those who still have, and never the same two again."""
    table = np.zeros((len(people), len(people)), np.int64)
    for points, reaching in rounds.weighed(people, now_ms, bar).items():
        for a, b in (divmod(each, len(people)) for each in reaching):
            table[a, b] = table[b, a] = points
    places, pairs = np.array([person.places for person in people]), list[Match]()
    while (mate := best_of_table(table)).max(initial=-1) >= 0:
        for a, b in ((a, int(b)) for a, b in enumerate(mate) if a < b):
            step = bar.step(people[a], people[b], now_ms)
            pairs.append(Match.of(people[a], people[b], int(table[a, b]), step))
            table[a, b] = table[b, a] = 0
            places[[a, b]] -= 1
        table[places == 0], table[:, places == 0] = 0, 0
    return pairs


def _guided(people: Sequence[Person], now_ms: int, bar: Bar, seed: int) -> list[Match]:
    from services.matcher.pairing.roll import crowd_of  # with all that is compiled: half a second and 100 MB
    from services.matcher.pairing.round import run

    found = run(crowd_of(people, now_ms), bar=bar, seed=seed)
    return [Match.of(people[a], people[b], points, bar.step(people[a], people[b], now_ms))
            for a, b, points in zip(found.first.tolist(), found.second.tolist(), found.benefit.tolist(), strict=True)]
