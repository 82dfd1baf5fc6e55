"""The gateway's tables: its read model, built from the log, and the index of addresses, which is not.

A peer's row holds what that peer's own page shows, so a page is one read of it and one of what it points to. Nobody's
row holds what another person answered, said or did against them (rule 17).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from services.gateway.store.inboxes import INBOXES
from services.gateway.store.stories import MOMENTS, PLACES, STORIES
from shared.clock import DAY_MS
from shared.events import ClosingNote, Frequency, Gesture, Hears, Kind, QuietHours, Sealed, Signal
from shared.rows import KEYS, Table

SERVICE = "gateway"

KINDS = ("essential", "kind", "nudge")
"""Classes of messages that somebody can stop."""

INBOX_MAX = 30
"""Gestures and thanks kept on a page: at a few a week, some months of them."""

LATE_MS = 30 * DAY_MS
"""How long the ledger takes a moment of a pair that has ended. As long its safety can be spoken of from the page."""

SENT_MAX = 10
"""Moments and gestures that the ledger has yet to answer: it does so within a second, or is away, and nobody taps on long."""

REFUSALS_MAX = 10
"""What was not taken and not cleared away yet, the latest first: as much as somebody can send at a time."""

ASKS_MAX = 20
"""Moments about which somebody is asked something on their page, the latest first. All of them are in their story."""

PULSE_LIVES_MS = 28 * DAY_MS
"""How long a page asks whether somebody felt listened to: four weeks, the shortest window of a signal. Then it lets it be."""

TRAININGS_MAX = 20
"""Trainings on a page, the latest first: more than anybody needs to see of a year or two of courses."""

HEARD_MAX = 50
"""What partners were told, on a page, the latest first: two for each buddy, so that of many years."""

REST_MS = 14 * DAY_MS
"""How long the matcher proposes nothing after *not now* (rule 1)."""

NOTICES_MAX = 5
"""More than end for one person in two weeks: a capacity's worth of pairs. Nudges have as many places of their own."""

NOTICE_LIVES_MS = 14 * DAY_MS
"""How long a page says that something is not going ahead. A proposal lapses after 7 days, so whoever came in time to say yes
to one looks often enough to read this within 14, and after that nobody has to meet it again and again."""


UNREACHED_LIVES_MS = 28 * DAY_MS
"""How long a page says that a message could not be delivered: whoever stopped messages since would read it for ever."""

RECEIPT_LIVES_MS = 30 * DAY_MS
"""How long a partner may ask what became of something: a month, the longest between two looks of whoever sends by the month."""


R = TypeVar("R", bound=BaseModel)


def latest(rows: Iterable[R], sort: Callable[[R], object], most: int) -> tuple[R, ...]:
    """At most so many of each sort, newest first as they come: so one sort never pushes another out."""
    seen = Counter[object]()
    kept = []
    for row in rows:
        seen[sort(row)] += 1
        if seen[sort(row)] <= most:
            kept.append(row)
    return tuple(kept)


class Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Received(Row):
    """A kind word in the inbox: a gesture, or thanks for a moment."""

    giver: str
    gesture: Gesture | None = None
    at_ms: int
    moment: str | None = None
    """For which one it thanks."""


class Sent(Row):
    """What somebody wrote down or tapped and the ledger has not answered yet: if it takes none of it, the page can say what."""

    moment: str
    kind: Kind
    at_ms: int
    """When it was sent."""


class Refusal(Row):
    """What the ledger did not take, and why, until the person has cleared it away."""

    moment: str
    kind: Kind | None
    """None: nothing is known here of what they meant."""
    at_ms: int
    """When it was sent; of a moment that is in the story, when that was."""
    reason: str


class Heard(Row):
    """What a partner was told of somebody who agreed to it."""

    partner: str
    what: Hears
    at_ms: int


class Trained(Row):
    """A training that a partner told us of."""

    training: str
    partner: str
    about: Sealed


class Before(Row):
    """A pair that ended not long ago: its moments may still be written down, and either of the two may say that it was
    not safe, raise a concern or block, whoever ended it first."""

    pair: str
    other: str
    until_ms: int
    formed_ms: int = 0

    @property
    def ended_ms(self) -> int:
        return self.until_ms - LATE_MS


class Notice(Row):
    """Something that the notifier says and the page shows too, from `from_ms` on: that something is not going ahead, whatever
    it was and however it came (rule 17), or a nudge."""

    message: str
    from_ms: int
    template: str = "not_going_ahead"
    note: ClosingNote | None = None
    """What the other of a pair left for them."""
    pair: str | None = None
    """That pair, where there is a note."""


class Consented(Row):
    """What somebody agreed to, by its wording's name and version, and when they last did; where it lets a partner tell us
    something, which partner, and since when no more."""

    wording: str
    version: str
    at_ms: int
    partner: str | None = None
    taken_back_ms: int | None = None
    by: Literal["coordinator"] | None = None
    """A coordinator, who read the wording out."""


