"""The question whether somebody felt listened to lately: put once, gone with the answer."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import PEERS
from shared.events import PulseAnswered, PulseOffered
from shared.rows import Ref, Rows


def needs(_rows: Rows, event: PulseOffered | PulseAnswered) -> Iterable[Ref]:
    yield PEERS, event.peer


def offered(rows: Rows, event: PulseOffered, at_ms: int) -> None:
    """Pages look at the time themselves, so nothing has to happen when it runs out."""
    change(rows, event.peer, lambda row: row.changed(pulse_ms=at_ms))


def answered(rows: Rows, event: PulseAnswered, _at_ms: int) -> None:
    """Only that it was answered: what was said rests in no row of the person's."""
    change(rows, event.peer, lambda row: row.changed(pulse_ms=0))
