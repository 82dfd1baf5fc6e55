"""A round of the people who wait in a living programme: the seam between what the worker holds and the engine.

Up to EXACT_MAX people every pair is weighed by the reference itself, a second's work for 500. Nothing has to be compiled for
that, so a process that has just begun has its round like any other; the compiled engine is loaded when a pool is larger.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from services.matcher.domain import rounds
from services.matcher.domain.bar import Bar
from services.matcher.domain.line import line as in_line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match
from services.matcher.domain.rounds import EXACT_MAX, Chosen, best_first, who_has_nobody
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.blossom import best_of_table
from services.matcher.pairing.columns import Ints
from services.matcher.pairing.ids import names
from services.matcher.pairing.seen import Seen
from services.matcher.pairing.words import TooVaried
from shared.clock import DAY_MS


def choose(people: Sequence[Person], now_ms: int, bar: Bar, seed: int, exact_max: int = EXACT_MAX,
           first_in_line_days: int | None = None, weights: Weights = PUBLISHED) -> Chosen[Match]:
    """Pairs who fit and reach the bar, nobody in more of them than they have places; best first. Whoever is in line goes
    first; of all rounds that keep to that, the one of greatest benefit. The same people in any order, time, bar and seed: the
    same pairs.

    A pool that says too many different things for the compiled engine is left to the plain way of `domain/rounds.py`.
    """
    everybody = sorted(people, key=lambda person: person.peer)
    line = [] if first_in_line_days is None else in_line(everybody, now_ms, bar, first_in_line_days)
    rows = [bisect_left(everybody, person.peer, key=lambda each: each.peer) for person in line]
    try:
        pairs, share, sampled = (_exactly(everybody, now_ms, bar, weights, rows) if len(everybody) <= exact_max
                                 else _guided(everybody, now_ms, bar, weights, rows, seed))
    except TooVaried:
        return rounds.choose(everybody, now_ms, bar, first_in_line_days, weights)
    return Chosen(best_first(pairs), len(everybody), who_has_nobody(line, pairs), share, sampled)


def _exactly(people: Sequence[Person], now_ms: int, bar: Bar, weights: Weights,
             line: Sequence[int]) -> tuple[list[Match], float, bool]:
    """(pairs, how near they come to the best possible were there no line, False: nothing is sampled)."""
    table = np.zeros((len(people), len(people)), np.int64)
    for points, reaching in rounds.weighed(people, now_ms, bar, weights).items():
        for a, b in (divmod(each, len(people)) for each in reaching):
            table[a, b] = table[b, a] = points
    places = np.array([person.places for person in people])
    pairs = _matchings(table, places, line)
    most = sum(table[a, b] for a, b in _matchings(table, places, ())) if line else 0
    share = min(1.0, sum(table[a, b] for a, b in pairs) / most) if most else 1.0
    return [Match.of(people[a], people[b], int(table[a, b]), bar.step(people[a], people[b], now_ms))
            for a, b in pairs], float(share), False


def _matchings(table: NDArray[np.int64], places: NDArray[np.int64], line: Sequence[int]) -> list[tuple[int, int]]:
    """A best matching of those who have a place, then one of those who still have, and never the same two again."""
    table, places, pairs = table.copy(), places.copy(), list[tuple[int, int]]()
    turn = np.zeros(len(places), np.int64)
    turn[list(line)] = np.arange(len(line), 0, -1)
    while (mate := best_of_table(_in_turn(table, turn))).max(initial=-1) >= 0:
        for a, b in ((a, int(b)) for a, b in enumerate(mate) if a < b):
            pairs.append((a, b))
            table[a, b] = table[b, a] = 0
            places[[a, b]] -= 1
            turn[[a, b]] = 0
        table[places == 0], table[:, places == 0] = 0, 0
    return pairs


def _in_turn(table: NDArray[np.int64], turn: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same, where one turn is worth more than all benefit together.

    Whom a matching can seat at once is a matroid, so the greatest sum of turns seats whoever is first in line, then the next
    of the others who can be seated besides, and so on, whatever the steps between their turns (Rado 1957, Edmonds 1971).
    """
    whole = int(table.max(initial=0)) * len(table) + 1
    return np.where(table > 0, table + whole * (turn[:, None] + turn[None, :]), 0)


def _guided(people: Sequence[Person], now_ms: int, bar: Bar, weights: Weights, line: Sequence[int],
            seed: int) -> tuple[list[Match], float, bool]:
    from services.matcher.pairing.line import run_with_line  # with all that is compiled: half a second and 100 MB
    from services.matcher.pairing.roll import crowd_of

    found = run_with_line(crowd_of(people, now_ms, weights), line, weights, bar=bar, seed=seed)
    pairs = [Match.of(people[a], people[b], points, bar.step(people[a], people[b], now_ms))
             for a, b, points in zip(*(column.tolist() for column in found.pairs), strict=True)]
    return pairs, found.proven_share, found.sampled


def choose_among(seen: Seen, now_ms: int, bar: Bar, seed: int, first_in_line_days: int | None = None,
                 weights: Weights = PUBLISHED) -> Chosen[Found]:
    """The same for very many people, who are columns already: no one of them is made a person for it."""
    from services.matcher.pairing.line import run_with_line

    everybody = seen.in_order()
    crowd = everybody.crowd(now_ms, weights)
    line = [] if first_in_line_days is None else everybody.line(now_ms, max(first_in_line_days, bar.days))
    found = run_with_line(crowd, line, weights, bar=bar, seed=seed)
    pairs, paired = _Pairs.of(everybody, found.pairs, now_ms, bar), set(found.pairs[:2].ravel().tolist())
    return Chosen(pairs, len(everybody), tuple(crowd.names[row] for row in line if row not in paired), found.proven_share,
                  found.sampled)


class Found(NamedTuple):
    """A pair, of which no more than this is known."""

    peers: tuple[str, str]
    requests: tuple[str, str]
    benefit: int
    step: int


@dataclass(frozen=True)
class _Pairs(Sequence[Found]):
    """As rows, best first, in the order of `Match.rank`; each is made when it is asked for."""

    peers: Sequence[str]
    requests: Sequence[str]
    first: Ints
    second: Ints
    benefit: Ints
    step: Ints

    @classmethod
    def of(cls, everybody: Seen, pairs: Ints, now_ms: int, bar: Bar) -> _Pairs:
        since, (a, b, benefit) = everybody.since_ms, pairs
        later = (since[a] > since[b]) | (since[a] == since[b]) & (a > b)  # rows are in the order of the ids
        first, second = np.where(later, b, a), np.where(later, a, b)
        best = np.lexsort((second, first, since[second], since[first], -benefit))
        first, second = first[best], second[best]
        step = np.clip((now_ms - since[first]) // DAY_MS, 0, bar.days)
        return cls(names(everybody.keys, everybody.texts), names(everybody.requests, everybody.texts), first, second,
                   benefit[best], step)

    def __len__(self) -> int:
        return len(self.first)

    @overload
    def __getitem__(self, place: int) -> Found: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Found]: ...
    def __getitem__(self, place: int | slice) -> Found | Sequence[Found]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        a, b = int(self.first[place]), int(self.second[place])
        return Found((self.peers[a], self.peers[b]), (self.requests[a], self.requests[b]), int(self.benefit[place]),
                   int(self.step[place]))
