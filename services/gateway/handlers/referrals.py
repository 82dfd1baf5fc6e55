"""Referrals: their address lives under a key of its own until use, refusal or thirty days; then the key is destroyed."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.store import (
    INVITED,
    INVITED_AS,
    KNOWN_AS,
    KNOWN_BY,
    PEERS,
    REFERRALS,
    REFERRED_AS,
    SERVICE,
    UNINVITED,
    ReferralRow,
)
from shared.clock import DAY_MS
from shared.events import Event, ReferralExpired, ReferralMade, ReferralRefused, ReferralUsed, TimerElapsed
from shared.rows import KEYS, Ref, Rows
from shared.service import Entry, Later

EXPIRY = "referral_expiry"
LIVES_MS = 30 * DAY_MS
"""How long somebody may think about an invitation before what we were given of them is destroyed."""

Closing = ReferralUsed | ReferralRefused | ReferralExpired


def needs(_rows: Rows, event: ReferralMade) -> Iterable[Ref]:
    yield REFERRALS, event.referral


def needs_to_close(rows: Rows, event: Closing) -> Iterable[Ref]:
    return _to_close(rows, event.referral)


def needs_timer(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    return _to_close(rows, event.of) if _ours(event) else ()


def needs_to_use(rows: Rows, event: ReferralUsed) -> Iterable[Ref]:
    yield from _to_close(rows, event.referral)
    yield PEERS, event.peer
    yield KNOWN_BY, event.peer
    if (reference := rows.known(REFERRED_AS, event.referral)) is not None:
        yield KNOWN_AS, reference.decode()


def _to_close(rows: Rows, referral: str) -> Iterable[Ref]:
    for table in (REFERRALS, KEYS, INVITED_AS, REFERRED_AS):
        yield table, referral
    if (address := rows.known(INVITED_AS, referral)) is not None:
        for table in (INVITED, UNINVITED):
            yield table, address.decode()


def expires_later(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
    referral = entry.event.referral
    if rows.get(REFERRALS, referral) is None:
        due_ms = entry.at_ms + LIVES_MS
        yield Later(TimerElapsed(service=SERVICE, what=EXPIRY, of=referral, due_ms=due_ms), due_ms)


def expire(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
    if _ours(entry.event) and (row := rows.get(REFERRALS, entry.event.of)) is not None and row.state == "open":
        yield ReferralExpired(referral=entry.event.of)


def made(rows: Rows, event: ReferralMade, _at_ms: int) -> None:
    if rows.get(REFERRALS, event.referral) is None:
        rows.put(REFERRALS, event.referral, ReferralRow(
            partner=event.partner, community=event.community, scope=event.scope))


def used(rows: Rows, event: ReferralUsed, _at_ms: int) -> None:
    row = rows.get(REFERRALS, event.referral)
    if row is not None and row.state == "open" and event.agreed:
        _name(rows, event.referral, event.peer)
    _close(rows, event.referral, "used")


def _name(rows: Rows, referral: str, peer: str) -> None:
    """From now on the partner's reference names this peer. While it names somebody already, it goes on naming them: a
    reference given twice by mistake tells of nobody else."""
    reference = rows.get(REFERRED_AS, referral)
    if reference is None or rows.get(PEERS, peer) is None or rows.get(KNOWN_AS, reference.decode()) is not None:
        return
    rows.put(KNOWN_AS, reference.decode(), peer.encode())
    rows.put(KNOWN_BY, peer, b" ".join((*(rows.get(KNOWN_BY, peer) or b"").split(), reference)))


def refused(rows: Rows, event: ReferralRefused, _at_ms: int) -> None:
    """The address goes; a keyed hash of it stays, so that no partner's next event leads to another invitation."""
    if (address := rows.get(INVITED_AS, event.referral)) is not None:
        rows.put(UNINVITED, address.decode(), event.referral.encode())
    _close(rows, event.referral, "refused")


def expired(rows: Rows, event: ReferralExpired, _at_ms: int) -> None:
    _close(rows, event.referral, "expired")


def _close(rows: Rows, referral: str, state: str) -> None:
    row = rows.get(REFERRALS, referral)
    if row is not None and row.state == "open":
        rows.put(REFERRALS, referral, row.model_copy(update={"state": state}))
    address = rows.get(INVITED_AS, referral)
    if address is not None and rows.get(INVITED, address.decode()) == referral.encode():
        rows.drop(INVITED, address.decode())
    for table in (INVITED_AS, REFERRED_AS, KEYS):
        rows.drop(table, referral)


def _ours(event: TimerElapsed) -> bool:
    return event.service == SERVICE and event.what == EXPIRY
