"""Joining, preferences, breaks, leaving."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.gateway.store import (
    ADDRESS_NEXT,
    ADDRESS_OF,
    ADDRESSES,
    BY_HAND,
    HEARD_MAX,
    KNOWN_AS,
    KNOWN_BY,
    PEERS,
    REQUESTS,
    ByHandRow,
    Consented,
    Heard,
    PeerRow,
)
from shared.events import (
    AddressChanged,
    BreakEnded,
    BreakStarted,
    ConsentGiven,
    ConsentWithdrawn,
    CountsChanged,
    PeerJoined,
    PeerLeft,
    PeerRestored,
    PeerSuspended,
    PeerTold,
    PreferencesChanged,
    ProfileChanged,
    WebhookDelivered,
)
from shared.rows import KEYS, Ref, Rows, Table

PREFERENCES = tuple(each for each in PreferencesChanged.model_fields if each != "peer")
"""What somebody chose about messages: fields of the event and of their row alike."""

OfPeer = (ProfileChanged | PreferencesChanged | ConsentGiven | ConsentWithdrawn | WebhookDelivered | BreakStarted | BreakEnded
          | CountsChanged | PeerSuspended | PeerRestored)


def change(rows: Rows, peer: str, how: Callable[[PeerRow], PeerRow]) -> None:
    """Nothing, for somebody who has left."""
    row = rows.get(PEERS, peer)
    if row is not None:
        rows.put(PEERS, peer, how(row))


def needs(_rows: Rows, event: PeerJoined | OfPeer) -> Iterable[Ref]:
    yield PEERS, event.peer


def joined(rows: Rows, event: PeerJoined, _at_ms: int) -> None:
    if rows.get(PEERS, event.peer) is None:
        rows.put(PEERS, event.peer, PeerRow(community=event.community, profile=event.profile))
        if event.by is not None:
            rows.put(BY_HAND, event.peer, ByHandRow())


def needs_told(_rows: Rows, event: PeerTold) -> Iterable[Ref]:
    yield BY_HAND, event.peer


def told(rows: Rows, event: PeerTold, _at_ms: int) -> None:
    row = rows.get(BY_HAND, event.peer)
    if row is not None and row.told_ms < event.until_ms:
        rows.put(BY_HAND, event.peer, ByHandRow(told_ms=event.until_ms))


def profile(rows: Rows, event: ProfileChanged, _at_ms: int) -> None:
    change(rows, event.peer, lambda row: row.changed(profile=event.profile))


def needs_to_move(rows: Rows, event: AddressChanged) -> Iterable[Ref]:
    yield PEERS, event.peer
    yield from _addresses(rows, event.peer)


def _addresses(rows: Rows, peer: str) -> Iterable[Ref]:
    for table in (ADDRESS_OF, ADDRESS_NEXT):
        yield table, peer
        if (address := rows.known(table, peer)) is not None:
            yield ADDRESSES, address.decode()


def moves(rows: Rows, event: AddressChanged, at_ms: int) -> None:
    """What was reserved is theirs, and what they had is anybody's. A rebuild leaves both rows as they are."""
    change(rows, event.peer, lambda row: row.changed(address_ms=at_ms))
    if (address := rows.get(ADDRESS_NEXT, event.peer)) is None:
        return
    if rows.get(ADDRESS_OF, event.peer) != address:
        _give_back(rows, ADDRESS_OF, event.peer)
    rows.put(ADDRESS_OF, event.peer, address)
    rows.drop(ADDRESS_NEXT, event.peer)


def _give_back(rows: Rows, table: Table[bytes], peer: str) -> None:
    address = rows.get(table, peer)
    if address and rows.get(ADDRESSES, address.decode()) == peer.encode():
        rows.drop(ADDRESSES, address.decode())


def preferences(rows: Rows, event: PreferencesChanged, _at_ms: int) -> None:
    """All of them: each event says everything anew."""
    change(rows, event.peer, lambda row: row.changed(**{each: getattr(event, each) for each in PREFERENCES}))


def consents(rows: Rows, event: ConsentGiven, at_ms: int) -> None:
    """Agreeing anew takes the place of what was agreed before in the same words or an earlier version of them."""
    now = Consented(wording=event.wording, version=event.version, at_ms=at_ms, partner=event.partner, by=event.by)
    change(rows, event.peer, lambda row: row.changed(consents=(*(
        each for each in row.consents if (each.wording, each.partner) != (event.wording, event.partner)), now)))


def takes_back(rows: Rows, event: ConsentWithdrawn, at_ms: int) -> None:
    """It stays on the page as taken back, with the day; so it can be given again."""
    change(rows, event.peer, lambda row: row.changed(consents=tuple(
        each.model_copy(update={"taken_back_ms": at_ms})
        if (each.wording, each.partner) == (event.wording, event.partner) else each for each in row.consents)))


def hears(rows: Rows, event: WebhookDelivered, at_ms: int) -> None:
    """What a partner was told of somebody stands on their page, whatever they agree to afterwards."""
    now = Heard(partner=event.partner, what=event.what, at_ms=at_ms)
    change(rows, event.peer, lambda row: row.changed(hears=(now, *row.hears)[:HEARD_MAX]))


def rests(rows: Rows, event: BreakStarted, _at_ms: int) -> None:
    """Pages look at the time themselves, so nothing has to happen when it runs out."""
    change(rows, event.peer, lambda row: row.changed(break_until_ms=event.until_ms))


def returns(rows: Rows, event: BreakEnded, _at_ms: int) -> None:
    change(rows, event.peer, lambda row: row.changed(break_until_ms=0))


def suspended(rows: Rows, event: PeerSuspended, at_ms: int) -> None:
    """From when it first was: said again changes nothing."""
    change(rows, event.peer, lambda row: row.changed(suspended_ms=row.suspended_ms or at_ms))


def restored(rows: Rows, event: PeerRestored, _at_ms: int) -> None:
    change(rows, event.peer, lambda row: row.changed(suspended_ms=0))


def counts(rows: Rows, event: CountsChanged, _at_ms: int) -> None:
    change(rows, event.peer, lambda row: row.changed(given=event.given, received=event.received))


def needs_to_leave(rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    yield PEERS, event.peer
    yield KEYS, event.peer
    yield from _addresses(rows, event.peer)
    if (row := rows.known(PEERS, event.peer)) is not None and row.request is not None:
        yield REQUESTS, row.request
    yield KNOWN_BY, event.peer
    for reference in (rows.known(KNOWN_BY, event.peer) or b"").split():
        yield KNOWN_AS, reference.decode()


def left(rows: Rows, event: PeerLeft, _at_ms: int) -> None:
    """The goodbye: the key goes, and with it everything that described the person, wherever a copy of it rests."""
    if (row := rows.get(PEERS, event.peer)) is not None and row.request is not None:
        rows.drop(REQUESTS, row.request)
    for each in (ADDRESS_OF, ADDRESS_NEXT):
        _give_back(rows, each, event.peer)
    for reference in (rows.get(KNOWN_BY, event.peer) or b"").split():
        if rows.get(KNOWN_AS, reference.decode()) == event.peer.encode():
            rows.drop(KNOWN_AS, reference.decode())
    for table in (PEERS, ADDRESS_OF, ADDRESS_NEXT, KNOWN_BY, BY_HAND, KEYS):
        rows.drop(table, event.peer)
