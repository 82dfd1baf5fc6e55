"""Referrals: their address lives under a key of its own until use, refusal or thirty days; then the key is destroyed."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.store import REFERRALS, SERVICE, ReferralRow
from shared.clock import DAY_MS
from shared.events import Event, ReferralExpired, ReferralMade, ReferralRefused, ReferralUsed, TimerElapsed
from shared.rows import KEYS, Ref, Rows
from shared.service import Entry, Later

EXPIRY = "referral_expiry"
LIVES_MS = 30 * DAY_MS
"""How long somebody may think about an invitation before what we were given of them is destroyed."""

Closing = ReferralUsed | ReferralRefused | ReferralExpired


def needs(_rows: Rows, event: ReferralMade | Closing) -> Iterable[Ref]:
    yield REFERRALS, event.referral
    yield KEYS, event.referral


def needs_timer(_rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    if _ours(event):
        yield REFERRALS, event.of
        yield KEYS, event.of


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
    _close(rows, event.referral, "used")


def refused(rows: Rows, event: ReferralRefused, _at_ms: int) -> None:
    _close(rows, event.referral, "refused")


def expired(rows: Rows, event: ReferralExpired, _at_ms: int) -> None:
    _close(rows, event.referral, "expired")


def _close(rows: Rows, referral: str, state: str) -> None:
    row = rows.get(REFERRALS, referral)
    if row is not None and row.state == "open":
        rows.put(REFERRALS, referral, row.model_copy(update={"state": state}))
    rows.drop(KEYS, referral)


def _ours(event: TimerElapsed) -> bool:
    return event.service == SERVICE and event.what == EXPIRY
