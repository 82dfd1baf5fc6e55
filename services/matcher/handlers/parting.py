"""Endings: a pair ends, somebody blocks somebody, somebody leaves. What they touch is free for others at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from services.matcher.domain import proposals
from services.matcher.domain.standing import FOR_EVER
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change, change_both, no_longer_next
from services.matcher.handlers.loading import peer_and_pairs, peer_and_proposals, request_and_rounds, standing_of
from services.matcher.store import PAIRS, PEERS, REQUESTS, State
from shared.events import PairClosed, PairEnded, PeerBlocked, PeerLeft, TimerElapsed
from shared.rows import Ref, Rows


def needs_ending(rows: Rows, event: PairEnded) -> Iterable[Ref]:
    yield PAIRS, event.pair
    if (pair := rows.known(PAIRS, event.pair)) is not None:
        for peer in pair.peers:
            yield PEERS, peer


def decide_ending(ahead: Ahead, event: PairEnded) -> None:
    """The second of two may end what is over already: then only how long they are kept apart can change."""
    pair = ahead.get(PAIRS, event.pair)
    if pair is None or event.peer not in pair.peers:
        return
    ahead.take_in()
    if until_ms := proposals.apart_after(event.ending, ahead.now_ms):
        ahead.remind("apart_over", event.peer, until_ms)
    _close(ahead, event.pair, "ended", by=event.peer)
    ahead.propose_for(*pair.peers)


def apply_ending(rows: State, event: PairEnded, at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    if pair is not None and event.peer in pair.peers:
        until_ms = proposals.apart_after(event.ending, at_ms)
        change_both(rows, pair.peers, lambda standing, other: standing.kept_apart(other, until_ms))


def needs_block(rows: Rows, event: PeerBlocked) -> Iterable[Ref]:
    for peer in (event.peer, event.blocked):
        yield PEERS, peer
    yield from peer_and_proposals(rows, event.peer)
    yield from peer_and_pairs(rows, event.peer)


def decide_block(ahead: Ahead, event: PeerBlocked) -> None:
    standing = ahead.get(PEERS, event.peer)
    if standing is None:
        return
    ahead.take_in()
    for proposal, other in standing.proposals.items():
        if other == event.blocked:
            ahead.withdraw(proposal, "blocked", by=event.peer)
    for pair, other in standing.pairs.items():
        if other == event.blocked:
            _close(ahead, pair, "blocked", by=event.peer)
    ahead.propose_for(event.peer, event.blocked)


def apply_block(rows: State, event: PeerBlocked, _at_ms: int) -> None:
    """For ever, in both directions (rule 4), whichever of the two is known here."""
    change_both(rows, (event.peer, event.blocked), lambda standing, other: standing.kept_apart(other, FOR_EVER))


def needs_leaving(rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    yield from peer_and_proposals(rows, event.peer)
    yield from peer_and_pairs(rows, event.peer)
    standing = standing_of(rows, event.peer)
    for other in standing.apart:
        yield PEERS, other
    if standing.request is not None:
        yield from request_and_rounds(rows, standing.request)


def decide_leaving(ahead: Ahead, event: PeerLeft) -> None:
    standing = ahead.get(PEERS, event.peer)
    if standing is None:
        return
    ahead.take_in()
    for proposal in standing.proposals:
        ahead.withdraw(proposal, "left", by=event.peer)
    for pair in standing.pairs:
        _close(ahead, pair, "left", by=event.peer)
    ahead.propose_for(*standing.proposals.values(), *standing.pairs.values())


def apply_leaving(rows: State, event: PeerLeft, _at_ms: int) -> None:
    """No row is left that leads to them; what was open ends by events of its own, which this entry leads to."""
    standing = rows.get(PEERS, event.peer)
    if standing is None:
        return
    if standing.request is not None:
        no_longer_next(rows, standing.request, event.peer)
        rows.drop(REQUESTS, standing.request)
    for pair in standing.past:
        rows.drop(PAIRS, pair)
    for other in dict.fromkeys((*standing.apart, *standing.past.values())):
        change(rows, other, lambda others: others.without(event.peer))
    rows.drop(PEERS, event.peer)


def needs_reunion(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield PEERS, event.of
    for other in standing_of(rows, event.of).apart_until_at_most(event.due_ms):
        yield PEERS, other


def decide_reunion(ahead: Ahead, event: TimerElapsed) -> None:
    ahead.take_in()
    ahead.propose_for(event.of)


def apply_reunion(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    """Two who were kept apart for a while may come together again."""
    standing = rows.get(PEERS, event.of)
    for other in standing.apart_until_at_most(event.due_ms) if standing is not None else ():
        change_both(rows, (event.of, other), lambda each, its_other: each.reunited_with(its_other))


def _close(ahead: Ahead, id: str, reason: Literal["ended", "blocked", "left"], by: str) -> None:
    pair = ahead.get(PAIRS, id)
    if pair is not None and not pair.over:
        ahead.say(PairClosed(pair=id, peers=pair.peers, reason=reason, by=by))
