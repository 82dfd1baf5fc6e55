"""What a coordinator decides of a suggestion that waits for them, and what happens when nobody does.

Neither of the two learns of any of it but what went out: `proposal.made` (rule 17).
"""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.bar import NO_BAR
from services.matcher.domain.drafts import DECLINED_APART_MS, RAN_OUT_APART_MS, apart_until
from services.matcher.handlers.ahead import Ahead
from services.matcher.handlers.changes import change_both
from services.matcher.store import DRAFTS, PEERS, State
from shared.events import DecisionRefused, ProposalApproved, ProposalDeclined, ProposalDiscarded, TimerElapsed
from shared.rows import Ref, Rows


def draft_and_both(rows: Rows, id: str) -> Iterable[Ref]:
    yield DRAFTS, id
    if (draft := rows.known(DRAFTS, id)) is not None:
        for peer in draft.peers:
            yield PEERS, peer


def needs_decision(rows: Rows, event: ProposalApproved | ProposalDeclined) -> Iterable[Ref]:
    return draft_and_both(rows, event.proposal)


def decide_approval(ahead: Ahead, event: ProposalApproved) -> None:
    """Both are looked at once more, as everything is now. The bar is not: these two had reached it, and it only falls."""
    draft = ahead.get(DRAFTS, event.proposal)
    if draft is None:
        return _refuse(ahead, event)
    ahead.take_in()
    if ahead.memory.pool.pair_of(draft.peers, draft.requests, ahead.now_ms, NO_BAR) is not None:
        return ahead.put_to_both(event.proposal, draft)
    ahead.say(ProposalDiscarded(proposal=event.proposal, peers=draft.peers, reason="no_longer_fits"))
    return ahead.propose_for(*draft.peers)


def apply_approval(rows: State, event: ProposalApproved, _at_ms: int) -> None:
    """It waits no more, and both are free for a moment in which nobody else is looked at: whether these two still fit is
    asked as of anybody. `proposal.made` takes both places again, in the same write.
    """
    draft = rows.get(DRAFTS, event.proposal)
    if draft is not None:
        rows.drop(DRAFTS, event.proposal)
        change_both(rows, draft.peers, lambda standing, _other: standing.released(event.proposal))


def decide_decline(ahead: Ahead, event: ProposalDeclined) -> None:
    draft = ahead.get(DRAFTS, event.proposal)
    if draft is None:
        return _refuse(ahead, event)
    ahead.take_in()
    ahead.discard(event.proposal, "declined")
    if not event.for_ever:
        ahead.remind("apart_over", draft.peers[0], ahead.now_ms + DECLINED_APART_MS)
    return ahead.propose_for(*draft.peers)


def apply_decline(rows: State, event: ProposalDeclined, at_ms: int) -> None:
    draft = rows.get(DRAFTS, event.proposal)
    if draft is not None:
        until_ms = apart_until(event.for_ever, at_ms)
        change_both(rows, draft.peers, lambda standing, other: standing.kept_apart(other, until_ms))


def needs_end(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    return draft_and_both(rows, event.of)


def decide_end(ahead: Ahead, event: TimerElapsed) -> None:
    """Nobody decided. Nothing goes out that nobody looked at, and nobody is held for longer: both are free for others."""
    draft = ahead.get(DRAFTS, event.of)
    if draft is None:
        return
    ahead.discard(event.of, "ran_out")
    ahead.remind("apart_over", draft.peers[0], ahead.now_ms + RAN_OUT_APART_MS)
    ahead.propose_for(*draft.peers)


def apply_end(_rows: State, _event: TimerElapsed, _at_ms: int) -> None:
    """What it leads to is said by `proposal.discarded`."""


def _refuse(ahead: Ahead, event: ProposalApproved | ProposalDeclined) -> None:
    """Somebody decided before, or what waited went by itself: the first word counts."""
    ahead.say(DecisionRefused(proposal=event.proposal, reason="no_longer_waiting"))
