"""A community's people as columns that live: a slot each, filled when somebody asks, emptied when they go, in place.

Words get their bits as they first come up. Of facts, limits and wishes every different one is kept once, and a slot has its
number; when somebody asks about something new, the bits of all are made again from these few. Whoever has no place shows no
way to meet, so no scan finds them; an empty slot is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

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
from services.matcher.pairing.roll import AGE, WAY_BITS, allowed, meeting_of, times_of
from services.matcher.pairing.seen import Seen
from services.matcher.pairing.words import Areas, TraitBits, Words
from shared.clock import DAY_MS
from shared.events import Details, Way

PLACES_MAX = 255
"""More than anybody may choose."""

_MASKS = ("offers", "seeks", "avoids", "showable", "languages", "traits", "refuses", "prefers")
_OTHERS = {"meeting": np.uint32, "times": np.uint32, "since_day": np.int32, "since_rest": np.int32,
           "facts": np.int32, "limits": np.int32, "wishes": np.int32, "proposed_day": np.uint16, "ways": np.uint8,
           "places": np.uint8, "alone": np.bool_}
_WAYS = [tuple(way for way in Way if ways & WAY_BITS[way]) for ways in range(WAYS + 1)]
"""Of each mask of ways."""

ROOM_MIN = 64
"""Columns double when they are full. Room that nobody has used yet takes no memory, for the system gives it page by page."""


_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = ("morning", "afternoon", "evening")


def _in_the_week(time: str) -> tuple[int, int, str]:
    """Where a time of the week comes; what is none comes last."""
    day, part = time[:3], time[4:]
    return (_WEEK.index(day) if day in _WEEK else len(_WEEK)), (_DAY.index(part) if part in _DAY else len(_DAY)), time


class Distinct:
    """Different mappings, each once, and a number for each."""

    def __init__(self) -> None:
        self._number: dict[frozenset[tuple[str, Any]], int] = {}
        self._values: list[dict[str, Any]] = []

    def number(self, items: Iterable[tuple[str, Any]]) -> int:
        value = frozenset(items)
        found = self._number.get(value)
        if found is None:
            found = self._number[value] = len(self._values)
            self._values.append(dict(value))
        return found

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self._values[number]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._values)


class Slots:
    """One community's people. Raises TooVaried where a word has no bit left; what is there stays as it was."""

    def __init__(self, community: str) -> None:
        self.community = community
        self.with_places = 0
        self._ids, self._requests = Ids(), IdColumn()
        self._topics, self._times, self._languages = Words("topic"), Words("time", TIMES, _in_the_week), Words("language")
        self._areas = Areas(AREAS_MAX)
        self._facts, self._limits, self._wishes = Distinct(), Distinct(), Distinct()
        self._bits = TraitBits(())
        self._traits, self._refuses, self._prefers = dict[int, int](), dict[int, int](), dict[int, int]()
        """Masks by these bits, of the numbers that were met since they were made."""
        self._strangers: dict[int, frozenset[str]] = {}
        self._named_by: dict[str, set[int]] = {}
        self._of: dict[str, Ints] = {name: np.zeros(0, kind) for name, kind in (
            *((mask, np.uint32) for mask in _MASKS), *_OTHERS.items())}
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

    def _fill(self, peer: str, request: str, since_ms: int, said: Person | Details, showable: Iterable[str], difference: int,
              places: int, strangers: AbstractSet[str], alone: bool, proposed_day: int) -> None:
        topics = [frozenset(each) for each in (said.offers, said.seeks, said.avoids, showable)]
        self._topics.mask(topics[0].union(*topics[1:]))
        masks = (*map(self._topics.mask, topics), self._languages.mask(frozenset(said.languages)))
        ticked, area = self._times.mask(frozenset(said.times)), self._areas.number(as_compared(said.area or ""))
        facts, limits, wishes = self._numbers(said)
        traits = self._traits[facts], self._refuses[limits], self._prefers[wishes]
        self._widen_if_needed()
        slot, of, (day, rest) = self._slot(peer), self._of, divmod(since_ms, DAY_MS)
        ways = sum(map(WAY_BITS.__getitem__, frozenset(said.ways)))
        before = int(of["places"][slot])
        meeting = meeting_of(0, len(topics[1]), said.newcomer, said.welcomes_newcomers, area)
        row = (*masks, *traits, meeting, times_of(ticked, difference), day, rest, facts, limits, wishes, proposed_day, ways,
               before, alone)
        for column, value in zip(of.values(), row, strict=True):
            column[slot] = value
        if slot < len(self._requests):
            self._requests.forget(slot)
        self._requests.put(slot, request, key_of(request))
        self._stand(slot, peer, places, strangers)

    def stand(self, peer: str, standing: Standing) -> None:
        slot = self._ids.find(peer)
        self._of["alone"][slot], self._of["proposed_day"][slot] = standing.alone, standing.proposed_day
        if standing.since_ms is not None:
            self._of["since_day"][slot], self._of["since_rest"][slot] = divmod(standing.since_ms, DAY_MS)
        self._stand(slot, peer, standing.places, standing.strangers_to)
        self.count(peer, standing.given, standing.received)

    def count(self, peer: str, given: int, received: int) -> None:
        """What somebody gave and received by now."""
        slot, times = self._ids.find(peer), self._of["times"]
        times[slot] = times_of(int(times[slot]) & TIMES_MASK, given - received)

    def drop(self, peer: str) -> None:
        slot = self._ids.find(peer)
        if slot < 0:
            return
        self._stand(slot, peer, 0, frozenset())
        self._requests.forget(slot)
        for column in self._of.values():
            column[slot] = 0
        self._ids.drop(peer)

    def get(self, peer: str) -> Person | None:
        slot = self._ids.find(peer)
        return None if slot < 0 else self._person(slot, peer)

    def request_of(self, peer: str) -> str | None:
        slot = self._ids.find(peer)
        return None if slot < 0 else self._requests.name(slot)

    def has_place(self, peer: str) -> bool:
        slot = self._ids.find(peer)
        return slot >= 0 and bool(self._of["places"][slot])

    def at(self, slot: int) -> Person:
        return self._person(slot, self._ids.name(slot))

    def name(self, slot: int) -> str:
        return self._ids.name(slot)

    def columns(self) -> tuple[Columns, Ints, Ints]:
        """(everybody, day and ms of the day on which each began to wait), as they are now; `waited` is none of theirs."""
        if self._view is None:
            rows, of = self._ids.rows, self._of
            since = of["since_day"][:rows], of["since_rest"][:rows]
            self._view = Columns._make([*(of[name][:rows] for name in Columns._fields[:-1]), since[1]]), *since
        return self._view

    def slot_and_apart(self, peer: str) -> tuple[int, Ints]:
        """Somebody's slot, and those of whoever must not meet them, whichever of the two keeps the other apart."""
        slot = self._ids.find(peer)
        kept = {other for name in self._strangers.get(slot, ()) if (other := self._ids.find(name)) >= 0}
        return slot, np.array([*kept, *self._named_by.get(peer, ())], np.int64)

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
        languages = counted.by_language(days, of["languages"][there], self._languages.words)
        return Waiting(days.tolist(), int(unproposed.sum()), days[practical].tolist(), facts | languages)

    # what a slot holds

    def _slot(self, peer: str) -> int:
        """Whoever's it is by now, or one that is free."""
        slot = self._ids.put(peer)
        if slot >= len(self._of["places"]):
            self._grow()
        self._view = None
        return slot

    def _grow(self) -> None:
        for name, column in self._of.items():
            self._of[name] = grown = np.zeros(max(ROOM_MIN, 2 * len(column)), column.dtype)
            grown[:len(column)] = column

    def _stand(self, slot: int, peer: str, places: int, strangers: AbstractSet[str]) -> None:
        """Without a place nobody shows a way to meet, and nobody asks whom they keep apart."""
        of, places = self._of, min(places, PLACES_MAX)
        self.with_places += bool(places) - bool(of["places"][slot])
        of["places"][slot] = places
        of["meeting"][slot] = int(of["meeting"][slot]) & ~WAYS | (int(of["ways"][slot]) if places else 0)
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
        facts = self._facts.number((*said.facts.items(), (AGE, said.age_band or "")))
        limits = self._limits.number((*allowed(said.chosen_limits), (AGE, frozenset(said.meets_ages))))
        wishes = self._wishes.number(allowed(said.prefers))
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
        self._widen_if_needed()
        for column, mask, by_number in (("facts", "traits", self._traits), ("limits", "refuses", self._refuses),
                                        ("wishes", "prefers", self._prefers)):
            each = np.zeros(max(by_number, default=0) + 1, np.uint64)
            each[list(by_number)] = list(by_number.values())
            self._of[mask][:] = each[self._of[column]]

    def _widen_if_needed(self) -> None:
        """A mask has 32 bits while that is enough."""
        wide = max(len(self._bits), len(self._topics), len(self._languages)) > 32
        if wide and self._of["offers"].dtype != np.uint64:
            self._of |= {name: self._of[name].astype(np.uint64) for name in _MASKS}
            self._view = None

    # a slot as a person

    def _person(self, slot: int, peer: str) -> Person:
        """As they were put in, but for the order in which they said things, and with their net in place of its two parts."""
        said = {name: column.item(slot) for name, column in self._of.items()}
        topics, times, meeting = self._topics.words, said["times"], said["meeting"]
        net = (times >> NET_SHIFT & NET_MASK) - NET_ZERO
        facts, limits, wishes = self._facts[said["facts"]], self._limits[said["limits"]], self._wishes[said["wishes"]]
        details = Details.model_construct(
            seeks=topics(said["seeks"]), offers=topics(said["offers"]), avoids=topics(said["avoids"]),
            showable=topics(said["showable"]), languages=self._languages.words(said["languages"]),
            ways=_WAYS[said["ways"]], times=self._times.words(times & TIMES_MASK),
            area=self._areas.name(meeting >> AREA_SHIFT) or None, age_band=facts[AGE] or None,
            meets_ages=tuple(sorted(limits[AGE])), facts={key: value for key, value in facts.items() if key != AGE},
            chosen_limits=_listed(limits), prefers=_listed(wishes),
            newcomer=bool(meeting >> NEW_SHIFT & 1), welcomes_newcomers=bool(meeting >> WELCOMES_SHIFT & 1))
        since_ms = said["since_day"] * DAY_MS + said["since_rest"]
        return Person.of(peer, self._requests.name(slot), self.community, since_ms, details, said["places"],
                         self._strangers.get(slot, frozenset()), said["alone"], max(0, net), max(0, -net),
                         said["proposed_day"])


def _listed(values: dict[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(wanted)) for key, wanted in values.items() if key != AGE}
