"""What a peer asks for: one open request at a time."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import PEERS, REQUESTS, RequestRow
from shared.events import (
    RequestRefused,
    RequestResumed,
    RequestSetAside,
    RequestWaiting,
    SupportChanged,
    SupportRequested,
    SupportWithdrawn,
)
from shared.rows import Ref, Rows

OfRequest = (SupportRequested | SupportChanged | SupportWithdrawn | RequestWaiting | RequestRefused | RequestSetAside
             | RequestResumed)


def needs(_rows: Rows, event: OfRequest) -> Iterable[Ref]:
    yield PEERS, event.peer
    yield REQUESTS, event.request


def requested(rows: Rows, event: SupportRequested, at_ms: int) -> None:
    """Whoever asks anew is ready to hear: a rest after *not now* is over, and so is being set aside."""
    peer = rows.get(PEERS, event.peer)
    if peer is None or peer.request is not None:
        return
    rows.put(PEERS, event.peer, peer.changed(request=event.request, aside=False, rests={}))
    rows.put(REQUESTS, event.request, RequestRow(
        peer=event.peer, details=event.details, capacity=event.capacity, since_ms=at_ms))


def said_anew(rows: Rows, event: SupportChanged, _at_ms: int) -> None:
    """The same request, in the same place."""
    peer, row = rows.get(PEERS, event.peer), rows.get(REQUESTS, event.request)
    if peer is not None and row is not None and peer.request == event.request:
        rows.put(REQUESTS, event.request, row.model_copy(update={"details": event.details, "capacity": event.capacity}))


def waiting(rows: Rows, event: RequestWaiting, _at_ms: int) -> None:
    if (row := rows.get(REQUESTS, event.request)) is not None:
        rows.put(REQUESTS, event.request, row.model_copy(update={"since_ms": event.since_ms}))


def gone(rows: Rows, event: SupportWithdrawn | RequestRefused, _at_ms: int) -> None:
    """Withdrawn, or given no place: only the peer's own request, only while it is the open one."""
    peer = rows.get(PEERS, event.peer)
    if peer is not None and peer.request == event.request:
        change(rows, event.peer, lambda row: row.changed(request=None, aside=False))
        rows.drop(REQUESTS, event.request)


def set_aside(rows: Rows, event: RequestSetAside, _at_ms: int) -> None:
    peer = rows.get(PEERS, event.peer)
    if peer is not None and peer.request == event.request:
        rows.put(PEERS, event.peer, peer.changed(aside=True))


def resumed(rows: Rows, event: RequestResumed, _at_ms: int) -> None:
    """Whoever would like to hear of people again is ready to: a rest after *not now* is over too. A break lasts on."""
    peer = rows.get(PEERS, event.peer)
    if peer is not None and peer.aside and peer.request == event.request:
        rows.put(PEERS, event.peer, peer.changed(aside=False, rests={}))
