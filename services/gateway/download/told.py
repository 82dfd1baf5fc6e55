"""What each event tells somebody of themselves, in the file that has everything held about them.

The list is closed: an event that stands in neither table fails a test. Nothing here says what another person answered, did or
chose, or when they did so (rule 17); where an event names two people, only what the reader's own pages show of it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from services.gateway.domain.references import reference
from shared import events as e

Fields = dict[str, Any]
"""What is told, by names for which the catalogue has words."""


class Reader(Protocol):
    """Whose file it is."""

    peer: str

    def open(self, sealed: e.Sealed | None, model: type[BaseModel]) -> Fields | None: ...

    def buddy(self, pair: str) -> str:
        """The name that the other of a pair has for the reader now."""
        ...


Tell = Callable[[Reader, Any], Fields | None]
"""None: nothing of this one is for this reader."""


def _mine(*fields: str, by: str = "peer") -> Tell:
    """These fields of what the reader did or was told; nothing where it was somebody else's."""
    return lambda reader, event: {name: getattr(event, name) for name in fields} if getattr(event, by) == reader.peer else None


def _sealed(field: str, model: type[BaseModel], *fields: str) -> Tell:
    """The same, with what a seal holds laid open among them."""
    def tell(reader: Reader, event: Any) -> Fields | None:
        if event.peer != reader.peer:
            return None
        return {name: getattr(event, name) for name in fields} | (reader.open(getattr(event, field), model) or {})
    return tell


def _of_pair(*fields: str, by: str = "peer") -> Tell:
    """What the reader did, and with which buddy."""
    own = _mine(*fields, by=by)

    def tell(reader: Reader, event: Any) -> Fields | None:
        told = own(reader, event)
        return None if told is None else {"buddy": reader.buddy(event.pair), **told}
    return tell


def _of_request(*fields: str) -> Tell:
    own = _mine(*fields)

    def tell(reader: Reader, event: Any) -> Fields | None:
        told = own(reader, event)
        return None if told is None else {"reference": reference(event.request), **told}
    return tell


def _asked(reader: Reader, event: e.SupportRequested | e.SupportChanged) -> Fields | None:
    details = _sealed("details", e.Details, "capacity")(reader, event)
    return None if details is None else {"reference": reference(event.request), **details}


def _proposed(reader: Reader, event: e.ProposalMade) -> Fields | None:
    if reader.peer not in event.peers:
        return None
    why = reader.open(event.reasons[event.peers.index(reader.peer)], e.Reasons) or {}
    return {"proposal": event.proposal, "reasons": why.get("facts")}


def _introduced(reader: Reader, event: e.PairFormed) -> Fields | None:
    return {"buddy": reader.buddy(event.pair)} if reader.peer in event.peers else None


def _shared(reader: Reader, event: e.MomentShared) -> Fields | None:
    """As whoever wrote it down; what the other wrote stands in the story, as far as it was taken."""
    if event.recorded_by != reader.peer:
        return None
    direction = "both" if event.both_ways else "gave" if event.giver == reader.peer else "received"
    return {"buddy": reader.buddy(event.pair), "direction": direction, "kind": event.kind, "minutes": event.minutes,
            "way": event.way, "happened_ms": event.happened_ms}


def _offered(reader: Reader, event: e.ContactOffered) -> Fields | None:
    told = _sealed("contact", e.Contact)(reader, event)
    return None if told is None else {"buddy": reader.buddy(event.pair), "contact": told.get("text")}


def _ended(reader: Reader, event: e.PairEnded) -> Fields | None:
    told = _of_pair("ending")(reader, event)
    return None if told is None else {**told, "left": event.note}


def _concern(reader: Reader, event: e.ConcernRaised) -> Fields | None:
    if event.peer != reader.peer:
        return None
    buddy = {} if event.pair is None else {"buddy": reader.buddy(event.pair)}
    return {**buddy, "danger": event.danger, **(reader.open(event.text, e.FreeText) or {})}


def _checked_in(reader: Reader, event: e.CheckinRecorded) -> Fields | None:
    """Of whom a partner named first. The other's part of it is in their story, if they agreed to that (decision 22)."""
    if event.peers[0] != reader.peer:
        return None
    return {"partner": event.partner, "happened_ms": event.happened_ms, "kinds": [each.kind for each in event.moments]}


