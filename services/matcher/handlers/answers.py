"""Proposals: the four answers, and the lapse when there were not two of them."""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain import proposals
from services.matcher.domain.proposals import LAPSED_APART_MS, REST_MS, Next
from services.matcher.domain.standing import Standing
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change, change_both
from services.matcher.handlers.loading import peer_and_proposals
from services.matcher.store import PEERS, PROPOSALS, State
from shared.clock import derived_id
from shared.events import Answer, AnswerRefused, PairFormed, ProposalAnswered, ProposalLapsed, TimerElapsed
from shared.rows import Ref, Rows


def proposal_and_both(rows: Rows, id: str) -> Iterable[Ref]:
    yield PROPOSALS, id
    if (proposal := rows.known(PROPOSALS, id)) is not None and proposal.peers is not None:
        for peer in proposal.peers:
            yield PEERS, peer


def needs_answer(rows: Rows, event: ProposalAnswered) -> Iterable[Ref]:
    yield from proposal_and_both(rows, event.proposal)
    if event.answer is Answer.NOT_NOW:
        yield from peer_and_proposals(rows, event.peer)


def decide_answer(ahead: Ahead, event: ProposalAnswered) -> None:
    proposal = ahead.get(PROPOSALS, event.proposal)
    if (reason := proposals.refusal(proposal, event.peer, event.answer)) is not None:
        return ahead.say(AnswerRefused(proposal=event.proposal, peer=event.peer, reason=reason))
    if proposal is None or proposal.peers is None:
        return None
    freed: list[str] = []
    match proposals.following(proposal, event.answer, _kept_apart(ahead, proposal.peers)):
        case Next.WAIT:
            return None
        case Next.PAIR:
            return ahead.say(PairFormed(pair=derived_id(ahead.entry.id, "pair"), proposal=event.proposal,
                                        peers=proposal.peers, since_ms=_waiting_since(ahead, proposal.peers)))
        case Next.WITHDRAW_BLOCKED:
            ahead.take_in()
            ahead.withdraw(event.proposal, "blocked", by=None)
        case Next.WITHDRAW:
            ahead.take_in()
            ahead.withdraw(event.proposal, "answered", by=event.peer)
            _remind(ahead, event)
            if event.answer is Answer.NOT_NOW:
                freed = ahead.discard_all_of(event.peer, "rest")
    return ahead.propose_for(*proposal.peers, *freed)


def _kept_apart(ahead: Ahead, peers: tuple[str, str]) -> bool:
    first, second = ahead.get(PEERS, peers[0]), ahead.get(PEERS, peers[1])
    return first is None or second is None or peers[1] in first.apart or peers[0] in second.apart


def _waiting_since(ahead: Ahead, peers: tuple[str, str]) -> tuple[int, int] | None:
    """From when each one's wait has counted till now."""
    first, second = (ahead.memory.pool.get(peer) for peer in peers)
    return None if first is None or second is None else (first.since_ms, second.since_ms)


def _remind(ahead: Ahead, event: ProposalAnswered) -> None:
    if event.answer is Answer.NOT_NOW:
        ahead.remind("rest_over", event.peer, ahead.now_ms + REST_MS)
    elif until_ms := proposals.apart_until(event.answer, ahead.now_ms):
        ahead.remind("apart_over", event.peer, until_ms)


def apply_answer(rows: State, event: ProposalAnswered, at_ms: int) -> None:
    """A yes is noted; anything else says who rests or who is kept apart. One that does not count changes nothing.

    Whichever it is, whoever gave it is there.
    """
    proposal = rows.get(PROPOSALS, event.proposal)
    if proposal is None or proposal.peers is None:
        return
    if proposals.refusal(proposal, event.peer, event.answer) is not None:
        return
    change(rows, event.peer, lambda standing: standing.heard())
    if event.answer is Answer.YES:
        rows.put(PROPOSALS, event.proposal, proposal.with_yes(event.peer))
    elif event.answer is Answer.NOT_NOW:
        change(rows, event.peer, lambda standing: standing.resting(at_ms + REST_MS))
    else:
        until_ms = proposals.apart_until(event.answer, at_ms)
        change_both(rows, proposal.peers, lambda standing, other: standing.kept_apart(other, until_ms))


def needs_lapse(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    yield from proposal_and_both(rows, event.of)
    if (proposal := rows.known(PROPOSALS, event.of)) is not None and proposal.peers is not None:
        for peer in proposal.peers:
            yield from peer_and_proposals(rows, peer)


def decide_lapse(ahead: Ahead, event: TimerElapsed) -> None:
    """Silent and harmless: both have their places back, and the two are not asked about each other again at once.

    Whoever gave no word three times in a row is not to be written to: what waits for a coordinator goes to nobody.
    """
    proposal = ahead.get(PROPOSALS, event.of)
    if proposal is None or proposal.peers is None:
        return
    ahead.say(ProposalLapsed(proposal=event.of, peers=proposal.peers, said_yes=proposal.said_yes))
    ahead.remind("apart_over", proposal.peers[0], ahead.now_ms + LAPSED_APART_MS)
    freed = [other for peer in proposal.peers if (ahead.get(PEERS, peer) or Standing()).unheard
             for other in ahead.discard_all_of(peer, "silence")]
    ahead.propose_for(*proposal.peers, *freed)


def apply_lapse(rows: State, event: TimerElapsed, _at_ms: int) -> None:
    """That there once was a proposal is forgotten now; an open one goes with `proposal.lapsed`."""
    proposal = rows.get(PROPOSALS, event.of)
    if proposal is not None and proposal.peers is None:
        rows.drop(PROPOSALS, event.of)
