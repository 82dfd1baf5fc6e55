"""Everybody with an open request, at any size: what `domain/pool.py` says, and quick for very many people too.

A community is kept plainly until it has so many people that columns pay; from then on they are its columns. A pool that says
too many different things for columns stays with the plain way. Whichever it is, the same people are proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.matcher.domain.bar import Bar
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, Pool, by_rank, pair_if_good_enough
from services.matcher.domain.standing import Standing
from services.matcher.domain.waiting import LookedAt, Waiting, who_waits
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.ready import ENGINE, Engine
from services.matcher.pairing.seen import Seen
from services.matcher.pairing.slots import Slots
from services.matcher.pairing.waits import Waits
from services.matcher.pairing.weights import Points
from services.matcher.pairing.words import TooVaried
from shared.events import Details
from shared.logs import get_logger

FEW = 1_000
"""People of a community up to whom the plain way is quick enough, about a millisecond an arrival: nothing is compiled for
them, which would take 100 MB."""

log = get_logger("services.matcher.pairing")


class LivePool:
    """One partition's people; only those of one community ever meet."""

    def __init__(self, few: int = FEW, engine: Engine = ENGINE) -> None:
        self._few, self._engine = few, engine
        self._plain, self._many = Pool(), dict[str, Slots]()
        self._counts: dict[str, int] = {}
        """How many of each community are kept plainly."""
        self._keys: dict[str, bytes] = {}
        """Of those who are kept plainly, still wrapped."""
        self._too_varied: set[str] = set()

    def put(self, person: Person) -> None:
        """Takes the place of what was known of this person."""
        slots = self._many.get(person.community)
        if slots is None:
            self.drop(person.peer)
            self._put_plainly(person)
        else:
            if person.peer not in slots:
                self.drop(person.peer)
            self._put_in(slots, person)

    def learn(self, peer: str, request: str, community: str, since_ms: int, details: Details, standing: Standing) -> None:
        """`put`, from what a request says."""
        slots = self._many.get(community)
        if slots is not None:
            if peer not in slots:
                self.drop(peer)
            try:
                return slots.learn(peer, request, since_ms, details, standing)
            except TooVaried:
                pass  # met once more below, where all of them become people
        return self.put(Person.of(peer, request, community, since_ms, details).standing(standing))

    def drop(self, peer: str) -> None:
        person = self._plain.get(peer)
        if person is not None:
            self._plain.drop(peer)
            self._keys.pop(peer, None)
            self._counts[person.community] -= 1
        elif (slots := self._slots_of(peer)) is not None:
            slots.drop(peer)

    def stand(self, peer: str, standing: Standing) -> None:
        """How somebody who is here stands by now."""
        slots = self._slots_of(peer)
        (self._plain if slots is None else slots).stand(peer, standing)

    def count(self, peer: str, given: int, received: int) -> None:
        """What somebody gave and received by now; whoever is not here is not looked at."""
        slots = self._slots_of(peer)
        (self._plain if slots is None else slots).count(peer, given, received)

    def get(self, peer: str) -> Person | None:
        slots = self._slots_of(peer)
        return (self._plain if slots is None else slots).get(peer)

    def keep(self, peer: str, key: bytes) -> None:
        """The key of somebody who is here, still wrapped: what they are told is sealed with it."""
        slots = self._slots_of(peer)
        if slots is None:
            self._keys[peer] = key
        else:
            slots.keep(peer, key)

    def key(self, peer: str) -> bytes:
        """As it was kept."""
        slots = self._slots_of(peer)
        return self._keys[peer] if slots is None else slots.key(peer)

    def request_of(self, peer: str) -> str | None:
        slots = self._slots_of(peer)
        return (self._plain if slots is None else slots).request_of(peer)

    def __iter__(self) -> Iterator[Person]:
        yield from self._plain
        for slots in self._many.values():
            yield from slots

    def __len__(self) -> int:
        return len(self._plain) + sum(map(len, self._many.values()))

    def communities(self) -> Iterator[str]:
        """Those in which somebody waits with a place."""
        yield from self._plain.communities()
        yield from (community for community, slots in self._many.items() if slots.with_places)

    def with_places(self, community: str) -> int:
        """How many of a community wait with a place."""
        slots = self._many.get(community)
        return self._plain.with_places(community) if slots is None else slots.with_places

    def waiting(self, community: str) -> tuple[Person, ...]:
        """Everybody of a community who has a place, as of now; of very many, `seen` is the way to have them."""
        slots = self._many.get(community)
        return self._plain.waiting(community) if slots is None else tuple(slots.waiting())

    def who_waits(self, community: str, now_ms: int, looked_at: LookedAt) -> Waiting:
        """Everybody of a community who waits, to be told in counts."""
        slots = self._many.get(community)
        if slots is not None:
            return slots.who_waits(now_ms, looked_at)
        return who_waits(self._plain.waiting(community), now_ms, looked_at)

    def seen(self, community: str) -> Seen | None:
        """The same as columns, of a community that is kept so."""
        slots = self._many.get(community)
        return None if slots is None else slots.seen()

    def best_pair(self, peers: Iterable[str], now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> Match | None:
        """The best pair there is with one of `peers` in it; none when none of them and anybody who has a place both fit
        and reach the bar."""
        matches = [match for peer in peers if (match := self.best_for(peer, now_ms, bar, weights)) is not None]
        return min(matches, key=by_rank, default=None)

    def best_for(self, peer: str, now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> Match | None:
        slots = self._slots_of(peer)
        if slots is None:
            return self._plain.best_for(peer, now_ms, bar, weights)
        if not slots.has_place(peer):
            return None
        slot, apart = slots.slot_and_apart(peer)
        points, best = self._engine.scan(*slots.columns(), slot, apart, Waits.of(now_ms, bar, weights), Points.of(weights))
        if not len(best):
            return None
        one, other = slots.at(slot), slots.at(min(best.tolist(), key=slots.name))
        return Match.of(one, other, points, bar.step(one, other, now_ms))

    def pair_of(self, peers: tuple[str, str], requests: tuple[str, str], now_ms: int, bar: Bar,
                weights: Weights = PUBLISHED) -> Match | None:
        """These two, if they still ask for the same, both have a place, fit and reach the bar; none when not."""
        return pair_if_good_enough(self.get(peers[0]), self.get(peers[1]), requests, now_ms, bar, weights)

    def who_might_fit(self, others: Iterable[str], person: Person) -> Iterable[str]:
        """Those of `others`, in their order, of whom each one that fits this person is; of very many others only these."""
        slots = self._many.get(person.community)
        return others if slots is None else slots.who_fit(others, person.peer)

    def _slots_of(self, peer: str) -> Slots | None:
        for slots in self._many.values():
            if peer in slots:
                return slots
        return None

    def _put_plainly(self, person: Person) -> None:
        community = person.community
        self._plain.put(person)
        self._counts[community] = self._counts.get(community, 0) + 1
        if self._counts[community] > self._few and community not in self._too_varied:
            self._make_columns(community)

    def _make_columns(self, community: str) -> None:
        slots, people = Slots(community), [person for person in self._plain if person.community == community]
        try:
            for person in people:
                slots.put(person)
        except TooVaried:
            self._keep_plainly(community)
            return
        for person in people:
            self._plain.drop(person.peer)
            if (key := self._keys.pop(person.peer, None)) is not None:
                slots.keep(person.peer, key)
        self._counts[community], self._many[community] = 0, slots
        self._engine.compile()

    def _put_in(self, slots: Slots, person: Person) -> None:
        try:
            slots.put(person)
        except TooVaried:
            del self._many[slots.community]
            self._keep_plainly(slots.community)
            self._keys |= {each.peer: slots.key(each.peer) for each in slots}
            for each in (*(each for each in slots if each.peer != person.peer), person):
                self._put_plainly(each)

    def _keep_plainly(self, community: str) -> None:
        """Until the pool is filled anew."""
        self._too_varied.add(community)
        log.warning("pool.too_varied", service="matcher")
