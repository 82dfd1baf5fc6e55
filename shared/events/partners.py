"""The gateway's events, for partners: what partner organisations publish."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import GATEWAY, Event, Part, PeerId, Sealed
from shared.events.words import Kind


class ReferralMade(Event, type="referral.made", owner=GATEWAY):
    """A partner introduces someone who agreed to be invited. What tells of the person is under the referral's own key."""

    referral: str
    partner: str
    community: str
    scope: tuple[str, ...] = Field((), description="what the partner says that the person agreed to: `joined`, `checkins`, "
                                                   "`training`")
    address: Sealed


class ReferralUsed(Event, type="referral.used", owner=GATEWAY):
    """The person a partner had introduced asked for a buddy; the address is destroyed."""

    referral: str
    peer: PeerId
    agreed: tuple[str, ...] = Field((), description="what this person agreed to here of what the partner may tell us: "
                                                    "`checkins`, `training`; from then on the partner's reference names them")


class ReferralRefused(Event, type="referral.refused", owner=GATEWAY):
    """The person a partner had introduced wants no invitation; the address is destroyed."""

    referral: str


class ReferralExpired(Event, type="referral.expired", owner=GATEWAY):
    """Thirty days passed; the address is destroyed."""

    referral: str


class Told(Part):
    """One kind of support in a check-in, seen from the person whom it names first."""

    kind: Kind
    direction: Literal["gave", "received", "both"]
    minutes: int | None = Field(None, ge=1, le=1440)


class CheckinRecorded(Event, type="checkin.recorded", owner=GATEWAY):
    """A partner says that a pair met. The references by which it names them stay at the door."""

    checkin: str
    partner: str
    peers: tuple[PeerId | None, ...] = Field(
        min_length=1, max_length=2, description="the person and, where named, their buddy; null: a reference of nobody's")
    moments: tuple[Told, ...]
    happened_ms: int


class TrainingCompleted(Event, type="training.completed", owner=GATEWAY):
    """A partner says that somebody did a training. Which one is sealed under that person's key."""

    training: str
    partner: str
    peer: PeerId | None = Field(None, description="null: the partner's reference is nobody's")
    about: Sealed | None = None
