"""The best partner for one person among everybody who waits: all of them are weighed, so no index has to be kept."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.rules import may
from services.matcher.pairing.weighing import RUN, Points, weigh


@compiled
def best_for(columns: Columns, rules: Rules, points: Points, price: Ints, i: int) -> tuple[int, int]:
    """(row, benefit less price) of the best partner of row i, the first of equals; (-1, 0) when there is none above 0.

    With all prices 0 that is the best pair for i. With a round's prices it is what i could gain at most.
    """
    n = len(price)
    best, row = np.int32(0), -1
    out = np.empty(RUN, np.int32)
    for low in range(0, n, RUN):
        high = min(n, low + RUN)
        if weigh(columns, i, columns, low, high, price, points, out) > best:
            for z in range(high - low):
                if out[z] > best and may(rules, i, low + z, out[z] + price[low + z]):
                    best, row = out[z], low + z
    return row, int(best)


@compiled
def gains(columns: Columns, rules: Rules, points: Points, price: Ints, rows: Ints, gain: Ints) -> None:
    """gain[k] = what row rows[k] could gain at most at these prices, at least 0."""
    for k in range(len(rows)):
        _, gain[k] = best_for(columns, rules, points, price, rows[k])


@compiled
def benefits(columns: Columns, rules: Rules, points: Points) -> Ints:
    """int32, n by n: the benefit of every two; 0 for who may not meet."""
    n = len(columns.waited)
    table = np.zeros((n, n), np.int32)
    free = np.zeros(n, np.int32)
    for i in range(n):
        weigh(columns, i, columns, 0, n, free, points, table[i])
        for j in range(n):
            if table[i, j] < 0 or not may(rules, i, j, table[i, j]):
                table[i, j] = 0
    return table


@compiled
def benefit_of(columns: Columns, rules: Rules, points: Points, i: int, j: int) -> int:
    """The benefit of rows i and j; 0 when they may not meet."""
    out, free = np.empty(1, np.int32), np.zeros(len(columns.waited), np.int32)
    benefit = weigh(columns, i, columns, j, j + 1, free, points, out)
    return benefit if benefit > 0 and may(rules, i, j, benefit) else 0
