"""Candidates for large pools, later: the neighbours of the best partners known so far.

In the pool's order people who could stand in for each other are neighbours. So once somebody has some partners, runs
around the best of them hold the best substitutes, and reading a run is one stream.
"""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.graph import Graph, benefit_part, other_part
from services.matcher.pairing.index import mixed
from services.matcher.pairing.shortlist import consider, keep, without_prices
from services.matcher.pairing.weighing import NEVER, RUN
from services.matcher.pairing.weights import Points


@compiled
def near_the_best(columns: Columns, rules: Rules, points: Points, graph: Graph, price: Ints, gain: Ints, seed: int,
                  centres: int, width: int, low: int, high: int, others: Ints, worth: Ints) -> None:
    """For rows low to high the best of runs of `width` around the `centres` best partners known, whom these prices
    undervalue. Fills others and worth (benefits)."""
    n, nobody = len(price), np.empty(0, np.int32)
    out = np.full(RUN, NEVER, np.int32)
    best, best_gain = np.empty(centres, np.int32), np.empty(centres, np.int32)
    for i in range(low, high):
        count, found = 0, _best_known(graph, price, i, best, best_gain)
        chance = mixed(np.uint64(i) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15))
        for place in range(found):
            if _read_already(best, place, width):
                continue
            chance = mixed(chance + np.uint64(1))
            start = max(0, min(n - width, best[place] - width + np.int64(chance % np.uint64(width))))
            end = min(n, start + width)
            count = consider(columns, i, columns, start, end, nobody, rules, points, price, gain[i], others[i], worth[i],
                             count, out)
        without_prices(others[i], worth[i], count, price)


@compiled
def _best_known(graph: Graph, price: Ints, i: int, best: Ints, best_gain: Ints) -> int:
    """Fills `best` with the rows that i would gain most from; returns how many."""
    found, most = 0, len(best)
    for place in range(graph.start[i], graph.end[i]):
        edge = graph.edge[place]
        if found == most and benefit_part(edge) <= best_gain[found - 1]:
            break
        gain = benefit_part(edge) - price[other_part(edge)]
        if found < most or gain > best_gain[found - 1]:
            found = keep(best, best_gain, found, other_part(edge), gain)
    return found


@compiled
def _read_already(best: Ints, place: int, width: int) -> bool:
    """Whether an earlier run covers most of what one around best[place] would."""
    for earlier in range(place):  # noqa: SIM110  # a generator is not compiled
        if abs(best[earlier] - best[place]) < width // 4:
            return True
    return False
