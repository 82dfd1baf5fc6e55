"""A request that is said anew: the same place in the queue, and open proposals only as far as they are still true of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from services.matcher.domain.reasons import every_reason, reasons, still_so
from services.matcher.domain.standing import Standing
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change
from services.matcher.handlers.loading import peer_and_proposals
from services.matcher.store import PEERS, PROPOSALS, REQUESTS, State
from shared.events import Details, SupportChanged
from shared.rows import KEYS, Ref, Rows


def needs_change(rows: Rows, event: SupportChanged) -> Iterable[Ref]:
    yield REQUESTS, event.request
    yield KEYS, event.peer
    yield from peer_and_proposals(rows, event.peer)


def decide_change(ahead: Ahead, event: SupportChanged) -> None:
    """What does not fit any more closes, the others in it are free at once, and everybody is looked at anew."""
    standing, before = ahead.get(PEERS, event.peer), ahead.memory.pool.get(event.peer)
    if standing is None or not _is_theirs(ahead, event):
        return None
    ahead.take_in()
    request, now = ahead.get(REQUESTS, event.request), ahead.get(PEERS, event.peer)
    details, key = ahead.rows.open(event.details, Details), ahead.rows.get(KEYS, event.peer)
    if request is None or now is None or key is None or not isinstance(details, Details):
        return ahead.memory.forget(event.peer)  # their key is gone; the event that says why is on its way
    ahead.memory.learn(event.request, request, details, now, key)
    closing = list(_closing(ahead, event, standing, before))
    for proposal in closing:
        ahead.withdraw(proposal, "request_withdrawn", by=event.peer)
    return ahead.propose_for(event.peer, *(standing.proposals[each] for each in closing))


def apply_change(rows: State, event: SupportChanged, at_ms: int) -> None:
    """Where it stood in the queue it stands on."""
    request = rows.get(REQUESTS, event.request)
    if request is not None and _is_theirs(rows, event):
        rows.put(REQUESTS, event.request, request.model_copy(update={"details": event.details, "capacity": event.capacity}))
        change(rows, event.peer, lambda standing: standing.changing(event.capacity, request.since_ms, at_ms))


def _is_theirs(rows: State, event: SupportChanged) -> bool:
    standing = rows.get(PEERS, event.peer)
    return standing is not None and standing.request == event.request


def _closing(ahead: Ahead, event: SupportChanged, standing: Standing, before: Person | None) -> Iterable[str]:
    """Proposals in which the two fit no more, or of which the other was told something that is not so any more; and the latest
    of the rest that are more than are asked for now (rule 2), those that wait for this person's word first."""
    pool = ahead.memory.pool
    now = pool.get(event.peer)
    staying = []
    for proposal, peer in standing.proposals.items():
        if now is not None and (other := pool.get(peer)) is not None and _stays(now, before, other):
            staying.append(proposal)
        else:
            yield proposal
    staying.sort(key=lambda each: not _said_yes(ahead, each, event.peer))
    yield from staying[max(0, event.capacity - len(standing.pairs)):]


def _stays(now: Person, before: Person | None, other: Person) -> bool:
    """Each is a stranger to nobody here: that they are in a proposal together keeps no two apart."""
    told = before is None or still_so(reasons(other, before), every_reason(other, now))
    return told and fits(replace(now, strangers=frozenset()), replace(other, strangers=frozenset()))


def _said_yes(ahead: Ahead, proposal: str, peer: str) -> bool:
    row = ahead.get(PROPOSALS, proposal)
    return row is not None and peer in row.said_yes
