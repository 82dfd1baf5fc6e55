"""Takes people in one by one and makes columns of them.

What has many possible values but few different ones in a pool (facts, limits, wishes) is kept once each, and turned
into bits when all are in: only then is it known which values anybody asks about.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol, TypeVar

import numpy as np

from services.matcher.domain.benefit import held
from services.matcher.domain.people import Person
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.columns import (
    ANY_TIME,
    AREA_SHIFT,
    AREAS_MAX,
    NET_SHIFT,
    NET_ZERO,
    NEW_SHIFT,
    SOUGHT_SHIFT,
    TIMES,
    WELCOMES_SHIFT,
    Columns,
    Crowd,
    Ints,
    neighbours,
)
from services.matcher.pairing.words import Areas, TraitBits, Words
from shared.clock import DAY_MS
from shared.events import Way

WAY_BITS = {Way.MESSAGE: 1, Way.LETTER: 2, Way.CALL: 4, Way.IN_PERSON: 8}
WAITED_DAYS_MAX = 1 << 20
AGE = "\0age"
"""The age band becomes one more fact, under a key that no operator's can be."""

Value = TypeVar("Value")


class Asking(Protocol):
    """What a request says. `Person` does; so does a line of a pool file."""

    @property
    def peer(self) -> str: ...
    @property
    def seeks(self) -> AbstractSet[str]: ...
    @property
    def offers(self) -> AbstractSet[str]: ...
    @property
    def avoids(self) -> AbstractSet[str]: ...
    @property
    def languages(self) -> AbstractSet[str]: ...
    @property
    def ways(self) -> AbstractSet[Way]: ...
    @property
    def times(self) -> AbstractSet[str]: ...
    @property
    def area(self) -> str: ...
    @property
    def age_band(self) -> str: ...
    @property
    def meets_ages(self) -> AbstractSet[str]: ...
    @property
    def facts(self) -> Mapping[str, str]: ...
    @property
    def chosen_limits(self) -> Mapping[str, AbstractSet[str]]: ...
    @property
    def prefers(self) -> Mapping[str, AbstractSet[str]]: ...
    @property
    def newcomer(self) -> bool: ...
    @property
    def welcomes_newcomers(self) -> bool: ...
    @property
    def given(self) -> int: ...
    @property
    def received(self) -> int: ...


class _Once:
    """Different mappings, each once, and for every row the number of its own."""

    def __init__(self) -> None:
        self._number: dict[frozenset[tuple[str, object]], int] = {}
        self._row = array("i")

    def put(self, value: Iterable[tuple[str, object]]) -> None:
        self._row.append(self._number.setdefault(frozenset(value), len(self._number)))

    def values(self) -> list[dict[str, object]]:
        return [dict(value) for value in self._number]

    def column(self, bits: Callable[[dict], int]) -> Ints:  # type: ignore[type-arg]  # facts or limits, as they were put
        """For every row the bits of its value."""
        each = np.array([bits(value) for value in self.values()], np.uint64)
        return each[np.frombuffer(self._row, np.int32)] if len(self._row) else np.zeros(0, np.uint64)


