"""When a way out rests: after some troubles in a row that every message would have met, for longer each time."""

from __future__ import annotations

from dataclasses import dataclass

TROUBLES_MAX = 5
"""In a row. Fewer could be chance; each one costs a connection, and an attempt of a message."""

LONGEST = 64
"""A rest is at most this many times the first one: with the usual 5 seconds, 5 minutes and 20 seconds."""


@dataclass(frozen=True)
class Circuit:
    """`troubles` and `rests` are counted in a row; while there were rests, one message at a time tries the way."""

    troubles: int = 0
    rests: int = 0
    rests_until_ms: int = 0


def went_well(_circuit: Circuit) -> Circuit:
    return Circuit()


def went_wrong(circuit: Circuit, now_ms: int, first_ms: int, spread: float) -> Circuit:
    """`spread`, from 0 to 1, takes up to a quarter off a rest, so that several notifiers don't come back together.

    What was under way when a rest began says nothing new.
    """
    if now_ms < circuit.rests_until_ms:
        return circuit
    troubles = circuit.troubles + 1
    if troubles < TROUBLES_MAX and not circuit.rests:
        return Circuit(troubles)
    rest_ms = round(first_ms * min(LONGEST, 1 << min(circuit.rests, 30)) * (1 - spread / 4))
    return Circuit(troubles, circuit.rests + 1, now_ms + rest_ms)
