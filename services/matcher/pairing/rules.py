"""What two people have to keep besides what their columns say: some are kept apart, and a pair may have to reach a bar."""

from __future__ import annotations

import numpy as np

from services.matcher.domain.bar import NO_BAR, Bar
from services.matcher.pairing.columns import Crowd, Ints, Rules, neighbours
from services.matcher.pairing.compiled import compiled


def bar_after(days: Ints, bar: Bar) -> Ints:
    """Points that a pair needs after so many whole days of waiting (int32)."""
    left = bar.days - np.minimum(bar.days, np.asarray(days, np.int64))
    return (-(-bar.start * left // bar.days)).astype(np.int32)


def rules_of(crowd: Crowd, bar: Bar = NO_BAR) -> Rules:
    """The lower of two people's bars is that of the longer wait."""
    return Rules(crowd.apart_start, crowd.apart, bar_after(crowd.days, bar))


def among(rules: Rules, rows: Ints) -> Rules:
    """The rules of some rows, ascending, among themselves."""
    place = np.full(len(rules.bar), -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    source = np.repeat(place, np.diff(rules.apart_start))
    target = place[rules.apart]
    inside = (source >= 0) & (source < target)
    return Rules(*neighbours(len(rows), source[inside], target[inside]), rules.bar[rows])


@compiled
def may(rules: Rules, i: int, j: int, benefit: int) -> bool:
    """Whether rows i and j, who fit by their columns, may be a pair of this benefit."""
    if i == j or benefit < min(rules.bar[i], rules.bar[j]):
        return False
    for place in range(rules.apart_start[i], rules.apart_start[i + 1]):  # noqa: SIM110  # a generator is not compiled
        if rules.apart[place] == j:
            return False
    return True
