"""Whoever gives far more than they receive has one place at most for a while (rule 7). What is open stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.standing import PROTECTED_MS
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change
from services.matcher.handlers.loading import peer_and_proposals
from services.matcher.store import DRAFTS, PEERS, State
from shared.events import GivingUnreturned, TimerElapsed
from shared.rows import Ref, Rows


def needs(rows: Rows, event: GivingUnreturned) -> Iterable[Ref]:
    return peer_and_proposals(rows, event.peer)


def decide(ahead: Ahead, event: GivingUnreturned) -> None:
    """What waits for a coordinator beyond the one place would fit no more by then, and would hold the other for nothing."""
    if (standing := ahead.get(PEERS, event.peer)) is None:
        return
    ahead.remind("protection_over", event.peer, ahead.now_ms + PROTECTED_MS)
    ahead.take_in()
    open_already = len(standing.pairs) + len(standing.proposals)
    waiting = [id for id in standing.proposals if ahead.get(DRAFTS, id) is not None]
    beyond = waiting[::-1][:max(0, open_already - 1)]
    for id in beyond:
        ahead.discard(id, "no_longer_fits")
    ahead.propose_for(*(standing.proposals[id] for id in beyond))


def apply(rows: State, event: GivingUnreturned, at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.protected(at_ms + PROTECTED_MS))


def needs_timer(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield PEERS, event.of


def decide_timer(ahead: Ahead, event: TimerElapsed) -> None:
    ahead.take_in()
    ahead.propose_for(event.of)


def apply_over(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    change(rows, event.of, lambda standing: standing.protected_no_more(event.due_ms))
