"""When a partner that could not be reached is tried again; Standard Webhooks, "Deliverability and reliability"."""

from __future__ import annotations

from datetime import timedelta

WAITS = tuple(round(each.total_seconds() * 1000) for each in (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)))
"""After the first try, in ms: ten tries in 75 hours and a half, so that whoever mends a server after a weekend still hears."""


def next_try_ms(tries: int, now_ms: int, spread: float) -> int | None:
    """When to try again after `tries` earlier ones and this one; None when it is time to stop.

    `spread`, from 0 to 1, puts up to a tenth on a wait, so that what met a resting server together doesn't come back together.
    """
    return now_ms + round(WAITS[tries] * (1 + spread / 10)) if tries < len(WAITS) else None
