"""Candidates for small pools: everybody is weighed with everybody, again at every new set of prices."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.shortlist import consider, without_prices
from services.matcher.pairing.weighing import NEVER, RUN
from services.matcher.pairing.weights import Points

TILE = 64
"""Rows that are weighed against one run before the next: the run then stays in the processor's nearest memory."""

NEAREST = 512
"""People of such a run: 44 bytes each."""


@compiled
def among_all(columns: Columns, rules: Rules, points: Points, price: Ints, rows: Ints, gain: Ints, low: int, high: int,
              others: Ints, worth: Ints, best: Ints) -> None:
    """For rows[low] to rows[high - 1] the best of all whom these prices undervalue, that is who gains rows[k] more than
    gain[k].

    Fills others[k] and worth[k] (benefits), and best[k] with the most that rows[k] could gain from anybody, which bounds
    every matching from above (`bound.py`).
    """
    count = np.zeros(TILE, np.int64)
    for first in range(low, high, TILE):
        last = min(high, first + TILE)
        count[:] = 0
        _tile(columns, rules, points, price, rows, gain, first, last, others, worth, count)
        for k in range(first, last):
            best[k] = worth[k, 0] if count[k - first] else gain[k]
            without_prices(others[k], worth[k], count[k - first], price)


@compiled
def _tile(columns: Columns, rules: Rules, points: Points, price: Ints, rows: Ints, gain: Ints, first: int, last: int,
          others: Ints, worth: Ints, count: Ints) -> None:
    """rows[first] to rows[last - 1] with everybody; count[k - first] is how many rows[k] has kept."""
    n, nobody = len(price), np.empty(0, np.int32)
    out = np.full(RUN, NEVER, np.int32)
    for start in range(0, n, NEAREST):
        end = min(n, start + NEAREST)
        for k in range(first, last):
            count[k - first] = consider(columns, rows[k], columns, start, end, nobody, rules, points, price, gain[k],
                                        others[k], worth[k], count[k - first], out)
