"""Rounds, as the reader sees them: one comes due and is intended; a worker's choice is read, and what still holds proposed.

Answers never wait for one: what it comes to is computed elsewhere and read in parts, among everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.matcher.handlers.ahead import Ahead
from services.matcher.store import PEERS, ROUNDS, SERVICE, Round, State
from shared.clock import derived_id
from shared.events import RoundApplied, RoundChosen, RoundIntended, RoundRun, TimerElapsed
from shared.rows import Ref, Rows

FEWEST = 2
"""People with a place that a round is worth computing for."""


def needs_due(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield ROUNDS, event.of


def decide_due(ahead: Ahead, event: TimerElapsed) -> None:
    """With fewer than two there is nothing to choose; whoever waits alone can count on the next round."""
    if not _is_due(ahead.get(ROUNDS, event.of), event):
        return
    ahead.take_in()
    if ahead.memory.pool.with_places(event.of) >= FEWEST:
        # its id is the one that the reader gives the event at this place: so what was chosen follows from its intent
        ahead.say(RoundIntended(round=derived_id(ahead.entry.id, f"{SERVICE}:{len(ahead.said)}"), community=event.of))


def apply_due(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    row = rows.get(ROUNDS, event.of)
    if row is not None and _is_due(row, event):
        rows.put(ROUNDS, event.of, row.following())


def _is_due(row: Round | None, event: TimerElapsed) -> bool:
    return row is not None and row.due_ms == event.due_ms


def needs_chosen(_rows: Rows, event: RoundChosen) -> Iterable[Ref]:
    yield ROUNDS, event.community
    for peer in event.left_out:
        yield PEERS, peer


def decide_chosen(ahead: Ahead, event: RoundChosen) -> None:
    """Each pair is asked once more, as everything is now: both may have been proposed, paused or left meanwhile."""
    row = ahead.get(ROUNDS, event.community)
    if row is None or row.under_way != event.round:
        return
    part = _propose_what_holds(ahead, event)
    if event.last:
        whole = row.with_part(part.proposed, part.no_longer_held)
        ahead.say(RoundRun(round=event.round, community=event.community, waiting=event.waiting,
                           chosen=whole.proposed + whole.no_longer_held, proposed=whole.proposed,
                           no_longer_held=whole.no_longer_held, proven_share=event.proven_share, sampled=event.sampled))
    else:
        ahead.say(RoundApplied(round=event.round, community=event.community, part=event.part, proposed=part.proposed,
                               no_longer_held=part.no_longer_held))


def apply_chosen(rows: State, event: RoundChosen, _at_ms: int) -> None:
    """Notes whom the round left out and who is still here; all else that it leads to is said by events of the matcher's own."""
    row = rows.get(ROUNDS, event.community)
    if event.last and row is not None and row.under_way == event.round:
        here = tuple(peer for peer in event.left_out
                     if (standing := rows.get(PEERS, peer)) is not None and standing.request is not None)
        rows.put(ROUNDS, event.community, row.model_copy(update={"next": here}))


@dataclass(frozen=True)
class _Part:
    proposed: int
    no_longer_held: int


def _propose_what_holds(ahead: Ahead, event: RoundChosen) -> _Part:
    proposed = 0
    for pair in event.pairs:
        match = ahead.memory.pool.pair_of(pair.peers, pair.requests, ahead.now_ms, ahead.policy.bar,
                                          ahead.policy.weights)
        if match is not None and ahead.propose(match):
            proposed += 1
    return _Part(proposed, len(event.pairs) - proposed)
