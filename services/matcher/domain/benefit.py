"""How good a pair would be for both, in whole points. Symmetric, exact, the same on every machine.

The main term is the harmonic mean of what each would find with the other: it is high only when both are, so that no
pair is good for one side alone (from the literature on reciprocal recommenders: Pizzato et al., RECON, 2010). Reckoned
in integers: the one fraction there is gets rounded once, half up. This is the reference that every faster way of
weighing has to agree with, pair by pair.
"""

from __future__ import annotations

from services.matcher.domain.constraints import same_area, usable_ways
from services.matcher.domain.people import Person
from services.matcher.domain.weights import NET_MAX, PUBLISHED, Weights
from shared.clock import DAY_MS

LEAST = 1


def benefit(a: Person, b: Person, now_ms: int, weights: Weights = PUBLISHED) -> int:
    """Points for a pair that fits. `constraints.fits` is the caller's to ask first."""
    return max(LEAST, _help(a, b, weights) + _handy(a, b, weights) + _kind(a, b, weights) + _kind(b, a, weights)
               + waited(a.since_ms, now_ms, weights) + waited(b.since_ms, now_ms, weights))


def waited(since_ms: int, now_ms: int, weights: Weights = PUBLISHED) -> int:
    return min(weights.waited_max, weights.waited_day * max(0, (now_ms - since_ms) // DAY_MS))


def net(person: Person) -> int:
    """What somebody gave above what they received, as far as it counts."""
    return held(person.given - person.received)


def held(difference: int) -> int:
    """Within the band in which a difference counts."""
    return max(-NET_MAX, min(NET_MAX, difference))


def _handy(a: Person, b: Person, weights: Weights) -> int:
    """Points for what makes meeting easy."""
    points = weights.shared_time * min(weights.shared_times_max, len(a.times & b.times))
    points += weights.shared_way * len(usable_ways(a, b))
    if same_area(a, b):
        points += weights.same_area
    if len(a.languages & b.languages) > 1:
        points += weights.second_language
    return points


def _kind(a: Person, b: Person, weights: Weights) -> int:
    """Points for how welcome b is to a: as a newcomer, and by a's soft wishes."""
    wishes = sum(b.facts.get(key) in values for key, values in a.prefers.items())
    return weights.newcomer * (b.newcomer and a.welcomes_newcomers) + weights.soft_wish * wishes


def _help(a: Person, b: Person, weights: Weights) -> int:
    """With ra the share of what a seeks that b offers, rb the other way:
    mutual · 2·ra·rb / (ra + rb) + help · (ra + rb) + returning · (net a - net b) · (ra - rb), rounded half up.

    Over the common denominator `whole` let ra = p / whole, rb = q / whole and `parts` = p + q. Then the harmonic mean is
    2·p·q / (whole · parts), and everything has the denominator whole · parts.
    """
    a_seeks, b_seeks = len(a.seeks) or 1, len(b.seeks) or 1
    p, q = len(a.seeks & b.offers) * b_seeks, len(b.seeks & a.offers) * a_seeks
    parts, whole = p + q, a_seeks * b_seeks
    if not parts:
        return 0
    points = 2 * weights.mutual * p * q + (weights.help * parts + weights.returning * (net(a) - net(b)) * (p - q)) * parts
    return (2 * points + whole * parts) // (2 * whole * parts)
