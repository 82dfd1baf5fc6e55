"""People as columns of bit masks: one row each, one word of every column, so that a run of them is weighed at once.

Bits are given out by `roll.py`. A column of topics, traits or languages has 32 bits a row where that is enough, else 64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]

TIMES = 21
TIMES_MASK = (1 << TIMES) - 1
ANY_TIME = 1 << TIMES
"""Set where no time was ticked: any is fine."""
NET_SHIFT, NET_MASK, NET_ZERO = 22, 63, 16

LETTER_OR_MESSAGE, CALL, IN_PERSON, WAYS = 0b0011, 0b0100, 0b1000, 0b1111
NEW_SHIFT, WELCOMES_SHIFT = 4, 5
SOUGHT_SHIFT, SOUGHT_MASK = 6, 127
AREA_SHIFT = 13
AREA_MASK = 0xFFFFFFFF >> AREA_SHIFT << AREA_SHIFT
AREAS_MAX = (1 << 32 - AREA_SHIFT) - 1


class Columns(NamedTuple):
    """All of length n; a tuple, for compiled functions take it as it is."""

    offers: Ints
    seeks: Ints
    avoids: Ints
    traits: Ints
    """One bit for each thing that anybody's limits or wishes ask about: age band, facts."""
    refuses: Ints
    """Traits outside this person's limits."""
    prefers: Ints
    languages: Ints
    meeting: Ints
    """uint32: ways, newcomer, welcomes newcomers, number of topics sought (1 for none), area (0 for none)."""
    times: Ints
    """uint32: 21 times, any time, given minus received plus 16."""
    waited: Ints
    """int32: points for waiting."""

    def take(self, rows: Ints) -> Columns:
        """These rows, in this order; a copy."""
        return Columns(*(np.ascontiguousarray(column[rows]) for column in self))


class Rules(NamedTuple):
    """What two rows have to keep besides what their columns say."""

    apart_start: Ints
    """int64, n + 1: where in `apart` each row's own part begins."""
    apart: Ints
    """int32: rows that must never meet this row; each such two are in both parts."""
    bar: Ints
    """int32: a pair has to be worth at least the lower of its two bars."""


class Crowd(NamedTuple):
    """Everybody who waits for a round."""

    names: list[str]
    columns: Columns
    places: Ints
    """uint8: in how many pairs each may be."""
    days: Ints
    """int32: whole days waited."""
    apart_start: Ints
    """int64, n + 1: where in `apart` each row's own part begins."""
    apart: Ints
    """int32: rows that must never meet this row; each such two are in both parts."""


def neighbours(n: int, first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """(start, other) of the rows that each row is joined to by the pairs (first[k], second[k]), in either direction."""
    source, target = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.lexsort((target, source))
    start = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=n), out=start[1:])
    return start, target[order].astype(np.int32)
