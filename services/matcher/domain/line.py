"""Whoever was left out is next: people who have waited long and have nobody go first, the longest wait before the others.

The greatest benefit of all can pass the same person over again and again while others who came later are paired, and the
points for waiting end after fifty days. So from some day on a place in the line counts, and no longer what somebody brings:

    whoever is in line and fits anybody who has a place gets somebody,
    unless all whom they fit stand before them in line, or are with people who do.

Nobody who comes later ever gets before them, so they wait for those before them at most. What has to hold for two people
holds here too. Nobody is in line before the bar is down: for them whoever fits will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.matcher.domain.bar import Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, by_rank
from services.matcher.domain.weights import PUBLISHED, Weights
from shared.clock import DAY_MS

AFTER_DAYS = 21
"""A week after the middle bar is down. Until then everybody's chances grow by themselves; sooner costs the others more."""


def is_in_line(person: Person, now_ms: int, bar: Bar, after_days: int) -> bool:
    """They have a place and nobody, and have waited for `after_days` and till the bar is down."""
    return bool(person.places) and person.alone and now_ms - person.since_ms >= max(after_days, bar.days) * DAY_MS


def line(people: Iterable[Person], now_ms: int, bar: Bar, after_days: int) -> list[Person]:
    """Everybody in line, the longest wait first."""
    return sorted((person for person in people if is_in_line(person, now_ms, bar, after_days)),
                  key=lambda person: (person.since_ms, person.peer))


def first_in_line(people: Sequence[Person], now_ms: int, bar: Bar, after_days: int,
                  weights: Weights = PUBLISHED) -> tuple[list[Match], list[Person]]:
    """The plain way to keep that: one after the other each takes the best partner who is left.

    (their pairs, whoever has a place left after that).
    """
    left, pairs = {person.peer: person for person in people}, list[Match]()
    for person in line(people, now_ms, bar, after_days):
        if left[person.peer].alone and (match := best_of(person, left.values(), now_ms, bar, weights)) is not None:
            pairs.append(match)
            seat(left, match)
    return pairs, [person for person in left.values() if person.places]


def seat(left: dict[str, Person], match: Match) -> None:
    """Each of the two has a place less, and the same two are not put together again."""
    one, other = match.people
    left[one.peer], left[other.peer] = left[one.peer].meeting(other.peer), left[other.peer].meeting(one.peer)


def best_of(person: Person, others: Iterable[Person], now_ms: int, bar: Bar, weights: Weights = PUBLISHED) -> Match | None:
    """The best pair there is for somebody with any of `others` who has a place, as `Match.rank` tells equals apart."""
    matches = (Match.of(person, other, points, bar.step(person, other, now_ms))
               for other in others if other.places and fits(person, other)
               and bar.lets_pass(points := benefit(person, other, now_ms, weights), person, other, now_ms))
    return min(matches, key=by_rank, default=None)
