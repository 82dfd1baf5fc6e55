"""Reads the index: a bounded number of candidates for each row, in near-linear time."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import bits, compiled
from services.matcher.pairing.index import PART_TOPICS, Index, entry, mixed, rarest
from services.matcher.pairing.shortlist import consider, without_prices
from services.matcher.pairing.weighing import NEVER, RUN
from services.matcher.pairing.weights import Points

WEIGHED_MAX = 256
"""Candidates from the index that are weighed for one row."""

WINDOW = 32
"""Of one entry, beginning anywhere in it: a long entry is not read to its end by everybody from its beginning."""

BESIDE = 256
"""Candidates from the row's own neighbourhood in the pool's order, for rare wishes."""


@compiled
def looked_up(columns: Columns, rules: Rules, points: Points, index: Index, price: Ints, index_price: Ints, seed: int,
              low: int, high: int, others: Ints, worth: Ints) -> None:
    """For rows low to high the best of those that the index and the neighbourhood name. Fills others and worth (benefits)."""
    nobody = np.empty(0, np.int32)
    out = np.full(RUN, NEVER, np.int32)
    n = len(price)
    for i in range(low, high):
        count = _from_entries(columns, rules, points, index, price, index_price, seed, i, others[i], worth[i], out)
        start = max(0, min(n - BESIDE, i - BESIDE // 2))
        end = min(n, start + BESIDE)
        count = consider(columns, i, columns, start, end, nobody, rules, points, price, 0, others[i], worth[i], count, out)
        without_prices(others[i], worth[i], count, price)


@compiled
def _from_entries(columns: Columns, rules: Rules, points: Points, index: Index, price: Ints, index_price: Ints, seed: int,
                  i: int, others: Ints, worth: Ints, out: Ints) -> int:
    """Every part of what i seeks, larger parts first, with every part of what i offers and every language."""
    seeks, offers = rarest(np.uint64(columns.seeks[i]), PART_TOPICS), rarest(np.uint64(columns.offers[i]), PART_TOPICS)
    chance = mixed(np.uint64(i) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15))
    count, left = 0, WEIGHED_MAX
    for size in range(np.int64(bits(seeks)), -1, -1):
        covered = seeks
        while left > 0:
            if np.int64(bits(covered)) == size:
                sought = offers
                while left > 0:
                    languages = np.uint64(columns.languages[i])
                    while languages:
                        language = languages & (~languages + np.uint64(1))
                        languages ^= language
                        chance = mixed(chance + np.uint64(1))
                        at = entry(language, sought, covered, np.uint64(index.mask))
                        start, length = _window(index, at, chance)
                        left -= length + 2
                        if length:
                            count = consider(columns, i, index.columns, start, start + length, index.rows, rules, points,
                                             index_price, 0, others, worth, count, out)
                    if sought == 0:
                        break
                    sought = (sought - np.uint64(1)) & offers
            if covered == 0:
                break
            covered = (covered - np.uint64(1)) & seeks
    return count


@compiled
def _window(index: Index, at: int, chance: np.uint64) -> tuple[int, int]:
    """(start, length) of what is read of an entry; where that is short, with what stands behind it, as whole words of the
    processor are read in any case."""
    start, length = int(index.start[at]), int(index.start[at + 1] - index.start[at])
    if length > WINDOW:
        start += int(chance % np.uint64(length - WINDOW + 1))
    return start, min(WINDOW, len(index.rows) - start) if length else 0
