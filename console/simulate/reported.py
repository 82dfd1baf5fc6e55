"""What a coordinator of the made-up programme would read at the end: the same report, from the same rows."""

from __future__ import annotations

from datetime import UTC, datetime

from console.report import reading
from console.running import refuse
from console.simulate.run import Plan
from console.simulate.services import P0, Services
from shared.report import facts, page, words

WEEKS = 26
"""Half a year: as far back as the longest window looks."""


async def page_at_the_end(plan: Plan, services: Services) -> str:
    """Refuses where not even one week is over."""
    community = plan.programme.communities[0].key
    reckoned = await reading.reckoned(services.redis, P0, community, WEEKS, plan.end_ms)
    if reckoned is None:
        refuse("no week's signals were reckoned, so there is nothing to report; simulate more weeks")
    own = words.read()
    made = datetime.fromtimestamp(plan.end_ms / 1000, UTC).date()
    return page.html(facts.report(reckoned, plan.programme, own), own, made, len(reckoned.weeks))
