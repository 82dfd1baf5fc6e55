"""Where time and fresh ids come from, so that nothing else has to ask the machine.

A handler's *now* is the log's time and never this clock (docs/architecture.md, "Time"). The clock serves the edges: the
last look before a message is sent, sessions, backoff, lag in seconds.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

DAY_MS = 24 * 60 * 60 * 1000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _random_id() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Clock:
    """The wall clock in milliseconds since 1970 UTC, and random 128-bit ids; tests pass their own."""

    now_ms: Callable[[], int] = _wall_ms
    new_id: Callable[[], str] = _random_id


def derived_id(cause: str, place: str) -> str:
    """The id of what follows from `cause` at `place`: the same input always gives the same id.

    A version 5 UUID's idea (RFC 9562 §5.5, SHA-1 over a name) without its six fixed bits, in 32 hex digits.
    """
    return hashlib.sha1(f"twoway:{cause}:{place}".encode(), usedforsecurity=False).hexdigest()[:32]


ID_BYTES = 16


def packed_id(id: str) -> bytes:
    """16 bytes for the 32 hex digits that our ids are; any other id as it is, with an end that keeps the two apart."""
    try:
        packed = bytes.fromhex(id)
    except ValueError:
        packed = b""
    if len(packed) == ID_BYTES and packed.hex() == id:
        return packed
    return id.encode() + (b"\0\0" if len(id.encode()) == ID_BYTES - 1 else b"\0")


def unpacked_id(packed: bytes) -> str:
    return packed.hex() if len(packed) == ID_BYTES else packed.rstrip(b"\0").decode()
