"""Says in the log when nobody has looked at the lines of urgent help for half a year: a number may have changed since."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime

from shared.host import Host
from shared.logs import get_logger
from shared.programme import HelpLine, UrgentHelp

CHECKED_DAYS_MAX = 183
"""Six months. Numbers of this kind change about once in some years, and a wrong one is worse than none."""

LOOK_S = 24 * 60 * 60.0

log = get_logger("services.notifier.urgent_help")


def stale(help: UrgentHelp, today: date) -> Iterator[tuple[HelpLine, int]]:
    """The lines that were last checked too long ago, and how many days that is."""
    for line in help.lines:
        days = (today - (line.last_checked or help.last_checked)).days
        if days > CHECKED_DAYS_MAX:
            yield line, days


async def watch(host: Host, every_s: float = LOOK_S) -> None:
    """At start and every day."""
    while True:
        today = datetime.fromtimestamp(host.clock.now_ms() / 1000, UTC).date()
        for line, days in stale(host.programme.urgent_help, today):
            log.warning("urgent_help.stale", name=line.name, days=days)
        await asyncio.sleep(every_s)
