"""A simulated programme from its first day to its last, through the real services on a server of its own.

Half a year of 2,000 people, and a month of 300, as many a week, for a quick look at what a change costs. By the clock, for that
is what whoever asks "what if" waits for: so it wants two cores that have nothing else to do. What its own process took is told
beside it, and depends less on what else runs. The half-year tells too whether rule 7 finds whom it is for.
"""

from __future__ import annotations

import time

from bench.figures import Figure
from console.simulate import rates
from console.simulate.run import Plan, Ran, run
from shared.programme import load

OWN_WISHES = 0.2
"""Of the half-year's people choose when and how often we write to them, so that there are all kinds of hours and zones."""


async def measure() -> list[Figure]:
    month, _ = await _simulated(300, 4, 6.0, 0.0)
    half_a_year, ran = await _simulated(2_000, 26, 120.0, OWN_WISHES)
    told = ran.one_sided
    found = Figure("simulate, one-sided helpers found", told.found / max(1, told.crossed), "share", None, None, 1.0,
                   note=f"{told.planted} planted, {told.crossed} crossed, {len(told.found_wrongly)} found wrongly; "
                        f"the latest after {told.longest_delay_days} days")
    heard = ", ".join(f"{klass} {mean:.2f} ({most})" for klass, (mean, most) in ran.heard_a_week.items())
    broken = Figure("simulate, messages against a rule", ran.against_a_rule, "", None, None, 0, at_most=True,
                    note=f"a person and week, and the most in seven days of anybody: {heard}")
    return [month, half_a_year, found, broken]


async def _simulated(people: int, weeks: int, goal_s: float, own_wishes: float) -> tuple[Figure, Ran]:
    began_s, chosen = time.process_time(), rates.read().model_copy(update={"own_wishes": own_wishes})
    ran = await run(Plan(people, weeks, 1, "balanced", chosen, load()))
    own_s = time.process_time() - began_s
    assert len(ran.findings) == ran.against_a_rule, ran.findings
    return Figure(f"simulate {people:,} people over {weeks} weeks", ran.seconds, "s", None, None, goal_s, at_most=True,
                  note=f"{ran.entries:,} log entries, {own_s:.1f} s of its process"), ran
