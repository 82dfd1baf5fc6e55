"""How good a pair would be for both, in whole points. Symmetric, exact, the same on every machine.

The main term is the harmonic mean of what each would find with the other: it is high only when both are, so that no
pair is good for one side alone (from the literature on reciprocal recommenders: Pizzato et al., RECON, 2010). Reckoned
in integers: the one fraction there is gets rounded once, half up.
"""

from __future__ import annotations

from services.matcher.domain.constraints import same_area, usable_ways
from services.matcher.domain.people import Person
from shared.clock import DAY_MS

MUTUAL = 6000
"""Points for help in both directions, at most. By far the greatest term: what a pair is for outweighs what is handy."""

HELP = 400
"""Points for each direction of help, by the share of what is sought: one-way help is worth something."""

SHARED_TIME, SHARED_TIMES_MAX = 125, 8
"""Points for each time of the week that both ticked; eight are as good as more."""

SHARED_WAY = 300
SAME_AREA = 300
SECOND_LANGUAGE = 300

WAITED_DAY, WAITED_MAX = 10, 500
"""Points for each whole day that either has waited: after fifty days nobody grows more urgent than the others."""

LEAST = 1


def benefit(a: Person, b: Person, now_ms: int) -> int:
    """Points for a pair that fits. `constraints.fits` is the caller's to ask first."""
    points = (_mutual_help(len(a.seeks & b.offers), len(a.seeks), len(b.seeks & a.offers), len(b.seeks))
              + SHARED_TIME * min(SHARED_TIMES_MAX, len(a.times & b.times))
              + SHARED_WAY * len(usable_ways(a, b))
              + waited(a.since_ms, now_ms) + waited(b.since_ms, now_ms))
    if same_area(a, b):
        points += SAME_AREA
    if len(a.languages & b.languages) > 1:
        points += SECOND_LANGUAGE
    return max(LEAST, points)


def waited(since_ms: int, now_ms: int) -> int:
    return min(WAITED_MAX, WAITED_DAY * max(0, (now_ms - since_ms) // DAY_MS))


def _mutual_help(a_finds: int, a_seeks: int, b_finds: int, b_seeks: int) -> int:
    """With ra = a_finds / a_seeks and rb likewise: 6000 · 2·ra·rb / (ra + rb) + 400 · (ra + rb), rounded half up.

    Over the common denominator `whole`, ra + rb = `parts` / `whole` and the harmonic
    mean is 2 · a_finds · b_finds / `parts`.
    """
    a_seeks, b_seeks = a_seeks or 1, b_seeks or 1
    parts, whole = a_finds * b_seeks + b_finds * a_seeks, a_seeks * b_seeks
    if not parts:
        return 0
    points, of = 2 * MUTUAL * a_finds * b_finds * whole + HELP * parts * parts, parts * whole
    return (2 * points + of) // (2 * of)
