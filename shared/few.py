"""Small numbers are kept back: nothing is told that fewer than five people make up, nor what could be worked out from the rest.

A share tells two numbers, those of whom it is true and the others; one to four of either would point at people. None and all
are told, for they single nobody out of a group.

What is kept back of all groups together is the total less all that is shown. So more is kept back until that tells of none of
them, even to somebody who knows these rules and every group that there could be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_

LEAST = 5
"""People. Below, somebody who knows a few of them would know the rest."""

LEAST_TOGETHER = 2 * LEAST
"""People in all groups that are kept back: two groups of fewer than five could not make up so many, so one is larger."""

Cell = tuple[int, int]
"""Of how many people something is true, and how many people there are."""


def too_few(cell: Cell) -> bool:
    some, people = cell
    return any(0 < each < LEAST for each in (some, people - some, people))


def small(sizes: Mapping[str, int]) -> set[str]:
    """Groups whose size is not told; the total is.

    It goes by sizes alone, never by names, and they are not all of one size: so any of them could have another's size, and
    nothing that is shown would differ.
    """
    kept = {group for group, people in sizes.items() if too_few((people, people))}
    while kept and len(kept) < len(sizes):
        those = [sizes[group] for group in kept]
        if len(set(those)) > 1 and sum(those) >= LEAST_TOGETHER:
            break
        least = min(people for group, people in sizes.items() if group not in kept)
        kept |= {group for group, people in sizes.items() if people == least}
    return kept


def kept_back(cells: Mapping[str, Cell], small: Collection[str] = ()) -> set[str]:
    """Groups whose share is not told, the small ones among them; the total's is, and the size of all that are not small."""
    kept = {group for group, cell in cells.items() if too_few(cell) or group in small}
    peopled = {group: cell for group, cell in cells.items() if cell[1]}
    while shown := peopled.keys() - kept:
        if not _gives_away({group: cell for group, cell in peopled.items() if group in kept}, small):
            break
        kept.add(min(shown, key=lambda group: (cells[group][1], group)))
    return kept


def _gives_away(kept: Mapping[str, Cell], small: Collection[str]) -> bool:
    """Whether what they come to together tells of few people, or what one of them is.

    Each could be whatever would have been kept back by itself. Who comes to the same that way could have been kept back in
    place of what is, so that nothing that is shown would differ.
    """
    some, people = (sum(cell[part] for cell in kept.values()) for part in (0, 1))
    if too_few((some, people)) or some in (0, people):
        return too_few((some, people))
    could_be = {group: [each for each in range(size + 1) if group in small or too_few((each, size))]
                for group, (_, size) in kept.items()}
    return any(_ways(some, values, [could_be[other] for other in kept if other != group]) < 2
               for group, values in could_be.items())


def _ways(total: int, values: Collection[int], others: Collection[Collection[int]]) -> int:
    """How many of the values make up the total, with one of each of the others. Sums are the bits of a number: thousands of
    people take no time."""
    sums = 1
    for each in others:
        sums = reduce(or_, (sums << value for value in each))
    return sum(sums >> total - value & 1 for value in values if value <= total)
