"""Everybody with an open request, in memory, and the best pair among those who have a place.

This is the seam to whichever engine chooses: `put` and `drop` keep it, `best_pair` asks it. It looks at everyone who
waits in the community, so its answer is exact; 2,000 people take some milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from services.matcher.domain.bar import Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.standing import Standing
from services.matcher.domain.weights import PUBLISHED, Weights


@dataclass(frozen=True, slots=True)
class Match:
    """Two people who fit, the one who has waited longer first. `step` is how far the bar was down for them."""

    people: tuple[Person, Person]
    benefit: int
    step: int = 0

    @classmethod
    def of(cls, a: Person, b: Person, benefit: int, step: int) -> Match:
        return cls((a, b) if (a.since_ms, a.peer) < (b.since_ms, b.peer) else (b, a), benefit, step)

    @property
    def peers(self) -> tuple[str, str]:
        return self.people[0].peer, self.people[1].peer

    @property
    def requests(self) -> tuple[str, str]:
        return self.people[0].request, self.people[1].request

    @property
    def rank(self) -> tuple[int, int, int, str, str]:
        """Lowest is best: greatest benefit, then the longest wait of either, then of the other, then the ids."""
        first, second = self.people
        return -self.benefit, first.since_ms, second.since_ms, first.peer, second.peer


class Pool:
    """One partition's people; only those of one community ever meet."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._people: dict[str, Person] = {}
        self._with_places: dict[str, dict[str, Person]] = {}
        for person in people:
            self.put(person)

    def put(self, person: Person) -> None:
        """Takes the place of what was known of this person."""
        self.drop(person.peer)
        self._people[person.peer] = person
        if person.places:
            self._with_places.setdefault(person.community, {})[person.peer] = person

    def drop(self, peer: str) -> None:
        person = self._people.pop(peer, None)
        if person is not None:
            self._with_places.get(person.community, {}).pop(peer, None)

    def get(self, peer: str) -> Person | None:
        return self._people.get(peer)

    def request_of(self, peer: str) -> str | None:
        person = self._people.get(peer)
        return None if person is None else person.request

    def stand(self, peer: str, standing: Standing) -> None:
        """How somebody who is here stands by now."""
        self.put(self._people[peer].standing(standing))

    def count(self, peer: str, given: int, received: int) -> None:
        """What somebody gave and received by now; whoever is not here is not looked at."""
        if (person := self._people.get(peer)) is not None:
            self.put(replace(person, given=given, received=received))

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __len__(self) -> int:
        return len(self._people)

    def communities(self) -> Iterator[str]:
        """Those in which somebody waits with a place."""
        return (community for community, people in self._with_places.items() if people)

    def with_places(self, community: str) -> int:
        """How many of a community wait with a place."""
        return len(self._with_places.get(community, ()))

    def waiting(self, community: str) -> tuple[Person, ...]:
        """Everybody of a community who has a place, as of now: what a round is chosen from."""
        return tuple(self._with_places.get(community, {}).values())

    def best_pair(self, peers: Iterable[str], now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> Match | None:
        """The best pair there is with one of `peers` in it; none when none of them and anybody who has a place both fit
        and reach the bar."""
        matches = [match for peer in peers if (match := self.best_for(peer, now_ms, bar, weights)) is not None]
        return min(matches, key=by_rank, default=None)

    def best_for(self, peer: str, now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> Match | None:
        person = self._people.get(peer)
        if person is None or not person.places:
            return None
        best = None
        for other in self._with_places[person.community].values():
            if fits(person, other):
                points = benefit(person, other, now_ms, weights)
                if (best is None or points >= best.benefit) and bar.lets_pass(points, person, other, now_ms):
                    match = Match.of(person, other, points, bar.step(person, other, now_ms))
                    best = match if best is None else min(best, match, key=by_rank)
        return best

    def pair_of(self, peers: tuple[str, str], requests: tuple[str, str], now_ms: int, bar: Bar,
                weights: Weights = PUBLISHED) -> Match | None:
        """These two, if they still ask for the same, both have a place, fit and reach the bar; none when not."""
        return pair_if_good_enough(self.get(peers[0]), self.get(peers[1]), requests, now_ms, bar, weights)


def pair_if_good_enough(one: Person | None, other: Person | None, requests: tuple[str, str], now_ms: int, bar: Bar,
                        weights: Weights = PUBLISHED) -> Match | None:
    """Two people as they are now, if they still ask for the same, both have a place, fit and reach the bar."""
    if one is None or other is None or (one.request, other.request) != requests:
        return None
    if not one.places or not other.places or not fits(one, other):
        return None
    points = benefit(one, other, now_ms, weights)
    if not bar.lets_pass(points, one, other, now_ms):
        return None
    return Match.of(one, other, points, bar.step(one, other, now_ms))


def by_rank(match: Match) -> tuple[int, int, int, str, str]:
    return match.rank
