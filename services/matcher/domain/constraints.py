"""What must hold between two people before anything is proposed: in both directions, whatever the waiting (rule 3).

That somebody is an adult is the form's to make sure of; nobody else can send a request.
"""

from __future__ import annotations

from services.matcher.domain.people import Person
from shared.events import Way

_AT_A_TIME = frozenset((Way.CALL, Way.IN_PERSON))
_IN_PERSON = frozenset((Way.IN_PERSON,))


def fits(a: Person, b: Person) -> bool:
    """Whether these two may be proposed to each other. Symmetric."""
    return (a.peer != b.peer
            and not (a.seeks.isdisjoint(b.offers) and b.seeks.isdisjoint(a.offers))
            and not a.languages.isdisjoint(b.languages)
            and a.avoids.isdisjoint(b.seeks) and b.avoids.isdisjoint(a.seeks)
            and meets(a, b) and meets(b, a)
            and bool(usable_ways(a, b))
            and a.community == b.community
            and b.peer not in a.strangers and a.peer not in b.strangers)


def meets(a: Person, b: Person) -> bool:
    """Whether b is inside a's limits on whom they meet. What somebody did not say is outside every limit on it."""
    return ((not a.meets_ages or b.age_band in a.meets_ages)
            and all(not values or b.facts.get(key) in values for key, values in a.chosen_limits.items()))


def usable_ways(a: Person, b: Person) -> frozenset[Way]:
    """The ways that both use and that can work: calling and meeting need a shared time, meeting the same area too."""
    ways = a.ways & b.ways
    if not ways.isdisjoint(_AT_A_TIME):
        if not share_a_time(a, b):
            return ways - _AT_A_TIME
        if not same_area(a, b):
            return ways - _IN_PERSON
    return ways


def share_a_time(a: Person, b: Person) -> bool:
    """Whoever ticks no times is taken at their word: any time is fine."""
    return not a.times or not b.times or not a.times.isdisjoint(b.times)


def same_area(a: Person, b: Person) -> bool:
    """Two people who gave no area are not thereby neighbours."""
    return a.area == b.area != ""
