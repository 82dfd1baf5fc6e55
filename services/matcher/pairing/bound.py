"""How much any round could be worth at most, from the prices of this one.

By weak duality of the double cover (`auction.py`): whatever the prices, no matching is worth more than half of the sum
of all prices and of what everybody could gain from anybody at those prices.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.everybody import among_all
from services.matcher.pairing.threads import by_rows, empty_lists
from services.matcher.pairing.weights import Points

FULL_MAX = 10_000
"""People up to whom everybody's gain is computed; above, that of a sample."""

SAMPLE_ROWS = 4_000

Z = 3.0902
"""One-sided 99.9 % of the normal distribution."""

SEEN_MIN = 30
"""With fewer rows that gain more than was known, no distribution is assumed."""


class Bound(NamedTuple):
    most: int
    """No round is worth more, in points."""
    sampled: bool
    """Then it is a 99.9 % confidence limit."""


def bound_at(columns: Columns, rules: Rules, points: Points, price: Ints, known: Ints, seed: int, threads: int) -> Bound:
    """At these prices. `known` (int64) is what each row could gain from the candidates it has: only how much more there
    is to gain from anybody is looked for, in all rows or, of many, in rows drawn at random."""
    n = len(price)
    rows = rows_looked_at(n, seed)
    more = _most_of_all(columns, rules, points, price, rows, known[rows], threads) - known[rows]
    base = int(known.sum(dtype=np.int64)) + int(price.sum(dtype=np.int64))
    if len(rows) == n:
        return Bound((base + int(more.sum())) // 2, sampled=False)
    most_of_one = int(columns.waited.max()) * 2 + most_benefit(points)
    return Bound(math.floor((base + n * mean_at_most(more.astype(np.float64), n, most_of_one)) / 2), sampled=True)


def rows_looked_at(n: int, seed: int) -> Ints:
    """Ascending: all of n rows, or of many those drawn at random."""
    return np.arange(n) if n <= FULL_MAX else np.sort(np.random.default_rng([seed, 2]).choice(n, SAMPLE_ROWS, replace=False))


def _most_of_all(columns: Columns, rules: Rules, points: Points, price: Ints, rows: Ints, known: Ints, threads: int) -> Ints:
    """int64: what each of the rows could gain from anybody at most, and at least what it is known to."""
    others, worth = empty_lists(len(rows), 1)
    best = np.zeros(len(rows), np.int64)
    by_rows(len(rows), threads, lambda low, high: among_all(columns, rules, points, price, rows, known, low, high,
                                                            others, worth, best))
    return best


def mean_at_most(sample: Ints, n: int, greatest: float) -> float:
    """A 99.9 % upper confidence limit of a mean over n, from a sample without replacement of values in 0 to `greatest`.

    Normal, with Johnson's correction (1978) for skewness, as a few rows may have much. Where only a handful is above 0
    that says little: then the share of such rows is limited by their count, and each counts as `greatest`.
    """
    size = len(sample)
    if size == n:
        return float(sample.mean()) if n else 0.0
    above = int(np.count_nonzero(sample))
    if above < SEEN_MIN:
        return greatest * (above + Z * Z / 2 + Z * math.sqrt(above + Z * Z / 4) + 1) / size
    centred = sample - sample.mean()
    spread = math.sqrt(float((centred**2).sum()) / (size - 1))
    skew = float((centred**3).mean()) / spread**3
    error = spread / math.sqrt(size) * math.sqrt(1 - size / n)
    return float(sample.mean()) + error * (Z + skew * (1 + 2 * Z * Z) / (6 * math.sqrt(size)))


def most_benefit(points: Points) -> int:
    """No pair is worth more, the waiting aside: every weight at its greatest, with 64 wishes a side at most."""
    return (points.mutual + 2 * points.help + 20 * points.returning + points.shared_time * points.shared_times_max
            + 4 * points.shared_way + points.same_area + points.second_language + 2 * points.newcomer
            + 128 * points.soft_wish)
