"""The best partners for one person among the columns of everybody who waits, compiled: about two nanoseconds each.

Nothing has to be kept up for it: what a wait is worth, and how far the bar has come down, is reckoned for each run as it is
weighed, from the day on which the wait began.
"""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import Columns, Ints
from services.matcher.pairing.compiled import compiled, within
from services.matcher.pairing.waits import DAYS_MAX, Waits
from services.matcher.pairing.weighing import NEVER, PART, RUN, greatest_of, promise, weigh
from services.matcher.pairing.weights import Points


@compiled
def best_partners(columns: Columns, since_day: Ints, since_rest: Ints, i: int, apart: Ints, waits: Waits,
                  points: Points) -> tuple[int, Ints]:
    """(benefit, rows) of those who are best for row i, reach the bar and have waited longest of them; no rows when there is
    nobody. `apart` are rows that must not meet row i."""
    n = len(since_day)
    out, waited, free = np.full(RUN, NEVER, np.int32), np.empty(RUN, np.int32), np.zeros(RUN, np.int32)
    places = np.empty(RUN, np.int64)
    found, count, best = np.empty(16, np.int64), 0, 1
    own_days = _days(since_day[i], since_rest[i], waits)
    own = np.full(1, min(waits.points_max, waits.points_day * own_days), np.int32)
    me = _run(columns, i, i + 1, own)
    for low in range(0, n, RUN):
        high = min(n, low + RUN)
        _worth_waiting(since_day[low:high], since_rest[low:high], waits, waited)
        others = _run(columns, low, high, waited)
        if promise(me, 0, others, 0, high - low, free, points, out) < best:
            continue
        for z in _promising(out, high - low, best, places):
            k = low + z
            if out[z] < best or k == i:
                continue
            worth = weigh(me, 0, others, z, points)
            if worth < best or worth < _bar(max(own_days, _days(since_day[k], since_rest[k], waits)), waits):
                continue
            if count and worth == best:
                ahead = _ahead(since_day, since_rest, k, found[0])
                if ahead < 0:
                    continue
            else:
                ahead = 1
            if _among(apart, k):
                continue
            if ahead > 0:
                best, count = worth, 0
            elif count == len(found):
                found = np.concatenate((found, found))
            found[count] = k
            count += 1
    return (best if count else 0), found[:count].copy()


@within
def _promising(out: Ints, n: int, least: int, places: Ints) -> Ints:
    """Places of those of the first n who promise as much; written to `places`. Most parts have none, and are passed as one."""
    count = 0
    for part in range(0, n, PART):
        if greatest_of(out, part) >= least:
            for z in range(part, min(n, part + PART)):
                if out[z] >= least:
                    places[count] = z
                    count += 1
    return places[:count]


@within
def _run(columns: Columns, low: int, high: int, waited: Ints) -> Columns:
    """These rows, and what their waits are worth."""
    return Columns(columns.offers[low:high], columns.seeks[low:high], columns.avoids[low:high], columns.traits[low:high],
                   columns.refuses[low:high], columns.prefers[low:high], columns.languages[low:high],
                   columns.meeting[low:high], columns.times[low:high], waited)


@within
def _days(day: int, rest: int, waits: Waits) -> int:
    return min(DAYS_MAX, max(0, waits.day - day - (rest > waits.rest)))


@within
def _bar(days: int, waits: Waits) -> int:
    return waits.bar[min(days, len(waits.bar) - 1)]  # type: ignore[no-any-return]  # an int32


@within
def _ahead(since_day: Ints, since_rest: Ints, k: int, other: int) -> int:
    """1 when row k has waited longer than row `other`, 0 when as long, else -1."""
    if since_day[k] != since_day[other]:
        return 1 if since_day[k] < since_day[other] else -1
    if since_rest[k] != since_rest[other]:
        return 1 if since_rest[k] < since_rest[other] else -1
    return 0


@within
def _among(apart: Ints, k: int) -> bool:
    for place in range(len(apart)):  # noqa: SIM110  # a generator is not compiled
        if apart[place] == k:
            return True
    return False


@within
def _worth_waiting(since_day: Ints, since_rest: Ints, waits: Waits, waited: Ints) -> None:
    """waited[z] = points for the wait of row z, without a branch."""
    day, rest = np.int32(waits.day), np.int32(waits.rest)
    for z in range(len(since_day)):
        days = day - since_day[z] - np.int32(since_rest[z] > rest)
        days = min(np.int32(DAYS_MAX), max(np.int32(0), days))
        waited[z] = min(np.int32(waits.points_max), np.int32(waits.points_day) * days)
