"""The matcher's events: who waits, is proposed, is a pair."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import MATCHER, Event, Part, PeerId, Sealed


class RequestWaiting(Event, type="request.waiting", owner=MATCHER):
    """A request stands in the queue; its place counts from `since_ms`."""

    request: str
    peer: PeerId
    since_ms: int


class RequestRefused(Event, type="request.refused", owner=MATCHER):
    """A request that has no place in the queue, and why."""

    request: str
    peer: PeerId
    reason: Literal["already_waiting", "unreadable"]


class RequestSetAside(Event, type="request.set_aside", owner=MATCHER):
    """Three proposals in a row lapsed without a word from this person. Nothing more is proposed until they say so."""

    request: str
    peer: PeerId


class ProposalDrafted(Event, type="proposal.drafted", owner=MATCHER):
    """Two requests that would be put to both. Both are reserved, neither is told: a coordinator looks at it first."""

    proposal: str
    requests: tuple[str, str]
    peers: tuple[PeerId, PeerId]
    reasons: tuple[Sealed, Sealed]
    benefit: int
    step: int = 0
    runs_out_ms: int = Field(description="when both are free again, should no coordinator have decided by then")


class ProposalApproved(Event, type="proposal.approved", owner=MATCHER):
    """A coordinator would put it to both. Everything is looked at once more; `proposal.made` says that it went out."""

    proposal: str


class ProposalDeclined(Event, type="proposal.declined", owner=MATCHER):
    """A coordinator would not put it to both, who never learn of it. The two are kept apart for 90 days, or for ever."""

    proposal: str
    for_ever: bool = False


class ProposalDiscarded(Event, type="proposal.discarded", owner=MATCHER):
    """What waited for a coordinator goes to nobody. Both have their places back, and neither ever knew."""

    proposal: str
    peers: tuple[PeerId, PeerId]
    reason: Literal["declined", "ran_out", "no_longer_fits", "request_withdrawn", "break", "rest", "silence", "blocked", "left"]


class DecisionRefused(Event, type="decision.refused", owner=MATCHER):
    """A coordinator's decision that changed nothing, and why."""

    proposal: str
    reason: Literal["no_longer_waiting"]


class ProposalMade(Event, type="proposal.made", owner=MATCHER):
    """Two requests put to both. `reasons[i]` is sealed under the key of `peers[i]`, for that reader alone."""

    proposal: str
    requests: tuple[str, str]
    peers: tuple[PeerId, PeerId]
    reasons: tuple[Sealed, Sealed]
    benefit: int = Field(description="mutual benefit in points, `services/matcher/domain/benefit.py`")
    step: int = Field(0, description="whole days of waiting by which the bar for the benefit had come down")
    lapses_ms: int


class AnswerRefused(Event, type="answer.refused", owner=MATCHER):
    """An answer that changed nothing, and why."""

    proposal: str
    peer: PeerId
    reason: Literal["unknown_proposal", "not_yours", "no_longer_open", "already_answered"]


class ProposalLapsed(Event, type="proposal.lapsed", owner=MATCHER):
    """Silent and harmless: nobody is told but the one who had said yes, and that the next morning."""

    proposal: str
    peers: tuple[PeerId, PeerId]
    said_yes: tuple[PeerId, ...] = ()


class ProposalWithdrawn(Event, type="proposal.withdrawn", owner=MATCHER):
    """It will not go ahead. Why stays here: what the other learns is one wording, next morning (rule 17)."""

    proposal: str
    peers: tuple[PeerId, PeerId]
    said_yes: tuple[PeerId, ...] = Field((), description="who had said yes, without the one whose doing this is")
    reason: Literal["answered", "request_withdrawn", "break", "blocked", "left"]


class PairFormed(Event, type="pair.formed", owner=MATCHER):
    """Both said yes; from here on they are introduced (rule 1)."""

    pair: str
    proposal: str
    peers: tuple[PeerId, PeerId]
    since_ms: tuple[int, int] | None = Field(None, description="from when each one's wait had counted till then")


