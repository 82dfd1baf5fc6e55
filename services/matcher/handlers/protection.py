"""Whoever gives far more than they receive has one place at most for a while (rule 7). What is open stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.standing import PROTECTED_MS
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change
from services.matcher.store import PEERS, State
from shared.events import GivingUnreturned, TimerElapsed
from shared.rows import Ref, Rows


def needs(_rows: Rows, event: GivingUnreturned) -> Iterable[Ref]:
    yield PEERS, event.peer


def decide(ahead: Ahead, event: GivingUnreturned) -> None:
    if ahead.get(PEERS, event.peer) is not None:
        ahead.remind("protection_over", event.peer, ahead.now_ms + PROTECTED_MS)


def apply(rows: State, event: GivingUnreturned, at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.protected(at_ms + PROTECTED_MS))


def needs_timer(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield PEERS, event.of


def decide_timer(ahead: Ahead, event: TimerElapsed) -> None:
    ahead.take_in()
    ahead.propose_for(event.of)


def apply_over(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    change(rows, event.of, lambda standing: standing.protected_no_more(event.due_ms))
