"""One person's few best candidates, best first, judged by benefit less price."""

from __future__ import annotations

from services.matcher.pairing.columns import Ints, Rules
from services.matcher.pairing.compiled import compiled
from services.matcher.pairing.rules import may


@compiled
def keep(others: Ints, worth: Ints, count: int, other: int, gain: int) -> int:
    """Puts a candidate in its place, at the cost of the last where the list is full. Returns how many there are now."""
    most = len(others)
    place = count if count < most else most - 1
    while place > 0 and worth[place - 1] < gain:
        others[place], worth[place] = others[place - 1], worth[place - 1]
        place -= 1
    others[place], worth[place] = other, gain
    return count + 1 if count < most else most


@compiled
def consider(i: int, start: int, gains: Ints, length: int, rows: Ints, rules: Rules, price: Ints, floor: int,
             others: Ints, worth: Ints, count: int) -> int:
    """Keeps those of a weighed run that gain more than `floor`, and more than the last of a full list.

    The run is rows[start + z], or start + z where `rows` is empty. Returns how many are kept now.
    """
    most = len(others)
    least = floor if count < most else max(floor, worth[most - 1])
    for z in range(length):
        if gains[z] > least:
            other = rows[start + z] if len(rows) else start + z
            if _new(others, count, other) and may(rules, i, other, gains[z] + price[other]):
                count = keep(others, worth, count, other, gains[z])
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
