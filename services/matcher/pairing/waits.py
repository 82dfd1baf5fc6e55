"""How long everybody has waited, as of now, in whole days: columns that need no touching as time goes by."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from services.matcher.domain.bar import Bar
from services.matcher.domain.weights import Weights
from services.matcher.pairing.columns import Ints
from shared.clock import DAY_MS

DAYS_MAX = 20_000
"""Nothing changes with further days: a weight of one point a day has come to the most there can be."""


class Waits(NamedTuple):
    """What somebody's wait is worth now. A wait began on a `day` since 1970, so many milliseconds into it."""

    day: int
    rest: int
    """ms of today that have passed."""
    points_day: int
    points_max: int
    bar: Ints
    """int32: what a pair needs after so many whole days of the longer wait."""

    @classmethod
    def of(cls, now_ms: int, bar: Bar, weights: Weights) -> Waits:
        return cls(*divmod(now_ms, DAY_MS), weights.waited_day, weights.waited_max, _falling(bar))


@lru_cache(maxsize=8)
def _falling(bar: Bar) -> Ints:
    return np.array([bar.points(step) for step in range(bar.days + 1)], np.int32)
