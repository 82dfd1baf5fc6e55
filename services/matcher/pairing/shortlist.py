"""One person's few best candidates, best first, judged by benefit less price."""

from __future__ import annotations

from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.compiled import compiled, within
from services.matcher.pairing.rules import may
from services.matcher.pairing.weighing import PART, RUN, greatest_of, promise, weigh
from services.matcher.pairing.weights import Points


@within
def keep(others: Ints, worth: Ints, count: int, other: int, gain: int) -> int:
    """Puts a candidate in its place, at the cost of the last where the list is full. Returns how many there are now."""
    most = len(others)
    place = count if count < most else most - 1
    while place > 0 and worth[place - 1] < gain:
        others[place], worth[place] = others[place - 1], worth[place - 1]
        place -= 1
    others[place], worth[place] = other, gain
    return count + 1 if count < most else most


@within
def consider(columns: Columns, i: int, them: Columns, start: int, end: int, rows: Ints, rules: Rules, points: Points,
             price: Ints, floor: int, others: Ints, worth: Ints, count: int, out: Ints) -> int:
    """Keeps those of a run of `them` from whom row i gains more than `floor`, and more than from the last of a full list.

    Place z of `them`, at price[z], is rows[z], or row z itself where `rows` is empty. Returns how many are kept now.
    """
    most = len(others)
    least = floor if count < most else max(floor, worth[most - 1])
    for low in range(start, end, RUN):
        high = min(end, low + RUN)
        if promise(columns, i, them, low, high, price, points, out) <= least:
            continue
        for part in range(low, high, PART):
            if greatest_of(out, part - low) <= least:
                continue
            for z in range(part, min(part + PART, high)):
                if out[z - low] <= least:
                    continue
                other, benefit = rows[z] if len(rows) else z, weigh(columns, i, them, z, points)
                if benefit - price[z] > least and _new(others, count, other) and may(rules, i, other, benefit):
                    count = keep(others, worth, count, other, benefit - price[z])
                    least = floor if count < most else max(floor, worth[most - 1])
    return count


@compiled
def _new(others: Ints, count: int, other: int) -> bool:
    for place in range(count):  # noqa: SIM110  # a generator is not compiled
        if others[place] == other:
            return False
    return True


@compiled
def without_prices(others: Ints, worth: Ints, count: int, price: Ints) -> None:
    """Turns gains back into benefits."""
    for place in range(count):
        worth[place] += price[others[place]]
