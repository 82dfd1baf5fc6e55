"""How far help travels: when Ada helped Ben and Ben then helps Cleo, that is a chain of two.

A moment's chain is one longer than the longest that reached its giver within 12 weeks. One that came from the receiver
themselves is not gone on with, for two who help each other are no chain. An account remembers one chain: once that is too old,
a shorter one that came meanwhile is not known any more. So a length may be too small, and never too great.

What a partner told of begins no chain and goes on with none: it comes in any order, and the books must not depend on it.

Kept for the whole programme alone, as counts of moments by length and week. A correction takes its own moment away; chains
that had gone on from it stay as they were counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from services.ledger.domain.weeks import KEPT

LASTS_WEEKS = 12
"""A season: whoever helps later does so for other reasons."""

LONGEST = 9
"""Longer ones count as this: by then help has gone round, and the row stays small."""

ALL = "all"
"""The one row there is."""

_MARK = 8
"""Digits of an account's id that tell two givers apart: in four thousand million once not."""

T = TypeVar("T")

Reached = tuple[int, int, str]
"""The chain that reached an account: its length, the week, and the beginning of the id of the account that it came from."""


def length(reached: Reached | None, receiver: str, week: int, late: bool = False) -> int:
    """Of a moment in `week` to the account `receiver`, whose giver was `reached` before. One written down `late` may have been
    before what reached its giver in the same week, so it goes on with chains of earlier weeks alone."""
    if reached is None or reached[2] == receiver[:_MARK] or not late <= week - reached[1] < LASTS_WEEKS:
        return 1
    return min(LONGEST, reached[0] + 1)


def reaches(before: Reached | None, length: int, giver: str, week: int) -> Reached:
    """What an account remembers, once a chain of `length` came to it from the account `giver`: the longer of two, and of two as
    long the later, for a moment may be written down late."""
    if before is not None and (before[0], before[1]) > (length, week) and week - before[1] < LASTS_WEEKS:
        return before
    return length, week, giver[:_MARK]


class Chains(BaseModel):
    """Moments that stand, by the week they were written down in and the length of their chain."""

    model_config = ConfigDict(frozen=True)
    latest: int = 0
    weeks: tuple[tuple[int, ...], ...] = ()
    """From the week `latest` backwards, as long as weeks are kept: how many were of length 1, of length 2, and so on."""

    def moved(self, length: int, week: int, by: int) -> Chains:
        now = self.weeks[0] if self.weeks and week == self.latest else ()
        if len(now) >= length and now[length - 1] + by > 0:  # nearly always
            now = (*now[:length - 1], now[length - 1] + by, *now[length:])
            return self.model_copy(update={"weeks": (now, *self.weeks[1:])})
        latest, weeks = max(self.latest, week), list(self.weeks)
        if weeks:
            weeks = [()] * min(KEPT, latest - self.latest) + weeks
        del weeks[KEPT:]
        if (back := latest - week) < KEPT:
            weeks += [()] * (back + 1 - len(weeks))
            counts = [*weeks[back], *[0] * (length - len(weeks[back]))]
            counts[length - 1] += by
            weeks[back] = _stripped(counts, 0)
        return self.model_copy(update={"latest": latest, "weeks": _stripped(weeks, ())})


def _stripped(cells: Sequence[T], empty: T) -> tuple[T, ...]:
    """Without the empty ones at the end: what comes in another order has to end in the same row."""
    end = len(cells)
    while end and cells[end - 1] == empty:
        end -= 1
    return tuple(cells[:end])
