"""How good a pair has to be before it is proposed, and how that relaxes with waiting (rule 3).

The bar stands at `start` points on the first day and falls to nothing in equal steps, one for each whole day that the
one of the two who waits longer has waited. Hard constraints never relax; from the last step on, whoever fits will do.
Without a bar whoever comes first takes whoever is there: where very many come, a quarter of such pairs helped both ways in
a simulation, and with this one nearly all. `twoway simulate --dial all` shows what it does in a programme of some hundreds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.matcher.domain.people import Person
from shared.clock import DAY_MS

Dial = Literal["sooner", "balanced", "better"]


@dataclass(frozen=True, slots=True)
class Bar:
    """`start` in points of benefit; after `days` whole days of waiting it is down to nothing."""

    start: int
    days: int

    def step(self, a: Person, b: Person, now_ms: int) -> int:
        """By how many steps the bar has come down for these two: whole days of the longer wait, at most `days`."""
        return self.step_after((now_ms - min(a.since_ms, b.since_ms)) // DAY_MS)

    def step_after(self, days: int) -> int:
        """The same from the whole days of the longer wait."""
        return min(self.days, max(0, days))

    def points(self, step: int) -> int:
        """What a pair needs at least, `step` steps down; a fraction of a point is rounded up."""
        return -(-self.start * (self.days - step) // self.days)

    def lets_pass(self, benefit: int, a: Person, b: Person, now_ms: int) -> bool:
        return benefit >= self.points(self.step(a, b, now_ms))


BARS: Mapping[Dial, Bar] = {
    # Half of what each one seeks is enough within two days, and after a week whoever fits: for a small programme, where
    # a second choice now is kinder than a first one that may never come.
    "sooner": Bar(4500, 7),
    # All that one seeks for most of what the other does, at first; what help both ways could be worth at most, and two
    # weeks: the middle one of those that were simulated.
    "balanced": Bar(6000, 14),
    # Full help both ways and something handy besides, at first. In the simulation 7500 points gave a little more benefit
    # to each pair for twice the wait; three weeks, so that it does not fall faster than the middle one.
    "better": Bar(7500, 21),
}

NO_BAR = Bar(0, 1)
"""Whoever fits will do at once: for trying out, where nobody waits for days."""
