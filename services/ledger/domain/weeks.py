"""What somebody gave and received, week by week and by kind, in a few hundred bytes: no window needs the history again.

A week is numbered since 1970, in UTC, and begins on a Monday; a moment belongs to the week in which it happened, where that was
said, and else to the one in which it came to the log. Of each week that has something recorded a text says what, newest week
first: `Gl2` is *listened* given twice and a gesture received, and `Gl2,,s` says that nothing was recorded the week before. So a
week without a record stays apart from a count of zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from shared.clock import DAY_MS
from shared.events import Kind

WEEK_DAYS = 7
KEPT = 52
"""Weeks that are kept: a window of 26, and as many again that breaks may take out of it."""

WINDOWS = (4, 12, 26)
"""Weeks that are looked at: lately, a season, and half a year (rule 7 looks at both of the long ones)."""

LETTERS: Mapping[Kind, str] = {
    Kind.LISTENED: "l", Kind.SHARED_EXPERIENCE: "e", Kind.SHARED_COPING: "c", Kind.PRACTICAL_HELP: "p", Kind.GESTURE: "g",
    Kind.SAT_TOGETHER: "s", Kind.WELCOMED_NEWCOMER: "w", Kind.OTHER: "o"}
"""Small when given, capital when received. They rest in rows, so none is ever changed."""

BATCH_TWICE = 2_048
"""What a batch of moments asks of a week it asks twice, deciding and applying; so many answers are remembered."""

_KINDS: Mapping[str, Kind] = {letter: kind for kind, letter in LETTERS.items()}
_SMALL = "".join(LETTERS.values())
_CELL = re.compile(r"([a-zA-Z])(\d*)")
_MANY_GIVEN, _MANY_RECEIVED = re.compile(r"[a-z](\d+)"), re.compile(r"[A-Z](\d+)")
_NOT_GIVEN = f"{_SMALL.upper()}0123456789,".encode()
_NOT_RECEIVED = f"{_SMALL}0123456789,".encode()


def day_of(at_ms: int) -> int:
    """Days since 1970, in UTC."""
    return at_ms // DAY_MS


def week_of_day(day: int) -> int:
    """Weeks since the Monday before 1970 began, which was a Thursday."""
    return (day + 3) // WEEK_DAYS


def week_of(at_ms: int) -> int:
    """`week_of_day(day_of(…))`, in one step: every moment asks four times."""
    return (at_ms // DAY_MS + 3) // WEEK_DAYS


def letter_of(kind: Kind | None, given: bool) -> str:
    letter = LETTERS[kind or Kind.OTHER]
    return letter if given else letter.upper()


class Weeks(NamedTuple):
    """One account's weeks, `KEPT` at most."""

    latest: int = 0
    """The week of the latest moment, be it taken back by now or not."""
    text: str = ""
    """From that week backwards."""

    @lru_cache(BATCH_TWICE)  # noqa: B019  # of a tuple of a number and a text; nothing large lives on by it
    def moved(self, letter: str, week: int, by: int) -> Weeks:
        """A moment of `week` was written down (1) or taken back (-1). One older than all that is kept is in no week."""
        latest, text = self
        if week > latest:
            text = "," * min(KEPT, week - latest) + text if text else ""
            latest = week
            if text.count(",") >= KEPT:
                text = ",".join(text.split(",", KEPT)[:KEPT])
        if week == latest:
            now, comma, before = text.partition(",")
            text = moved(now, letter, by) + comma + before
        elif (back := latest - week) < KEPT:
            weeks = text.split(",")
            weeks += [""] * (back + 1 - len(weeks))
            weeks[back] = moved(weeks[back], letter, by)
            text = ",".join(weeks)
        return Weeks(latest, text.rstrip(","))

    def last(self, weeks: int, now: int) -> str:
        """What is recorded of the `weeks` weeks that end with the week `now`, newest first; older ones may be missing."""
        wanted = weeks - (now - self.latest)
        if wanted <= 0:
            return ""
        return self.text if self.text.count(",") < wanted else ",".join(self.text.split(",", wanted)[:wanted])


@dataclass(frozen=True, slots=True)
class Window:
    """What is recorded of some weeks. There is no window over weeks of which nothing is."""

    text: str

    @property
    def given(self) -> int:
        """A letter says one; a number behind it how many of them there are."""
        return len(self.text.encode().translate(None, _NOT_GIVEN)) + sum(
            int(count) - 1 for count in _MANY_GIVEN.findall(self.text))

    @property
    def received(self) -> int:
        return len(self.text.encode().translate(None, _NOT_RECEIVED)) + sum(
            int(count) - 1 for count in _MANY_RECEIVED.findall(self.text))

    @property
    def weeks_recorded(self) -> int:
        return sum(map(bool, self.text.split(",")))

    @property
    def weeks_of_giving(self) -> int:
        """Weeks in which more was given than received."""
        return sum(week.given > week.received for week in map(Window, self.text.split(",")))

    @property
    def given_by_kind(self) -> dict[Kind, int]:
        return by_kind(self.text, given=True)

    @property
    def received_by_kind(self) -> dict[Kind, int]:
        return by_kind(self.text, given=False)


@lru_cache(BATCH_TWICE)
def moved(cells: str, letter: str, by: int) -> str:
    """The text of one week, or of all time, with one more or less of `letter`. Letters stand in their order, for what comes in
    another order has to end in the same text."""
    at = cells.find(letter)
    if at < 0:
        place = next((place for place, other in enumerate(cells) if other > letter and not other.isdigit()), len(cells))
        return f"{cells[:place]}{letter}{'' if by == 1 else by}{cells[place:]}"
    end = at + 1
    while end < len(cells) and cells[end].isdigit():
        end += 1
    count = int(cells[at + 1:end] or 1) + by
    return cells[:at] + ("" if not count else letter if count == 1 else f"{letter}{count}") + cells[end:]


def counted(cells: str) -> dict[str, int]:
    """How many of each letter a text says."""
    return {letter: int(count or 1) for letter, count in _CELL.findall(cells)}


def by_kind(text: str, given: bool) -> dict[Kind, int]:
    """One side of a text as counts, be it of some weeks or of all time."""
    counts: dict[Kind, int] = {}
    for letter, count in _CELL.findall(text):
        if letter.islower() == given:
            kind = _KINDS[letter.lower()]
            counts[kind] = counts.get(kind, 0) + int(count or 1)
    return counts
