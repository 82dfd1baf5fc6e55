"""Weighs one person against a run of others, in the integers of `domain/benefit.py` exactly.

Written for the processor's wide registers: two short loops over columns without a branch, about two nanoseconds a pair.
The one fraction is divided in double precision. That is exact: the numerator stays below 2**45, and a quotient that
is no whole number is further from one than half of the denominator's inverse, above 2**-26, while a double of that size
is precise to 2**-32.
"""

from __future__ import annotations

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
    NEW_SHIFT,
    SOUGHT_MASK,
    SOUGHT_SHIFT,
    TIMES_MASK,
    WAYS,
    WELCOMES_SHIFT,
    Columns,
    Ints,
)
from services.matcher.pairing.compiled import bits, within
from services.matcher.pairing.weights import Points as Points

NEVER = -(1 << 30)
"""Of two who may not meet."""

RUN = 1024
"""Rows weighed at a time: what is written stays in the processor's nearest memory."""


@within
def weigh(one: Columns, i: int, others: Columns, low: int, high: int, price: Ints, points: Points, out: Ints) -> int:
    """out[z] = benefit of `one` row i and `others` row low + z, less that row's price; far below zero where they may not
    meet. Returns the greatest. Whether they are the same person, or kept apart, is the caller's to look at."""
    _help(one, i, others, low, high, points, out)
    return _with_the_rest(one, i, others, low, high, price, points, out)


@within
def _help(one: Columns, i: int, others: Columns, low: int, high: int, points: Points, out: Ints) -> None:
    """Points for help in both directions; NEVER without any, or against what either refuses or avoids."""
    offers, seeks, avoids = one.offers[i], one.seeks[i], one.avoids[i]
    traits, refuses = one.traits[i], one.refuses[i]
    sought = np.int32(one.meeting[i] >> np.uint32(SOUGHT_SHIFT) & np.uint32(SOUGHT_MASK))
    net = np.int32(one.times[i] >> np.uint32(NET_SHIFT) & np.uint32(NET_MASK))
    mutual, each, back = np.float64(2 * points.mutual), np.float64(points.help), np.float64(points.returning)
    begin = np.uint64(low)  # a place without a sign is not asked whether it counts from the end, which keeps the loop wide
    for z in range(np.uint64(high - low)):
        k = begin + z
        other_sought = np.int32(others.meeting[k] >> np.uint32(SOUGHT_SHIFT) & np.uint32(SOUGHT_MASK))
        net_over = np.float64(net - np.int32(others.times[k] >> np.uint32(NET_SHIFT) & np.uint32(NET_MASK)))
        p = np.float64(np.int32(bits(others.offers[k] & seeks)) * other_sought)
        q = np.float64(np.int32(bits(offers & others.seeks[k])) * sought)
        parts = p + q
        of = np.float64(sought * other_sought) * parts
        top = mutual * p * q + (each * parts + back * net_over * (p - q)) * parts
        whole = np.int32(np.floor((2.0 * top + of) / max(2.0 * of, 1.0)))
        against = (others.avoids[k] & seeks) | (avoids & others.seeks[k])
        outside = (others.traits[k] & refuses) | (traits & others.refuses[k])
        out[z] = whole if (against == 0) & (outside == 0) & (parts > 0.0) else np.int32(NEVER)


@within
def _with_the_rest(one: Columns, i: int, others: Columns, low: int, high: int, price: Ints, points: Points,
                   out: Ints) -> int:
    """Adds what makes meeting easy, what is kind and the waiting of both, and takes the price away; the greatest."""
    meeting, times, languages = one.meeting[i], one.times[i], one.languages[i]
    traits, prefers, waited = one.traits[i], one.prefers[i], one.waited[i]
    greatest = np.int32(NEVER)
    begin = np.uint64(low)
    for z in range(np.uint64(high - low)):
        k = begin + z
        m, t = others.meeting[k], others.times[k]
        shared = np.int32(bits(t & times & np.uint32(TIMES_MASK)))
        at_a_time = np.int32(((t & times & np.uint32(TIMES_MASK)) | ((t | times) & np.uint32(ANY_TIME))) != 0)
        near = np.int32(((m ^ meeting) & np.uint32(AREA_MASK)) == 0) & np.int32((m & np.uint32(AREA_MASK)) != 0)
        ways = np.int32(m & meeting & np.uint32(WAYS)) & (LETTER_OR_MESSAGE | at_a_time * (CALL | near * IN_PERSON))
        spoken = others.languages[k] & languages
        several = np.int32((spoken & (spoken - np.uint8(1))) != 0)
        new = np.int32((m >> np.uint32(NEW_SHIFT)) & (meeting >> np.uint32(WELCOMES_SHIFT)) & np.uint32(1))
        new = np.int32(new + np.int32((meeting >> np.uint32(NEW_SHIFT)) & (m >> np.uint32(WELCOMES_SHIFT)) & np.uint32(1)))
        wishes = np.int32(np.int32(bits(others.traits[k] & prefers)) + np.int32(bits(traits & others.prefers[k])))
        handy = np.int32(points.shared_time * min(np.int32(points.shared_times_max), shared) + points.shared_way * bits(ways)
                         + points.same_area * near + points.second_language * several)
        kind = np.int32(points.newcomer * new + points.soft_wish * wishes)
        total = max(np.int32(LEAST), np.int32(out[z] + handy + kind + waited + others.waited[k]))
        fit = (out[z] != np.int32(NEVER)) & (spoken != 0) & (ways != 0)
        out[z] = np.int32(total - price[k]) if fit else np.int32(NEVER)
        greatest = max(greatest, out[z])
    return int(greatest)
