"""The ledger's events: the two-way record."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import LEDGER, Event, Part, PeerId, Sealed
from shared.events.words import Correction, Kind, Way


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
    way: Way | None = None
    linked: str | None = Field(None, description="the other transfer of a moment in which both gave and both received")
    same_as: str | None = Field(None, description="the moment that the other of the two wrote down for that day, and that "
                                                  "may be this one")


class MomentReversed(Event, type="moment.reversed", owner=LEDGER):
    """A linked reversal; the moment it reverses stays as it was written."""

    moment: str
    giver: PeerId
    receiver: PeerId
    reason: Correction = Correction.MISTAKE


class MomentRestored(Event, type="moment.restored", owner=LEDGER):
    """The reversal was reversed in its turn: the moment stands again."""

    moment: str
    giver: PeerId
    receiver: PeerId


class MomentRefused(Event, type="moment.refused", owner=LEDGER):
    """A moment, gesture or correction that changed nothing, and why."""

    moment: str
    peer: PeerId | None = Field(description="whose doing it was; none: an operator's")
    reason: Literal["unknown_pair", "not_of_this_pair", "same_person", "in_future", "before_pair", "pair_ended",
                    "unknown_moment", "not_yours", "already_recorded", "already_reversed", "not_reversed"]


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


class MilestoneReached(Event, type="milestone.reached", owner=LEDGER):
    """Somebody gave, or received, for the first time. It is for signals alone: nobody is praised, and nobody is compared."""

    peer: PeerId
    milestone: Literal["first_giving", "first_receiving"]


class PulseOffered(Event, type="pulse.offered", owner=LEDGER):
    """The person's page asks them once whether they felt listened to lately."""

    peer: PeerId


class SignalPart(Part):
    """One row of a signal that is told by kind, way, ending or group. None: too few to say."""

    key: str
    numerator: int | None
    denominator: int | None = None


class Signal(Part):
    """One figure about a whole programme; the reflective question behind it is told by its name (`signals` in the docs)."""

    name: str
    window_weeks: int
    numerator: int | None = Field(description="none: too few to say")
    denominator: int | None = Field(None, description="none: a plain count, or too few to say")
    value: float | None = Field(description="share, per 100, or days, as the signal's name says; none: too few to say")
    attention: float | None = Field(None, description="the setting that the value was held against; none: it is only told")
    state: Literal["fine", "look", "too_few"]
    parts: tuple[SignalPart, ...] = ()


class SignalsIntended(Event, type="signals.intended", owner=LEDGER):
    """A week is over; a worker reckons what it comes to for this community."""

    community: str
    week: int = Field(description="numbered as `services/ledger/domain/weeks.py` does")


class SignalsComputed(Event, type="signals.computed", owner=LEDGER):
    """What the programme's signals are at the end of a week; numbers below five are kept back. None is about a person."""

    community: str
    week: int
    signals: tuple[Signal, ...]
