"""What the matcher's own events change, in the write that emits them and again in every rebuild."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from services.matcher.domain.drafts import RAN_OUT_APART_MS, Draft
from services.matcher.domain.proposals import LAPSED_APART_MS, OVER, Proposal
from services.matcher.domain.standing import Standing
from services.matcher.domain.waiting import next_monday_ms
from services.matcher.store import DRAFTS, PAIRS, PEERS, PROPOSALS, REQUESTS, ROUNDS, WEEKS, Pair, Round, State, Week
from shared.clock import DAY_MS
from shared.events import (
    AnswerRefused,
    DecisionRefused,
    Event,
    PairClosed,
    PairFormed,
    ProposalDiscarded,
    ProposalDrafted,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    RequestRefused,
    RequestSetAside,
    RequestWaiting,
    RoundApplied,
    RoundIntended,
    RoundRun,
    RoundScheduled,
    WaitingCounted,
)


def change(rows: State, peer: str, how: Callable[[Standing], Standing]) -> None:
    """A peer who has left, or never asked, stands nowhere; then nothing changes."""
    standing = rows.get(PEERS, peer)
    if standing is not None and (changed := how(standing)) != standing:
        rows.put(PEERS, peer, changed)


def change_both(rows: State, peers: tuple[str, str], how: Callable[[Standing, str], Standing]) -> None:
    """`how` is told of each one's standing and of the other."""
    first, second = peers
    change(rows, first, lambda standing: how(standing, second))
    change(rows, second, lambda standing: how(standing, first))


def no_longer_next(rows: State, request: str, peer: str) -> None:
    """Nobody is looked at first who asks for nobody any more."""
    row = rows.get(REQUESTS, request)
    round = rows.get(ROUNDS, row.community) if row is not None else None
    if row is not None and round is not None and peer in round.next:
        rows.put(ROUNDS, row.community, round.model_copy(update={"next": tuple(each for each in round.next if each != peer)}))


def waiting(rows: State, event: RequestWaiting, at_ms: int) -> None:
    request = rows.get(REQUESTS, event.request)
    if request is not None:
        standing = rows.get(PEERS, event.peer) or Standing()
        rows.put(PEERS, event.peer, standing.asking(event.request, request.capacity, at_ms))
        if rows.get(WEEKS, request.community) is None:
            rows.put(WEEKS, request.community, Week(ends_ms=next_monday_ms(at_ms)))


def refused(rows: State, event: RequestRefused, _at_ms: int) -> None:
    """Takes away what `support.requested` laid down, and never somebody's open request."""
    request, standing = rows.get(REQUESTS, event.request), rows.get(PEERS, event.peer)
    if request is not None and request.peer == event.peer and (standing is None or standing.request != event.request):
        rows.drop(REQUESTS, event.request)


def drafted(rows: State, event: ProposalDrafted, at_ms: int) -> None:
    """Both places are taken before a coordinator can read of it (rule 2)."""
    rows.put(DRAFTS, event.proposal, Draft(
        peers=event.peers, requests=event.requests, reasons=event.reasons, benefit=event.benefit, step=event.step,
        since_ms=at_ms, runs_out_ms=event.runs_out_ms))
    change_both(rows, event.peers, lambda standing, other: standing.reserved(event.proposal, other))


def discarded(rows: State, event: ProposalDiscarded, at_ms: int) -> None:
    """How long a coordinator's word keeps two apart is said by that word (`handlers/decisions.py`)."""
    rows.drop(DRAFTS, event.proposal)
    change_both(rows, event.peers, lambda standing, _other: standing.released(event.proposal))
    if event.reason == "ran_out":
        change_both(rows, event.peers, lambda standing, other: standing.kept_apart(other, at_ms + RAN_OUT_APART_MS))


