"""The gateway's events: what peers do."""

from __future__ import annotations

from pydantic import Field

from shared.events.base import GATEWAY, Event, PeerId, Sealed
from shared.events.words import Answer, BreakKind, Ending, Gesture, Kind, QuietHours


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
    partner: str | None = Field(None, description="whom it lets tell us of this person; `wording` says what: `checkins`, "
                                                  "`training`")


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
