"""The best partner for one person among everybody who waits: all of them are weighed, so no index has to be kept."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.rules import may
from services.matcher.pairing.weighing import RUN, promise, weigh
from services.matcher.pairing.weights import Points


@compiled
def best_for(columns: Columns, rules: Rules, points: Points, price: Ints, i: int) -> tuple[int, int]:
    """(row, benefit less price) of the best partner of row i, the first of equals; (-1, 0) when there is none above 0.

    With all prices 0 that is the best pair for i. With a round's prices it is what i could gain at most.
    """
    n = len(price)
    best, row = 0, -1
    out = np.empty(RUN, np.int32)
    for low in range(0, n, RUN):
        high = min(n, low + RUN)
        if promise(columns, i, columns, low, high, price, points, out) > best:
            for other in range(low, high):
                if out[other - low] > best:
                    benefit = weigh(columns, i, columns, other, points)
                    if benefit - price[other] > best and may(rules, i, other, benefit):
                        best, row = benefit - price[other], other
    return row, best


@compiled
def benefits(columns: Columns, rules: Rules, points: Points) -> Ints:
    """int32, n by n: the benefit of every two; 0 for who may not meet."""
    n = len(columns.waited)
    table = np.zeros((n, n), np.int32)
    for i in range(n):
        for j in range(i + 1, n):
            benefit = weigh(columns, i, columns, j, points)
            if benefit > 0 and may(rules, i, j, benefit):
                table[i, j] = table[j, i] = benefit
    return table


@compiled
def benefit_of(columns: Columns, rules: Rules, points: Points, i: int, j: int) -> int:
    """The benefit of rows i and j; 0 when they may not meet."""
    benefit = weigh(columns, i, columns, j, points)
    return benefit if benefit > 0 and may(rules, i, j, benefit) else 0
