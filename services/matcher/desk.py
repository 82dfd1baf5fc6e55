"""What waits for a coordinator, told to operators: figures, a warning a day for what waits long, an error for what ran out.

People wait for whoever should look, and nothing else of Twoway does: so it is said where operators look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from services.matcher.store import SERVICE, all_drafts
from shared.events import Event, ProposalDiscarded
from shared.host import Host
from shared.logs import get_logger
from shared.stream.names import Partition

LOOK_S = 300.0
"""Between two looks. What counts here are days; reading a thousand of them takes some milliseconds."""

LONG_S = 3 * 24 * 60 * 60.0
"""A weekend, and a day besides: whoever looks every working day never lets anything wait for longer."""

AGAIN_S = 24 * 60 * 60.0
"""Between two warnings: once a day is read, more is passed over."""

log = get_logger("services.matcher.desk")


class Figures:
    """Beside those that every service has, in the same registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge("twoway_drafts_waiting", "Suggestions that wait for a coordinator.", ["partition"],
                             registry=registry)
        self.oldest = Gauge("twoway_drafts_oldest_seconds", "Age of the oldest suggestion that waits for a coordinator.",
                            ["partition"], registry=registry)
        self.warned_s: dict[Partition, float] = {}
        """When the last warning was: it outlives a look that Redis cut short."""


async def watch(host: Host, figures: Figures) -> None:
    """Looks for as long as the service lives, first at once. Raises RedisError."""
    while True:
        for partition in host.directory.partitions:
            ages_s = [(host.clock.now_ms() - draft.since_ms) / 1000 async for _, draft in all_drafts(host.redis, partition)]
            figures.waiting.labels(partition.number).set(len(ages_s))
            figures.oldest.labels(partition.number).set(max(0.0, *ages_s) if ages_s else 0.0)
            long = [age_s for age_s in ages_s if age_s > LONG_S]
            if long and time.monotonic() - figures.warned_s.get(partition, -AGAIN_S) >= AGAIN_S:
                figures.warned_s[partition] = time.monotonic()
                log.warning("drafts.wait_long", service=SERVICE, partition=partition.number, count=len(long),
                            wait_s=round(max(long)))
        await asyncio.sleep(LOOK_S)


def say_what_ran_out(events: Sequence[Event], partition: Partition) -> None:
    """Somebody should have looked at it."""
    for event in events:
        if isinstance(event, ProposalDiscarded) and event.reason == "ran_out":
            log.error("draft.ran_out", service=SERVICE, partition=partition.number, proposal=event.proposal)