class Roll:
    """Everybody who is put in, in that order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._row: dict[str, int] = {}
        self._topics, self._times, self._languages = Words("topic"), Words("time", TIMES), Words("language")
        self._areas = Areas(AREAS_MAX)
        self._offers, self._seeks, self._avoids, self._spoken = array("Q"), array("Q"), array("Q"), array("Q")
        self._meeting, self._when, self._days, self._places = array("I"), array("I"), array("I"), array("B")
        self._facts, self._limits, self._wishes = _Once(), _Once(), _Once()
        self._apart: dict[int, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, peer: str) -> bool:
        return peer in self._row

    def put(self, asking: Asking, *, days: int, places: int, strangers: Collection[str]) -> None:
        """One more, who has waited for whole `days`. Raises TooVaried, and then this one was not put in."""
        masks = *self._topics.masks(asking.offers, asking.seeks, asking.avoids), self._languages.mask(asking.languages)
        meeting, when = self._how_to_meet(asking), self._when_to_meet(asking)
        for column, mask in zip((self._offers, self._seeks, self._avoids, self._spoken), masks, strict=True):
            column.append(mask)
        self._meeting.append(meeting)
        self._when.append(when)
        self._days.append(min(WAITED_DAYS_MAX, max(0, days)))
        self._places.append(places)
        self._facts.put((*asking.facts.items(), (AGE, asking.age_band)))
        self._limits.put((*allowed(asking.chosen_limits), (AGE, frozenset(asking.meets_ages))))
        self._wishes.put(allowed(asking.prefers))
        if strangers:
            self._apart[len(self.names)] = tuple(strangers)
        self._row[asking.peer] = len(self.names)
        self.names.append(asking.peer)

    def _how_to_meet(self, asking: Asking) -> int:
        """The column `meeting`."""
        area = self._areas.number(asking.area)
        return meeting_of(ways_of(asking.ways), len(asking.seeks), asking.newcomer, asking.welcomes_newcomers, area)

    def _when_to_meet(self, asking: Asking) -> int:
        """The column `times`."""
        return times_of(self._times.mask(asking.times), asking.given - asking.received)

    def crowd(self, weights: Weights = PUBLISHED) -> Crowd:
        """All of them. Raises TooVaried when their limits and wishes ask about too much."""
        bits = TraitBits([*self._limits.values(), *self._wishes.values()])  # type: ignore[list-item]  # as they were put
        wide = max(len(bits), len(self._topics), len(self._languages)) > 32
        word = np.uint64 if wide else np.uint32
        masks = [np.array(column, np.uint64) for column in (self._offers, self._seeks, self._avoids)]
        masks += [self._facts.column(bits.traits), self._limits.column(bits.refuses), self._wishes.column(bits.prefers)]
        masks += [np.array(self._spoken, np.uint64)]
        waited = np.minimum(weights.waited_max, weights.waited_day * np.array(self._days, np.int64))
        columns = Columns._make([*(mask.astype(word) for mask in masks), np.array(self._meeting, np.uint32),
                                 np.array(self._when, np.uint32), waited.astype(np.int32)])
        return Crowd(self.names, columns, np.array(self._places, np.uint8), np.array(self._days, np.int32),
                     *self._kept_apart())

    def _kept_apart(self) -> tuple[Ints, Ints]:
        """Strangers who are in the roll too, whoever of the two knows."""
        pairs = {(min(row, other), max(row, other)) for row, names in self._apart.items()
                 for name in names if (other := self._row.get(name, row)) != row}
        both = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        return neighbours(len(self), both[:, 0], both[:, 1])


def ways_of(ways: Iterable[Way]) -> int:
    mask = 0
    for way in ways:
        mask |= WAY_BITS[way]
    return mask


def meeting_of(ways: int, sought: int, newcomer: bool, welcomes_newcomers: bool, area: int) -> int:
    """The column `meeting`."""
    return (ways | newcomer << NEW_SHIFT | welcomes_newcomers << WELCOMES_SHIFT | (sought or 1) << SOUGHT_SHIFT
            | area << AREA_SHIFT)


def times_of(ticked: int, difference: int) -> int:
    """The column `times`, of the times that were ticked and what was given above what was received."""
    return (ticked or ANY_TIME) | held(difference) + NET_ZERO << NET_SHIFT


def crowd_of(people: Iterable[Person], now_ms: int, weights: Weights = PUBLISHED) -> Crowd:
    """Everybody with a place, as columns. Raises TooVaried."""
    roll = Roll()
    for person in people:
        roll.put(person, days=(now_ms - person.since_ms) // DAY_MS, places=person.places, strangers=person.strangers)
    return roll.crowd(weights)


def allowed(values: Mapping[str, Iterable[str]]) -> Iterable[tuple[str, frozenset[str]]]:
    return ((key, frozenset(wanted)) for key, wanted in values.items())
