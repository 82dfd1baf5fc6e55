"""What somebody gave and received lately, as the ledger says it: a small term in pairing, and shown to nobody (rule 6)."""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change
from services.matcher.store import PEERS, State
from shared.events import CountsChanged
from shared.rows import Ref, Rows


def needs(_rows: Rows, event: CountsChanged) -> Iterable[Ref]:
    yield PEERS, event.peer


def decide(_ahead: Ahead, _event: CountsChanged) -> None:
    """Nobody is looked for because of it; the next round weighs with the new counts."""


def apply(rows: State, event: CountsChanged, at_ms: int) -> None:
    """Kept of everybody who stands with the matcher, be they waiting or not: whoever asks later has it. An event from before
    these counts were told says nothing of them."""
    given, received = event.given_26w, event.received_26w
    if given is not None and received is not None:
        change(rows, event.peer, lambda standing: standing.counted(given, received, at_ms))
