"""Every table of every service: what it holds of a person is in their file (rule 15), or it is named here why not.

Whatever a service derives follows from the log. So a table is in the file when the events that its rows come from are; a new
table, or a new event that somebody forgot, fails here and not in front of a person.
"""

from __future__ import annotations

import pytest

from services.gateway import store as gateway
from services.gateway.download.told import BY_CONCERN, MESSAGES, TOLD
from services.gateway.store import inboxes, stories
from services.ledger import store as ledger
from services.matcher import store as matcher
from services.notifier import store as notifier
from shared import events as e
from shared.rows import KEYS

IN_THE_FILE: dict[object, tuple[type[e.Event], ...]] = {
    gateway.PEERS: (e.PeerJoined, e.ProfileChanged, e.PreferencesChanged, e.ConsentGiven, e.ConsentWithdrawn, e.BreakStarted,
                    e.CountsChanged, e.PulseOffered, e.TrainingNoted, e.WebhookDelivered, e.MomentRefused),
    gateway.REQUESTS: (e.SupportRequested, e.SupportChanged, e.SupportWithdrawn, e.RequestWaiting),
    gateway.PROPOSALS: (e.ProposalMade,),
    gateway.PAIRS: (e.PairFormed, e.ContactOffered, e.ContactTakenBack),
    gateway.CONCERNS: (e.ConcernRaised, e.ConcernClosed),
    inboxes.INBOXES: (e.MessageIntended, e.MessageDelivered, e.MessageFailed, e.MessageWithheld),
    gateway.BY_HAND: (e.PeerTold,),
    matcher.PEERS: (e.RequestWaiting, e.ProposalMade, e.ProposalAnswered, e.PairFormed, e.PairEnded, e.PeerBlocked,
                    e.BreakStarted, e.BreakEnded, e.RequestSetAside, e.RequestResumed, e.CountsChanged),
    matcher.REQUESTS: (e.SupportRequested, e.SupportChanged),
    matcher.PROPOSALS: (e.ProposalMade, e.ProposalAnswered),
    matcher.PAIRS: (e.PairFormed,),
    ledger.HOLDERS: (e.PeerJoined, e.PairFormed, e.BreakStarted, e.BreakEnded, e.MilestoneReached, e.PulseOffered,
                     e.PulseAnswered),
    ledger.PAIRS: (e.PairFormed,),
    ledger.AGREEMENTS: (e.ConsentGiven, e.ConsentWithdrawn, e.TrainingNoted),
    notifier.PEOPLE: (e.PeerJoined, e.ProfileChanged, e.PreferencesChanged, e.BreakStarted, e.MessageIntended, e.PairFormed,
                      e.ReferralUsed, e.WebhookDelivered),
    notifier.PAIRS: (e.PairFormed, e.ContactOffered, e.ContactTakenBack),
    notifier.MESSAGES: (e.MessageIntended,),
}

IN_THE_STORY = {gateway.DIFFERS, stories.STORIES, stories.MOMENTS, stories.PLACES, ledger.ACCOUNTS, ledger.TRANSFERS,
                ledger.CORRECTIONS, ledger.MEMORIES}
"""The reader's whole story is in the file, from the gateway's own rows; the two counts are as well."""

_FINGERPRINT = "a keyed hash from which nobody can read anything; the file says that it is kept"
_NOBODY = "about nobody, or counts in which nobody stands"
_REFERRAL = "of somebody who is no peer yet: whoever takes it up finds what they agreed to in their file"
NOT_IN_THE_FILE: dict[object, str] = {
    KEYS: "a secret that opens what is in the file",
    gateway.DRAFTS: "neither of the two ever learns of it: a coordinator looks first (decision 17)",
    matcher.DRAFTS: "neither of the two ever learns of it: a coordinator looks first (decision 17)",
    matcher.ROUNDS: "whom the latest round left out, by random ids, until the next; how we look is told in words",
    matcher.WEEKS: _NOBODY,
    ledger.LEFT: "whoever left has no page any more",
    ledger.CHAINS: _NOBODY, ledger.COMMUNITIES: _NOBODY, ledger.TALLIES: _NOBODY, ledger.WAITING: _NOBODY,
    ledger.SIGNALS: _NOBODY, gateway.SIGNALS: _NOBODY, notifier.WAITS: _NOBODY,
    ledger.CONCERNS: "bears no id of whoever raised it; the concern itself is in the file",
    notifier.READY: "which messages may go now: the message is in the file once it went",
    notifier.NOT_THERE: "that a mail server knew of no such address: the message that could not be delivered is in the file",
    notifier.WEBHOOKS: "what a partner has not been told yet; what it was told is in the file",
    notifier.REFERRALS: _REFERRAL, gateway.REFERRALS: _REFERRAL,
    gateway.RECEIPTS: "what became of a partner's event, by that event's number; what came of it is in the file",
    **dict.fromkeys((gateway.ADDRESSES, gateway.ADDRESS_OF, gateway.ADDRESS_NEXT, gateway.INVITED,
                     gateway.INVITED_AS, gateway.UNINVITED,
                     gateway.SILENCED, gateway.REFERRED_AS, gateway.KNOWN_AS, gateway.KNOWN_BY), _FINGERPRINT),
}
EVERY_TABLE = {each: f"{service}.{each.name}" for service, tables in (
    ("gateway", gateway.TABLES), ("matcher", matcher.TABLES), ("ledger", ledger.TABLES), ("notifier", notifier.TABLES))
    for each in tables}


@pytest.mark.parametrize("table", EVERY_TABLE, ids=EVERY_TABLE.values())
def test_every_table_of_every_service_is_in_the_file_or_has_a_reason_not_to_be(table: object) -> None:
    assert sum(table in each for each in (IN_THE_FILE, IN_THE_STORY, NOT_IN_THE_FILE)) == 1


def test_what_the_file_is_said_to_have_it_has() -> None:
    told = {*TOLD, *MESSAGES, BY_CONCERN}
    assert {event for events in IN_THE_FILE.values() for event in events} <= told
