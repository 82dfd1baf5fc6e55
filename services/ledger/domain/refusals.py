"""Why a moment is not written down, or not reversed. The first reason that holds counts: cheap looks come first."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.ledger.domain.entries import Transfer
from shared.clock import DAY_MS

LATE_MS = 30 * DAY_MS
"""How long after a pair ended its moments may still be written down: people often do so late, and it happened."""

Refusal = Literal["unknown_pair", "not_of_this_pair", "same_person", "pair_ended", "unknown_moment", "not_yours",
                  "already_recorded", "already_reversed"]


FORMER = "former"
"""Stands where the id of a peer who has left would stand."""


class Pair(BaseModel):
    """Two who may give to each other, and since when no more."""

    model_config = ConfigDict(frozen=True)
    peers: tuple[str, str]
    formed_ms: int | None = None
    closed_ms: int | None = None
    former: str | None = None
    """The account of the one who left: late moments of whoever stayed go against it."""

    def left_by(self, peer: str, account: str) -> Pair:
        first, second = (FORMER if each == peer else each for each in self.peers)
        return self.model_copy(update={"peers": (first, second), "former": account})

    def late(self, at_ms: int) -> bool:
        return self.closed_ms is not None and at_ms > self.closed_ms + LATE_MS


def of_moment(giver: str, receiver: str, recorded_by: str, pair: Pair | None, recorded: bool, at_ms: int,
              gesture: bool = False) -> Refusal | None:
    """`recorded` says that there is a transfer under this moment's id; `pair` is the one it names, if there is one. A
    gesture is never late: it happens by arriving, and in a pair that ended it arrives nowhere."""
    if giver == receiver:
        return "same_person"
    if pair is None:
        return "unknown_pair"
    if {giver, receiver} != set(pair.peers) or recorded_by not in pair.peers:
        return "not_of_this_pair"
    if recorded:
        return "already_recorded"
    if pair.late(at_ms) or (gesture and pair.closed_ms is not None):
        return "pair_ended"
    return None


def of_correction(account: str | None, moment: Transfer | None, reversed: bool) -> Refusal | None:
    """`account` is that of whoever asks; only who wrote a moment down can take it back. A reversal is no moment."""
    if moment is None or moment.reverses is not None:
        return "unknown_moment"
    if account != moment.recorded_by:
        return "not_yours"
    if reversed:
        return "already_reversed"
    return None
