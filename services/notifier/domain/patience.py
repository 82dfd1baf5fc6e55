"""How long we go on trying when the way to a person is blocked, and when we look again."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import DAY_MS
from shared.events import MessageClass

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000


@dataclass(frozen=True)
class Patience:
    """The first wait, the longest, and how long after the first trouble we let it be, all in ms."""

    first_ms: int
    longest_ms: int
    limit_ms: int


PATIENCE = {
    # somebody sits there waiting, and the link lives half an hour
    MessageClass.SIGN_IN: Patience(2 * SECOND_MS, MINUTE_MS, 15 * MINUTE_MS),
    # whoever took an address may still be at it
    MessageClass.SAFETY: Patience(2 * SECOND_MS, HOUR_MS, 3 * DAY_MS),
    # a mail server that is mended after a weekend still gets it
    MessageClass.ESSENTIAL: Patience(30 * SECOND_MS, 4 * HOUR_MS, 3 * DAY_MS),
    # it stands on the page already
    MessageClass.KIND: Patience(MINUTE_MS, 2 * HOUR_MS, DAY_MS),
    MessageClass.NUDGE: Patience(MINUTE_MS, 2 * HOUR_MS, DAY_MS),
}


def next_try_ms(klass: MessageClass, troubles: int, since_ms: int, now_ms: int, spread: float) -> int | None:
    """When to try again after `troubles` earlier ones, the first of them at `since_ms`; None when it is time to stop.

    The wait doubles each time. `spread`, from 0 to 1, takes up to a quarter off it, so that a thousand messages that met a
    resting server together don't come back together.
    """
    patience = PATIENCE[klass]
    wait_ms = min(patience.longest_ms, patience.first_ms << min(troubles, 30))
    at_ms = now_ms + round(wait_ms * (1 - spread / 4))
    return at_ms if at_ms - since_ms <= patience.limit_ms else None
