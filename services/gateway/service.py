"""The visible table: which event changes the read model how."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from services.gateway import left_ids
from services.gateway.handlers import (
    concerns,
    drafts,
    inboxes,
    leaving,
    moments,
    pairs,
    peers,
    proposals,
    pulse,
    receipts,
    referrals,
    requests,
    signals,
    stories,
)
from services.gateway.store import SERVICE, TABLES
from shared import events as e
from shared.rows import Ref, Rows
from shared.service import Handling, Service
from shared.stream.names import Partition


def _needs_timer(rows: Rows, event: e.TimerElapsed) -> Iterable[Ref]:
    yield from referrals.needs_timer(rows, event)
    yield from receipts.needs_timer(rows, event)


INPUTS: dict[type[e.Event], Handling] = {
    e.PeerJoined: Handling(needs=peers.needs, apply=peers.joined),
    e.ProfileChanged: Handling(needs=peers.needs, apply=peers.profile),
    e.AddressGiven: Handling(),
    e.AddressChanged: Handling(needs=peers.needs_to_move, apply=peers.moves),
    e.PreferencesChanged: Handling(needs=peers.needs, apply=peers.preferences),
    e.ConsentGiven: Handling(needs=peers.needs, apply=peers.consents),
    e.ConsentWithdrawn: Handling(needs=peers.needs, apply=peers.takes_back),
    e.WebhookDelivered: Handling(needs=peers.needs, apply=peers.hears),
    e.BreakStarted: Handling(needs=peers.needs, apply=peers.rests),
    e.BreakEnded: Handling(needs=peers.needs, apply=peers.returns),
    e.PeerSuspended: Handling(needs=peers.needs, apply=peers.suspended),
    e.PeerTold: Handling(needs=peers.needs_told, apply=peers.told),
    e.PeerRestored: Handling(needs=peers.needs, apply=peers.restored),
    e.CountsChanged: Handling(needs=peers.needs, apply=peers.counts),
    e.PeerLeft: Handling(needs=leaving.needs, apply=leaving.left),
    e.SupportRequested: Handling(needs=requests.needs, apply=requests.requested),
    e.SupportChanged: Handling(needs=requests.needs, apply=requests.said_anew),
    e.SupportWithdrawn: Handling(needs=requests.needs, apply=requests.gone),
    e.RequestWaiting: Handling(needs=requests.needs, apply=requests.waiting),
    e.RequestRefused: Handling(needs=requests.needs, apply=requests.gone),
    e.RequestSetAside: Handling(needs=requests.needs, apply=requests.set_aside),
    e.RequestResumed: Handling(needs=requests.needs, apply=requests.resumed),
    e.ProposalDrafted: Handling(needs=drafts.needs, apply=drafts.drafted),
    e.ProposalApproved: Handling(needs=drafts.needs, apply=drafts.decided),
    e.ProposalDeclined: Handling(needs=drafts.needs, apply=drafts.decided),
    e.ProposalDiscarded: Handling(needs=drafts.needs, apply=drafts.discarded),
    e.ProposalMade: Handling(needs=proposals.needs, apply=proposals.made),
    e.ProposalAnswered: Handling(needs=proposals.needs_to_answer, apply=proposals.answered),
    e.AnswerRefused: Handling(needs=proposals.needs_to_answer, apply=proposals.refused),
    e.ProposalLapsed: Handling(needs=proposals.needs, apply=proposals.closed),
    e.ProposalWithdrawn: Handling(needs=proposals.needs, apply=proposals.closed),
    e.PairFormed: Handling(needs=proposals.needs, apply=proposals.formed),
    e.PairEnded: Handling(needs=pairs.needs_to_end, apply=pairs.ended),
    e.PairClosed: Handling(needs=pairs.needs_to_close, apply=pairs.closed),
    e.PeerBlocked: Handling(needs=pairs.needs_to_block, apply=pairs.blocked),
    e.ContactOffered: Handling(needs=pairs.needs_pair, apply=pairs.offered),
    e.ContactTakenBack: Handling(needs=pairs.needs_pair, apply=pairs.taken_back),
    e.MomentShared: Handling(needs=moments.needs_shared, apply=moments.shared),
    e.MomentCorrected: Handling(),  # these two only so that a page waits for them: what comes of them the ledger says
    e.MomentPutBack: Handling(),
    e.MomentRecorded: Handling(needs=stories.needs_recorded, apply=stories.recorded),
    e.MomentReversed: Handling(needs=stories.needs, apply=stories.reversed),
    e.MomentRestored: Handling(needs=stories.needs, apply=stories.restored),
    e.MomentThanked: Handling(needs=stories.needs, apply=stories.thanked),
    e.MomentRememberedDifferently: Handling(needs=stories.needs, apply=stories.differs),
    e.MomentUpheld: Handling(needs=stories.needs, apply=stories.upheld),
    e.MomentKeptApart: Handling(needs=stories.needs, apply=stories.kept_apart),
    e.MomentRefused: Handling(needs=moments.needs_refused, apply=moments.refused),
    e.RefusalCleared: Handling(needs=moments.needs_cleared, apply=moments.cleared),
    e.PulseOffered: Handling(needs=pulse.needs, apply=pulse.offered),
    e.PulseAnswered: Handling(needs=pulse.needs, apply=pulse.answered),
    e.GestureSent: Handling(needs=moments.needs_sent, apply=moments.sent),
    e.MessageIntended: Handling(needs=inboxes.needs, apply=inboxes.intended),
    e.MessageHeld: Handling(needs=inboxes.needs, apply=inboxes.held),
    e.MessageWithheld: Handling(needs=inboxes.needs, apply=inboxes.withheld),
    e.MessageDelivered: Handling(needs=inboxes.needs, apply=inboxes.delivered),
    e.MessageFailed: Handling(needs=inboxes.needs, apply=inboxes.failed),
    e.MessageBounced: Handling(needs=inboxes.needs_to_bounce, apply=inboxes.bounced),
    e.ReferralMade: Handling(needs=referrals.needs, decide=referrals.expires_later, apply=referrals.made),
    e.ReferralUsed: Handling(needs=referrals.needs_to_use, apply=referrals.used),
    e.ReferralRefused: Handling(needs=referrals.needs_to_close, apply=referrals.refused),
    e.CheckinRecorded: Handling(needs=receipts.needs, decide=receipts.expires_later, apply=receipts.brought),
    e.CheckinPosted: Handling(needs=receipts.needs, apply=receipts.posted),
    e.CheckinRefused: Handling(needs=receipts.needs, apply=receipts.refused),
    e.TrainingCompleted: Handling(needs=receipts.needs, decide=receipts.expires_later, apply=receipts.brought),
    e.TrainingNoted: Handling(needs=receipts.needs, apply=receipts.noted),
    e.TrainingRefused: Handling(needs=receipts.needs, apply=receipts.refused),
    e.TimerElapsed: Handling(needs=_needs_timer, decide=referrals.expire, apply=receipts.forgotten),
    e.SignalsComputed: Handling(needs=signals.needs, apply=signals.computed),
    e.ConcernRaised: Handling(needs=concerns.needs, apply=concerns.raised),
    e.ConcernClosed: Handling(needs=concerns.needs, apply=concerns.closed),
}


def service(partition: Partition, data: Path) -> Service:
    """The gateway on one partition. `data` is where the ids of who left outlive Redis."""
    async def before_commit(said: Sequence[e.Event]) -> None:
        await left_ids.remember(data, partition, [id for event in said if (id := _whose_key_goes(event)) is not None])

    return Service(name=SERVICE, tables=TABLES, inputs=INPUTS, own={e.ReferralExpired: referrals.expired},
                   before_commit=before_commit)


def _whose_key_goes(event: e.Event) -> str | None:
    """Whoever left, and a referral once it is used, refused or expired."""
    if isinstance(event, e.PeerLeft):
        return event.peer
    return event.referral if isinstance(event, e.ReferralUsed | e.ReferralRefused | e.ReferralExpired) else None
