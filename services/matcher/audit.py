"""The matcher's invariants, looked over on live data. Whatever is found is a bug of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from redis.asyncio import Redis

from services.matcher.domain.standing import Standing
from services.matcher.store import Snapshot, snapshot
from shared.stream.names import Partition

ROUND_MS_MAX = 60 * 60 * 1000
"""A round that takes longer has met a bug: the largest ones take minutes, and a killed worker's lease is over by then."""


class Finding(NamedTuple):
    """`what` is wrong, as a stable key, with `of`, an id."""

    what: str
    of: str


async def audit(redis: Redis, partition: Partition) -> list[Finding]:
    """Everything that is wrong, as of one moment; empty when all is well. May run beside live services.

    Raises RedisError.
    """
    return findings(await snapshot(redis, partition))


def findings(state: Snapshot) -> list[Finding]:
    return [*_peers(state), *_requests(state), *_proposals(state), *_drafts(state), *_pairs(state), *_rounds(state),
            *_timers(state)]


def _peers(state: Snapshot) -> Iterator[Finding]:
    for peer, standing in state.peers.items():
        most = standing.capacity if standing.proposals else max(standing.capacity, standing.carried)
        if len(standing.proposals) + len(standing.pairs) > most:
            yield Finding("over_capacity", peer)
        others = [*standing.proposals.values(), *standing.pairs.values()]
        if len(others) != len(set(others)):
            yield Finding("same_two_twice", peer)
        if not standing.apart.keys().isdisjoint(others):
            yield Finding("together_though_kept_apart", peer)
        if standing.proposals and (standing.request is None or standing.break_until_ms or standing.suspended):
            yield Finding("proposed_while_away", peer)
        if standing.aside and standing.proposals:
            yield Finding("proposed_though_set_aside", peer)
        if standing.silent:
            yield Finding("not_set_aside", peer)
        if standing.request is not None and standing.request not in state.requests:
            yield Finding("request_missing", peer)
        yield from _lost(state, peer, standing)


def _lost(state: Snapshot, peer: str, standing: Standing) -> Iterator[Finding]:
    """What a standing names and no row knows of."""
    for id, other in standing.proposals.items():
        proposal, draft = state.proposals.get(id), state.drafts.get(id)
        known = draft.peers if draft is not None else proposal.peers if proposal is not None else None
        if known is None or set(known) != {peer, other}:
            yield Finding("proposal_lost", id)
    for id, other in (standing.pairs | standing.past).items():
        pair = state.pairs.get(id)
        if pair is None or set(pair.peers) != {peer, other} or pair.over != (id in standing.past):
            yield Finding("pair_lost", id)
    for other in standing.apart:
        if other in state.peers and peer not in state.peers[other].apart:
            yield Finding("kept_apart_on_one_side_only", peer)


def _requests(state: Snapshot) -> Iterator[Finding]:
    for id, request in state.requests.items():
        standing = state.peers.get(request.peer)
        if standing is None or standing.request != id:
            yield Finding("request_of_nobody", id)


def _proposals(state: Snapshot) -> Iterator[Finding]:
    """Every open proposal is reserved on both sides, under the requests it was made for."""
    for id, proposal in state.proposals.items():
        if proposal.peers is None or proposal.requests is None:
            continue
        if not _reserved(state, id, proposal.peers, proposal.requests):
            yield Finding("proposal_not_reserved", id)
        if not set(proposal.said_yes) <= set(proposal.peers) or len(proposal.said_yes) > 1:
            yield Finding("proposal_answers_wrong", id)


def _drafts(state: Snapshot) -> Iterator[Finding]:
    """What waits for a coordinator is reserved likewise, and was put to nobody."""
    for id, draft in state.drafts.items():
        if not _reserved(state, id, draft.peers, draft.requests):
            yield Finding("draft_not_reserved", id)
        if id in state.proposals:
            yield Finding("draft_put_to_both", id)


def _reserved(state: Snapshot, id: str, peers: tuple[str, str], requests: tuple[str, str]) -> bool:
    return all((standing := state.peers.get(peer)) is not None and id in standing.proposals and standing.request == request
               for peer, request in zip(peers, requests, strict=True))


def _pairs(state: Snapshot) -> Iterator[Finding]:
    for id, pair in state.pairs.items():
        for peer in pair.peers:
            standing = state.peers.get(peer)
            if standing is None or id not in (standing.past if pair.over else standing.pairs):
                yield Finding("pair_not_of_both", id)


def _rounds(state: Snapshot) -> Iterator[Finding]:
    """Whoever waits with a place can count on a round, and none goes on for ever."""
    waiting = {request.community for request in state.requests.values()
               if (standing := state.peers.get(request.peer)) is not None and standing.places}
    for community in waiting:
        if community not in state.rounds or not state.rounds[community].to_come:
            yield Finding("no_round_to_come", community)
    for community, row in state.rounds.items():
        if row.under_way is not None and state.now_ms - row.began_ms > ROUND_MS_MAX:
            yield Finding("round_does_not_end", community)


def _timers(state: Snapshot) -> Iterator[Finding]:
    """What is to come is in the timer set. What is due by now may be on the log already, on its way."""
    waiting = {(timer.what, timer.of, timer.due_ms) for timer in state.timers}
    due = [("lapse", id, proposal.lapses_ms) for id, proposal in state.proposals.items() if proposal.peers is not None]
    due += [("draft_over", id, draft.runs_out_ms) for id, draft in state.drafts.items()]
    due += [("break_over", peer, standing.break_until_ms) for peer, standing in state.peers.items()]
    due += [("round", community, row.due_ms) for community, row in state.rounds.items()]
    due += [("week_over", community, row.ends_ms) for community, row in state.weeks.items()]
    due += [("protection_over", peer, standing.protected_until_ms) for peer, standing in state.peers.items()]
    due += [("rest_over", peer, standing.rest_until_ms) for peer, standing in state.peers.items()]
    for timer in due:
        if timer[2] > state.now_ms and timer not in waiting:
            yield Finding(f"no_timer_for_{timer[0]}", timer[1])
