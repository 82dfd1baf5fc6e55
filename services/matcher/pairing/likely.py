"""The prices that people are likely to have, learnt from a sample whose prices are known.

How sought after somebody is lies for the most part in what they say: what they seek and offer, when and how they can meet,
how long they have waited. So least squares over the bits of some thousand people's columns tell everybody's price to some
five hundred points, nearer than a first auction comes that begins with nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.pairing.columns import Columns, Ints
from services.matcher.pairing.compiled import compiled

WORD = 64
"""Marks of one column of masks: as many as its widest type has bits."""

WAITED, ALWAYS = 9 * WORD, 9 * WORD + 1
"""The two marks behind those of nine columns: points for waiting, and one that everybody has."""

MARKS = 9 * WORD + 2

RIDGE = 2.0
"""Added to how often each mark was met, in people: what hardly anybody says is hardly believed."""

SWEEPS = 60
"""Of Gauss and Seidel's method: many more of them change a price by a point, on average."""

SAMPLE_LEAST, SAMPLE_MOST, SAMPLE_ONE_IN = 64, 4_000, 10
"""People of a sample: one in ten, but from and to so many: to price twice as many costs four times as much."""


class Sample(NamedTuple):
    rows: Ints
    """int32, ascending: of the pool."""
    columns: Columns
    """Of those rows."""
    price: Ints
    """int32: what their own round found."""


def sample_of(n: int, seed: int) -> Ints:
    """int32, ascending: some of n rows. Drawn apart from those that a bound is reckoned from (`bound.py`), which must be
    nobody in particular."""
    size = min(n, max(SAMPLE_LEAST, min(SAMPLE_MOST, n // SAMPLE_ONE_IN)))
    return np.sort(np.random.default_rng([seed, 1]).choice(n, size, replace=False)).astype(np.int32)


@compiled
def likely_prices(columns: Columns, weight: Ints, low: int, high: int, price: Ints) -> None:
    """Fills price[low] to price[high - 1] (int32)."""
    marks, times = np.empty(MARKS, np.int64), np.empty(MARKS)
    for i in range(low, high):
        whole = 0.0
        for place in range(_marks_of(columns, i, marks, times)):
            whole += weight[marks[place]] * times[place]
        price[i] = max(0, round(whole))


@compiled
def weights_of_marks(columns: Columns, price: Ints) -> Ints:
    """float64, MARKS: what each mark adds to a price, by least squares with a ridge (Hoerl and Kennard 1970), which holds
    back only what differs from the usual price."""
    together, sums = np.zeros((MARKS, MARKS)), np.zeros(MARKS)
    marks, times = np.empty(MARKS, np.int64), np.empty(MARKS)
    usual = price.sum() / max(1, len(price))
    for i in range(len(price)):
        count = _marks_of(columns, i, marks, times)
        for a in range(count):
            sums[marks[a]] += times[a] * (price[i] - usual)
            for b in range(count):
                together[marks[a], marks[b]] += times[a] * times[b]
    weight = _solved(together, sums)
    weight[ALWAYS] += usual
    return weight


@compiled
def _marks_of(columns: Columns, i: int, marks: Ints, times: Ints) -> int:
    """Which marks row i has, and each how many times; returns how many."""
    words = (np.uint64(columns.offers[i]), np.uint64(columns.seeks[i]), np.uint64(columns.avoids[i]),
             np.uint64(columns.traits[i]), np.uint64(columns.refuses[i]), np.uint64(columns.prefers[i]),
             np.uint64(columns.languages[i]), np.uint64(columns.meeting[i]), np.uint64(columns.times[i]))
    times[0], times[1], marks[0], marks[1], count = 1.0, columns.waited[i], ALWAYS, WAITED, 2
    for column in range(9):
        word, mark = words[column], column * WORD
        while word:
            if word & np.uint64(1):
                marks[count], times[count] = mark, 1.0
                count += 1
            word >>= np.uint64(1)
            mark += 1
    return count


@compiled
def _solved(together: Ints, sums: Ints) -> Ints:
    """x of (together + RIDGE) x = sums, symmetric and positive."""
    x, known = np.zeros(len(sums)), np.nonzero(np.diag(together))[0]
    for _ in range(SWEEPS):
        for a in known:
            whole = sums[a]
            for b in known:
                whole -= together[a, b] * x[b]
            x[a] = (whole + together[a, a] * x[a]) / (together[a, a] + RIDGE)
    return x
