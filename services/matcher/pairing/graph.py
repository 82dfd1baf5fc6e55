"""The pairs that are on the table: for each row its candidates, the greatest benefit first.

An edge is one int64, benefit in the upper half and the other row in the lower: sorting edges sorts by benefit, and one
read brings both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.pairing.columns import Ints
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.threads import by_rows


class Graph(NamedTuple):
    start: Ints
    """int64, n: where each row's edges begin."""
    end: Ints
    """int64, n."""
    edge: Ints
    """int64."""


@compiled
def benefit_part(edge: int) -> int:
    return edge >> 32


@compiled
def other_part(edge: int) -> int:
    return edge & 0xFFFFFFFF


def no_graph(n: int) -> Graph:
    return Graph(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(0, np.int64))


def grown(graph: Graph, others: Ints, worth: Ints, price: Ints, gain: Ints, slack: int, threads: int) -> Graph:
    """The graph with new candidates (n by k, -1 where none), in both directions, each edge once.

    Old edges that a row would not take even if they were `slack` cheaper are let go (of this row's list only).
    """
    n = len(graph.start)
    kept = np.zeros(n + 1, np.int64)
    by_rows(n, threads, lambda low, high: _prune(graph, price, gain, slack, low, high, kept))
    by_rows(n, threads, lambda low, high: _count(others, low, high, kept), parts=1)
    start = np.cumsum(kept)
    new = Graph(start[:-1].copy(), start[:-1].copy(), np.empty(start[-1], np.int64))
    by_rows(n, threads, lambda low, high: _copy(graph, new, low, high))
    by_rows(n, threads, lambda low, high: _add(others, worth, low, high, new), parts=1)
    by_rows(n, threads, lambda low, high: _tidy(new, low, high))
    return new


@compiled
def _prune(graph: Graph, price: Ints, gain: Ints, slack: int, low: int, high: int, kept: Ints) -> None:
    for i in range(low, high):
        place = graph.start[i]
        for at in range(graph.start[i], graph.end[i]):
            edge = graph.edge[at]
            if benefit_part(edge) - price[other_part(edge)] >= gain[i] - slack:
                graph.edge[place] = edge
                place += 1
        graph.end[i] = place
        kept[i + 1] = place - graph.start[i]


@compiled
def _count(others: Ints, low: int, high: int, kept: Ints) -> None:
    """Of rows low to high: each part of them goes through everybody's candidates, and minds those who are its own."""
    for i in range(len(others)):
        for place in range(others.shape[1]):
            other = others[i, place]
            if other < 0:
                break
            if low <= i < high:
                kept[i + 1] += 1
            if low <= other < high:
                kept[other + 1] += 1


@compiled
def _copy(graph: Graph, new: Graph, low: int, high: int) -> None:
    for i in range(low, high):
        place = new.start[i]
        for at in range(graph.start[i], graph.end[i]):
            new.edge[place] = graph.edge[at]
            place += 1
        new.end[i] = place


@compiled
def _add(others: Ints, worth: Ints, low: int, high: int, new: Graph) -> None:
    """To rows low to high."""
    for i in range(len(others)):
        for place in range(others.shape[1]):
            other, benefit = np.int64(others[i, place]), np.int64(worth[i, place]) << 32
            if other < 0:
                break
            if low <= i < high:
                new.edge[new.end[i]] = benefit | other
                new.end[i] += 1
            if low <= other < high:
                new.edge[new.end[other]] = benefit | i
                new.end[other] += 1


@compiled
def _tidy(graph: Graph, low: int, high: int) -> None:
    """Sorts each row's edges by insertion, for most stand right already, and drops what is there twice."""
    edge = graph.edge
    for i in range(low, high):
        start, end = graph.start[i], graph.end[i]
        for at in range(start + 1, end):
            moving, place = edge[at], at
            while place > start and edge[place - 1] < moving:
                edge[place] = edge[place - 1]
                place -= 1
            edge[place] = moving
        place = start
        for at in range(start, end):
            if at == start or edge[at] != edge[place - 1]:
                edge[place] = edge[at]
                place += 1
        graph.end[i] = place
