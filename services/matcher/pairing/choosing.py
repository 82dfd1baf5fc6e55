"""A round of the people who wait in a living programme: the seam between what the worker holds and the engine.

Up to EXACT_MAX people every pair is weighed by the reference itself, a second's work for 500. Nothing has to be compiled for
that, so a process that has just begun has its round like any other; the compiled engine is loaded when a pool is larger.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.matcher.domain import rounds
from services.matcher.domain.bar import Bar
from services.matcher.domain.line import line as in_line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.rounds import Chosen
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.blossom import EXACT_MAX, best_of_table
from services.matcher.pairing.words import TooVaried


def choose(people: Sequence[Person], now_ms: int, bar: Bar, seed: int, exact_max: int = EXACT_MAX,
           first_in_line_days: int | None = None, weights: Weights = PUBLISHED) -> Chosen:
    """Pairs who fit and reach the bar, nobody in more of them than they have places; best first. Whoever is in line goes
    first; of all rounds that keep to that, the one of greatest benefit. The same people in any order, time, bar and seed: the
    same pairs.

    A pool that says too many different things for the compiled engine is left to the plain way of `domain/rounds.py`.
    """
    everybody = sorted(people, key=lambda person: person.peer)
    line = [] if first_in_line_days is None else in_line(everybody, now_ms, bar, first_in_line_days)
    rows = [bisect_left(everybody, person.peer, key=lambda each: each.peer) for person in line]
    try:
        pairs = (_exactly(everybody, now_ms, bar, weights, rows) if len(everybody) <= exact_max
                 else _guided(everybody, now_ms, bar, weights, rows, seed))
    except TooVaried:
        return rounds.choose(everybody, now_ms, bar, first_in_line_days, weights)
    return Chosen.of(pairs, everybody, line)


def _exactly(people: Sequence[Person], now_ms: int, bar: Bar, weights: Weights, line: Sequence[int]) -> list[Match]:
    """A best matching of those who have a place, then one of those who still have, and never the same two again."""
    table = np.zeros((len(people), len(people)), np.int64)
    for points, reaching in rounds.weighed(people, now_ms, bar, weights).items():
        for a, b in (divmod(each, len(people)) for each in reaching):
            table[a, b] = table[b, a] = points
    places, pairs = np.array([person.places for person in people]), list[Match]()
    turn = np.zeros(len(people), np.int64)
    turn[line] = np.arange(len(line), 0, -1)
    while (mate := best_of_table(_in_turn(table, turn))).max(initial=-1) >= 0:
        for a, b in ((a, int(b)) for a, b in enumerate(mate) if a < b):
            step = bar.step(people[a], people[b], now_ms)
            pairs.append(Match.of(people[a], people[b], int(table[a, b]), step))
            table[a, b] = table[b, a] = 0
            places[[a, b]] -= 1
            turn[[a, b]] = 0
        table[places == 0], table[:, places == 0] = 0, 0
    return pairs


def _in_turn(table: NDArray[np.int64], turn: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same, where one turn is worth more than all benefit together.

    Whom a matching can seat at once is a matroid, so the greatest sum of turns seats whoever is first in line, then the next
    of the others who can be seated besides, and so on, whatever the steps between their turns (Rado 1957, Edmonds 1971).
    """
    whole = int(table.max(initial=0)) * len(table) + 1
    return np.where(table > 0, table + whole * (turn[:, None] + turn[None, :]), 0)


def _guided(people: Sequence[Person], now_ms: int, bar: Bar, weights: Weights, line: Sequence[int], seed: int) -> list[Match]:
    from services.matcher.pairing.line import run_with_line  # with all that is compiled: half a second and 100 MB
    from services.matcher.pairing.roll import crowd_of
    from services.matcher.pairing.round import run

    crowd = crowd_of(people, now_ms, weights)
    found = run_with_line(crowd, line, weights, bar=bar, seed=seed) if line else run(crowd, weights, bar=bar, seed=seed)[:3]
    return [Match.of(people[a], people[b], points, bar.step(people[a], people[b], now_ms))
            for a, b, points in zip(*(column.tolist() for column in found), strict=True)]
