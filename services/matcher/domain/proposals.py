"""A proposal from the moment it goes out until both said yes, one said otherwise, or it lapsed.

The times here are rule 1's, not settings: a rebuild years later must come to the same rows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.matcher.domain.standing import FOR_EVER
from shared.clock import DAY_MS
from shared.events import Answer, Ending

LAPSES_AFTER_MS = 7 * DAY_MS
"""A week, so that everybody has a weekend in it."""

REST_MS = 14 * DAY_MS
"""After *not now*, for the one who said it (rule 1)."""

APART_MS = {Answer.NOT_THIS_PERSON: FOR_EVER, Answer.SOMEONE_DIFFERENT: 90 * DAY_MS}
"""How long these two are not put together after an answer (rule 1)."""

LAPSED_APART_MS = 14 * DAY_MS
"""After a lapse: without it the two who are each other's best would be asked again the same minute, week after week."""

ENDED_APART_MS = 90 * DAY_MS
"""After a pair ended for any reason but safety: time for somebody else first, and no door shut for good."""

Refusal = Literal["unknown_proposal", "not_yours", "no_longer_open", "already_answered"]


class Proposal(BaseModel):
    """Two requests put to both. Once it is over, only that there was one is kept, until its lapse would have come."""

    model_config = ConfigDict(frozen=True)
    peers: tuple[str, str] | None = None
    """None once it is over."""
    requests: tuple[str, str] | None = None
    said_yes: tuple[str, ...] = ()
    lapses_ms: int = 0

    def with_yes(self, peer: str) -> Proposal:
        return self.model_copy(update={"said_yes": (*self.said_yes, peer)})


OVER = Proposal()


class Next(StrEnum):
    """What comes after an answer that counts."""

    WAIT = "wait"
    PAIR = "pair"
    WITHDRAW = "withdraw"
    WITHDRAW_BLOCKED = "withdraw_blocked"


def refusal(proposal: Proposal | None, peer: str, answer: Answer) -> Refusal | None:
    """Why an answer from `peer` does not count; none when it does. Checked in this order.

    Who was asked is forgotten once a proposal is over, so *no longer open* comes before *not yours*. A yes may be taken
    back by any other answer for as long as the proposal is open (rule 1).
    """
    if proposal is None:
        return "unknown_proposal"
    if proposal.peers is None:
        return "no_longer_open"
    if peer not in proposal.peers:
        return "not_yours"
    if answer is Answer.YES and peer in proposal.said_yes:
        return "already_answered"
    return None


def following(proposal: Proposal, answer: Answer, kept_apart: bool) -> Next:
    """What follows from an answer that is not refused. Two who are kept apart by now are not introduced, whatever both
    said."""
    if answer is not Answer.YES:
        return Next.WITHDRAW
    if not proposal.said_yes:
        return Next.WAIT
    return Next.WITHDRAW_BLOCKED if kept_apart else Next.PAIR


def apart_until(answer: Answer, at_ms: int) -> int | None:
    """Until when the two are kept apart after *not this person* or *someone different*, in ms or FOR_EVER."""
    span_ms = APART_MS[answer]
    return FOR_EVER if span_ms is FOR_EVER else at_ms + span_ms


def apart_after(ending: Ending, at_ms: int) -> int | None:
    """Until when two people whose pair ended are kept apart, in ms or FOR_EVER (rule 3)."""
    return FOR_EVER if ending is Ending.SAFETY else at_ms + ENDED_APART_MS
