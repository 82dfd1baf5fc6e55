"""A community's people as columns that live: a slot each, filled when somebody asks, emptied when they go, in place.

Words get their bits as they first come up. Of facts, limits and wishes every different one is kept once, and a slot has its
number; when somebody asks about something new, the bits of all are made again from these few. Whoever has no place shows no
way to meet, so no scan finds them; an empty slot is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import numpy as np

from services.matcher.domain.people import Person, as_compared
from services.matcher.domain.standing import Standing
from services.matcher.domain.waiting import UNPROPOSED_DAYS, LookedAt, Waiting
from services.matcher.pairing import counted, plainly
from services.matcher.pairing.columns import (
    AREA_SHIFT,
    AREAS_MAX,
    NET_MASK,
    NET_SHIFT,
    NET_ZERO,
    NEW_SHIFT,
    TIMES,
    TIMES_MASK,
    WAYS,
    WELCOMES_SHIFT,
    Columns,
    Ints,
)
from services.matcher.pairing.ids import BYTES, IdColumn, Ids, key_of
from services.matcher.pairing.keys import KeyColumn
from services.matcher.pairing.roll import AGE, WAY_BITS, meeting_of, times_of, ways_of
from services.matcher.pairing.seen import Seen
from services.matcher.pairing.words import KEPT_MAX, Areas, TraitBits, Words
from shared.clock import DAY_MS
from shared.events import Details, Way

PLACES_MAX = 255
"""More than anybody may choose."""

_MASKS = ("offers", "seeks", "avoids", "showable", "languages", "traits", "refuses", "prefers")
_OTHERS = {"meeting": np.uint32, "times": np.uint32, "since_day": np.int32, "since_rest": np.int32,
           "facts": np.int32, "limits": np.int32, "wishes": np.int32, "proposed_day": np.uint16, "ways": np.uint8,
           "places": np.uint8, "alone": np.bool_}
_WAYS = [tuple(way for way in Way if ways & WAY_BITS[way]) for ways in range(WAYS + 1)]
_WAYS_EACH = [frozenset(ways) for ways in _WAYS]
"""Of each mask of ways."""

_NOBODY = np.zeros(0, np.int64)

ROOM_MIN = 64
"""Columns double when they are full. Room that nobody has used yet takes no memory, for the system gives it page by page."""


_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = ("morning", "afternoon", "evening")


def _in_the_week(time: str) -> tuple[int, int, str]:
    """Where a time of the week comes; what is none comes last."""
    day, part = time[:3], time[4:]
    return (_WEEK.index(day) if day in _WEEK else len(_WEEK)), (_DAY.index(part) if part in _DAY else len(_DAY)), time


class Distinct:
    """Different mappings, each once, and a number for each. `kept` is what their values are compared as."""

    def __init__(self, kept: Callable[[Any], Any]) -> None:
        self._kept = kept
        self._number: dict[frozenset[tuple[str, Any]], int] = {}
        self._values: list[dict[str, Any]] = []
        self._as_said: dict[tuple[tuple[str, Hashable], ...], int] = {}
        """Most say what somebody has said before in the very same order."""

    def number(self, *items: tuple[str, Any]) -> int:
        found = self._as_said.get(items)
        if found is None:
            value = frozenset((key, self._kept(each)) for key, each in items)
            found = self._number.setdefault(value, len(self._values))
            if found == len(self._values):
                self._values.append(dict(value))
            if len(self._as_said) >= KEPT_MAX:
                self._as_said.clear()
            self._as_said[items] = found
        return found

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self._values[number]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._values)


class _Said(NamedTuple):
    """What somebody said, topics in the order of the alphabet and times in that of the week."""

    seeks: tuple[str, ...]
    offers: tuple[str, ...]
    showable: tuple[str, ...]
    languages: tuple[str, ...]
    ways: tuple[Way, ...]
    times: tuple[str, ...]


class Slots:
    """One community's people. Raises TooVaried where a word has no bit left; what is there stays as it was."""

    def __init__(self, community: str) -> None:
        self.community = community
        self.with_places = 0
        self._ids, self._requests, self._keys = Ids(), IdColumn(), KeyColumn()
        self._topics, self._times, self._languages = Words("topic"), Words("time", TIMES, _in_the_week), Words("language")
        self._areas = Areas(AREAS_MAX)
        self._facts, self._limits, self._wishes = Distinct(str), Distinct(frozenset), Distinct(frozenset)
        self._bits = TraitBits(())
        self._traits, self._refuses, self._prefers = dict[int, int](), dict[int, int](), dict[int, int]()
        """Masks by these bits, of the numbers that were met since they were made."""
        self._strangers: dict[int, frozenset[str]] = {}
        self._named_by: dict[str, set[int]] = {}
        self._of: dict[str, Ints] = {name: np.zeros(0, kind) for name, kind in (
            *((mask, np.uint32) for mask in _MASKS), *_OTHERS.items())}
        self._cells: dict[str, memoryview] = {}
        """The same columns: one value is read and written here in half the time."""
        self._view: tuple[Columns, Ints, Ints] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, peer: str) -> bool:
        return self._ids.find(peer) >= 0

    def __iter__(self) -> Iterator[Person]:
        return (self._person(self._ids.find(peer), peer) for peer in self._ids)

    def put(self, person: Person) -> None:
        """Takes the place of what was known of this person. Raises TooVaried."""
        self._fill(person.peer, person.request, person.since_ms, person, person.details.showable,
                   person.given - person.received, person.places, person.strangers, person.alone, person.proposed_day)

    def learn(self, peer: str, request: str, since_ms: int, details: Details, standing: Standing) -> None:
        """The same from what a request says, without making a person of it first: half the time. Raises TooVaried."""
        since_ms = since_ms if standing.since_ms is None else standing.since_ms
        self._fill(peer, request, since_ms, details, details.showable, standing.given - standing.received, standing.places,
                   standing.strangers_to, standing.alone, standing.proposed_day)

    def _fill(self, peer: str, request: str, since_ms: int, said: Person | Details, showable: Collection[str], difference: int,
              places: int, strangers: AbstractSet[str], alone: bool, proposed_day: int) -> None:
        masks = *self._topics.masks(said.offers, said.seeks, said.avoids, showable), self._languages.mask(said.languages)
        ticked, area = self._times.mask(said.times), self._areas.number(as_compared(said.area or ""))
        facts, limits, wishes = self._numbers(said)
        traits = self._traits[facts], self._refuses[limits], self._prefers[wishes]
        if max(*masks, *traits) >> 32:
            self._widen()
        slot, (day, rest) = self._slot(peer), divmod(since_ms, DAY_MS)
        before = self._cells["places"][slot]
        meeting = meeting_of(0, masks[1].bit_count(), said.newcomer, said.welcomes_newcomers, area)
        ways, times = ways_of(said.ways), times_of(ticked, difference)
        row = *masks, *traits, meeting, times, day, rest, facts, limits, wishes, proposed_day, ways, before, alone
        for cells, value in zip(self._cells.values(), row, strict=True):
            cells[slot] = value
        if slot < len(self._requests):
            self._requests.forget(slot)
        self._requests.put(slot, request, key_of(request))
        self._stand(slot, peer, places, strangers)

    def stand(self, peer: str, standing: Standing) -> None:
        slot = self._ids.find(peer)
        self._cells["alone"][slot], self._cells["proposed_day"][slot] = standing.alone, standing.proposed_day
        if standing.since_ms is not None:
            self._cells["since_day"][slot], self._cells["since_rest"][slot] = divmod(standing.since_ms, DAY_MS)
        self._stand(slot, peer, standing.places, standing.strangers_to)
        self.count(peer, standing.given, standing.received)

    def count(self, peer: str, given: int, received: int) -> None:
        """What somebody gave and received by now."""
        slot, times = self._ids.find(peer), self._cells["times"]
        times[slot] = times_of(times[slot] & TIMES_MASK, given - received)

    def drop(self, peer: str) -> None:
        slot = self._ids.find(peer)
        if slot < 0:
            return
        self._stand(slot, peer, 0, frozenset())
        self._requests.forget(slot)
        self._keys.forget(slot)
        for cells in self._cells.values():
            cells[slot] = 0
        self._ids.drop(peer)

    def get(self, peer: str) -> Person | None:
        slot = self._ids.find(peer)
        return None if slot < 0 else self._person(slot, peer)

    def keep(self, peer: str, key: bytes) -> None:
        """Their key, still wrapped."""
        self._keys.put(self._ids.find(peer), key)

    def key(self, peer: str) -> bytes:
        return self._keys.key(self._ids.find(peer))

    def request_of(self, peer: str) -> str | None:
        slot = self._ids.find(peer)
        return None if slot < 0 else self._requests.name(slot)

    def has_place(self, peer: str) -> bool:
        slot = self._ids.find(peer)
        return slot >= 0 and self._cells["places"][slot] > 0

    def at(self, slot: int) -> Person:
        return self._person(slot, self._ids.name(slot))

    def name(self, slot: int) -> str:
        return self._ids.name(slot)

    def columns(self) -> tuple[Columns, Ints, Ints]:
        """(everybody, day and ms of the day on which each began to wait), as they are now; `waited` is none of theirs."""
        rows, of = self._ids.rows, self._of
        if self._view is None or len(self._view[1]) < rows:
            since = of["since_day"][:rows], of["since_rest"][:rows]
            self._view = Columns._make([*(of[name][:rows] for name in Columns._fields[:-1]), since[1]]), *since
        return self._view

    def slot_and_apart(self, peer: str) -> tuple[int, Ints]:
        """Somebody's slot, and those of whoever must not meet them, whichever of the two keeps the other apart."""
        slot = self._ids.find(peer)
        kept, by = self._strangers.get(slot), self._named_by.get(peer)
        if not kept and not by:
            return slot, _NOBODY
        known = {other for name in kept or () if (other := self._ids.find(name)) >= 0}
        return slot, np.array([*known, *(by or ())], np.int64)

    def who_fit(self, others: Iterable[str], peer: str) -> list[str]:
        """Those of `others` who have a place and fit somebody who is here, in their order."""
        slot, apart = self.slot_and_apart(peer)
        there = [(name, at) for name in others if (at := self._ids.find(name)) >= 0]
        fitting = plainly.who_fit(self.columns()[0], slot, np.array([at for _, at in there], np.int64), apart)
        return [name for (name, _), fits in zip(there, fitting.tolist(), strict=True) if fits]

    def waiting(self) -> Iterator[Person]:
        """Everybody with a place."""
        return (self.at(slot) for slot in np.nonzero(self._of["places"])[0].tolist())

    def seen(self) -> Seen:
        """A copy of everybody with a place: some tenths of a second for a million people."""
        slots, of = np.nonzero(self._of["places"])[0], self._of
        (keys, texts), (requests, others) = self._ids.column.copy(), self._requests.copy()
        keys, requests = (np.frombuffer(each, np.uint8).reshape(-1, BYTES)[slots].tobytes() for each in (keys, requests))
        since_ms = of["since_day"][slots].astype(np.int64) * DAY_MS + of["since_rest"][slots]
        columns = Columns._make([*(of[name][slots] for name in Columns._fields[:-1]), np.zeros(len(slots), np.int32)])
        return Seen(slots, keys, requests, texts | others, columns, since_ms, of["places"][slots], of["alone"][slots],
                    dict(self._strangers))

    def who_waits(self, now_ms: int, looked_at: LookedAt) -> Waiting:
        """As `domain/waiting.py` has it: some tens of milliseconds for a hundred thousand people."""
        of, rows = self._of, self._ids.rows
        there = np.nonzero(of["alone"][:rows] & (of["places"][:rows] > 0))[0]
        since_ms = of["since_day"][there].astype(np.int64) * DAY_MS + of["since_rest"][there]
        days = np.maximum(0, now_ms - since_ms) // DAY_MS
        practical = (of["seeks"][there] & self._topics.known(looked_at.practical)) != 0
        unproposed = np.minimum(days, now_ms // DAY_MS - of["proposed_day"][there].astype(np.int64)) >= UNPROPOSED_DAYS
        facts = counted.by_fact(days, of["facts"][there], self._facts, looked_at)
        languages = counted.by_language(days, of["languages"][there], lambda mask: self._languages.told(mask).words)
        return Waiting(days.tolist(), int(unproposed.sum()), days[practical].tolist(), facts | languages)

    # what a slot holds

    def _slot(self, peer: str) -> int:
        """Whoever's it is by now, or one that is free."""
        slot = self._ids.put(peer)
        if slot >= len(self._of["places"]):
            self._have({name: _twice(column) for name, column in self._of.items()})
        return slot

    def _have(self, columns: dict[str, Ints]) -> None:
        """These in place of those of the same names."""
        self._of |= columns
        self._cells = {name: column.data for name, column in self._of.items()}
        self._view = None

    def _stand(self, slot: int, peer: str, places: int, strangers: AbstractSet[str]) -> None:
        """Without a place nobody shows a way to meet, and nobody asks whom they keep apart."""
        of, places = self._cells, min(places, PLACES_MAX)
        self.with_places += bool(places) - bool(of["places"][slot])
        of["places"][slot] = places
        of["meeting"][slot] = of["meeting"][slot] & ~WAYS | (of["ways"][slot] if places else 0)
        for name in self._strangers.pop(slot, frozenset()):
            self._named_by[name].discard(slot)
            if not self._named_by[name]:
                del self._named_by[name]
        if places and strangers:
            self._strangers[slot] = frozenset(strangers)
            for name in strangers:
                self._named_by.setdefault(name, set()).add(slot)

    # facts, limits and wishes

    def _numbers(self, said: Person | Details) -> tuple[int, int, int]:
        """Of facts, limits and wishes. What they ask about has its bits from then on, and each of the three its mask."""
        facts = self._facts.number(*said.facts.items(), (AGE, said.age_band or ""))
        limits = self._limits.number(*said.chosen_limits.items(), (AGE, said.meets_ages))
        wishes = self._wishes.number(*said.prefers.items())
        if limits not in self._refuses or wishes not in self._prefers:
            asked = self._limits[limits], self._wishes[wishes]
            if not all(map(self._bits.know, asked)):
                self._ask_anew(*asked)
            self._refuses[limits], self._prefers[wishes] = self._bits.refuses(asked[0]), self._bits.prefers(asked[1])
        if facts not in self._traits:
            self._traits[facts] = self._bits.traits(self._facts[facts])
        return facts, limits, wishes

    def _ask_anew(self, *new: dict[str, Any]) -> None:
        """Makes the bits of what anybody here asks about, and everybody's masks of them. Raises TooVaried."""
        of = self._of
        used = {name: np.unique(of[name]).tolist() for name in ("facts", "limits", "wishes")} if len(of["facts"]) else {}
        limits, wishes = used.get("limits", []), used.get("wishes", [])
        self._bits = bits = TraitBits([*map(self._limits.__getitem__, limits), *map(self._wishes.__getitem__, wishes), *new])
        self._traits = {number: bits.traits(self._facts[number]) for number in used.get("facts", [])}
        self._refuses = {number: bits.refuses(self._limits[number]) for number in limits}
        self._prefers = {number: bits.prefers(self._wishes[number]) for number in wishes}
        if len(bits) > 32:
            self._widen()
        for column, mask, by_number in (("facts", "traits", self._traits), ("limits", "refuses", self._refuses),
                                        ("wishes", "prefers", self._prefers)):
            each = np.zeros(max(by_number, default=0) + 1, np.uint64)
            each[list(by_number)] = list(by_number.values())
            self._of[mask][:] = each[self._of[column]]

    def _widen(self) -> None:
        """A mask has 32 bits while that is enough, then 64."""
        if self._of["offers"].dtype != np.uint64:
            self._have({name: self._of[name].astype(np.uint64) for name in _MASKS})

    # a slot as a person

    def _person(self, slot: int, peer: str) -> Person:
        """As they were put in, but for the order in which they said things, and with their net in place of its two parts."""
        said = {name: cells[slot] for name, cells in self._cells.items()}
        seeks, offers, avoids, showable = (self._topics.told(said[name]) for name in ("seeks", "offers", "avoids", "showable"))
        languages, ways, meeting = self._languages.told(said["languages"]), said["ways"], said["meeting"]
        times, net = self._times.told(said["times"] & TIMES_MASK), (said["times"] >> NET_SHIFT & NET_MASK) - NET_ZERO
        facts, limits, wishes = self._facts[said["facts"]], self._limits[said["limits"]], self._wishes[said["wishes"]]
        return Person(
            peer, self._requests.name(slot), self.community, said["since_day"] * DAY_MS + said["since_rest"],
            _Said(seeks.words, offers.words, showable.words, languages.words, _WAYS[ways], times.words),
            seeks.each, offers.each, avoids.each, languages.each, _WAYS_EACH[ways], times.each,
            area=self._areas.name(meeting >> AREA_SHIFT), places=said["places"],
            strangers=self._strangers.get(slot, frozenset()), alone=bool(said["alone"]), age_band=facts[AGE],
            meets_ages=limits[AGE], facts=_but_age(facts), chosen_limits=_but_age(limits), prefers=wishes,
            newcomer=bool(meeting >> NEW_SHIFT & 1), welcomes_newcomers=bool(meeting >> WELCOMES_SHIFT & 1),
            given=max(0, net), received=max(0, -net), proposed_day=said["proposed_day"])


def _but_age(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != AGE}


def _twice(column: Ints) -> Ints:
    """The same, with as much room again."""
    grown = np.zeros(max(ROOM_MIN, 2 * len(column)), column.dtype)
    grown[:len(column)] = column
    return grown
