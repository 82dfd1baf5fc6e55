"""The best partners for one person among the columns of everybody, without anything compiled: some thirty times slower.

What a process that has just begun goes by until `scan.py` is compiled. In the integers of `domain/benefit.py` exactly.
"""

from __future__ import annotations

import numpy as np

from services.matcher.domain.benefit import LEAST
from services.matcher.domain.weights import PUBLISHED
from services.matcher.pairing.columns import (
    ANY_TIME,
    AREA_MASK,
    CALL,
    IN_PERSON,
    LETTER_OR_MESSAGE,
    NET_MASK,
    NET_SHIFT,
    NEW_SHIFT,
    SOUGHT_MASK,
    SOUGHT_SHIFT,
    TIMES_MASK,
    WAYS,
    WELCOMES_SHIFT,
    Columns,
    Ints,
)
from services.matcher.pairing.waits import DAYS_MAX, Waits
from services.matcher.pairing.weights import Points


def best_partners(columns: Columns, since_day: Ints, since_rest: Ints, i: int, apart: Ints, waits: Waits,
                  points: Points) -> tuple[int, Ints]:
    """(benefit, rows) of those who are best for row i, reach the bar and have waited longest of them; no rows when there is
    nobody. `apart` are rows that must not meet row i."""
    rows = _who_may(columns, i, apart)
    days = _days(since_day[rows], since_rest[rows], waits)
    own_days = _days(since_day[i:i + 1], since_rest[i:i + 1], waits)
    they, me = Columns(*(column[rows] for column in columns)), Columns(*(column[i:i + 1] for column in columns))
    waited = sum(np.minimum(waits.points_max, waits.points_day * each) for each in (days, own_days))
    handy, usable = _handy(they, me, points)
    worth = np.maximum(LEAST, _help(they, me, points) + handy + _kind(they, me, points) + waited)
    step = np.minimum(np.maximum(days, own_days), len(waits.bar) - 1)
    may = usable & (worth >= waits.bar[step])
    if not may.any():
        return 0, rows[:0]
    best = rows[may & (worth == worth[may].max())]
    longest = since_day[best] == since_day[best].min()
    best = best[longest]
    return int(worth[may].max()), best[since_rest[best] == since_rest[best].min()]


def who_fit(columns: Columns, i: int, rows: Ints, apart: Ints) -> Ints:
    """bool: which of some rows fit row i, as `domain/constraints.py` says it, and have a place."""
    they, me = Columns(*(column[rows] for column in columns)), Columns(*(column[i:i + 1] for column in columns))
    usable = _handy(they, me, Points.of(PUBLISHED))[1]
    fitting: Ints = _may(they, me) & usable & (rows != i) & ~np.isin(rows, apart)
    return fitting


def _who_may(columns: Columns, i: int, apart: Ints) -> Ints:
    """Rows that row i could help or be helped by, and that nothing stated by either keeps away."""
    may = _may(columns, Columns(*(column[i:i + 1] for column in columns)))
    may[i] = False
    may[apart] = False
    return np.nonzero(may)[0]


def _may(they: Columns, me: Columns) -> Ints:
    may: Ints = (they.offers & me.seeks | they.seeks & me.offers) != 0
    may &= (they.languages & me.languages) != 0
    may &= (they.avoids & me.seeks | they.seeks & me.avoids) == 0
    may &= (they.traits & me.refuses | they.refuses & me.traits) == 0
    return may


def _days(since_day: Ints, since_rest: Ints, waits: Waits) -> Ints:
    """Whole days, int64."""
    days: Ints = waits.day - since_day.astype(np.int64) - (since_rest > waits.rest)
    return days.clip(0, DAYS_MAX)


def _count(mask: Ints) -> Ints:
    return np.bitwise_count(mask).astype(np.int64)


def _field(column: Ints, shift: int, mask: int) -> Ints:
    return (column >> np.uint32(shift) & np.uint32(mask)).astype(np.int64)


def _help(they: Columns, me: Columns, points: Points) -> Ints:
    """As `domain/benefit.py` has it, for me and each of them."""
    a_seeks, b_seeks = _field(me.meeting, SOUGHT_SHIFT, SOUGHT_MASK), _field(they.meeting, SOUGHT_SHIFT, SOUGHT_MASK)
    p, q = _count(me.seeks & they.offers) * b_seeks, _count(they.seeks & me.offers) * a_seeks
    parts, whole = p + q, a_seeks * b_seeks
    net = _field(me.times, NET_SHIFT, NET_MASK) - _field(they.times, NET_SHIFT, NET_MASK)
    top = 2 * points.mutual * p * q + (points.help * parts + points.returning * net * (p - q)) * parts
    rounded: Ints = (2 * top + whole * parts) // (2 * whole * parts)
    return rounded


def _handy(they: Columns, me: Columns, points: Points) -> tuple[Ints, Ints]:
    """Points for what makes meeting easy, and whether there is a way that both can use."""
    times, either = they.times & me.times & np.uint32(TIMES_MASK), (they.times | me.times) & np.uint32(ANY_TIME)
    at_a_time = (times != 0) | (either != 0)
    near = ((they.meeting ^ me.meeting) & np.uint32(AREA_MASK) == 0) & (they.meeting & np.uint32(AREA_MASK) != 0)
    ways = they.meeting & me.meeting & np.uint32(WAYS)
    ways &= (LETTER_OR_MESSAGE + at_a_time * (CALL + near * IN_PERSON)).astype(np.uint32)
    several = _count(they.languages & me.languages) > 1
    handy = (points.shared_time * np.minimum(points.shared_times_max, _count(times)) + points.shared_way * _count(ways)
             + points.same_area * near + points.second_language * several)
    usable: Ints = ways != 0
    return handy, usable


def _kind(they: Columns, me: Columns, points: Points) -> Ints:
    """Points for newcomers who are welcome and for wishes that are met, on both sides."""
    new = sum(_field(one.meeting, NEW_SHIFT, 1) & _field(other.meeting, WELCOMES_SHIFT, 1)
              for one, other in ((they, me), (me, they)))
    wishes = _count(they.traits & me.prefers) + _count(me.traits & they.prefers)
    kind: Ints = points.newcomer * new + points.soft_wish * wishes
    return kind