class PairClosed(Event, type="pair.closed", owner=MATCHER):
    """The pair's place is free again on both sides. The other one gets the one notice next morning (rule 17)."""

    pair: str
    peers: tuple[PeerId, PeerId]
    reason: Literal["ended", "blocked", "left"]
    by: PeerId | None = Field(None, description="whose doing it is; stays inside Twoway, no page or message says it")


class RoundScheduled(Event, type="round.scheduled", owner=MATCHER):
    """Somebody of the community waits with a place, and no round was to come; one will."""

    community: str
    due_ms: int


class RoundIntended(Event, type="round.intended", owner=MATCHER):
    """A round begins, on whoever waits with a place now. A worker computes what it comes to."""

    round: str
    community: str


class ChosenPair(Part):
    """Two requests that a round would put together. What no longer holds when it is read is passed over."""

    peers: tuple[PeerId, PeerId]
    requests: tuple[str, str]
    benefit: int
    step: int = Field(0, ge=0, description="whole days of waiting by which the bar had come down for these two")


NEXT_MAX = 200
"""People whom a round left out that are asked for by name whenever somebody comes: a fifth of a millisecond at most."""

ROUND_PAIRS_MAX = 500
"""Pairs in one `round.chosen`: some 100 kB, and a tenth of a second of the reader's time."""


class RoundChosen(Event, type="round.chosen", owner=MATCHER):
    """What the worker chose, or a part of it; parts are numbered from 0. The last one has the counts of the whole."""

    round: str
    community: str
    part: int = Field(0, ge=0)
    pairs: tuple[ChosenPair, ...] = Field((), max_length=ROUND_PAIRS_MAX)
    last: bool
    waiting: int = Field(0, description="people that the round looked at; on the last part")
    chosen: int = Field(0, description="pairs in all parts; on the last part")
    left_out: tuple[PeerId, ...] = Field(
        (), max_length=NEXT_MAX,
        description="who is in line and was left out, the first in line first; on the last part")
    proven_share: float | None = Field(
        None, ge=0, le=1, description="at least this much of the best possible, rounded down; on the last part")
    sampled: bool = Field(False, description="that share is a 99.9 % confidence limit")


class RoundApplied(Event, type="round.applied", owner=MATCHER):
    """A part of a round that is not its last was gone through: what still held is proposed."""

    round: str
    community: str
    part: int
    proposed: int
    no_longer_held: int


class RoundRun(Event, type="round.run", owner=MATCHER):
    """A round is over. Counts only: people looked at, pairs chosen, proposals made or drafted, pairs that no longer held; and
    how near to the best possible what was chosen is proven to be."""

    round: str
    community: str
    waiting: int
    chosen: int
    proposed: int
    no_longer_held: int
    proven_share: float | None = Field(
        None, ge=0, le=1, description="at least this much of the best possible; none when nothing is proven")
    sampled: bool = Field(False, description="that share is a 99.9 % confidence limit")


class GroupWaiting(Part):
    """People of one group, by a fact that they chose to disclose, who wait; nothing of fewer than ten."""

    fact: str = Field(description="a key of the programme's facts, age_band or language")
    value: str = Field(description="a key of its values; not_said: of those who did not say")
    people: int
    median_days: int = Field(description="in full weeks")


class WaitingCounted(Event, type="waiting.counted", owner=MATCHER):
    """Who waits in a community at the end of a week, with a place and nobody. Counts only; no group of fewer than ten.

    No number of days is one person's wait: each is the mean of five people's, those in the middle or those who wait longest,
    and of whoever said something that is sealed it is told in full weeks.
    """

    community: str
    waiting: int
    median_days: int = Field(0, description="0 of fewer than five")
    unproposed_14_days: int = Field(0, description="who waited 14 days without a proposal")
    practical: int | None = Field(
        None, description="who seeks practical help; none: too few to say, or the programme names no such topics")
    practical_oldest_days: int = Field(0, description="in full weeks; 0 where `practical` is 0 or none")
    groups: tuple[GroupWaiting, ...] = ()
