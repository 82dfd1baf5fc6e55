"""The programme's signals, week by week, for the report that the desk hands over. None is about a person."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.store import SIGNALS, SignalsRow, of_week
from shared.events import SignalsComputed
from shared.rows import Ref, Rows


def needs(_rows: Rows, event: SignalsComputed) -> Iterable[Ref]:
    yield SIGNALS, of_week(event.community, event.week)


def computed(rows: Rows, event: SignalsComputed, _at_ms: int) -> None:
    rows.put(SIGNALS, of_week(event.community, event.week), SignalsRow(signals=event.signals))
