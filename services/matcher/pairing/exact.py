"""The best round there is: every pair is weighed, and an exact solver chooses."""

from __future__ import annotations

from services.matcher.pairing.arrival import benefits
from services.matcher.pairing.blossom import best_of_table
from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.weights import Points


def exact(columns: Columns, rules: Rules, points: Points) -> Ints:
    """mate[i] = the row i is paired with, or -1 (int32): the greatest total benefit of all."""
    return best_of_table(benefits(columns, rules, points))
