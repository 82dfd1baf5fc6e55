"""Weighs one person against others, in the integers of `domain/benefit.py` exactly.

Most of a search is to find that somebody is not worth it. So a run of people is first asked what each could be worth at
most, to two points: one loop over columns without a branch, written for the processor's wide registers, half a nanosecond
a pair. Only the few who promise enough, of whom next to none disappoints, are then weighed in integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from services.matcher.domain.benefit import LEAST
from services.matcher.pairing.columns import (
    ANY_TIME,
    AREA_MASK,
    CALL,
    IN_PERSON,
    LETTER_OR_MESSAGE,
    NET_MASK,
    NET_SHIFT,
    NET_ZERO,
    NEW_SHIFT,
    SOUGHT_MASK,
    SOUGHT_SHIFT,
    TIMES_MASK,
    WELCOMES_SHIFT,
    Columns,
    Ints,
)
from services.matcher.pairing.compiled import bits, within
from services.matcher.pairing.weights import Points as Points

NEVER = -(1 << 30)
"""Of two who may not meet."""

RUN, PART = 512, 32
"""People who are asked at a time, and of whose promises the greatest is looked at before each of them: a part often
promises nothing, and is done with."""

ROUNDING = 2
"""A promise is reckoned in single precision: a whole may be up to 70,000 points, which that holds to a hundredth, and is
rounded down where a benefit is rounded half up."""


@within
def promise(one: Columns, i: int, others: Columns, low: int, high: int, price: Ints, points: Points, out: Ints) -> int:
    """out[z] is what `one` row i gains from `others` row low + z at that row's price, or ROUNDING more at most; far below
    zero where help, limits or languages keep them apart. Returns the greatest."""
    offers, seeks, avoids, languages = one.offers[i], one.seeks[i], one.avoids[i], one.languages[i]
    traits, refuses, prefers, meeting, times = one.traits[i], one.refuses[i], one.prefers[i], one.meeting[i], one.times[i]
    sought, net, welcome = np.float32(_sought(one, i)), np.int32(_net(one, i) + NET_ZERO), _welcome(meeting)
    mutual, each, returning = np.float32(2 * points.mutual), np.float32(points.help), np.float32(points.returning)
    time, times_max, way, area, second, newcomer, wish = (
        np.int32(points.shared_time), np.int32(points.shared_times_max), np.int32(points.shared_way),
        np.int32(points.same_area), np.int32(points.second_language), np.int32(points.newcomer), np.int32(points.soft_wish))
    fine_times = times & np.uint32(TIMES_MASK)
    always = np.int32(one.waited[i] + ROUNDING)
    greatest = np.int32(NEVER)
    begin = np.uint64(low)  # a place without a sign is not asked whether it counts from the end, which keeps the loop wide
    for z in range(np.uint64(high - low)):
        k = begin + z
        other_sought = np.float32(_sought(others, k))
        p = np.float32(np.int32(bits(others.offers[k] & seeks))) * other_sought
        q = np.float32(np.int32(bits(offers & others.seeks[k]))) * sought
        parts = p + q
        other_net = np.int32(others.times[k] >> np.uint32(NET_SHIFT) & np.uint32(NET_MASK))
        back = returning * np.float32(np.int32(net - other_net)) * (p - q)
        help = (mutual * (p * q) + (each * parts + back) * parts) / (sought * other_sought * parts)
        against = (others.avoids[k] & seeks) | (avoids & others.seeks[k])
        outside = (others.traits[k] & refuses) | (traits & others.refuses[k])
        spoken = others.languages[k] & languages
        shared = np.int32(bits(others.times[k] & fine_times))
        ways, near = _ways(meeting, others.meeting[k], times, others.times[k])
        handy = np.int32(np.int32(time * min(times_max, shared)) + np.int32(way * bits(ways)) + np.int32(area * near)
                         + np.int32(second * np.int32(bits(spoken) > 1)))
        wishes = np.int32(np.int32(bits(others.traits[k] & prefers)) + np.int32(bits(traits & others.prefers[k])))
        kind = np.int32(np.int32(newcomer * np.int32(bits(others.meeting[k] & welcome))) + np.int32(wish * wishes))
        fit = (against == 0) & (outside == 0) & (parts > np.float32(0)) & (ways != 0) & (spoken != 0)
        worth = np.int32(np.int32(help) + handy + kind + others.waited[k] + always)
        out[z] = np.int32(max(np.int32(LEAST), worth) - price[k]) if fit else np.int32(NEVER)
        greatest = max(greatest, out[z])
    return int(greatest)


@within
def greatest_of(out: Ints, part: int) -> int:
    """The greatest of PART promises, from place `part`."""
    greatest = np.int32(NEVER)
    for z in range(np.uint64(PART)):
        greatest = max(greatest, out[np.uint64(part) + z])
    return int(greatest)


@within
def weigh(one: Columns, i: int, others: Columns, k: int, points: Points) -> int:
    """The benefit of `one` row i and `others` row k; NEVER where they may not meet. Whether they are the same person, or
    kept apart, is the caller's to look at."""
    against = (others.avoids[k] & one.seeks[i]) | (one.avoids[i] & others.seeks[k])
    outside = (others.traits[k] & one.refuses[i]) | (one.traits[i] & others.refuses[k])
    spoken = others.languages[k] & one.languages[i]
    ways, near = _ways(one.meeting[i], others.meeting[k], one.times[i], others.times[k])
    sought, other_sought = np.int64(_sought(one, i)), np.int64(_sought(others, k))
    p = np.int64(bits(others.offers[k] & one.seeks[i])) * other_sought
    q = np.int64(bits(one.offers[i] & others.seeks[k])) * sought
    if against != 0 or outside != 0 or spoken == 0 or ways == 0 or p + q == 0:
        return NEVER
    back = points.returning * (_net(one, i) - _net(others, k)) * (p - q)
    top = 2 * points.mutual * p * q + (points.help * (p + q) + back) * (p + q)
    of = sought * other_sought * (p + q)
    shared = np.int64(bits(one.times[i] & others.times[k] & np.uint32(TIMES_MASK)))
    handy = (points.shared_time * min(np.int64(points.shared_times_max), shared) + points.shared_way * np.int64(bits(ways))
             + points.same_area * near + points.second_language * np.int64(bits(spoken) > 1))
    kind = _kind(one, i, others, k, points) + _kind(others, k, one, i, points)
    return int(max(LEAST, (2 * top + of) // (2 * of) + handy + kind + np.int64(one.waited[i]) + np.int64(others.waited[k])))


@within
def _ways(meeting: np.uint32, other: np.uint32, times: np.uint32, other_times: np.uint32) -> tuple[np.int32, np.int32]:
    """(the ways that two can use, 1 where they live in the same area), from their columns `meeting` and `times`.

    All that is known of the first alone is reckoned apart, and in a loop over others before it.
    """
    somewhere, any_time = (meeting & np.uint32(AREA_MASK)) != np.uint32(0), times & np.uint32(ANY_TIME)
    fine = (times & np.uint32(TIMES_MASK)) | np.uint32(ANY_TIME)
    near = np.int32((((meeting ^ other) & np.uint32(AREA_MASK)) == np.uint32(0)) & somewhere)
    at_a_time = np.int32(np.uint32((other_times & fine) | any_time) != np.uint32(0))
    in_person = np.int32(near * np.int32(IN_PERSON))
    allowed = np.int32(np.int32(LETTER_OR_MESSAGE) | np.int32(at_a_time * np.int32(np.int32(CALL) | in_person)))
    return np.int32(np.int32(meeting & other) & allowed), near


@within
def _kind(one: Columns, i: int, others: Columns, k: int, points: Points) -> np.int64:
    """Points for how welcome k is to i."""
    new = (others.meeting[k] >> np.uint32(NEW_SHIFT)) & (one.meeting[i] >> np.uint32(WELCOMES_SHIFT)) & np.uint32(1)
    return points.newcomer * np.int64(new) + points.soft_wish * np.int64(bits(others.traits[k] & one.prefers[i]))


@within
def _welcome(meeting: np.uint32) -> np.uint32:
    """The bits of another's column `meeting` that count between the two: new, if this one welcomes newcomers; and welcoming,
    if this one is new."""
    new = meeting >> np.uint32(NEW_SHIFT) & np.uint32(1)
    welcomes = meeting >> np.uint32(WELCOMES_SHIFT) & np.uint32(1)
    return np.uint32(np.uint32(welcomes << np.uint32(NEW_SHIFT)) | np.uint32(new << np.uint32(WELCOMES_SHIFT)))


@within
def _sought(columns: Columns, k: Any) -> np.int32:
    """How many topics, at least 1."""
    return np.int32(columns.meeting[k] >> np.uint32(SOUGHT_SHIFT) & np.uint32(SOUGHT_MASK))


@within
def _net(columns: Columns, k: int) -> np.int64:
    """What somebody gave above what they received, as far as it counts."""
    return np.int64(columns.times[k] >> np.uint32(NET_SHIFT) & np.uint32(NET_MASK)) - NET_ZERO
