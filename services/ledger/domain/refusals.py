"""Why something said of a moment changes nothing. The first reason that holds counts, in one order for everything (`ORDER`)."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from services.ledger.domain.entries import Transfer
from services.ledger.domain.same_day import Recent
from shared.clock import DAY_MS
from shared.events import Correction, Ending

LATE_MS = 30 * DAY_MS
"""How long after a pair ended its moments may still be written down: people often do so late, and it happened."""

AHEAD_MS = 5 * 60 * 1000
"""How far another's clock may be ahead of ours: as far as the time of a partner's signature may be."""

Refusal = Literal["unknown_pair", "not_of_this_pair", "same_person", "in_future", "before_pair",
                  "unknown_moment", "not_yours", "already_recorded", "already_reversed", "not_reversed", "pair_ended"]

ORDER: tuple[Refusal, ...] = get_args(Refusal)
"""Who and of which pair; when; which moment and whose; what became of it; and last whether it comes too late. So whatever comes
twice is told that it is there already, even when by now it would be too late for it."""

FORMER = "former"
"""Stands where the id of a peer who has left would stand."""

OPERATOR = "operator"
"""Stands where the account of whoever asks would stand, when that is an operator."""


class Pair(BaseModel):
    """Two who may give to each other, and since when no more."""

    model_config = ConfigDict(frozen=True)
    peers: tuple[str, str]
    formed_ms: int | None = None
    closed_ms: int | None = None
    former: str | None = None
    """The account of the one who left: late moments of whoever stayed go against it."""
    recent: Recent = ()
    """What they wrote down lately, each perhaps one that the other will write down too (`same_day.py`)."""
    paused: int = 0
    """The day on which one of the two began a break, until a moment or the pair's end says how it went on; else 0."""
    ending: Ending | None = None
    """How one of the two ended it, until the matcher has closed it."""

    def left_by(self, peer: str, account: str) -> Pair:
        """Nobody is left who could write the same moment down."""
        first, second = (FORMER if each == peer else each for each in self.peers)
        return self.model_copy(update={"peers": (first, second), "former": account, "recent": ()})

    def late(self, at_ms: int) -> bool:
        return self.closed_ms is not None and at_ms > self.closed_ms + LATE_MS

    def begun(self, happened_ms: int) -> bool:
        """People say on which day it was, in a zone of their own: so up to a day before the pair was formed is its first."""
        return self.formed_ms is None or happened_ms > self.formed_ms - DAY_MS


def of_moment(giver: str, receiver: str, recorded_by: str, pair: Pair | None, recorded: bool, happened_ms: int, at_ms: int,
              gesture: bool = False) -> Refusal | None:
    """`recorded` says that there is a transfer under this moment's id; `pair` is the one it names, if there is one. A
    gesture is never late: it happens by arriving, and in a pair that ended it arrives nowhere."""
    if (reason := _of_people(pair, giver, receiver, recorded_by)) is not None:
        return reason
    if happened_ms > at_ms + AHEAD_MS:
        return "in_future"
    if pair is not None and not pair.begun(happened_ms):
        return "before_pair"
    if recorded:
        return "already_recorded"
    if pair is not None and (pair.late(at_ms) or (gesture and pair.closed_ms is not None)):
        return "pair_ended"
    return None


def of_writer(account: str | None, moment: Transfer | None, taken_back: bool) -> Refusal | None:
    """Of what only whoever wrote a moment down may say of it, or an operator: that it did not happen so, that it stands, that
    it is another than the one like it. `account` is that of whoever asks. A reversal is no moment."""
    if moment is None or moment.reverses is not None:
        return "unknown_moment"
    if account not in (moment.recorded_by, OPERATOR):
        return "not_yours"
    return "already_reversed" if taken_back else None


def of_putting_back(account: str | None, moment: Transfer | None, reversal: Transfer | None) -> Refusal | None:
    """`reversal` is what took the moment back, none when it stands. Whoever did so may put it back, or an operator."""
    if moment is None or moment.reverses is not None:
        return "unknown_moment"
    by_operator = reversal is not None and reversal.reason is Correction.OPERATOR
    if account not in (OPERATOR if by_operator else moment.recorded_by, OPERATOR):
        return "not_yours"
    return "not_reversed" if reversal is None else None


def of_other(account: str | None, moment: Transfer | None, taken_back: bool) -> Refusal | None:
    """Of what only the other of the two may say of a moment, who did not write it down."""
    if moment is None or moment.reverses is not None:
        return "unknown_moment"
    if account == moment.recorded_by or account not in {leg.account for leg in moment.legs}:
        return "not_yours"
    return "already_reversed" if taken_back else None


def of_thanks(peer: str, to: str, pair: Pair | None, account: str | None, thanked: str | None, moment: Transfer | None,
              taken_back: bool) -> Refusal | None:
    """`account` and `thanked` are the accounts of `peer` and `to`. Thanks arrives, as a gesture does, or is none."""
    if (reason := _of_people(pair, peer, to, peer)) is not None:
        return reason
    if (reason := of_other(account, moment, taken_back)) is not None:
        return reason
    if moment is not None and thanked not in {leg.account for leg in moment.legs}:
        return "not_yours"
    return "pair_ended" if pair is not None and pair.closed_ms is not None else None


def _of_people(pair: Pair | None, giver: str, receiver: str, by: str) -> Refusal | None:
    if pair is None:
        return "unknown_pair"
    if not {giver, receiver, by} <= {*pair.peers}:
        return "not_of_this_pair"
    return "same_person" if giver == receiver else None
