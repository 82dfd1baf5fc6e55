"""Double entry for moments: a transfer has two legs, and over both as much was given as was received.

A moment is worth one, whatever it was and however long it took: moments are not priced (rule 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from services.ledger.domain.chains import Reached
from services.ledger.domain.weeks import Weeks, letter_of, moved
from shared.clock import derived_id
from shared.events import Correction, Kind, Way


class Leg(NamedTuple):
    """What one account gives or receives in one transfer: +1, or -1 where it is taken back."""

    account: str
    given: int = 0
    received: int = 0

    def mirrored(self) -> Leg:
        return Leg(self.account, -self.given, -self.received)


class Transfer(NamedTuple):
    """One moment, or the reversal of one. Written once."""

    legs: tuple[Leg, Leg]
    at_ms: int
    """When the moment happened, where that was said; else when it was written down. Of a reversal, when it was asked for."""
    recorded_by: str
    """An account, as the legs name accounts: whose they are is not written here, so leaving edits no entry."""
    kind: Kind | None = None
    minutes: int | None = None
    source: Literal["peer", "partner"] = "peer"
    """Whether one of the two told of it, or a partner."""
    chain: int = 1
    """How far help had come with this moment (`chains.py`)."""
    way: Way | None = None
    linked: str | None = None
    """The other transfer of a moment in which both gave and both received."""
    reverses: str | None = None
    reason: Correction | None = None
    """Why a moment was taken back; none where this one puts it back."""

    def reversal(self, id: str, at_ms: int, reason: Correction | None = None) -> Transfer:
        """The linked transfer that reverses this one, which is called `id` and stays as it was written."""
        giver, receiver = self.legs
        return Transfer(legs=(giver.mirrored(), receiver.mirrored()), at_ms=at_ms, recorded_by=self.recorded_by,
                        reverses=id, reason=reason)


class Account(NamedTuple):
    """The two counts, and of which weeks and kinds they are. Without a holder it is a former peer's: it stays, so that
    everybody else's counts stay true."""

    holder: str | None = None
    given: int = 0
    received: int = 0
    latest: int = 0
    weeks: str = ""
    """What was recorded in the week `latest`, and back from there (`weeks.py`)."""
    ever: str = ""
    """The two counts by kind, written as a week is."""
    since: int = 0
    """The week of the first moment."""
    unreturned: int = 0
    """The week in which it was last said that giving was far above receiving; 0 when it never was."""
    reached: Reached | None = None
    """The chain of help that came to this account (`chains.py`)."""
    asked: bool = False
    """They only ever gave, and were asked what they would like."""
    community: str = ""
    """Of a former peer's account alone; whose holder is there belongs where the holder does."""

    @property
    def by_week(self) -> Weeks:
        return Weeks(self.latest, self.weeks)

    def posted(self, given: int, received: int, kind: Kind | None, week: int, reached: Reached | None = None) -> Account:
        """With one leg of a moment, or of its reversal: that takes away from the `week` in which the moment stands. `reached`
        is the chain that the moment brought."""
        letter, by = letter_of(kind, given != 0), given + received
        latest, weeks = self.by_week.moved(letter, week, by)
        return Account(holder=self.holder, given=self.given + given, received=self.received + received,
                       latest=latest, weeks=weeks, ever=moved(self.ever, letter, by), since=min(self.since or week, week),
                       unreturned=self.unreturned, reached=reached or self.reached,
                       asked=self.asked, community=self.community)

    def without_holder(self, community: str = "") -> Account:
        return self._replace(holder=None, community=community)


def moment(giver: str, receiver: str) -> tuple[Leg, Leg]:
    return Leg(account=giver, given=1), Leg(account=receiver, received=1)


def other_way(moment: str) -> str:
    """The id of the second transfer of a moment in which both gave and both received."""
    return derived_id(moment, "other_way")


def sum_of(legs: Iterable[Leg | Account]) -> int:
    """Given less received. Zero over every transfer, and so over all accounts."""
    return sum(leg.given - leg.received for leg in legs)
