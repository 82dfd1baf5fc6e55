"""The ledger's events: the two-way record."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import LEDGER, Event, PeerId
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
