"""Somebody leaves: first from the stories that their row names, then that row, their key and every way to them."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers import inboxes, peers, stories
from shared.events import PeerLeft
from shared.rows import Ref, Rows


def needs(rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    yield from peers.needs_to_leave(rows, event)
    yield from stories.needs_to_leave(rows, event)
    yield from inboxes.needs_to_leave(rows, event)


def left(rows: Rows, event: PeerLeft, at_ms: int) -> None:
    stories.left(rows, event, at_ms)
    inboxes.left(rows, event, at_ms)
    peers.left(rows, event, at_ms)
