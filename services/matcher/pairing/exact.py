"""The best round there is: every pair is weighed, and an exact solver chooses (Galil 1986; rustworkx).

Its time grows with almost the fourth power of the number of people: 0.2 s for 500 people, half a minute for 2,000.
"""

from __future__ import annotations

import numpy as np
import rustworkx

from services.matcher.pairing.arrival import benefits
from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.weighing import Points

EXACT_MAX = 500
"""People up to whom a round is exact: all programmes but the largest, in a fifth of a second."""


def exact(columns: Columns, rules: Rules, points: Points) -> Ints:
    """mate[i] = the row i is paired with, or -1 (int32): the greatest total benefit of all."""
    return best_of_table(benefits(columns, rules, points))


def best_of_table(table: Ints) -> Ints:
    """The same from the benefits of every two."""
    first, second = np.nonzero(np.triu(table, 1))
    graph = rustworkx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(len(table)))
    graph.add_edges_from(list(zip(first.tolist(), second.tolist(), table[first, second].tolist(), strict=True)))
    mate = np.full(len(table), -1, np.int32)
    for a, b in rustworkx.max_weight_matching(graph, weight_fn=int):
        mate[a], mate[b] = b, a
    return mate
