"""Candidates for small pools: everybody is weighed with everybody, again at every new set of prices."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.shortlist import consider, without_prices
from services.matcher.pairing.weighing import Points, weigh

TILE = 64
"""Rows that are weighed against one run before the next: the run then stays in the processor's nearest memory."""

NEAREST = 512
"""People of such a run: 44 bytes each."""


@compiled
def among_all(columns: Columns, rules: Rules, points: Points, price: Ints, gain: Ints, low: int, high: int,
              others: Ints, worth: Ints, best: Ints) -> None:
    """For rows low to high the best of all whom these prices undervalue, that is who gains a row more than its gain[row].

    Fills others[row] and worth[row] (benefits), and best[row] with the most that the row could gain from anybody,
    which bounds every matching from above (`bound.py`).
    """
    count = np.zeros(TILE, np.int64)
    for first in range(low, high, TILE):
        last = min(high, first + TILE)
        count[:] = 0
        _tile(columns, rules, points, price, gain, first, last, others, worth, count)
        for i in range(first, last):
            best[i] = worth[i, 0] if count[i - first] else gain[i]
            without_prices(others[i], worth[i], count[i - first], price)


@compiled
def _tile(columns: Columns, rules: Rules, points: Points, price: Ints, gain: Ints, first: int, last: int,
          others: Ints, worth: Ints, count: Ints) -> None:
    """Rows first to last with everybody; count[i - first] is how many row i has kept."""
    n, most, nobody = len(price), worth.shape[1], np.empty(0, np.int32)
    out = np.empty(NEAREST, np.int32)
    for start in range(0, n, NEAREST):
        end = min(n, start + NEAREST)
        for i in range(first, last):
            kept = count[i - first]
            floor = np.int64(gain[i]) if kept < most else np.int64(worth[i, most - 1])
            if weigh(columns, i, columns, start, end, price, points, out) > floor:
                count[i - first] = consider(i, start, out, end - start, nobody, rules, price, gain[i],
                                            others[i], worth[i], kept)
