"""A round: everybody who waits, put together for the greatest benefit of all, and how near to the best possible it came.

Whoever has several places takes part several times: a matching of everybody who has a place left, then another, and
never the same two again. Each of these proves itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.domain.bar import NO_BAR, Bar
from services.matcher.domain.rounds import EXACT_MAX
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.bound import Bound
from services.matcher.pairing.columns import Columns, Crowd, Ints, Rules, neighbours
from services.matcher.pairing.exact import exact
from services.matcher.pairing.guided import Plan, Progress, guided
from services.matcher.pairing.improve import pair_benefits
from services.matcher.pairing.rules import among, rules_of
from services.matcher.pairing.threads import cores
from services.matcher.pairing.weights import Points

MATCHINGS_MAX = 10
"""In one round. Of two who could still meet, each matching takes a place from at least one; nobody has more than five."""


class Proof(NamedTuple):
    """How good one matching is."""

    benefit: int
    bound: Bound

    @property
    def share(self) -> float:
        """At least this much of the best possible, in 0 to 1."""
        return min(1.0, self.benefit / self.bound.most) if self.bound.most else 1.0


class Round(NamedTuple):
    first: Ints
    """int32: one row of each pair; the pairs of the first matching first, then by row."""
    second: Ints
    """int32: the other; greater than the first."""
    benefit: Ints
    """int64."""
    proofs: tuple[Proof, ...]
    """Of each matching; empty when nobody could be paired."""

    @property
    def proven_share(self) -> float:
        """The least that the proofs allow for all matchings together."""
        most = sum(proof.bound.most for proof in self.proofs)
        return min(1.0, sum(proof.benefit for proof in self.proofs) / most) if most else 1.0

    @property
    def sampled(self) -> bool:
        """Whether any of the proofs is a 99.9 % confidence limit."""
        return any(proof.bound.sampled for proof in self.proofs)


def run(crowd: Crowd, weights: Weights = PUBLISHED, *, bar: Bar = NO_BAR, seed: int = 1, threads: int | None = None,
        exact_max: int = EXACT_MAX, plan: Plan | None = None, progress: Progress = lambda _: None) -> Round:
    """Pairs for everybody with a place. The same for the same seed, whatever the number of threads.

    `bar`: what a pair has to be worth, falling with waiting. `exact_max`: people up to whom
    the solver is exact; `plan`: how much work is taken on above.
    """
    points, threads, places = Points.of(weights), threads or cores(), crowd.places.copy()
    rules, matchings, proofs = rules_of(crowd, bar), [np.empty((3, 0), np.int64)], []
    for number in range(MATCHINGS_MAX):
        rows = np.nonzero(places)[0]
        columns, inside = crowd.columns.take(rows), among(rules, rows)
        if len(rows) <= exact_max:
            mate, bound = exact(columns, inside, points), None
        else:
            mate, bound = guided(columns, inside, points, seed + number, threads, plan, progress)
        pairs = pairs_of(columns, points, mate)
        if not pairs.shape[1]:
            break
        total = int(pairs[2].sum())
        proofs.append(Proof(total, bound or Bound(total, sampled=False)))
        if len(proofs) > 1 and crowd.places.max() == 1:  # the leftovers of the first matching: its bound holds for all
            proofs = [Proof(proofs[0].benefit + total, proofs[0].bound)]
        pairs[:2] = rows[pairs[:2]]
        places[pairs[:2].ravel()] -= 1
        matchings.append(pairs)
        rules = _and_apart(rules, pairs)
    first, second, benefit = np.concatenate(matchings, axis=1)
    return Round(first.astype(np.int32), second.astype(np.int32), benefit, tuple(proofs))


def pairs_of(columns: Columns, points: Points, mate: Ints) -> Ints:
    """int64, 3 by pairs: row, greater row, benefit."""
    first = np.nonzero(mate > np.arange(len(mate)))[0]
    return np.stack([first, mate[first].astype(np.int64), pair_benefits(columns, points, mate)[first].astype(np.int64)])


def _and_apart(rules: Rules, pairs: Ints) -> Rules:
    """The same, and nobody who is a pair now meets again."""
    source = np.repeat(np.arange(len(rules.bar)), np.diff(rules.apart_start))
    known = source < rules.apart
    return Rules(*neighbours(len(rules.bar), np.concatenate([source[known], pairs[0]]),
                             np.concatenate([rules.apart[known], pairs[1]])), rules.bar)
