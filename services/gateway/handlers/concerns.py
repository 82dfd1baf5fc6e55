"""Concerns wait here, sealed, until a person of the programme has looked (`twoway concerns`)."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.store import CONCERNS, ConcernRow
from shared.events import ConcernClosed, ConcernRaised
from shared.rows import Ref, Rows


def needs(_rows: Rows, event: ConcernRaised | ConcernClosed) -> Iterable[Ref]:
    yield CONCERNS, event.concern


def raised(rows: Rows, event: ConcernRaised, at_ms: int) -> None:
    rows.put(CONCERNS, event.concern, ConcernRow(peer=event.peer, pair=event.pair, text=event.text, raised_ms=at_ms,
                                              about=event.about, danger=event.danger))


def closed(rows: Rows, event: ConcernClosed, at_ms: int) -> None:
    if (row := rows.get(CONCERNS, event.concern)) is not None:
        rows.put(CONCERNS, event.concern, row.model_copy(update={"closed_ms": at_ms}))
