"""From an auction's result to a matching.

Everybody bids for at most one and is held by at most one, so the arcs bidder -> partner form paths and cycles. On each
the best set of pairs is found exactly, by going along it once: to each arc, the best with it and the best without.
Only a cycle of odd length costs anything, one person, and such cycles are rare and long.
"""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Ints
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.graph import Graph, benefit_part, other_part


@compiled
def rounded(graph: Graph, holder: Ints) -> Ints:
    """mate[i] = the row i is paired with, or -1 (int32)."""
    n = len(holder)
    held = _held(holder)
    mate, seen = np.full(n, -1, np.int32), np.zeros(n, np.uint8)
    walk, worth, best = np.empty(n + 1, np.int32), np.zeros(n + 1, np.int64), np.empty((n + 2, 2), np.int64)
    for cycles in range(2):
        for i in range(n):
            if not seen[i] and held[i] >= 0 and (cycles or holder[i] < 0):
                length, closing = _walked(graph, held, i, seen, walk, worth)
                _choose(walk, worth, length, closing, best, mate)
    return mate


@compiled
def _held(holder: Ints) -> Ints:
    """held[i] = whom bidder i holds, or -1."""
    held = np.full(len(holder), -1, np.int32)
    for other in range(len(holder)):
        if holder[other] >= 0:
            held[holder[other]] = other
    return held


@compiled
def _walked(graph: Graph, held: Ints, i: int, seen: Ints, walk: Ints, worth: Ints) -> tuple[int, int]:
    """Follows the arcs from i: walk[k], and worth[k] of the arc to walk[k + 1]. Returns the length of the walk, and the
    worth of the arc that closes a cycle of more than two, else 0."""
    length, at = 0, i
    while True:
        walk[length], seen[at] = at, 1
        length += 1
        following = held[at]
        if following < 0:
            return length, 0
        worth[length - 1] = _benefit(graph, at, following)
        if seen[following]:
            return length, worth[length - 1] if following == i and length > 2 else 0
        at = following


@compiled
def _benefit(graph: Graph, i: int, other: int) -> int:
    for place in range(graph.start[i], graph.end[i]):
        if other_part(graph.edge[place]) == other:
            return benefit_part(graph.edge[place])
    return 0


@compiled
def _choose(walk: Ints, worth: Ints, length: int, closing: int, best: Ints, mate: Ints) -> None:
    """Pairs the best arcs of a path, or of a cycle: that is the path, or its closing arc and the path without its ends."""
    open_worth = _best_of(worth, 0, length - 1, best)
    if closing and closing + _best_of(worth, 1, length - 2, best) > open_worth:
        _pair(walk, 1, length - 2, best, mate)
        mate[walk[0]], mate[walk[length - 1]] = walk[length - 1], walk[0]
    else:
        _best_of(worth, 0, length - 1, best)
        _pair(walk, 0, length - 1, best, mate)


@compiled
def _best_of(worth: Ints, low: int, high: int, best: Ints) -> int:
    """best[k] = (the most from arcs low to k - 1 without the last of them, with it). Returns the most of all."""
    best[low, 0], best[low, 1] = 0, -1
    for k in range(low, high):
        best[k + 1, 0] = max(best[k, 0], best[k, 1])
        best[k + 1, 1] = best[k, 0] + worth[k]
    return max(best[high, 0], best[high, 1]) if high > low else 0


@compiled
def _pair(walk: Ints, low: int, high: int, best: Ints, mate: Ints) -> None:
    """Goes back along `best` and pairs the two ends of each arc that is in."""
    k = high
    while k > low:
        if best[k, 1] > best[k, 0]:
            mate[walk[k - 1]], mate[walk[k]] = walk[k], walk[k - 1]
            k -= 1
        k -= 1
