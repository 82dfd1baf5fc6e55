"""The gateway's events: what peers do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import GATEWAY, Event, PeerId, Sealed
from shared.events.words import (
    Answer,
    BreakKind,
    ClosingNote,
    Correction,
    Ending,
    Frequency,
    Gesture,
    Kind,
    Listened,
    QuietHours,
    Way,
)


class PeerJoined(Event, type="peer.joined", owner=GATEWAY):
    """Somebody asked for a buddy for the first time."""

    peer: PeerId
    community: str
    profile: Sealed
    by: Literal["coordinator"] | None = Field(None, description="a coordinator, for who has no internet; none: themself")


class ProfileChanged(Event, type="peer.profile_changed", owner=GATEWAY):
    """Somebody gave another address, a telephone number or a first name. Each one says everything anew."""

    peer: PeerId
    profile: Sealed


class AddressGiven(Event, type="address.given", owner=GATEWAY):
    """Somebody would like to be written to elsewhere. A link and a code go there; the address is theirs once one is used."""

    peer: PeerId
    address: Sealed
    secret: Sealed
    number: bool = Field(False, description="true: it is a telephone number, where a code alone goes")


class AddressChanged(Event, type="address.changed", owner=GATEWAY):
    """The other address is theirs now; `peer.profile_changed` right after this has it. A word goes to the one before, in
    case it was somebody else who did this."""

    peer: PeerId
    before: Sealed


class PreferencesChanged(Event, type="peer.preferences_changed", owner=GATEWAY):
    """Somebody chose when we write to them, or whether we write at all. Each one says everything anew."""

    peer: PeerId
    quiet: QuietHours | None = Field(None, description="none: every hour is fine for this person")
    stopped: bool = Field(False, description="true: nothing but sign-in messages; the rest is on their page (rule 10)")
    frequency: Frequency = Frequency.AS_IT_HAPPENS
    without: tuple[str, ...] = Field((), description="messages that this person stopped: `essential`, `kind`, `nudge`")
    language: str | None = Field(None, description="of the messages; none: the programme's")
    leave_messages: bool = Field(False, description="it is safe to leave a message here")
    zone: str | None = Field(None, description="the person's own, where `quiet` is none and names none; IANA name")
    by_text: tuple[str, ...] = Field((), description="messages that come as a text message instead of an e-mail: `essential`, "
                                                     "`kind`, `nudge`")


class ConsentGiven(Event, type="consent.given", owner=GATEWAY):
    """Explicit consent, separate from all else, with the wording's name and version (rule 15)."""

    peer: PeerId
    wording: str
    version: str
    partner: str | None = Field(None, description="whom it lets tell us of this person; `wording` says what: `checkins`, "
                                                  "`training`")
    by: Literal["coordinator"] | None = Field(None, description="a coordinator read the wording out, and they agreed; none: "
                                                               "they read it themself")


class ConsentWithdrawn(Event, type="consent.withdrawn", owner=GATEWAY):
    """From here on nothing more is taken in under that consent; what came before stays."""

    peer: PeerId
    wording: str
    partner: str


class SupportRequested(Event, type="support.requested", owner=GATEWAY):
    """Somebody asked for a buddy, saying what they seek and what they could offer."""

    peer: PeerId
    request: str
    community: str
    details: Sealed
    capacity: int = Field(1, ge=1, le=5, description="most open proposals and pairs at a time (rule 2)")
    by: Literal["coordinator"] | None = Field(None, description="a coordinator, for who has no internet; none: themself")


class SupportChanged(Event, type="support.changed", owner=GATEWAY):
    """Somebody says anew what they seek and offer. It is the same request, and keeps its place in the queue."""

    peer: PeerId
    request: str
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
    by: Literal["coordinator"] | None = Field(None, description="a coordinator, for who has no internet; none: themself")


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
    way: Way | None = Field(None, description="how the two were in touch, where it was said")
    both_ways: bool = Field(False, description="both gave and both received: two linked transfers, one each way")
    happened_ms: int | None = Field(None, description="none means when it was written down")