TOLD: Mapping[type[e.Event], Tell] = {
    e.PeerJoined: _sealed("profile", e.Profile, "community"),
    e.ProfileChanged: _sealed("profile", e.Profile),
    e.PreferencesChanged: _mine("quiet", "zone", "stopped", "frequency", "without", "language", "leave_messages"),
    e.ConsentGiven: _mine("wording", "version", "partner"),
    e.ConsentWithdrawn: _mine("wording", "partner"),
    e.SignInRequested: _mine(),
    e.ReferralUsed: _mine("agreed"),
    e.SupportRequested: _asked,
    e.SupportChanged: _asked,
    e.SupportWithdrawn: _of_request(),
    e.RequestWaiting: _of_request("since_ms"),
    e.RequestRefused: _of_request(),
    e.RequestSetAside: _of_request(),
    e.RequestResumed: _of_request(),
    e.ProposalMade: _proposed,
    e.ProposalAnswered: _mine("proposal", "answer"),
    e.PairFormed: _introduced,
    e.ContactOffered: _offered,
    e.ContactTakenBack: _of_pair(),
    e.PairEnded: _ended,
    e.PeerBlocked: _mine(),
    e.BreakStarted: _mine("kind", "until_ms"),
    e.BreakEnded: _mine(),
    e.MomentShared: _shared,
    e.GestureSent: _of_pair("gesture", by="giver"),
    e.MomentThanked: _of_pair(),
    e.MomentRememberedDifferently: _mine("moment"),
    e.MomentUpheld: _mine("moment"),
    e.MomentKeptApart: _mine("moment"),
    e.MomentCorrected: _mine("moment", "reason"),
    e.MomentPutBack: _mine("moment"),
    e.MomentRefused: _mine("moment"),
    e.RefusalCleared: _mine("moment"),
    e.CountsChanged: _mine("given", "received"),
    e.MilestoneReached: _mine("milestone"),
    e.PulseOffered: _mine(),
    e.PulseAnswered: _mine("listened"),
    e.TrainingCompleted: _sealed("about", e.Training, "partner"),
    e.TrainingNoted: _mine("partner"),
    e.CheckinRecorded: _checked_in,
    e.WebhookDelivered: _mine("partner", "what"),
    e.ConcernRaised: _concern,
    e.AddressGiven: _mine(),
    e.AddressChanged: _mine(),
    e.AddressCleared: _mine(),
    e.MessageBounced: _mine(by="to"),
    e.PeerSuspended: _mine(),
    e.PeerRestored: _mine(),
    e.PeerTold: _mine("until_ms"),
}

MESSAGES: tuple[type[e.Event], ...] = (e.MessageIntended, e.MessageDelivered, e.MessageFailed, e.MessageWithheld)
"""Told together, one line for each message (`messages.py`)."""

BY_CONCERN = e.ConcernClosed
"""Names no person: told to whoever raised that concern."""

_ENDS = "when and how it closed would say what the other of the two answered or did (rule 17)"
_STORY = "the story has it, as far as it is the reader's to know (decision 24)"
_NOBODY = "it is about nobody, or names nobody who is a peer"
_INNER = "a step on the way to something that is told"
_UNSEEN = "neither of the two ever learns of it: a coordinator looks first (decision 17)"
_REASONS: Mapping[str, Iterable[type[e.Event]]] = {
    _ENDS: (e.ProposalLapsed, e.ProposalWithdrawn, e.AnswerRefused, e.PairClosed),
    _STORY: (e.MomentRecorded, e.MomentReversed, e.MomentRestored, e.CheckinPosted),
    _UNSEEN: (e.ProposalDrafted, e.ProposalApproved, e.ProposalDeclined, e.ProposalDiscarded, e.DecisionRefused),
    "who gives more than they receive is protected and never told a difference (rule 6); what was offered is among messages":
        (e.GivingUnreturned, e.ReceivingUnrecorded),
    "names people who were looked at beside each other and never put to one another":
        (e.RoundChosen, e.RoundIntended, e.RoundApplied, e.RoundRun, e.RoundScheduled),
    _NOBODY: (e.SignalsIntended, e.SignalsComputed, e.WaitingCounted, e.ReferralMade, e.ReferralRefused, e.ReferralExpired,
              e.CheckinRefused, e.TrainingRefused, e.EntrySetAside),
    _INNER: (e.MessageHeld, e.MessageAttempted, e.WebhookIntended, e.WebhookAttempted, e.WebhookFailed, e.TimerElapsed,
             e.EntryReplayed),
    "whoever leaves has no page any more": (e.PeerLeft,),
}
UNTOLD: Mapping[type[e.Event], str] = {event: why for why, events in _REASONS.items() for event in events}
"""Every other event, and why nothing of it is in the file."""
