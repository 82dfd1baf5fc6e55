"""The story of each pair: its moments as the ledger tells them, one row for both to look at, found by pair and month.

A moment moves three small rows, however many there are: its own, where that is, and how many its pair has in each month.
People stand in the pair's row alone, so somebody who leaves is taken out of one row for each pair they were in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.events import Correction, Kind, Way
from shared.rows import Table

FORMER = "former"
"""Stands where the id of a peer who has left would stand; the ledger says it so, too."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class StoryRow(_Row):
    """Two people, and how many moments of theirs each month has, taken back or not. Months are UTC's, for rows follow from
    the log alone and a programme may move to another zone; pages sort by their own."""

    peers: tuple[str, str]
    months: dict[str, int] = {}

    def side(self, peer: str) -> int | None:
        """Which of the two this is. Whoever is neither can only be the one who left."""
        return next((self.peers.index(each) for each in (peer, FORMER) if each in self.peers), None)

    def here(self, peer: str) -> int | None:
        """The same, of somebody who has not left."""
        return self.peers.index(peer) if peer in self.present else None

    @property
    def present(self) -> tuple[str, ...]:
        """Those who have not left."""
        return tuple(each for each in self.peers if each != FORMER)

    def without(self, peer: str) -> StoryRow:
        first, second = (FORMER if each == peer else each for each in self.peers)
        return self.model_copy(update={"peers": (first, second)})

    def counted(self, month: str) -> StoryRow:
        return self.model_copy(update={"months": {**self.months, month: self.months.get(month, 0) + 1}})

    def places(self, pair: str, months: Iterable[str]) -> list[str]:
        """The ids of all moments of these months, in the order in which they came."""
        return [place(pair, month, number) for month in months for number in range(self.months.get(month, 0))]


class MomentRow(_Row):
    """One moment. `giver` and `by` (who wrote it down, or was named first by the partner who told of it) are places in the
    pair's `peers`; so is what stands in `shown`: whose pages show it at all (decision 22)."""

    moment: str
    kind: Kind
    giver: int
    by: int
    at_ms: int
    minutes: int | None = None
    """For whoever wrote it down alone."""
    way: Way | None = None
    partner: str | None = None
    shown: tuple[int, ...] = (0, 1)
    same_as: str | None = None
    """The moment that the other wrote down for that day and that may be this one; none once it is said to be another."""
    differs: Literal["open", "upheld"] | None = None
    """The other of the two remembers it differently."""
    taken_back: Correction | None = None
    turns: int = 0
    """How often it was taken back or put back, so that each time is an event of its own and the same tap twice is one."""
    thanked: bool = False

    @property
    def asks(self) -> bool:
        """Whether there is something about it that whoever wrote it down is asked to say."""
        return self.taken_back is None and (self.differs == "open" or self.same_as is not None)

    def of_the_other(self, side: int | None) -> bool:
        """Whether it stands, and this is the side that sees it and did not write it down."""
        return side is not None and side != self.by and side in self.shown and self.taken_back is None

    def changed(self, **changes: object) -> MomentRow:
        return self.model_copy(update=changes)


def month_of(at_ms: int) -> str:
    """`2026-11`, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")


def place(pair: str, month: str, number: int) -> str:
    """The id of the moment that came as this number of its pair's month, from 0 on."""
    return f"{pair}:{month}:{number}"


def pair_of(place: str) -> str:
    return place.split(":")[0]


STORIES = Table("stories", StoryRow)
"""Pair → StoryRow."""

MOMENTS = Table("moments", MomentRow)
"""Place → MomentRow."""

PLACES = Table("moment_places", bytes)
"""Moment → its place."""
