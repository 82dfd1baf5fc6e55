"""Whose turn it is on a way out: its rate, and its rests. Messages wait here before anything of them is claimed."""

from __future__ import annotations

import asyncio
import random
import time

from services.notifier.channels import Blocked, Outcome, Unknown
from services.notifier.domain.circuit import Circuit, went_well, went_wrong
from shared.logs import get_logger

log = get_logger("services.notifier.gate")


class Gate:
    """One for each channel of a process; what one channel meets holds up no other."""

    def __init__(self, channel: str, first_rest_s: float, per_second: float | None) -> None:
        """`per_second`: the most messages that may begin; None for as many as come."""
        self._channel, self._first_rest_ms = channel, round(first_rest_s * 1000)
        self._apart_s = 1 / per_second if per_second else 0.0
        self._circuit = Circuit()
        self._next = 0.0
        self._trying: object | None = None
        self._changed = asyncio.Event()

    async def enter(self, who: object) -> None:
        """Waits for a turn; `leave` gives it back."""
        while (wait_s := self._wait_s(who)) is None or wait_s > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), wait_s)
            except TimeoutError:
                continue

    def leave(self, who: object) -> None:
        """Its turn is over, whether the way was tried or not."""
        if self._trying is who:
            self._trying = None
            self._changed.set()

    def told(self, outcome: Outcome) -> None:
        """What a message met on its way."""
        before = self._circuit
        if isinstance(outcome, Unknown) or (isinstance(outcome, Blocked) and outcome.all):
            now_ms = _now_ms()
            self._circuit = went_wrong(before, now_ms, self._first_rest_ms, random.random())
            if self._circuit.rests > before.rests:
                log.warning("channel.resting", channel=self._channel, reason=outcome.reason, tries=self._circuit.rests,
                            wait_s=round((self._circuit.rests_until_ms - now_ms) / 1000, 3))
        else:
            self._circuit = went_well(before)
            if before.rests:
                log.info("channel.back", channel=self._channel, tries=before.rests)
                self._changed.set()

    def _wait_s(self, who: object) -> float | None:
        """0: go; None: until something changes."""
        if self._circuit.rests:
            rest_ms = self._circuit.rests_until_ms - _now_ms()
            if rest_ms > 0:
                return rest_ms / 1000
            if self._trying is not None:
                return None
        if self._apart_s:
            now = time.monotonic()
            if now < self._next:
                return self._next - now
            self._next = max(self._next, now - self._apart_s) + self._apart_s
        if self._circuit.rests:
            self._trying = who
        return 0.0


def _now_ms() -> int:
    return round(time.monotonic() * 1000)
