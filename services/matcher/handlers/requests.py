"""Requests: somebody asks for a buddy, or would rather not any more."""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.waiting import next_monday_ms
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change, no_longer_next
from services.matcher.handlers.loading import peer_and_proposals, request_and_rounds
from services.matcher.handlers.waiting import WEEK_OVER
from services.matcher.store import PEERS, REQUESTS, WEEKS, Request, State
from shared.events import Details, RequestRefused, RequestResumed, RequestWaiting, SupportRequested, SupportWithdrawn
from shared.rows import KEYS, Ref, Rows


def needs_request(_rows: Rows, event: SupportRequested) -> Iterable[Ref]:
    yield PEERS, event.peer
    yield REQUESTS, event.request
    yield KEYS, event.peer
    yield WEEKS, event.community


def decide_request(ahead: Ahead, event: SupportRequested) -> None:
    """One open request each, which must be readable; then the best pair for it, if there is one."""
    standing = ahead.get(PEERS, event.peer)
    if (standing is not None and standing.request is not None) or ahead.get(REQUESTS, event.request) is not None:
        return ahead.say(RequestRefused(request=event.request, peer=event.peer, reason="already_waiting"))
    details, key = ahead.rows.open(event.details, Details), ahead.rows.get(KEYS, event.peer)
    if not isinstance(details, Details) or key is None:
        return ahead.say(RequestRefused(request=event.request, peer=event.peer, reason="unreadable"))
    is_first = ahead.get(WEEKS, event.community) is None
    ahead.say(RequestWaiting(request=event.request, peer=event.peer, since_ms=ahead.now_ms))
    if is_first:
        ahead.remind(WEEK_OVER, event.community, next_monday_ms(ahead.now_ms))
    request, standing = ahead.get(REQUESTS, event.request), ahead.get(PEERS, event.peer)
    if request is not None and standing is not None:
        ahead.memory.learn(event.request, request, details, standing, key)
    return ahead.propose_for(event.peer)


def apply_request(rows: State, event: SupportRequested, at_ms: int) -> None:
    """Lays the request down, sealed as it came; `request.waiting` or `request.refused` says what becomes of it."""
    if rows.get(REQUESTS, event.request) is None:
        rows.put(REQUESTS, event.request, Request(peer=event.peer, community=event.community, details=event.details,
                                                  capacity=event.capacity, since_ms=at_ms))


def needs_withdrawal(rows: Rows, event: SupportWithdrawn) -> Iterable[Ref]:
    yield from request_and_rounds(rows, event.request)
    yield from peer_and_proposals(rows, event.peer)


def decide_withdrawal(ahead: Ahead, event: SupportWithdrawn) -> None:
    """Pairs stay; open proposals are over, and the others in them are free for somebody else at once."""
    standing = ahead.get(PEERS, event.peer)
    if standing is None or standing.request != event.request:
        return
    ahead.take_in()
    for proposal in standing.proposals:
        ahead.withdraw(proposal, "request_withdrawn", by=event.peer)
    ahead.propose_for(*standing.proposals.values())


def apply_withdrawal(rows: State, event: SupportWithdrawn, _at_ms: int) -> None:
    standing = rows.get(PEERS, event.peer)
    if standing is not None and standing.request == event.request:
        no_longer_next(rows, event.request, event.peer)
        rows.drop(REQUESTS, event.request)
        change(rows, event.peer, lambda standing: standing.not_asking())


def needs_resumption(_rows: Rows, event: RequestResumed) -> Iterable[Ref]:
    yield PEERS, event.peer


def decide_resumption(ahead: Ahead, event: RequestResumed) -> None:
    """Whoever was set aside is looked for again, from the place they always had."""
    if _is_aside(ahead, event):
        ahead.take_in()
        ahead.propose_for(event.peer)


def apply_resumption(rows: State, event: RequestResumed, _at_ms: int) -> None:
    if _is_aside(rows, event):
        change(rows, event.peer, lambda standing: standing.resuming())


def _is_aside(rows: State, event: RequestResumed) -> bool:
    standing = rows.get(PEERS, event.peer)
    return standing is not None and standing.aside and standing.request == event.request
