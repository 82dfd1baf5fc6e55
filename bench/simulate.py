"""A simulated programme from its first day to its last, through the real services on a server of its own.

A month by default; half a year of 2,000 people as well with TWOWAY_BENCH_HALF_YEAR=1, a minute or two more.
"""

from __future__ import annotations

import os

from bench.figures import Figure
from console.simulate import rates
from console.simulate.run import Plan, run
from shared.programme import load


async def measure() -> list[Figure]:
    figures = [await _simulated(300, 4, 6.0)]  # as many a week as in the half-year, and an eighteenth of its entries
    if os.environ.get("TWOWAY_BENCH_HALF_YEAR"):
        figures.append(await _simulated(2_000, 26, 120.0))
    return figures


async def _simulated(people: int, weeks: int, goal_s: float) -> Figure:
    ran = await run(Plan(people, weeks, 1, "balanced", rates.read(), load()))
    assert not ran.findings, ran.findings
    return Figure(f"simulate {people:,} people over {weeks} weeks", ran.seconds, "s", None, None, goal_s, at_most=True,
                  note=f"{ran.entries:,} log entries, {ran.entries / ran.seconds:,.0f} a second")
