"""Prices: how sought after each person is, found by an auction (Bertsekas 1988) on the double cover.

In the double cover everybody is there twice, once bidding for a partner and once as a partner to be bid for. The best
assignment of bidders to partners is the fractional relaxation of matching; it is almost a matching (`rounding.py`),
and any prices bound every matching from above (`bound.py`). A bidder may stay out at a gain of nothing.
"""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Ints
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.graph import Graph, benefit_part, other_part
from services.matcher.pairing.threads import by_rows

TURNS_UNTIL = 200
"""While more than one in so many bid, all bid at once, and in threads; then one after the other."""

BIDS_MAX = 40
"""A person, of those at once and of those one after the other, at most: a price war that is not over by then ends as it
stands. Where all are alike everybody bids for the same one, and a war over some thousand points would take minutes."""


def auctioned(graph: Graph, price: Ints, step: int, unsettled: int, threads: int) -> Ints:
    """holder[j] = the bidder who holds partner j, or -1 (int32). Raises prices in place, from where they are.

    `step`: by how much more than needed a bid raises a price; the result is within `step` a person of the best
    assignment of this graph. Ends when no more than `unsettled` bidders are left: the last few fight long wars, and
    local search settles them at less cost.
    """
    n = len(price)
    holder = np.full(n, -1, np.int32)
    bidding, partner, bid = np.arange(n, dtype=np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    left, bids = n, 0
    while left > max(n // TURNS_UNTIL, unsettled) and bids < BIDS_MAX * n:
        bids += left
        by_rows(left, threads, lambda low, high: _bids(graph, price, step, bidding, low, high, partner, bid))
        left = _award(left, bidding, partner, bid, price, holder)
        bidding[:left].sort()  # their edges are then read in one stream
    _one_by_one(graph, price, step, bidding[:left], unsettled, holder)
    price[holder < 0] = 0
    return holder


@compiled
def _choice(graph: Graph, price: Ints, i: int) -> tuple[int, int, int]:
    """(partner that i gains most from, that gain, the gain from the second best); -1 where nothing is to be gained.

    Edges stand by benefit: as prices are not below 0, no later one can gain more than its benefit.
    """
    best, second, partner = 0, 0, -1
    for place in range(graph.start[i], graph.end[i]):
        edge = graph.edge[place]
        if benefit_part(edge) <= second:
            break
        gain = benefit_part(edge) - price[other_part(edge)]
        if gain > best:
            best, second, partner = gain, best, other_part(edge)
        elif gain > second:
            second = gain
    return partner, best, second


@compiled
def _bids(graph: Graph, price: Ints, step: int, bidding: Ints, low: int, high: int, partner: Ints, bid: Ints) -> None:
    """What each would bid at these prices: for whom, and how much."""
    for k in range(low, high):
        other, best, second = _choice(graph, price, bidding[k])
        partner[k] = other
        if other >= 0:
            bid[k] = price[other] + best - second + step


@compiled
def _award(count: int, bidding: Ints, partner: Ints, bid: Ints, price: Ints, holder: Ints) -> int:
    """Everybody who was bid for goes to the highest bidder of this turn, the first of equals. Returns how many bid
    again; they stand first in `bidding`."""
    left = 0
    for k in range(count):
        again, other = bidding[k], partner[k]
        if other < 0:
            continue
        if bid[k] > price[other]:
            again, holder[other], price[other] = holder[other], again, bid[k]
        if again >= 0:
            bidding[left] = again
            left += 1
    return left


@compiled
def _one_by_one(graph: Graph, price: Ints, step: int, bidding: Ints, unsettled: int, holder: Ints) -> None:
    """The last bidders, from a queue."""
    n, head, waiting, bids = len(price), 0, len(bidding), 0
    queue = np.empty(n, np.int32)
    queue[:waiting] = bidding
    while waiting > unsettled and bids < BIDS_MAX * n:
        i = queue[head]
        head = head + 1 if head + 1 < n else 0
        waiting -= 1
        other, best, second = _choice(graph, price, i)
        if other < 0:
            continue
        bids += 1
        price[other] += best - second + step
        old = holder[other]
        holder[other] = i
        if old >= 0:
            queue[(head + waiting) % n] = old
            waiting += 1


@compiled
def gains_on(graph: Graph, price: Ints, low: int, high: int, gain: Ints) -> None:
    """gain[i] = what row i could gain at most at these prices on this graph, at least 0."""
    for i in range(low, high):
        _, gain[i], _ = _choice(graph, price, i)
