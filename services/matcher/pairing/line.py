"""A round of very many people in which those who stand in line go first: the promise of `domain/line.py` on columns.

Prices find a round in which everybody in line counts so much that hardly any of them is left out, at next to no cost in
benefit. Whoever still was, the first in line first, takes the best partner who is free or with somebody behind them; those who
are freed so are looked at once more among all who have a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np

from services.matcher.domain.bar import NO_BAR, Bar
from services.matcher.domain.benefit import LEAST
from services.matcher.domain.weights import POINTS_MAX, PUBLISHED, Weights
from services.matcher.pairing.arrival import best_for
from services.matcher.pairing.columns import Crowd, Ints, neighbours
from services.matcher.pairing.round import run
from services.matcher.pairing.rules import rules_of
from services.matcher.pairing.weights import Points

AHEAD = 8_000
"""Points by which whoever is in line counts for more: what the best pair of all is worth, about."""

TRIED_MAX = 2_000
"""Of those whom prices left out, how many are looked for among everybody in one round: half a second's work with a hundred
thousand people. Of more another part each time, for most of so many fit nobody who is there."""

_NEVER = np.int32(1 << 30)
"""A price that nobody pays."""


class InTurn(NamedTuple):
    pairs: Ints
    """int64, 3 by pairs: row, greater row, benefit."""
    proven_share: float
    """At least this much of the best possible were there no line."""
    sampled: bool
    """Whether that is a 99.9 % confidence limit."""


def run_with_line(crowd: Crowd, line: Sequence[int], weights: Weights = PUBLISHED, *, bar: Bar = NO_BAR,
                  seed: int = 1) -> InTurn:
    """`line`: rows, the first in line first. For all of them the bar is down.

    A round without the line is found too, for its proof: prices at which some count for more than they do say little about
    the best possible.
    """
    without = run(crowd, weights, bar=bar, seed=seed)
    if not line:
        pairs = np.stack([without.first, without.second, without.benefit]).astype(np.int64)
        return InTurn(pairs, without.proven_share, without.sampled)
    waited = crowd.columns.waited.copy()
    waited[line] = np.minimum(POINTS_MAX, waited[line] + AHEAD)
    found = run(crowd._replace(columns=crowd.columns._replace(waited=waited)), weights, bar=bar, seed=seed)
    more = waited - crowd.columns.waited
    benefit = np.maximum(LEAST, found.benefit - more[found.first] - more[found.second])
    pairs = np.stack([found.first, found.second, benefit]).astype(np.int64)
    table = _Table(crowd, pairs, line, seed)
    pairs = table.with_who_was_left_out(weights, bar)
    rest = run(_left(crowd, pairs, table.places), weights, bar=bar, seed=seed)
    pairs = np.concatenate([pairs, np.stack([rest.first, rest.second, rest.benefit]).astype(np.int64)], axis=1)
    most = sum(proof.bound.most for proof in without.proofs)
    return InTurn(pairs, min(1.0, int(pairs[2].sum()) / most) if most else 1.0, without.sampled)


def _left(crowd: Crowd, pairs: Ints, places: Ints) -> Crowd:
    """Everybody with the places that are left, and nobody meets the same one again."""
    row = np.repeat(np.arange(len(places)), np.diff(crowd.apart_start))
    once = row < crowd.apart
    start, apart = neighbours(len(places), np.concatenate([row[once], pairs[0]]),
                              np.concatenate([crowd.apart[once], pairs[1]]))
    return crowd._replace(places=places.astype(np.uint8), apart_start=start, apart=apart)


class _Table:
    """Who sits with whom, and how many places are left."""

    def __init__(self, crowd: Crowd, pairs: Ints, line: Sequence[int], seed: int) -> None:
        n = len(crowd.places)
        self._crowd, self._pairs, self._line = crowd, pairs, line
        self._rank = np.full(n, n, np.int64)
        self._rank[line] = np.arange(len(line))
        self._start, self._mate = neighbours(n, pairs[0], pairs[1])
        left_out = [row for row in line if self._start[row] == self._start[row + 1]]
        self._tried = set(left_out if len(left_out) <= TRIED_MAX else Random(seed).sample(left_out, TRIED_MAX))
        """Of those who were left out, and whoever is freed for one of them."""
        self._moved: dict[int, set[int]] = {}
        """Row → its mates, of those who sit otherwise than they did."""
        self.places = crowd.places.astype(np.int64) - np.diff(self._start)
        self._last = np.full(n, -1, np.int64)
        """The rank of the one furthest back in line among those each sits with."""
        np.maximum.at(self._last, pairs[0], self._rank[pairs[1]])
        np.maximum.at(self._last, pairs[1], self._rank[pairs[0]])

    def with_who_was_left_out(self, weights: Weights, bar: Bar) -> Ints:
        """All pairs once they are seated, 3 by pairs."""
        columns, rules, points = self._crowd.columns, rules_of(self._crowd, bar), Points.of(weights)
        new, parted = dict[tuple[int, int], int](), set[tuple[int, int]]()
        for row in self._line:
            if row in self._tried and not self._mates(row):
                price = np.where((self.places > 0) | (self._last > self._rank[row]), np.int32(0), _NEVER)
                other, benefit = best_for(columns, rules, points, price.astype(np.int32), row)
                if other >= 0:
                    if not self.places[other]:
                        mate = max(self._mates(other), key=lambda mate: (int(self._rank[mate]), mate))
                        self._part(other, mate)
                        self._tried.add(mate)
                        if new.pop((min(other, mate), max(other, mate)), None) is None:
                            parted.add((min(other, mate), max(other, mate)))
                    self._join(row, other)
                    new[min(row, other), max(row, other)] = benefit
        keys = self._pairs[0] * len(self.places) + self._pairs[1]
        still = ~np.isin(keys, [one * len(self.places) + other for one, other in parted])
        added = np.array([(*two, benefit) for two, benefit in new.items()], np.int64).reshape(-1, 3).T
        return np.concatenate([self._pairs[:, still], added], axis=1)

    def _mates(self, row: int) -> set[int]:
        known = self._moved.get(row)
        return set(self._mate[self._start[row]:self._start[row + 1]].tolist()) if known is None else known

    def _join(self, one: int, other: int) -> None:
        for row, mate in ((one, other), (other, one)):
            self._moved[row] = self._mates(row) | {mate}
            self.places[row] -= 1
            self._last[row] = max(self._last[row], self._rank[mate])

    def _part(self, one: int, other: int) -> None:
        for row, mate in ((one, other), (other, one)):
            self._moved[row] = self._mates(row) - {mate}
            self.places[row] += 1
            self._last[row] = max((int(self._rank[each]) for each in self._moved[row]), default=-1)
