"""The wire: every event that Twoway's services exchange, grouped by the service that owns it.

An event is frozen and says what happened, never what should. On the log an entry has the flat fields `type`, `v`,
`id`, `cause`, `trace` and `body`; the classes below are the `body`. Unknown fields are ignored on read, so a new
optional field keeps the version; anything else is a new class with an upcast and a new fixture in
`tests/data/events/`, where nothing is ever edited.

Ids are random and mean nothing outside Twoway. Times are whole milliseconds since 1970 UTC and end in `_ms`.
A field of type `Sealed` holds text that only the named person's own key opens (`shared/sealing.py`); what is inside is
one of the plain models at the end of the "inside a seal" part.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal, NewType

from pydantic import BaseModel, ConfigDict, Field

Sealed = NewType("Sealed", str)
"""`s1.<key id>.<base64url of nonce and ciphertext>`: AES-256-GCM under the key of that id."""

PeerId = str
GATEWAY, MATCHER, LEDGER, NOTIFIER, ANY = "gateway", "matcher", "ledger", "notifier", "any"


class Event(BaseModel):
    """One thing that happened. Subclasses name their wire type and the one service that says it."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    v: ClassVar[int] = 1
    owner: ClassVar[str]

    def __init_subclass__(cls, *, type: str, owner: str, v: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.type, cls.owner, cls.v = type, owner, v
        if type in _REGISTRY:
            raise TypeError(f"two events are called {type}")
        _REGISTRY[type] = cls


_REGISTRY: dict[str, type[Event]] = {}
REGISTRY: Mapping[str, type[Event]] = _REGISTRY
"""Wire type → class, for every event there is."""


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Answer(StrEnum):
    """What a peer says to a proposal. None of the four costs anything (rule 1)."""

    YES = "yes"
    NOT_NOW = "not_now"
    NOT_THIS_PERSON = "not_this_person"
    SOMEONE_DIFFERENT = "someone_different"


class Way(StrEnum):
    """A way to connect."""

    MESSAGE = "message"
    CALL = "call"
    IN_PERSON = "in_person"
    LETTER = "letter"


class BreakKind(StrEnum):
    DIFFICULT_DAY = "difficult_day"
    BREAK = "break"


class Kind(StrEnum):
    """A kind of moment: one act of support."""

    LISTENED = "listened"
    SHARED_EXPERIENCE = "shared_experience"
    SHARED_COPING = "shared_coping"
    PRACTICAL_HELP = "practical_help"
    GESTURE = "gesture"
    SAT_TOGETHER = "sat_together"
    WELCOMED_NEWCOMER = "welcomed_newcomer"
    OTHER = "other"


class Gesture(StrEnum):
    """A one-tap moment that also sends a kind message."""

    CUP_OF_TEA = "cup_of_tea"
    THINKING_OF_YOU = "thinking_of_you"
    I_HEAR_YOU = "i_hear_you"
    THANK_YOU = "thank_you"


class Ending(StrEnum):
    AGREED = "agreed"
    ONE_SIDE = "one_side"
    MOVED_ON = "moved_on"
    SAFETY = "safety"


class Part(BaseModel):
    """A value inside an event or a seal."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class QuietHours(Part):
    """Local hours in which nothing but sign-in and safety messages is sent (rule 8)."""

    start: str = Field("21:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field("09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    zone: str | None = Field(None, description="IANA name; none or unknown means the programme's zone")


# ── inside a seal ────────────────────────────────────────────────────────────────────────────────────────────────────


class Profile(Part):
    """Who a peer is to Twoway and, by alias alone, to a buddy."""

    alias: str
    email: str
    language: str = "en"


class Details(Part):
    """What a request says about the person: sought, offered, avoided, and how they can connect."""

    seeks: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    ways: tuple[Way, ...] = (Way.MESSAGE,)
    times: tuple[str, ...] = ()
    area: str | None = None
    showable: tuple[str, ...] = Field((), description="sought topics this person lets a proposal name to the other")


class Reason(Part):
    """One plain fact about a proposal: a catalogue key and its words' parameters (topics, ways, languages)."""

    key: Literal["they_offer", "you_offer", "you_both_speak", "you_both_connect_by", "you_share_times"]
    values: tuple[str, ...] = ()


class Reasons(Part):
    """What one of the two is told about why they were put together."""

    facts: tuple[Reason, ...]


class Contact(Part):
    """A way to reach someone outside Twoway, in their own words: a telephone number, an address."""

    text: str


class FreeText(Part):
    text: str


class SignInSecret(Part):
    """The single-use link's token and the code that may be typed instead."""

    token: str
    code: str


class Address(Part):
    """An e-mail address, when nothing else is known of the person."""

    email: str
    language: str = "en"


class Invitation(Address):
    """What a partner told of the person they introduce."""

    consent: str = Field(description="the partner's reference to the person's agreement, in words of the partner's own")


# ── gateway: what peers do ───────────────────────────────────────────────────────────────────────────────────────────


class PeerJoined(Event, type="peer.joined", owner=GATEWAY):
    """Somebody asked for a buddy for the first time."""

    peer: PeerId
    community: str
    profile: Sealed


class PreferencesChanged(Event, type="peer.preferences_changed", owner=GATEWAY):
    """Somebody chose when we write to them, or whether we write at all. Each one says everything anew."""

    peer: PeerId
    quiet: QuietHours | None = Field(None, description="none: every hour is fine for this person")
    stopped: bool = Field(False, description="true: nothing but sign-in messages; the rest is on their page (rule 10)")


class ConsentGiven(Event, type="consent.given", owner=GATEWAY):
    """Explicit consent, separate from all else, with the wording's name and version (rule 15)."""

    peer: PeerId
    wording: str
    version: str


class SupportRequested(Event, type="support.requested", owner=GATEWAY):
    """Somebody asked for a buddy, saying what they seek and what they could offer."""

    peer: PeerId
    request: str
    community: str
    details: Sealed
    capacity: int = Field(1, ge=1, le=5, description="most open proposals and pairs at a time (rule 2)")


class SupportWithdrawn(Event, type="support.withdrawn", owner=GATEWAY):
    """Somebody looks for a buddy no longer, and stays."""

    peer: PeerId
    request: str


class RequestResumed(Event, type="request.resumed", owner=GATEWAY):
    """Somebody who was set aside would like to hear of people again; their place is the one they always had."""

    peer: PeerId
    request: str


class ProposalAnswered(Event, type="proposal.answered", owner=GATEWAY):
    """One of the two answered; nothing happens to either before both said yes (rule 1)."""

    peer: PeerId
    proposal: str
    answer: Answer


class BreakStarted(Event, type="break.started", owner=GATEWAY):
    """Somebody holds everything until a time of their choice; no reason is asked for (rule 4)."""

    peer: PeerId
    kind: BreakKind
    until_ms: int


class BreakEnded(Event, type="break.ended", owner=GATEWAY):
    """The person came back early. A break that runs out ends without this: `break.started` says when."""

    peer: PeerId


class MomentShared(Event, type="moment.shared", owner=GATEWAY):
    """One of a pair wrote down that support was given and received."""

    moment: str
    pair: str
    giver: PeerId
    receiver: PeerId
    kind: Kind
    recorded_by: PeerId
    minutes: int | None = Field(None, ge=1, le=1440)


class MomentCorrected(Event, type="moment.corrected", owner=GATEWAY):
    """Somebody says that a moment they wrote down did not happen so."""

    moment: str
    peer: PeerId


class GestureSent(Event, type="gesture.sent", owner=GATEWAY):
    """One tap, one moment, one kind message."""

    moment: str
    pair: str
    giver: PeerId
    receiver: PeerId
    gesture: Gesture


class ContactOffered(Event, type="contact.offered", owner=GATEWAY):
    """Both contacts appear once both have offered; until then neither learns of the other's (rule 13)."""

    peer: PeerId
    pair: str
    contact: Sealed


class ContactTakenBack(Event, type="contact.taken_back", owner=GATEWAY):
    """The contact shows no longer; it may already be noted."""

    peer: PeerId
    pair: str


class PairEnded(Event, type="pair.ended", owner=GATEWAY):
    """One of the two ended it; the other never learns how (rule 17)."""

    peer: PeerId
    pair: str
    ending: Ending


class PeerBlocked(Event, type="peer.blocked", owner=GATEWAY):
    """For ever, in both directions, and private (rule 4)."""

    peer: PeerId
    blocked: PeerId


class ConcernRaised(Event, type="concern.raised", owner=GATEWAY):
    """Somebody asks the people of the programme to look at something."""

    concern: str
    peer: PeerId
    pair: str | None = None
    text: Sealed


class ConcernClosed(Event, type="concern.closed", owner=GATEWAY):
    """A person of the programme has looked at it."""

    concern: str


class PeerLeft(Event, type="peer.left", owner=GATEWAY):
    """The write that passes this destroys the person's key; the page that sent it was the goodbye."""

    peer: PeerId


class SignInRequested(Event, type="sign_in.requested", owner=GATEWAY):
    """Somebody asked for a link to their page, or filled in the form with the address of somebody who is here."""

    peer: PeerId
    secret: Sealed
    by_form: bool = Field(False, description="true: our form was filled in with this address; no more follows from it")


# ── gateway: what partners publish ───────────────────────────────────────────────────────────────────────────────────


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


# ── matcher ──────────────────────────────────────────────────────────────────────────────────────────────────────────


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


class RoundApplied(Event, type="round.applied", owner=MATCHER):
    """A part of a round that is not its last was gone through: what still held is proposed."""

    round: str
    community: str
    part: int
    proposed: int
    no_longer_held: int


class RoundRun(Event, type="round.run", owner=MATCHER):
    """A round is over. Counts only: people looked at, pairs chosen, proposals made, pairs that no longer held."""

    round: str
    community: str
    waiting: int
    chosen: int
    proposed: int
    no_longer_held: int


# ── ledger ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── notifier ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class MessageClass(StrEnum):
    """How a message may be treated: *sign_in* passes quiet hours; *essential* is never lost; *kind* may be let go."""

    SIGN_IN = "sign_in"
    ESSENTIAL = "essential"
    KIND = "kind"


class MessageIntended(Event, type="message.intended", owner=NOTIFIER):
    """Committed before anything is sent. `message_id` is the fixed Message-ID of every attempt."""

    message: str
    to: str = Field(description="a peer's id, or a referral's")
    template: str
    klass: MessageClass
    message_id: str
    not_before_ms: int
    about: str | None = Field(None, description="the id of what it is about: a proposal, pair, moment or referral")
    traceparent: str | None = Field(None, description="the entry's own `trace`: whoever sends it goes on with that")


class MessageAttempted(Event, type="message.attempted", owner=NOTIFIER):
    """What the worker saw when it tried, the look just before sending included."""

    message: str
    outcome: Literal["delivered", "failed", "hold", "withhold"]
    reason: str | None = None
    not_before_ms: int | None = None


class MessageDelivered(Event, type="message.delivered", owner=NOTIFIER):
    """The mail server took it."""

    message: str
    to: str
    template: str


class MessageHeld(Event, type="message.held", owner=NOTIFIER):
    """Not now: quiet hours, a break or a cap; it is looked at again at `until_ms` (rules 8 and 9)."""

    message: str
    to: str
    template: str
    until_ms: int


class MessageWithheld(Event, type="message.withheld", owner=NOTIFIER):
    """It will not be sent, and why."""

    message: str
    to: str
    template: str
    reason: str
    due_ms: int | None = Field(None, description="when it would have been sent, if nothing was intended before; what it "
                               "would have told stands on the person's page from then")


class MessageFailed(Event, type="message.failed", owner=NOTIFIER):
    """It could not be sent, and is not tried again."""

    message: str
    to: str
    template: str
    reason: str


# ── any ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class TimerElapsed(Event, type="timer.elapsed", owner=ANY):
    """A time came that `service` had asked to be told of."""

    service: str
    what: str
    of: str
    due_ms: int


class EntrySetAside(Event, type="entry.set_aside", owner=ANY):
    """`service` could not process the entry; it waits among the dead letters."""

    service: str
    entry: str
    error: str


class EntryReplayed(Event, type="entry.replayed", owner=ANY):
    """An operator asks `service`, and it alone, to take the entry again, now. Carries the entry's own fields."""

    service: str
    entry: str
    fields: dict[str, str]
