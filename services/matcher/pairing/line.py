"""A round of very many people in which those who stand in line go first: the promise of `domain/line.py` on columns.

Prices find a round in which everybody in line counts so much that hardly any of them is left out, at next to no cost in
benefit. Whoever still was, the first in line first, takes the best partner who is free or with somebody behind them; those who
are freed so are looked at once more among all who have a place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.matcher.domain.bar import NO_BAR, Bar
from services.matcher.domain.weights import POINTS_MAX, PUBLISHED, Weights
from services.matcher.pairing.arrival import best_for
from services.matcher.pairing.columns import Crowd, Ints, neighbours
from services.matcher.pairing.round import run
from services.matcher.pairing.rules import rules_of
from services.matcher.pairing.weighing import Points

AHEAD = 8_000
"""Points by which whoever is in line counts for more: what the best pair of all is worth, about."""

_NEVER = np.int32(1 << 30)
"""A price that nobody pays."""


def run_with_line(crowd: Crowd, line: Sequence[int], weights: Weights = PUBLISHED, *, bar: Bar = NO_BAR,
                  seed: int = 1) -> Ints:
    """int64, 3 by pairs: row, greater row, benefit. `line`: rows, the first in line first. For all of them the bar is down."""
    waited = crowd.columns.waited.copy()
    waited[line] = np.minimum(POINTS_MAX, waited[line] + AHEAD)
    found = run(crowd._replace(columns=crowd.columns._replace(waited=waited)), weights, bar=bar, seed=seed)
    more = waited - crowd.columns.waited
    benefit = found.benefit - more[found.first] - more[found.second]
    table = _Table(crowd, _by_pair(found.first, found.second, benefit), line)
    table.seat_who_was_left_out(weights, bar)
    rest = run(table.left(crowd), weights, bar=bar, seed=seed)
    table.pairs |= _by_pair(rest.first, rest.second, rest.benefit)
    return np.array([(*pair, points) for pair, points in sorted(table.pairs.items())], np.int64).reshape(-1, 3).T


def _by_pair(first: Ints, second: Ints, benefit: Ints) -> dict[tuple[int, int], int]:
    return dict(zip(zip(first.tolist(), second.tolist(), strict=True), benefit.tolist(), strict=True))


class _Table:
    """Who sits with whom, and how many places are left."""

    def __init__(self, crowd: Crowd, pairs: dict[tuple[int, int], int], line: Sequence[int]) -> None:
        self.pairs, self._crowd, self._line = pairs, crowd, line
        n = len(crowd.places)
        self._rank = np.full(n, n, np.int64)
        self._rank[line] = np.arange(len(line))
        self._places = crowd.places.astype(np.int64)
        self._mates: list[set[int]] = [set() for _ in range(n)]
        self._last = np.full(n, -1, np.int64)
        """The rank of the one furthest back in line among those each sits with."""
        for one, other in pairs:
            self._join(one, other)

    def seat_who_was_left_out(self, weights: Weights, bar: Bar) -> None:
        columns, rules, points = self._crowd.columns, rules_of(self._crowd, bar), Points.of(weights)
        for row in self._line:
            if not self._mates[row]:
                price = np.where((self._places > 0) | (self._last > self._rank[row]), np.int32(0), _NEVER)
                other, benefit = best_for(columns, rules, points, price.astype(np.int32), row)
                if other >= 0:
                    if not self._places[other]:
                        self._part(other, max(self._mates[other], key=lambda mate: (int(self._rank[mate]), mate)))
                    self.pairs[min(row, other), max(row, other)] = benefit
                    self._join(row, other)

    def left(self, crowd: Crowd) -> Crowd:
        """Everybody with the places that are left, and nobody meets the same one again."""
        both = np.array(list(self.pairs), np.int64).reshape(-1, 2)
        known = np.repeat(np.arange(len(self._places)), np.diff(crowd.apart_start))
        once = known < crowd.apart
        start, apart = neighbours(len(self._places), np.concatenate([known[once], both[:, 0]]),
                                  np.concatenate([crowd.apart[once], both[:, 1]]))
        return crowd._replace(places=self._places.astype(np.uint8), apart_start=start, apart=apart)

    def _join(self, one: int, other: int) -> None:
        for row, mate in ((one, other), (other, one)):
            self._mates[row].add(mate)
            self._places[row] -= 1
            self._last[row] = max(self._last[row], self._rank[mate])

    def _part(self, one: int, other: int) -> None:
        del self.pairs[min(one, other), max(one, other)]
        for row, mate in ((one, other), (other, one)):
            self._mates[row].discard(mate)
            self._places[row] += 1
            self._last[row] = max((int(self._rank[each]) for each in self._mates[row]), default=-1)