def made(rows: State, event: ProposalMade, at_ms: int) -> None:
    """Both places are taken in the write that says so to anybody (rule 2)."""
    rows.put(PROPOSALS, event.proposal,
             Proposal(peers=event.peers, requests=event.requests, lapses_ms=event.lapses_ms))
    change_both(rows, event.peers,
                lambda standing, other: standing.reserved(event.proposal, other).proposed_on(at_ms // DAY_MS))


def withdrawn(rows: State, event: ProposalWithdrawn, _at_ms: int) -> None:
    rows.put(PROPOSALS, event.proposal, OVER)
    change_both(rows, event.peers, lambda standing, _other: standing.released(event.proposal))


def lapsed(rows: State, event: ProposalLapsed, at_ms: int) -> None:
    rows.drop(PROPOSALS, event.proposal)
    change_both(rows, event.peers, lambda standing, other: standing.released(event.proposal).kept_apart(
        other, at_ms + LAPSED_APART_MS))
    for peer in event.peers:
        if peer not in event.said_yes:
            change(rows, peer, lambda standing: standing.lapsed())


def set_aside(rows: State, event: RequestSetAside, _at_ms: int) -> None:
    change(rows, event.peer, lambda standing: standing.set_aside())


def formed(rows: State, event: PairFormed, at_ms: int) -> None:
    rows.put(PROPOSALS, event.proposal, OVER)
    rows.put(PAIRS, event.pair, Pair(peers=event.peers))
    since_ms = dict(zip(event.peers, event.since_ms or (None, None), strict=True))
    for peer, other in (event.peers, event.peers[::-1]):
        change(rows, peer, partial(Standing.paired, proposal=event.proposal, pair=event.pair, other=other, at_ms=at_ms,
                                   since_ms=since_ms[peer]))


def closed(rows: State, event: PairClosed, at_ms: int) -> None:
    """A pair that ended because somebody left is forgotten, with their id."""
    if event.reason == "left":
        rows.drop(PAIRS, event.pair)
        change_both(rows, event.peers, lambda standing, _other: standing.forgetting(event.pair, at_ms))
    else:
        rows.put(PAIRS, event.pair, Pair(peers=event.peers, over=True))
        change_both(rows, event.peers, lambda standing, _other: standing.parted(event.pair, at_ms))


def scheduled(rows: State, event: RoundScheduled, _at_ms: int) -> None:
    rows.put(ROUNDS, event.community, _latest(rows, event.community).following(due_ms=event.due_ms))


def intended(rows: State, event: RoundIntended, at_ms: int) -> None:
    row = _latest(rows, event.community)
    rows.put(ROUNDS, event.community, row.following(under_way=event.round, began_ms=at_ms))


def applied(rows: State, event: RoundApplied, _at_ms: int) -> None:
    row = rows.get(ROUNDS, event.community)
    if row is not None and row.under_way == event.round:
        rows.put(ROUNDS, event.community, row.with_part(event.proposed, event.no_longer_held))


def run(rows: State, event: RoundRun, _at_ms: int) -> None:
    row = _latest(rows, event.community)
    rows.put(ROUNDS, event.community, Round(next=row.next, proven_share=event.proven_share, sampled=event.sampled))


def _latest(rows: State, community: str) -> Round:
    return rows.get(ROUNDS, community) or Round()


def nothing(_rows: State, _event: AnswerRefused | DecisionRefused | WaitingCounted, _at_ms: int) -> None:
    """What does not count changes nothing, nor does what only tells."""


OWN: Mapping[type[Event], Callable[[Any, Any, int], None]] = {
    RequestWaiting: waiting,
    RequestRefused: refused,
    RequestSetAside: set_aside,
    ProposalDrafted: drafted,
    ProposalDiscarded: discarded,
    DecisionRefused: nothing,
    ProposalMade: made,
    AnswerRefused: nothing,
    ProposalLapsed: lapsed,
    ProposalWithdrawn: withdrawn,
    PairFormed: formed,
    PairClosed: closed,
    RoundScheduled: scheduled,
    RoundIntended: intended,
    RoundApplied: applied,
    RoundRun: run,
    WaitingCounted: nothing,
}