class PeerRow(Row):
    community: str
    profile: Sealed
    quiet: QuietHours | None = QuietHours()
    stopped: bool = False
    frequency: Frequency = Frequency.AS_IT_HAPPENS
    without: tuple[str, ...] = ()
    """Classes of messages that they stopped."""
    language: str | None = None
    leave_messages: bool = False
    by_text: tuple[str, ...] = ()
    zone: str | None = None
    """Their own, for as long as every hour is fine; `quiet` names it otherwise."""
    consents: tuple[Consented, ...] = ()
    """One for each wording and partner: as long as the person is here, however long the archive is kept (rule 15)."""
    request: str | None = None
    aside: bool = False
    """Nothing is suggested for that request until they would like it."""
    proposals: tuple[str, ...] = ()
    said_yes: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    """Proposals answered otherwise: shown no more, and here until the matcher closes them."""
    rests: dict[str, int] = {}
    """Proposal answered *not now* → until when nothing new is suggested, in ms."""
    pairs: tuple[str, ...] = ()
    before: tuple[Before, ...] = ()
    break_until_ms: int = 0
    given: int = 0
    received: int = 0
    inbox: tuple[Received, ...] = ()
    stories: tuple[str, ...] = ()
    """Pairs of which something is recorded, the first first; what, is in rows of their own."""
    sent: tuple[Sent, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    asks: tuple[str, ...] = ()
    """Moments that this peer wrote down and is asked something about."""
    pulse_ms: int = 0
    """When the question whether they felt listened to was put to them; 0 when it is answered or never was."""
    notices: tuple[Notice, ...] = ()
    address_ms: int = 0
    """When another address became theirs; 0: never. A link to sign in that was sent before went to the one before."""
    closing: dict[str, ClosingNote] = {}
    """Pair → what the one who ended it left for this peer, until the notice that shows it is intended."""
    unreached_ms: int = 0
    """When a message could not reach them; 0 once one does, or none ever failed."""
    trainings: tuple[Trained, ...] = ()
    hears: tuple[Heard, ...] = ()
    """What partners were told of them, the latest first."""
    proposed_ms: int = 0
    """When somebody was last proposed to them; 0 while nobody was."""
    suspended_ms: int = 0
    """Since when a coordinator lets nothing new be proposed to them; 0 otherwise."""

    @property
    def silent(self) -> bool:
        """We write nothing to them but what they ask for themselves."""
        return self.stopped or {*KINDS} <= {*self.without}

    def may_answer(self, proposal: str) -> bool:
        """As far as is known here; the matcher has the last word."""
        return proposal in self.proposals and proposal not in self.set_aside

    def rest_until_ms(self, now_ms: int) -> int:
        """Until when nothing new is suggested after *not now*; 0 when we look."""
        return max((until_ms for until_ms in self.rests.values() if now_ms < until_ms), default=0)

    def agreement(self, partner: str, wording: str) -> Consented | None:
        """What they once said to this partner telling us this, if they were asked."""
        return next((each for each in self.consents if (each.partner, each.wording) == (partner, wording)), None)

    def ended_lately(self, pair: str, now_ms: int) -> Before | None:
        return next((each for each in self.before if each.pair == pair and now_ms < each.until_ms), None)

    def noticed(self, now_ms: int) -> tuple[Notice, ...]:
        """What the page says now."""
        return tuple(each for each in self.notices if each.from_ms <= now_ms < each.from_ms + NOTICE_LIVES_MS)

    def unreached(self, now_ms: int) -> int:
        return self.unreached_ms if now_ms < self.unreached_ms + UNREACHED_LIVES_MS else 0

    def pulse(self, now_ms: int) -> bool:
        """Whether the page asks if they felt listened to: for a while, and never on a break."""
        return now_ms < self.pulse_ms + PULSE_LIVES_MS and self.break_until_ms <= now_ms

    def telling(self, pair: str, moment: str) -> PeerRow:
        """With a story of this pair, and this moment answered."""
        stories = self.stories if pair in self.stories else (*self.stories, pair)
        return self.changed(stories=stories, sent=tuple(each for each in self.sent if each.moment != moment))

    def hearing(self, pair: str, word: Received) -> PeerRow:
        """With this in the inbox; not once they ended the pair that it is of, or blocked."""
        return self.changed(inbox=(word, *self.inbox)[:INBOX_MAX]) if pair in self.pairs else self

    def asked(self, moment: str, asks: bool) -> PeerRow:
        """Asked something about this moment, or no more."""
        others = tuple(each for each in self.asks if each != moment)
        return self.changed(asks=(moment, *others)[:ASKS_MAX] if asks else others)

    def refused(self, refusal: Refusal) -> PeerRow:
        """One place for each moment, however often it was tried."""
        others = tuple(each for each in self.refusals if each.moment != refusal.moment)
        return self.changed(refusals=(refusal, *others)[:REFUSALS_MAX],
                            sent=tuple(each for each in self.sent if each.moment != refusal.moment))

    def changed(self, **changes: Any) -> PeerRow:
        return self.model_copy(update=changes)


class RequestRow(Row):
    peer: str
    details: Sealed
    capacity: int
    since_ms: int


class ProposalRow(Row):
    """While it is open. `reasons[i]` is for the eyes of `peers[i]`."""

    peers: tuple[str, str]
    reasons: tuple[Sealed, Sealed]


class DraftRow(Row):
    """A suggestion that waits for a coordinator, for the desk alone: no peer's row names it (rule 17)."""

    peers: tuple[str, str]
    requests: tuple[str, str]
    reasons: tuple[Sealed, Sealed]
    since_ms: int
    runs_out_ms: int
    decided: Literal["approved", "declined"] | None = None
    """A coordinator has, and the matcher has yet to say what comes of it."""


class DifferRow(Row):
    """A moment that one of a pair remembers differently and no operator has settled, for the desk alone."""

    place: str
    since_ms: int


class ByHandRow(Row):
    """Somebody without an address with us: a coordinator asked for them, tells them what we would write, answers for them."""

    told_ms: int = 0
    """Until when they were told."""


class PairRow(Row):
    """While it lasts."""

    peers: tuple[str, str]
    formed_ms: int = 0
    """0 of a pair from before this was kept."""
    contacts: dict[str, Sealed] = {}

    def other(self, peer: str) -> str:
        first, second = self.peers
        return second if peer == first else first


class ReferralRow(Row):
    """What is left of a referral: no address and nobody's name."""

    partner: str
    community: str
    scope: tuple[str, ...] = ()
    state: Literal["open", "used", "refused", "expired"] = "open"


class ReceiptRow(Row):
    """What became of a partner's check-in or training, for that partner to ask."""

    partner: str
    status: Literal["accepted", "recorded", "refused"] = "accepted"
    reason: str | None = None


class ConcernRow(Row):
    peer: str
    pair: str | None = None
    text: Sealed
    raised_ms: int
    about: Literal["concern", "request"] = "concern"
    danger: bool = False
    """Its words suggest danger, so it is looked at before the others (rule 16)."""
    closed_ms: int | None = None


class SignalsRow(Row):
    """One week of one community, as the ledger reckoned it; kept for ever, as there."""

    signals: tuple[Signal, ...]


def of_week(community: str, week: int) -> str:
    return f"{community}:{week}"


PEERS = Table("peers", PeerRow)
REQUESTS = Table("requests", RequestRow)
PROPOSALS = Table("proposals", ProposalRow)
PAIRS = Table("pairs", PairRow)
REFERRALS = Table("referrals", ReferralRow)
RECEIPTS = Table("receipts", ReceiptRow)
CONCERNS = Table("concerns", ConcernRow)
DRAFTS = Table("drafts", DraftRow)
DIFFERS = Table("differs", DifferRow)
"""Moment → DifferRow."""

BY_HAND = Table("by_hand", ByHandRow)
"""Peer → ByHandRow."""

SIGNALS = Table("signals", SignalsRow)
"""Community and week → SignalsRow."""

ADDRESSES = Table("addresses", bytes, derived=False)
"""HMAC of an address in lower case → the peer it belongs to, for signing in and against asking twice."""

ADDRESS_OF = Table("address_of", bytes, derived=False)
"""Peer → that HMAC, so that leaving finds the row above."""

ADDRESS_NEXT = Table("address_next", bytes, derived=False)
"""Peer → HMAC of the address that they have shown to be theirs, until the event that says so is read: then both rows above are
the new one's, in the write that changes the profile."""

INVITED = Table("invited", bytes, derived=False)
"""That HMAC → the referral whose invitation is open, so that nobody has two at a time."""

INVITED_AS = Table("invited_as", bytes, derived=False)
"""Referral → that HMAC, while it is open."""

UNINVITED = Table("uninvited", bytes, derived=False)
"""That HMAC → the referral that was refused: we said that we would not write again."""

SILENCED = Table("silenced", bytes, derived=False)
"""Referral → HMAC of a partner's event that led to no invitation, to tell its repetition from another event."""

REFERRED_AS = Table("referred_as", bytes, derived=False)
"""Referral → HMAC of the partner's name and its own reference for the person, while the invitation is open."""

KNOWN_AS = Table("known_as", bytes, derived=False)
"""That HMAC → the peer who took the invitation up and agreed to be told of."""

KNOWN_BY = Table("known_by", bytes, derived=False)
"""Peer → those HMACs, with a space between, so that leaving finds the rows above."""

TABLES: tuple[Table[Any], ...] = (PEERS, REQUESTS, PROPOSALS, PAIRS, STORIES, MOMENTS, PLACES, INBOXES, REFERRALS, RECEIPTS,
                                  CONCERNS, ADDRESSES, ADDRESS_OF, ADDRESS_NEXT, INVITED, INVITED_AS, UNINVITED, SILENCED,
                                  DRAFTS, DIFFERS, REFERRED_AS, KNOWN_AS, KNOWN_BY, KEYS, SIGNALS, BY_HAND)
