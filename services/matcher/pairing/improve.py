"""Local search on a matching: short changes that gain (Pettie and Sanders 2004; Maue and Sanders 2007).

*take*   somebody free takes a partner whose pair is worth less; whoever is left is free and takes in turn
*part*   two part, and each takes another, or stays free
*swap*   two pairs exchange partners; the second new pair is weighed directly, so it may be none that was on the table
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.graph import Graph, benefit_part, other_part
from services.matcher.pairing.rules import may
from services.matcher.pairing.weighing import weigh
from services.matcher.pairing.weights import Points


class State(NamedTuple):
    mate: Ints
    worth: Ints
    """int32: the benefit of each row's pair, 0 for the free."""
    free: Ints
    """int32: a stack of rows to look at, each of which may have a mate again by now."""
    waiting: Ints
    """int64, 1: how many are on it."""


@compiled
def improved(columns: Columns, rules: Rules, points: Points, graph: Graph, mate: Ints, passes: int) -> int:
    """Changes `mate` in place; what was gained. Ends after so many passes over everybody, or when one gains nothing."""
    n = len(mate)
    state = State(mate, pair_benefits(columns, points, mate), np.empty(2 * n + 4, np.int32), np.zeros(1, np.int64))
    most = _most(graph)
    total = 0
    for _ in range(passes):
        gained = 0
        for i in range(n):
            if mate[i] < 0:
                _lay_down(state, i)
        gained += _all_take(graph, state)
        for i in range(n):
            if mate[i] > i:
                gained += _swap(columns, rules, points, graph, state, i, most)
            if mate[i] > i:
                gained += _part(graph, state, i)
            gained += _all_take(graph, state)
        total += gained
        if gained == 0:
            break
    return total


@compiled
def pair_benefits(columns: Columns, points: Points, mate: Ints) -> Ints:
    """int32: the benefit of each row's pair, 0 for those without."""
    worth = np.zeros(len(mate), np.int32)
    for i in range(len(mate)):
        if mate[i] >= 0:
            worth[i] = weigh(columns, i, columns, mate[i], points)
    return worth


@compiled
def _most(graph: Graph) -> int:
    """The greatest benefit on the table."""
    most = 0
    for i in range(len(graph.start)):
        if graph.end[i] > graph.start[i]:
            most = max(most, benefit_part(graph.edge[graph.start[i]]))
    return most


@compiled
def _lay_down(state: State, i: int) -> None:
    state.free[state.waiting[0]] = i
    state.waiting[0] += 1


@compiled
def _join(state: State, i: int, other: int, benefit: int) -> None:
    """Pairs i, who is free, with other; whoever other was with is laid down as free."""
    old = state.mate[other]
    state.mate[i], state.mate[other] = other, i
    state.worth[i], state.worth[other] = benefit, benefit
    if old >= 0 and old != i:
        state.mate[old], state.worth[old] = -1, 0
        _lay_down(state, old)


@compiled
def _all_take(graph: Graph, state: State) -> int:
    """Everybody on the stack takes, and whoever that leaves free; each time something is gained, so it ends."""
    gained = 0
    while state.waiting[0]:
        state.waiting[0] -= 1
        i = state.free[state.waiting[0]]
        if state.mate[i] < 0:
            other, gain, benefit, _, _, _ = _two_best(graph, state, i, -1)
            if other >= 0:
                _join(state, i, other, benefit)
                gained += gain
    return gained


@compiled
def _two_best(graph: Graph, state: State, i: int, but: int) -> tuple[int, int, int, int, int, int]:
    """The two whom i would gain most from by taking them out of their pairs: (row, gain, benefit) twice; row -1 for none."""
    first, first_gain, first_benefit, second, second_gain, second_benefit = -1, 0, 0, -1, 0, 0
    for place in range(graph.start[i], graph.end[i]):
        benefit, other = benefit_part(graph.edge[place]), other_part(graph.edge[place])
        if benefit <= second_gain:
            break
        gain = benefit - state.worth[other]
        if other == but or gain <= second_gain:
            continue
        if gain > first_gain:
            second, second_gain, second_benefit = first, first_gain, first_benefit
            first, first_gain, first_benefit = other, gain, benefit
        else:
            second, second_gain, second_benefit = other, gain, benefit
    return first, first_gain, first_benefit, second, second_gain, second_benefit


@compiled
def _part(graph: Graph, state: State, i: int) -> int:
    """i and mate[i] part where what each of them takes instead is worth more together than their pair."""
    m = int(state.mate[i])
    a, a_gain, a_benefit, a2, a2_gain, a2_benefit = _two_best(graph, state, i, m)
    b, b_gain, b_benefit, b2, b2_gain, b2_benefit = _two_best(graph, state, m, i)
    if a >= 0 and (a == b or state.mate[a] == b):  # they can't both: the one who loses less takes the second best
        if a_gain + b2_gain >= a2_gain + b_gain:
            b, b_gain, b_benefit = b2, b2_gain, b2_benefit
        else:
            a, a_gain, a_benefit = a2, a2_gain, a2_benefit
    gain = a_gain + b_gain - state.worth[i]
    if gain <= 0:
        return 0
    state.mate[i], state.mate[m], state.worth[i], state.worth[m] = -1, -1, 0, 0
    if a >= 0:
        _join(state, i, a, a_benefit)
    if b >= 0:
        _join(state, m, b, b_benefit)
    if state.mate[i] < 0:
        _lay_down(state, i)
    if state.mate[m] < 0:
        _lay_down(state, m)
    return int(gain)


@compiled
def _swap(columns: Columns, rules: Rules, points: Points, graph: Graph, state: State, i: int, most: int) -> int:
    """(i, m) and (u, x) become (i, u) and (m, x) for the best u of i's candidates, or the same with m's; what is gained."""
    m = state.mate[i]
    gain, u, first, second = _best_swap(columns, rules, points, graph, state, i, 0, most)
    gain_m, u_m, first_m, second_m = _best_swap(columns, rules, points, graph, state, m, gain, most)
    v = i
    if u_m >= 0:
        v, gain, u, first, second = m, gain_m, u_m, first_m, second_m
    if u < 0:
        return 0
    left, x = state.mate[v], state.mate[u]
    state.mate[v], state.mate[u], state.mate[left], state.mate[x] = u, v, x, left
    state.worth[v], state.worth[u], state.worth[left], state.worth[x] = first, first, second, second
    return gain


@compiled
def _best_swap(columns: Columns, rules: Rules, points: Points, graph: Graph, state: State, v: int, best: int, most: int
               ) -> tuple[int, int, int, int]:
    """(gain, u, benefit of v and u, benefit of the two who are left) of v's best swap above `best`; u -1 for none."""
    left, best_u, first, second = state.mate[v], -1, 0, 0
    for place in range(graph.start[v], graph.end[v]):
        benefit, u = benefit_part(graph.edge[place]), other_part(graph.edge[place])
        if benefit + most <= state.worth[v] + best:
            break
        x = state.mate[u]
        needed = state.worth[v] + state.worth[u] - benefit + best
        if u == left or x < 0 or needed >= most:
            continue
        other = weigh(columns, left, columns, x, points)
        if other > max(needed, 0) and may(rules, left, x, other):
            best, best_u, first, second = best + other - needed, u, benefit, other
    return best, best_u, first, second
