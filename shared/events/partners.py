"""The gateway's events, for partners: what partner organisations publish."""

from __future__ import annotations

from pydantic import Field

from shared.events.base import GATEWAY, Event, PeerId, Sealed


class ReferralMade(Event, type="referral.made", owner=GATEWAY):
    """A partner introduces someone who agreed to be invited. What tells of the person is under the referral's own key."""

    referral: str
    partner: str
    community: str
    scope: tuple[str, ...] = Field((), description="what the person agreed the partner may learn: `joined`")
    address: Sealed


class ReferralUsed(Event, type="referral.used", owner=GATEWAY):
    """The person a partner had introduced asked for a buddy; the address is destroyed."""

    referral: str
    peer: PeerId


class ReferralRefused(Event, type="referral.refused", owner=GATEWAY):
    """The person a partner had introduced wants no invitation; the address is destroyed."""

    referral: str


class ReferralExpired(Event, type="referral.expired", owner=GATEWAY):
    """Thirty days passed; the address is destroyed."""

    referral: str