class MomentThanked(Event, type="moment.thanked", owner=GATEWAY):
    """Somebody thanks the other of the pair for a moment. It counts nothing; the thanks is a kind message."""

    moment: str
    pair: str
    peer: PeerId
    to: PeerId


class MomentRememberedDifferently(Event, type="moment.remembered_differently", owner=GATEWAY):
    """The other of the two says so of a moment. It stands until whoever wrote it down, or an operator, takes it back."""

    moment: str
    peer: PeerId


class MomentUpheld(Event, type="moment.upheld", owner=GATEWAY):
    """A moment that is remembered differently stays as it is; who says so is whoever wrote it down, or an operator."""

    moment: str
    peer: PeerId | None = Field(None, description="none: an operator")


class MomentKeptApart(Event, type="moment.kept_apart", owner=GATEWAY):
    """A moment that may have been the same as the other's of that day is one of its own, says whoever wrote it down later."""

    moment: str
    peer: PeerId


class MomentCorrected(Event, type="moment.corrected", owner=GATEWAY):
    """Whoever wrote a moment down says that it did not happen so, or an operator does."""

    moment: str
    peer: PeerId | None = Field(description="whoever wrote it down; none: an operator")
    reason: Correction = Correction.MISTAKE


class MomentPutBack(Event, type="moment.put_back", owner=GATEWAY):
    """A correction was itself wrong: the moment did happen. Said by whoever took it back, or by an operator."""

    moment: str
    peer: PeerId | None = Field(None, description="none: an operator")


class RefusalCleared(Event, type="refusal.cleared", owner=GATEWAY):
    """Somebody has read that something of theirs was not taken, and would like it gone from their page."""

    moment: str
    peer: PeerId


class GestureSent(Event, type="gesture.sent", owner=GATEWAY):
    """One tap, one moment, one kind message."""

    moment: str
    pair: str
    giver: PeerId
    receiver: PeerId
    gesture: Gesture


class PulseAnswered(Event, type="pulse.answered", owner=GATEWAY):
    """Did this person feel listened to lately? Of nobody in particular: no buddy is named, and none is rated."""

    peer: PeerId
    listened: Listened


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
    note: ClosingNote | None = Field(None, description="shown to the other with the notice next morning, where one was chosen")


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
    about: Literal["concern", "request"] = Field("concern", description="where it was written: as a concern, or in one's own "
                                                                        "words with a request")
    danger: bool = Field(False, description="its words suggest danger (rule 16): it is looked at before the others")


class ConcernClosed(Event, type="concern.closed", owner=GATEWAY):
    """A person of the programme has looked at it."""

    concern: str


class PeerLeft(Event, type="peer.left", owner=GATEWAY):
    """The write that passes this destroys the person's key; the page that sent it was the goodbye."""

    peer: PeerId


class PeerSuspended(Event, type="peer.suspended", owner=GATEWAY):
    """A coordinator lets nothing new be proposed to this person, until they lift it. Place and pairs stay."""

    peer: PeerId


class PeerRestored(Event, type="peer.restored", owner=GATEWAY):
    """A coordinator lifted it: this person is looked for again, from the place they always had."""

    peer: PeerId


class PeerTold(Event, type="peer.told", owner=GATEWAY):
    """A coordinator told somebody who has no address with us, by telephone or letter, what we would have written until then."""

    peer: PeerId
    until_ms: int


class SignInRequested(Event, type="sign_in.requested", owner=GATEWAY):
    """Somebody asked for a link to their page, or filled in the form with the address of somebody who is here."""

    peer: PeerId
    secret: Sealed
    by_form: bool = Field(False, description="true: our form was filled in with this address; no more follows from it")
    by_other: bool = Field(False, description="true: somebody else gave this address as their own; no more follows from it")
