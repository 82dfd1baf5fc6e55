"""One trace follows a request from the page to the message: W3C Trace Context's `traceparent`, carried by every event.

The edge that something comes in by begins a trace, or goes on with the one a partner sent; whatever is appended meanwhile bears
it, and what services emit bears their cause's. It names nobody: 128 random bits.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("traceparent", default="")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def current() -> str:
    """The traceparent of what is being done; empty outside any."""
    return _current.get()


@contextmanager
def trace(traceparent: str = "") -> Iterator[str]:
    """Everything within belongs to `traceparent`, or to a new one where it is none (W3C Trace Context §3.2)."""
    value = traceparent if _TRACEPARENT.fullmatch(traceparent) else (
        f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
    token = _current.set(value)
    try:
        yield value
    finally:
        _current.reset(token)
