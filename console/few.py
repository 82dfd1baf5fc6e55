"""Small numbers are kept back: nothing is told that fewer than five people make up, nor what could be worked out from the rest.

A share tells two numbers, those of whom it is true and the others; one to four of either would point at people. None and all
are told, for they single nobody out of a group. Where one group is kept back, its number is the total less all that is shown;
so at least two are, and five people among them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

LEAST = 5
"""People. Below, somebody who knows a few of them would know the rest."""

Cell = tuple[int, int]
"""Of how many people something is true, and how many people there are."""


def too_few(cell: Cell) -> bool:
    some, people = cell
    return any(0 < each < LEAST for each in (some, people - some, people))


def kept_back(cells: Mapping[str, Cell], already: Collection[str] = ()) -> set[str]:
    """Groups whose cell is not told. The groups make up a total that is; `already` are kept back for another reason."""
    kept = {group for group, cell in cells.items() if too_few(cell) or group in already}
    while kept and len(kept) < len(cells) and (len(kept) == 1 or too_few(_together(cells, kept))):
        kept.add(min((group for group in cells if group not in kept), key=lambda group: (cells[group][1], group)))
    return kept


def _together(cells: Mapping[str, Cell], groups: Collection[str]) -> Cell:
    return sum(cells[group][0] for group in groups), sum(cells[group][1] for group in groups)
