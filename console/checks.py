"""Invariants that no service can look over alone: cursors against the log, the gateway's pages against matcher and ledger,
people's keys against who is there and who has left. Pure: everything was read before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from services.gateway.store import PairRow, PeerRow, ProposalRow, ReferralRow, RequestRow
from services.gateway.store.stories import StoryRow
from services.ledger.store import Snapshot as Ledger
from services.matcher.store import Snapshot as Matcher
from shared.stream.names import place
from shared.stream.write import START


class Finding(NamedTuple):
    """`what` is wrong, as a stable key, in whose state, with `of`, an id."""

    service: str
    what: str
    of: str


@dataclass(frozen=True)
class Cursor:
    at: str
    read: int


@dataclass(frozen=True)
class Places:
    """A partition's cursors, and its log, as of one moment."""

    cursors: Mapping[str, Cursor]
    last: str
    added: int
    archived: str

    @property
    def at_rest(self) -> bool:
        """Every service has passed the last entry."""
        return all(place(cursor.at) >= place(self.last) for cursor in self.cursors.values())


@dataclass(frozen=True)
class Pages:
    """The gateway's tables, as of one moment; of keys and addresses only whose they are."""

    peers: Mapping[str, PeerRow]
    requests: Mapping[str, RequestRow]
    proposals: Mapping[str, ProposalRow]
    pairs: Mapping[str, PairRow]
    referrals: Mapping[str, ReferralRow]
    holders: Mapping[str, str]
    """HMAC of an address → the peer."""
    addresses: Mapping[str, str]
    """Peer → that HMAC."""
    keys: Collection[str]
    invited: Collection[str] = ()
    """Referrals that hold an address. The event may never have come: then the next one for that address takes over."""
    stories: Mapping[str, StoryRow] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    """HMAC of a partner's reference → the peer."""
    shut: Collection[str] = ()
    """Of whom the key does not open with the installation's."""


def cursors(places: Places) -> Iterator[Finding]:
    """No cursor beyond the log's end, none before what was trimmed, and none that counted otherwise than the log did."""
    for service, cursor in places.cursors.items():
        if place(cursor.at) > place(places.last):
            yield Finding(service, "cursor_beyond_the_log", cursor.at)
        if place(cursor.at) < place(places.archived):
            yield Finding(service, "trimmed_before_it_was_read", cursor.at)
        if cursor.at == places.last != START and cursor.read != places.added:
            yield Finding(service, "entries_counted_otherwise", f"{cursor.read} of {places.added}")


def left(pages: Pages, left: Collection[str]) -> Iterator[Finding]:
    """Nobody who left has a key or an address here. Holds at every moment but the one between the file and the write."""
    for peer in left:
        if peer in pages.keys:
            yield Finding("gateway", "key_of_somebody_who_left", peer)
        if peer in pages.addresses:
            yield Finding("gateway", "address_of_somebody_who_left", peer)


def keys(pages: Pages) -> Iterator[Finding]:
    """A key for everyone who is there, and for nobody else; each address and its peer name each other."""
    open_referrals = {id for id, referral in pages.referrals.items() if referral.state == "open"}
    for peer in pages.peers:
        if peer not in pages.keys:
            yield Finding("gateway", "peer_without_key", peer)
        if peer not in pages.addresses:
            yield Finding("gateway", "peer_without_address", peer)
    for id in pages.keys:
        if not any(id in there for there in (pages.peers, pages.addresses, open_referrals, pages.invited)):
            yield Finding("gateway", "key_of_nobody", id)
    for id in pages.shut:
        yield Finding("gateway", "key_of_another_installation", id)
    for peer in pages.references.values():
        if peer not in pages.peers:
            yield Finding("gateway", "reference_of_nobody", peer)
    for pair, story in pages.stories.items():
        if not story.present or not set(story.present) <= pages.peers.keys():
            yield Finding("gateway", "story_of_somebody_who_left", pair)
    for peer, address in pages.addresses.items():
        if pages.holders.get(address) != peer:
            yield Finding("gateway", "address_not_of_peer", peer)


def together(pages: Pages, matcher: Matcher, ledger: Ledger) -> Iterator[Finding]:
    """What people see is what matcher and ledger hold. True only once every service has passed the same entry."""
    yield from _same("request", pages.requests, matcher.requests)
    yield from _same("proposal", pages.proposals, {id for id, each in matcher.proposals.items() if each.peers is not None})
    yield from _same("pair", pages.pairs, {id for id, each in matcher.pairs.items() if not each.over})
    for id, pair in matcher.pairs.items():
        if not pair.over and (id not in ledger.pairs or set(ledger.pairs[id].peers) != set(pair.peers)):
            yield Finding("ledger", "pair_unknown", id)
    for peer, row in pages.peers.items():
        standing = matcher.peers.get(peer)
        if row.aside != (standing is not None and standing.aside):
            yield Finding("gateway", "set_aside_differs_from_matcher", peer)
        if (row.given, row.received) != _counts(ledger, peer):
            yield Finding("gateway", "counts_differ_from_ledger", peer)
    for peer in ledger.holders.keys() - pages.peers.keys():
        yield Finding("ledger", "holder_who_is_not_there", peer)


def _same(what: str, ours: Collection[str], theirs: Collection[str]) -> Iterator[Finding]:
    for id in set(theirs) - set(ours):
        yield Finding("gateway", f"{what}_not_shown", id)
    for id in set(ours) - set(theirs):
        yield Finding("gateway", f"{what}_shown_but_gone", id)


def _counts(ledger: Ledger, peer: str) -> tuple[int, int]:
    holder = ledger.holders.get(peer)
    account = ledger.accounts.get(holder.account) if holder is not None and holder.account is not None else None
    return (account.given, account.received) if account is not None else (0, 0)


def recorded(moments: Collection[str], ledger: Ledger) -> Iterator[Finding]:
    """Every moment that log and archive call recorded has its entry in the ledger."""
    for moment in set(moments) - ledger.transfers.keys():
        yield Finding("ledger", "recorded_moment_missing", moment)
