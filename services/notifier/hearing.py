"""What partners are told of the people whom they referred: that somebody was introduced, and that this has ended.

Only of whoever agreed to it, and for as long as they do. An ending is told only where the introduction was, and the next
morning, as the other of the two hears it: neither the hour nor the words say who ended it, or how (rule 17).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo

from services.notifier.domain.hours import morning_after
from services.notifier.store import PEOPLE, REFERRALS, WEBHOOKS, PersonRow, Referred, WebhookRow
from shared.clock import derived_id
from shared.events import (
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    Hears,
    PairClosed,
    PairFormed,
    ReferralUsed,
    WebhookAttempted,
    WebhookDelivered,
    WebhookFailed,
    WebhookIntended,
)
from shared.rows import Ref, Rows
from shared.service import Entry

WORDING = "introductions"
"""What the consent to it is called, and the scope of the referral."""


# ── who agreed ───────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_used(_rows: Rows, event: ReferralUsed) -> Iterable[Ref]:
    yield REFERRALS, event.referral
    yield PEOPLE, event.peer


def used(rows: Rows, event: ReferralUsed) -> None:
    """Whom the partner knows this person by: the referral that they took up."""
    row = rows.get(REFERRALS, event.referral)
    if row is not None and row.partner:
        new = Referred(partner=row.partner, referral=event.referral)
        _change(rows, event.peer, lambda before: (*(each for each in before if each.partner != row.partner), new))


def agreed(rows: Rows, event: ConsentGiven, _at_ms: int) -> None:
    _agrees(rows, event, True)


def agrees_no_more(rows: Rows, event: ConsentWithdrawn, _at_ms: int) -> None:
    """What was told stays told; an ending of it will not be."""
    _agrees(rows, event, False)


def _agrees(rows: Rows, event: ConsentGiven | ConsentWithdrawn, does: bool) -> None:
    if event.wording == WORDING:
        _change(rows, event.peer, lambda before: tuple(
            each if each.partner != event.partner else
            each.model_copy(update={"agreed": does, "told": each.told if does else ()}) for each in before))


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def introduced(rows: Rows, entry: Entry) -> Iterable[Event]:
    """Nothing of somebody who has left: a matcher that has not read of it yet takes the pair back in a moment."""
    formed: PairFormed = entry.event
    for peer in formed.peers if all(rows.get(PEOPLE, each) is not None for each in formed.peers) else ():
        for each in _referred(rows, peer):
            if each.agreed:
                yield _intended(entry, peer, each, "introduced", formed.pair, entry.at_ms)


def no_longer(rows: Rows, entry: Entry, zone: tzinfo) -> Iterable[Event]:
    closed: PairClosed = entry.event
    for peer in closed.peers:
        for each in _referred(rows, peer):
            if each.agreed and closed.pair in each.told:
                morning_ms = morning_after(entry.at_ms, None, zone)
                yield _intended(entry, peer, each, "no_longer_introduced", closed.pair, morning_ms)


def _intended(entry: Entry, peer: str, referred: Referred, what: Hears, pair: str, not_before_ms: int) -> WebhookIntended:
    return WebhookIntended(
        webhook=derived_id(entry.id, f"webhook:{referred.partner}:{peer}"), partner=referred.partner, peer=peer,
        referral=referred.referral, what=what, about=pair, not_before_ms=not_before_ms)


def intended(rows: Rows, event: WebhookIntended, at_ms: int) -> None:
    rows.put(WEBHOOKS, event.webhook, WebhookRow(
        partner=event.partner, peer=event.peer, referral=event.referral, what=event.what, due_ms=event.not_before_ms,
        happened_ms=max(at_ms, event.not_before_ms)))
    told = event.what == "introduced"
    _change(rows, event.peer, lambda before: tuple(
        each.model_copy(update={"told": (*each.told, event.about) if told else _without(each.told, event.about)})
        if each.partner == event.partner else each for each in before))


def _without(pairs: tuple[str, ...], pair: str) -> tuple[str, ...]:
    return tuple(each for each in pairs if each != pair)


# ── what became of it ────────────────────────────────────────────────────────────────────────────────────────────────


def needs_attempt(_rows: Rows, event: WebhookAttempted) -> Iterable[Ref]:
    yield WEBHOOKS, event.webhook


def concluded(rows: Rows, entry: Entry) -> Iterable[Event]:
    tried: WebhookAttempted = entry.event
    row = rows.get(WEBHOOKS, tried.webhook)
    if row is not None and tried.outcome == "delivered":
        yield WebhookDelivered(webhook=tried.webhook, partner=row.partner, peer=row.peer, what=row.what)
    elif row is not None and tried.outcome == "failed":
        yield WebhookFailed(webhook=tried.webhook, partner=row.partner, peer=row.peer, reason=tried.reason)


def attempted(rows: Rows, event: WebhookAttempted, at_ms: int) -> None:
    row = rows.get(WEBHOOKS, event.webhook)
    if row is not None and event.outcome == "hold":
        rows.put(WEBHOOKS, event.webhook, row.model_copy(update={
            "tries": row.tries + 1, "due_ms": event.not_before_ms or at_ms}))


def over(rows: Rows, event: WebhookDelivered | WebhookFailed, _at_ms: int) -> None:
    rows.drop(WEBHOOKS, event.webhook)


def _referred(rows: Rows, peer: str) -> tuple[Referred, ...]:
    person = rows.get(PEOPLE, peer)
    return person.referred if person is not None else ()


def _change(rows: Rows, peer: str, how: Callable[[tuple[Referred, ...]], tuple[Referred, ...]]) -> None:
    person: PersonRow | None = rows.get(PEOPLE, peer)
    if person is not None and (after := how(person.referred)) != person.referred:
        rows.put(PEOPLE, peer, person.model_copy(update={"referred": after}))
