"""What the events that are read from the log change here. `outbox` has what our own events change."""

from __future__ import annotations

from typing import Any

from services.notifier.domain.messages import Template
from services.notifier.store import PAIRS, PEOPLE, REFERRALS, PairRow, PersonRow, ReferralRow, Unsent, unsent
from shared.events import (
    BreakStarted,
    ContactOffered,
    ContactTakenBack,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerJoined,
    PeerLeft,
    PreferencesChanged,
    ReferralMade,
    SignInRequested,
)
from shared.rows import Rows


def joined(rows: Rows, event: PeerJoined, _at_ms: int) -> None:
    if rows.get(PEOPLE, event.peer) is None:
        rows.put(PEOPLE, event.peer, PersonRow(profile=event.profile))


def left(rows: Rows, event: PeerLeft, _at_ms: int) -> None:
    rows.drop(PEOPLE, event.peer)


def preferences_changed(rows: Rows, event: PreferencesChanged, _at_ms: int) -> None:
    _change(rows, event.peer, quiet=event.quiet, stopped=event.stopped)


def break_started(rows: Rows, event: BreakStarted, _at_ms: int) -> None:
    _change(rows, event.peer, break_until_ms=event.until_ms)


def break_ended(rows: Rows, event: Any, _at_ms: int) -> None:
    _change(rows, event.peer, break_until_ms=None)


def sign_in_requested(rows: Rows, event: SignInRequested, _at_ms: int) -> None:
    _change(rows, event.peer, secret=event.secret)


def pair_formed(rows: Rows, event: PairFormed, _at_ms: int) -> None:
    rows.put(PAIRS, event.pair, PairRow(peers=event.peers))
    for peer in event.peers:
        if (person := rows.get(PEOPLE, peer)) is not None:
            _change(rows, peer, pairs=(*person.pairs, event.pair))


def pair_closed(rows: Rows, event: PairClosed, _at_ms: int) -> None:
    _over(rows, event.pair, event.peers)


def pair_ended(rows: Rows, event: PairEnded, _at_ms: int) -> None:
    """At once, whenever the matcher comes to close it (rule 17)."""
    row = rows.get(PAIRS, event.pair)
    if row is not None and event.peer in row.peers:
        _over(rows, event.pair, row.peers)


def blocked(rows: Rows, event: PeerBlocked, _at_ms: int) -> None:
    for pair in pairs_of(rows, event):
        _over(rows, pair, (event.peer, event.blocked))


def pairs_of(rows: Rows, event: PeerBlocked) -> list[str]:
    """The pairs of one who blocks with the one who is blocked."""
    person = rows.get(PEOPLE, event.peer)
    rows_of = {pair: rows.get(PAIRS, pair) for pair in person.pairs} if person is not None else {}
    return [pair for pair, row in rows_of.items() if row is not None and event.blocked in row.peers]


def _over(rows: Rows, pair: str, peers: tuple[str, str]) -> None:
    rows.drop(PAIRS, pair)
    for peer in peers:
        if (person := rows.get(PEOPLE, peer)) is not None:
            _change(rows, peer, pairs=tuple(each for each in person.pairs if each != pair))


def contact_offered(rows: Rows, event: ContactOffered, _at_ms: int) -> None:
    row = rows.get(PAIRS, event.pair)
    if row is not None:
        rows.put(PAIRS, event.pair, with_offer(row, event.peer))


def contact_taken_back(rows: Rows, event: ContactTakenBack, _at_ms: int) -> None:
    """Whoever was not told yet is told when both have offered again."""
    row = rows.get(PAIRS, event.pair)
    if row is not None and event.peer in row.offered:
        offered = tuple(each for each in row.offered if each != event.peer)
        told = row.told and not any(unsaid(rows, peer, event.pair, Template.CONTACT) for peer in row.peers)
        rows.put(PAIRS, event.pair, row.model_copy(update={"offered": offered, "told": told}))


def referral_made(rows: Rows, event: ReferralMade, _at_ms: int) -> None:
    if rows.get(REFERRALS, event.referral) is None:
        rows.put(REFERRALS, event.referral, ReferralRow(address=event.address))


def referral_ended(rows: Rows, event: Any, _at_ms: int) -> None:
    rows.drop(REFERRALS, event.referral)


def _change(rows: Rows, id: str, **changes: object) -> None:
    person = rows.get(PEOPLE, id)
    if person is not None:
        rows.put(PEOPLE, id, person.model_copy(update=changes))


def unsaid(rows: Rows, peer: str, about: str, template: Template | None = None) -> tuple[Unsent, ...]:
    """What is on its way to a peer about a proposal or a pair: all of it, or a `template` alone."""
    return tuple(each for each in unsent(rows.get(PEOPLE, peer))
                 if each.about == about and template in (None, each.template))


def with_offer(row: PairRow, by: str) -> PairRow:
    offered = row.offered if by not in row.peers or by in row.offered else (*row.offered, by)
    return row.model_copy(update={"offered": offered, "told": row.told or len(offered) == len(row.peers)})
