"""What the two of a made-up pair write down of their giving and receiving, and what they do about it afterwards.

What becomes of a moment begins when the ledger has recorded it, for only then does it stand on their pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from console.simulate.course import Fate, Moment
from console.simulate.people import HOUR_MS, WEEK_MS, Person, one
from console.simulate.standing import Act, Bond, Hearing, Plans, Somebody, Told
from shared.clock import DAY_MS, derived_id
from shared.events import (
    Correction,
    Event,
    GestureSent,
    Listened,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRecorded,
    MomentRememberedDifferently,
    MomentReversed,
    MomentShared,
    MomentThanked,
    MomentUpheld,
    PulseAnswered,
    PulseOffered,
)

SOON_MS = 2 * DAY_MS
"""Within which somebody does something about a moment that they have seen on their page."""


@dataclass(frozen=True)
class Written:
    """A moment that was written down: by whom, and who is the other of the two."""

    pair: str
    by: str
    other: str
    fate: Fate


class Giving:
    """What everybody does about moments."""

    def __init__(self, people: Mapping[str, Somebody], bonds: Mapping[str, Bond], told: Told, plan: Plans) -> None:
        self._people, self._bonds, self._told, self._plan = people, bonds, told, plan
        self._written: dict[str, Written] = {}
        self.hearing: Hearing = {
            MomentRecorded: self._recorded, MomentReversed: self._reversed, PulseOffered: self._asked}

    def begins(self, pair: str, formed_ms: int) -> None:
        self._plan_moment(pair, 0, formed_ms)

    # ── writing down ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_moment(self, pair: str, number: int, at_ms: int) -> None:
        bond = self._bonds[pair]
        weeks = bond.course.next_moment(number, bond.weeks(at_ms), at_ms)
        if weeks is not None:
            self._plan(at_ms + weeks * WEEK_MS, partial(self._happens, pair, number))

    def _happens(self, pair: str, number: int, at_ms: int) -> Iterable[Event]:
        bond = self._bonds[pair]
        if not bond.open:
            return
        self._plan_moment(pair, number + 1, at_ms)
        resting = any(self._people[peer].resting_until_ms > at_ms for peer in bond.peers)
        if resting and not bond.course.goes_through_a_break(number):
            return
        id, moment = derived_id(pair, f"moment {number}"), bond.course.moment(number, bond.weeks(at_ms))
        if moment.fate is Fate.WRITTEN_TWICE:
            today_ms = DAY_MS - at_ms % DAY_MS
            later_ms = self._person(bond.peers[1 - moment.by]).of(f"writes {id}").uniform(0, today_ms)
            self._plan(at_ms + later_ms, partial(self._writes_too, id, moment, pair))
        if moment.late_days:
            self._plan(at_ms + moment.late_days * DAY_MS, partial(self._writes, id, moment, pair, at_ms))
        else:
            yield from self._writes(id, moment, pair, None, at_ms)

    def _writes(self, id: str, moment: Moment, pair: str, happened_ms: int | None, _at_ms: int) -> Iterable[Event]:
        """Late ones be it of a pair that has ended since: people write things down late."""
        peers = self._bonds[pair].peers
        if not all(self._people[peer].here for peer in peers):
            return
        giver, receiver, by, other = (peers[place] for place in (moment.giver, 1 - moment.giver, moment.by, 1 - moment.by))
        self._written[id] = Written(pair, by, other, moment.fate)
        if moment.gesture is not None:
            yield GestureSent(moment=id, pair=pair, giver=giver, receiver=receiver, gesture=moment.gesture)
        else:
            yield MomentShared(moment=id, pair=pair, giver=giver, receiver=receiver, kind=moment.kind, recorded_by=by,
                               minutes=moment.minutes, way=moment.way, both_ways=moment.both_ways, happened_ms=happened_ms)

    def _writes_too(self, id: str, moment: Moment, pair: str, at_ms: int) -> Iterable[Event]:
        """The other of the two, on the same day and not knowing of it."""
        theirs = Moment(moment.giver, 1 - moment.by, moment.kind, None, Fate.STANDS, way=moment.way, both_ways=moment.both_ways)
        return self._writes(derived_id(id, "written too"), theirs, pair, None, at_ms)

    # ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _recorded(self, event: MomentRecorded, at_ms: int) -> None:
        self._told.moments[event.kind] += 1
        written = self._written.get(event.moment)
        if written is None:  # the other half of one that went both ways
            return
        if event.same_as is not None:
            self._soon(written.by, f"same {event.moment}", at_ms, partial(self._compares, event.moment, written.by))
        elif written.fate is Fate.THANKED:
            self._soon(written.other, f"thanks {event.moment}", at_ms, partial(self._thanks, event.moment, written))
        elif written.fate is Fate.TAKEN_BACK:
            self._soon(written.by, f"takes back {event.moment}", at_ms, partial(self._takes_back, event.moment, written.by))
        elif written.fate is Fate.REMEMBERED_DIFFERENTLY:
            self._soon(written.other, f"remembers {event.moment}", at_ms, partial(self._remembers, event.moment, written))

    def _thanks(self, moment: str, written: Written, _at_ms: int) -> Iterable[Event]:
        if self._bonds[written.pair].open:
            yield MomentThanked(moment=moment, pair=written.pair, peer=written.other, to=written.by)

    def _takes_back(self, moment: str, peer: str, _at_ms: int) -> Iterable[Event]:
        yield MomentCorrected(moment=moment, peer=peer)

    def _reversed(self, event: MomentReversed, at_ms: int) -> None:
        """Whoever took it back by mistake puts it back; what both agreed on stays so."""
        written = self._written.get(event.moment)
        if written is not None and event.reason is Correction.MISTAKE:
            by, rates = self._person(written.by), self._person(written.by).rates
            if by.chance(f"slipped {event.moment}") < rates.put_back:
                self._soon(written.by, f"puts back {event.moment}", at_ms, partial(self._puts_back, event.moment, written.by))

    def _puts_back(self, moment: str, peer: str, _at_ms: int) -> Iterable[Event]:
        yield MomentPutBack(moment=moment, peer=peer)

    def _remembers(self, moment: str, written: Written, at_ms: int) -> Iterable[Event]:
        self._soon(written.by, f"looks at {moment}", at_ms, partial(self._settles, moment, written.by))
        yield MomentRememberedDifferently(moment=moment, peer=written.other)

    def _settles(self, moment: str, peer: str, _at_ms: int) -> Iterable[Event]:
        person = self._person(peer)
        what = one(person.of(f"settles {moment}"), person.rates.other_memory)
        if what == "agreed":
            yield MomentCorrected(moment=moment, peer=peer, reason=Correction.AGREED)
        elif what == "upheld":
            yield MomentUpheld(moment=moment, peer=peer)

    def _compares(self, moment: str, peer: str, _at_ms: int) -> Iterable[Event]:
        person = self._person(peer)
        what = one(person.of(f"compares {moment}"), person.rates.same_moment)
        if what == "same":
            yield MomentCorrected(moment=moment, peer=peer, reason=Correction.SAME_MOMENT)
        elif what == "two":
            yield MomentKeptApart(moment=moment, peer=peer)

    def _asked(self, event: PulseOffered, at_ms: int) -> None:
        answer = self._person(event.peer).pulse(at_ms)
        if answer is not None:
            self._plan(at_ms + answer[0], partial(self._if_here, event.peer, partial(self._answers, event.peer, answer[1])))

    def _answers(self, peer: str, listened: Listened, _at_ms: int) -> Iterable[Event]:
        yield PulseAnswered(peer=peer, listened=listened)

    def _soon(self, peer: str, what: str, at_ms: int, act: Act) -> None:
        """Within two days, if they are still here then."""
        after_ms = self._person(peer).of(what).uniform(HOUR_MS, SOON_MS)
        self._plan(at_ms + after_ms, partial(self._if_here, peer, act))

    def _if_here(self, peer: str, act: Act, at_ms: int) -> Iterable[Event]:
        return act(at_ms) if self._people[peer].here else ()

    def _person(self, peer: str) -> Person:
        return self._people[peer].person
