"""Breaks, rests and suspensions: while one lasts nothing is proposed; pairs survive, and the place in the queue stays.

A suspension is a coordinator's, and has no end but theirs. For whoever shares a proposal with the person it is what a break is:
so it has a break's reason on the log, and nobody can tell one from the other (rule 17).
"""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.standing import Standing
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change
from services.matcher.handlers.loading import peer_and_proposals
from services.matcher.store import PEERS, State
from shared.events import BreakEnded, BreakStarted, PeerRestored, PeerSuspended, TimerElapsed
from shared.rows import Ref, Rows


def needs_break(rows: Rows, event: BreakStarted | PeerSuspended) -> Iterable[Ref]:
    return peer_and_proposals(rows, event.peer)


def decide_break(ahead: Ahead, event: BreakStarted) -> None:
    standing = ahead.get(PEERS, event.peer)
    if standing is not None:
        _withdraw_all(ahead, event.peer, standing)
        ahead.remind("break_over", event.peer, event.until_ms)
        ahead.propose_for(*standing.proposals.values())


def apply_break(rows: State, event: BreakStarted, _at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.away(event.until_ms))


def decide_suspension(ahead: Ahead, event: PeerSuspended) -> None:
    standing = ahead.get(PEERS, event.peer)
    if standing is not None:
        _withdraw_all(ahead, event.peer, standing)
        ahead.propose_for(*standing.proposals.values())


def apply_suspension(rows: State, event: PeerSuspended, _at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.suspending())


def apply_restoring(rows: State, event: PeerRestored, _at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.restored())


def _withdraw_all(ahead: Ahead, peer: str, standing: Standing) -> None:
    ahead.take_in()
    for proposal in standing.proposals:
        ahead.withdraw(proposal, "break", by=peer)


def needs_return(_rows: Rows, event: BreakEnded | PeerRestored) -> Iterable[Ref]:
    yield PEERS, event.peer


def decide_return(ahead: Ahead, event: BreakEnded | PeerRestored) -> None:
    ahead.take_in()
    ahead.propose_for(event.peer)


def apply_return(rows: State, event: BreakEnded, _at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.back())


def needs_timer(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield PEERS, event.of


def decide_timer(ahead: Ahead, event: TimerElapsed) -> None:
    ahead.take_in()
    ahead.propose_for(event.of)


def apply_break_over(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    change(rows, event.of, lambda standing: standing.back(event.due_ms))


def apply_rest_over(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    change(rows, event.of, lambda standing: standing.rested(event.due_ms))
