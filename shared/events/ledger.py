"""The ledger's events: the two-way record."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import LEDGER, Event, Part, PeerId, Sealed
from shared.events.words import Kind


class MomentRecorded(Event, type="moment.recorded", owner=LEDGER):
    """One transfer, two legs: `given` of the giver and `received` of the receiver both grow by one."""

    moment: str
    pair: str
    giver: PeerId
    receiver: PeerId
    kind: Kind
    recorded_by: PeerId | None = Field(None, description="who wrote it down; none means the giver")
    minutes: int | None = None
    checkin: str | None = Field(None, description="the partner's check-in it comes from; none: one of the two told of it")
    happened_ms: int | None = Field(None, description="none means when it was written down")


class MomentReversed(Event, type="moment.reversed", owner=LEDGER):
    """A linked reversal; the moment it reverses stays as it was written."""

    moment: str
    giver: PeerId
    receiver: PeerId


class MomentRefused(Event, type="moment.refused", owner=LEDGER):
    """A moment, gesture or correction that changed nothing, and why."""

    moment: str
    peer: PeerId
    reason: Literal["unknown_pair", "not_of_this_pair", "same_person", "pair_ended", "unknown_moment",
                    "not_yours", "already_recorded", "already_reversed"]


class CountsChanged(Event, type="counts.changed", owner=LEDGER):
    """The two counts a peer sees. Never their difference (rule 6)."""

    peer: PeerId
    given: int
    received: int
    given_26w: int | None = Field(None, description="of these, as many as were given in the last 26 weeks, breaks taken out; "
                                  "for pairing alone, and never shown")
    received_26w: int | None = Field(None, description="the same of what was received")


class Posted(Part):
    """One moment that a check-in became."""

    moment: str
    kind: Kind
    giver: PeerId
    receiver: PeerId


class CheckinPosted(Event, type="checkin.posted", owner=LEDGER):
    """A partner's check-in became these moments; what was in the record already is left out."""

    checkin: str
    partner: str
    peers: tuple[PeerId, ...] = Field(description="whom the partner named, the one who may take a moment back first")
    moments: tuple[Posted, ...]
    happened_ms: int


class CheckinRefused(Event, type="checkin.refused", owner=LEDGER):
    """A check-in that changed nothing, and why."""

    checkin: str
    partner: str
    reason: Literal["unknown_reference", "no_consent", "same_person", "in_future", "too_long_ago",
                    "no_such_pair", "before_pair", "pair_ended", "which_pair", "already_recorded"]


class TrainingNoted(Event, type="training.noted", owner=LEDGER):
    """A training shows on the person's page: they agreed that this partner may tell us."""

    training: str
    partner: str
    peer: PeerId
    about: Sealed


class TrainingRefused(Event, type="training.refused", owner=LEDGER):
    """A training that is noted nowhere, and why."""

    training: str
    partner: str
    reason: Literal["unknown_reference", "no_consent", "already_noted"]


class GivingUnreturned(Event, type="giving.unreturned", owner=LEDGER):
    """Somebody gives far more than they receive, over 12 weeks and over 26. They are protected, not praised (rule 7)."""

    peer: PeerId


class ReceivingUnrecorded(Event, type="receiving.unrecorded", owner=LEDGER):
    """Nothing received was ever recorded of somebody who gives. They are asked once what they would like (rule 7)."""

    peer: PeerId
