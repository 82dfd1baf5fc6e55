"""The weights of a pair as the engine takes them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from services.matcher.domain.weights import Weights


class Points(NamedTuple):
    """All but what waiting is worth, which is reckoned before."""

    mutual: int
    help: int
    returning: int
    shared_time: int
    shared_times_max: int
    shared_way: int
    same_area: int
    second_language: int
    newcomer: int
    soft_wish: int

    @classmethod
    def of(cls, weights: Weights) -> Points:
        return _points(weights)


@lru_cache(maxsize=8)
def _points(weights: Weights) -> Points:
    return Points(*(getattr(weights, name) for name in Points._fields))
