"""What two people have to keep besides what their columns say: some are kept apart, and a pair may have to reach a bar."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Crowd, Ints, Rules
from services.matcher.pairing.compiled import compiled

BAR_DAYS = 14
"""After so many days of waiting there is no bar any more."""


def bar_after(days: Ints, height: int) -> Ints:
    """The bar that falls with waiting: `height` points at first, evenly down to nothing, by whole days (int32)."""
    left = BAR_DAYS - np.minimum(BAR_DAYS, np.asarray(days, np.int64))
    return (-(-height * left // BAR_DAYS)).astype(np.int32)


def step_after(days: int) -> int:
    """How far the bar has come down, in days, for the longer wait of two: 0 is the whole bar, 14 none."""
    return min(BAR_DAYS, days)


def rules_of(crowd: Crowd, bar_height: int = 0) -> Rules:
    """The lower of two people's bars is that of the longer wait."""
    return Rules(crowd.apart_start, crowd.apart, bar_after(crowd.days, bar_height))


@compiled
def may(rules: Rules, i: int, j: int, benefit: int) -> bool:
    """Whether rows i and j, who fit by their columns, may be a pair of this benefit."""
    if i == j or benefit < min(rules.bar[i], rules.bar[j]):
        return False
    for place in range(rules.apart_start[i], rules.apart_start[i + 1]):  # noqa: SIM110  # a generator is not compiled
        if rules.apart[place] == j:
            return False
    return True
