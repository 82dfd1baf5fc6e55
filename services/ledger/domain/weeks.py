"""What somebody gave and received, week by week and by kind, in a few hundred bytes: no window needs the history again.

A week is numbered since 1970, in UTC, and begins on a Monday; a moment belongs to the week in which it came to the log, one of
a partner's check-in to the week in which it happened. Of each week that has something recorded a text says what, newest week
first: `l2G` is *listened* given twice and a gesture received, and `l2G,,s` says that nothing was recorded the week before. So a
week without a record stays apart from a count of zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

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

_KINDS: Mapping[str, Kind] = {letter: kind for kind, letter in LETTERS.items()}
_GIVEN, _RECEIVED = tuple(LETTERS.values()), tuple(letter.upper() for letter in LETTERS.values())
_CELL = re.compile(r"([a-zA-Z])(\d*)")
_MORE = {"given": re.compile(r"[a-z](\d+)"), "received": re.compile(r"[A-Z](\d+)")}


def day_of(at_ms: int) -> int:
    """Days since 1970, in UTC."""
    return at_ms // DAY_MS


def week_of_day(day: int) -> int:
    """Weeks since the Monday before 1970 began, which was a Thursday."""
    return (day + 3) // WEEK_DAYS


def week_of(at_ms: int) -> int:
    return week_of_day(day_of(at_ms))


def letter_of(kind: Kind | None, given: bool) -> str:
    letter = LETTERS[kind or Kind.OTHER]
    return letter if given else letter.upper()


class Weeks(BaseModel):
    """One account's."""

    model_config = ConfigDict(frozen=True)
    latest: int = 0
    """The week of the latest moment, be it taken back by now or not."""
    text: str = ""
    """From that week backwards, `KEPT` weeks at most."""
    ever: str = ""

    def moved(self, letter: str, week: int, by: int) -> Weeks:
        """A moment of `week` was written down (1) or taken back (-1). One older than all that is kept counts in `ever` only."""
        latest, weeks = max(self.latest, week), self.text.split(",")
        if self.text and latest > self.latest:
            weeks = [""] * min(KEPT, latest - self.latest) + weeks
        del weeks[KEPT:]
        if (back := latest - week) < KEPT:
            weeks += [""] * (back + 1 - len(weeks))
            weeks[back] = _moved(weeks[back], letter, by)
        return Weeks(latest=latest, text=",".join(weeks).rstrip(","), ever=_moved(self.ever, letter, by))

    def last(self, weeks: int, now: int) -> list[str]:
        """What is recorded of the `weeks` weeks that end with the week `now`, newest first; older ones may be missing."""
        return self.text.split(",", weeks)[:max(0, weeks - (now - self.latest))]


@dataclass(frozen=True, slots=True)
class Window:
    """What is recorded of some weeks. There is no window over weeks of which nothing is."""

    weeks: tuple[str, ...]

    @property
    def given(self) -> int:
        return sum(map("".join(self.weeks).count, _GIVEN)) + self._more("given")

    @property
    def received(self) -> int:
        return sum(map("".join(self.weeks).count, _RECEIVED)) + self._more("received")

    @property
    def weeks_of_giving(self) -> int:
        """Weeks in which something was given."""
        return sum(any(letter in week for letter in _GIVEN) for week in self.weeks)

    @property
    def weeks_recorded(self) -> int:
        return sum(map(bool, self.weeks))

    @property
    def given_by_kind(self) -> dict[Kind, int]:
        return by_kind(",".join(self.weeks), given=True)

    @property
    def received_by_kind(self) -> dict[Kind, int]:
        return by_kind(",".join(self.weeks), given=False)

    def _more(self, side: str) -> int:
        """A letter says one; a number behind it how many of them there are."""
        return sum(int(count) - 1 for count in _MORE[side].findall("".join(self.weeks)))


def written(counts: Mapping[str, int]) -> str:
    """How many of each letter, as a text: the same counts always give the same one."""
    return "".join(each if count == 1 else f"{each}{count}" for each, count in sorted(counts.items()) if count)


def by_kind(text: str, given: bool) -> dict[Kind, int]:
    """One side of a text as counts, of `Weeks.ever` too."""
    counts: dict[Kind, int] = {}
    for letter, count in _CELL.findall(text):
        if letter.islower() == given:
            kind = _KINDS[letter.lower()]
            counts[kind] = counts.get(kind, 0) + int(count or 1)
    return counts


def _moved(text: str, letter: str, by: int) -> str:
    counts = {each: int(count or 1) for each, count in _CELL.findall(text)}
    counts[letter] = counts.get(letter, 0) + by
    return written(counts)
