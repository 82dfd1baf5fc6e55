"""What of a figure may be told: nothing that fewer than five make up, and nothing that it could be worked out from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.events import Signal, SignalPart
from shared.few import LEAST, LEAST_TOGETHER, small

Looks = Literal["below", "above"]
"""On which side of what it is held against a figure deserves a look."""

State = Literal["fine", "look"]
Cells = Mapping[str, int]


@dataclass(frozen=True)
class Figure:
    """What was counted, with nothing kept back yet."""

    numerator: int
    denominator: int | None = None
    value: float | None = None
    """None: the share that the two make up."""
    made_by: int | None = None
    """People or moments, less than five of which tell nothing, where the numerator is no such count or may not be zero."""
    people: int | None = None
    """Of moments: how many people gave or received them. What fewer than five did together is about them."""
    rest: bool = True
    """Whether what the denominator has more than the numerator is people or moments too, and so nothing to tell when few."""
    sides: tuple[Cells, ...] = ()
    """Parts whose sum is told: those of the numerator, of all, or of the numerator and of the rest."""
    parts: tuple[SignalPart, ...] = ()
    """The same, where what is small was kept back already."""
    attention: float | None = None
    """What it is held against, where that is another figure and not a setting."""
    against: float | None = None
    """What is held against it, where that is not the value."""


def tell(name: str, weeks: int, figure: Figure | None, looks: Looks | None, setting: float | None) -> Signal:
    """The signal as everybody may see it. Without a figure there is too little to say."""
    few = Signal(name=name, window_weeks=weeks, numerator=None, value=None, state="too_few")
    if figure is None:
        return few
    at = setting if figure.attention is None else figure.attention
    few = few.model_copy(update={"attention": at})
    if _few(figure):
        return few
    some, all = figure.numerator, figure.denominator
    value = some / all if figure.value is None and all else figure.value
    told = few.model_copy(update={
        "numerator": some, "denominator": all, "value": None if value is None else float(round(value, 3)),
        "parts": figure.parts or parts_of(figure.sides, some if all is None else all),
        "state": _state(looks, value if figure.against is None else figure.against, at)})
    if figure.rest and all is not None and 0 < all - some < LEAST:
        return _without_numerator(told, all, looks, is_share=figure.value is None)
    return told


def _few(figure: Figure) -> bool:
    if any(each is not None and each < LEAST for each in (figure.made_by, figure.people)):
        return True
    few_of_them = figure.made_by is None and 0 < figure.numerator < LEAST
    return few_of_them or (figure.denominator is not None and figure.denominator < LEAST)


def _without_numerator(told: Signal, all: int, looks: Looks | None, is_share: bool) -> Signal:
    """One to four of whom it is not true: so the numerator is one of four, and none of them is told. A share tells no value
    then, and a state only where it is the same whichever of the four it is."""
    could_be = range(all - LEAST + 1, all)
    hidden = told.model_copy(update={"numerator": None, "parts": (), "denominator": all if could_be[0] >= LEAST else None})
    if not is_share:
        return hidden
    states = {_state(looks, some / all, told.attention) for some in could_be}
    if hidden.denominator is None or len(states) > 1:
        return hidden.model_copy(update={"denominator": None, "value": None, "state": "too_few"})
    return hidden.model_copy(update={"value": None})


def _state(looks: Looks | None, value: float | None, attention: float | None) -> State:
    if looks is None or value is None or attention is None:
        return "fine"
    return "look" if (value < attention if looks == "below" else value > attention) else "fine"


def parts_of(sides: Iterable[Cells], of: int) -> tuple[SignalPart, ...]:
    """Each side's sum is told, so each keeps back its own. Where one can't without giving away what they are, none is told.

    Whether it can goes by the sum alone. Were it to go by anything that isn't told, that no part is told would tell that: of
    twelve endings, say, that there were three of each kind.
    """
    told: list[SignalPart] = []
    for cells in sides:
        kept = small(cells)
        if kept and sum(cells[key] for key in kept) < LEAST_TOGETHER:
            return ()
        told += [SignalPart(key=key, numerator=None if key in kept else count, denominator=of) for key, count in cells.items()]
    return tuple(told)
