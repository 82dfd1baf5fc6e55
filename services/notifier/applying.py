"""What the events that are read from the log change here. `outbox` has what our own events change."""

from __future__ import annotations

from typing import Any

from services.notifier import hearing, outbox
from services.notifier.domain.following import CHECK_IN_LATER_MS, CHECKED_IN_AFTER, next_note_ms
from services.notifier.domain.messages import Template
from services.notifier.store import (
    CHECK_IN,
    NOT_THERE,
    NOTE,
    PAIRS,
    PEOPLE,
    REFERRALS,
    SEND,
    SERVICE,
    WAITS,
    PairRow,
    PersonRow,
    ReferralRow,
    Unsent,
    WaitsRow,
    unsent,
)
from shared.events import (
    AddressChanged,
    AddressCleared,
    AddressGiven,
    BreakStarted,
    ContactOffered,
    ContactTakenBack,
    MomentRecorded,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerJoined,
    PeerLeft,
    PeerRestored,
    PeerSuspended,
    PreferencesChanged,
    ProfileChanged,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    ReferralMade,
    ReferralUsed,
    RequestResumed,
    RequestSetAside,
    RequestWaiting,
    SignInRequested,
    SupportWithdrawn,
    TimerElapsed,
    WaitingCounted,
)
from shared.rows import Rows


def joined(rows: Rows, event: PeerJoined, _at_ms: int) -> None:
    if rows.get(PEOPLE, event.peer) is None:
        rows.put(PEOPLE, event.peer, PersonRow(profile=event.profile, community=event.community))


def profile_changed(rows: Rows, event: ProfileChanged, _at_ms: int) -> None:
    _change(rows, event.peer, profile=event.profile)


def address_given(rows: Rows, event: AddressGiven, _at_ms: int) -> None:
    _change(rows, event.peer, secret=event.secret, elsewhere=event.address)


def address_changed(rows: Rows, event: AddressChanged, at_ms: int) -> None:
    """What was found of the address before says nothing of the one that follows."""
    _change(rows, event.peer, elsewhere=event.before, address_ms=at_ms)
    rows.drop(NOT_THERE, event.peer)


def address_cleared(rows: Rows, event: AddressCleared, _at_ms: int) -> None:
    rows.drop(NOT_THERE, event.peer)


def left(rows: Rows, event: PeerLeft, _at_ms: int) -> None:
    rows.drop(PEOPLE, event.peer)
    rows.drop(NOT_THERE, event.peer)


def preferences_changed(rows: Rows, event: PreferencesChanged, _at_ms: int) -> None:
    _change(rows, event.peer, **chosen(event))


def chosen(event: PreferencesChanged) -> dict[str, object]:
    return {"quiet": event.quiet, "stopped": event.stopped, "without": event.without, "frequency": event.frequency,
            "language": event.language, "by_text": event.by_text}


def break_started(rows: Rows, event: BreakStarted, _at_ms: int) -> None:
    _change(rows, event.peer, break_until_ms=event.until_ms)


def break_ended(rows: Rows, event: Any, _at_ms: int) -> None:
    _change(rows, event.peer, break_until_ms=None)


def sign_in_requested(rows: Rows, event: SignInRequested, _at_ms: int) -> None:
    _change(rows, event.peer, secret=event.secret)


# ── who waits ────────────────────────────────────────────────────────────────────────────────────────────────────────


def request_waiting(rows: Rows, event: RequestWaiting, at_ms: int) -> None:
    person = rows.get(PEOPLE, event.peer)
    if person is not None:
        _change(rows, event.peer, request=event.request, **({} if person.pairs else _waits_from(at_ms)))


def request_set_aside(rows: Rows, event: RequestSetAside, _at_ms: int) -> None:
    _change(rows, event.peer, **_NOT_WAITING)


def request_resumed(rows: Rows, event: RequestResumed, at_ms: int) -> None:
    if resumes(rows.get(PEOPLE, event.peer), event):
        _change(rows, event.peer, **_waits_from(at_ms))


def support_withdrawn(rows: Rows, event: SupportWithdrawn, _at_ms: int) -> None:
    person = rows.get(PEOPLE, event.peer)
    if person is not None and person.request == event.request:
        _change(rows, event.peer, request=None, **_NOT_WAITING)


def resumes(person: PersonRow | None, event: RequestResumed) -> bool:
    return person is not None and person.request == event.request and person.waiting_since_ms is None and not person.pairs


def peer_suspended(rows: Rows, event: PeerSuspended, _at_ms: int) -> None:
    _change(rows, event.peer, suspended=True)


def peer_restored(rows: Rows, event: PeerRestored, _at_ms: int) -> None:
    _change(rows, event.peer, suspended=False)


def waits_again(person: PersonRow | None, without: str) -> bool:
    """Whether somebody whose pair `without` is over waits for somebody from now on."""
    return (person is not None and person.request is not None and person.waiting_since_ms is None
            and not set(person.pairs) - {without})


_NOT_WAITING: dict[str, Any] = {"waiting_since_ms": None, "note_due_ms": None}


def _waits_from(at_ms: int) -> dict[str, Any]:
    return {"waiting_since_ms": at_ms, "note_due_ms": next_note_ms(at_ms, at_ms)}


def waiting_counted(rows: Rows, event: WaitingCounted, at_ms: int) -> None:
    """Of fewer than five no number of days is told."""
    if event.median_days:
        rows.put(WAITS, event.community, WaitsRow(median_days=event.median_days, counted_ms=at_ms))
    else:
        rows.drop(WAITS, event.community)


def noted(rows: Rows, event: TimerElapsed, at_ms: int) -> None:
    """What is said, or not, is decided; from here on the next note is waited for."""
    person = rows.get(PEOPLE, event.of)
    if person is not None and person.waiting_since_ms is not None and person.note_due_ms == event.due_ms:
        _change(rows, event.of, note_due_ms=next_note_ms(person.waiting_since_ms, at_ms))


def proposal_made(rows: Rows, event: ProposalMade, _at_ms: int) -> None:
    for peer in event.peers:
        if (person := rows.get(PEOPLE, peer)) is not None:
            _change(rows, peer, proposals=(*person.proposals, event.proposal))


def proposal_closed(rows: Rows, event: ProposalWithdrawn | ProposalLapsed, _at_ms: int) -> None:
    for peer in event.peers:
        _no_longer_open(rows, peer, event.proposal)


def _no_longer_open(rows: Rows, peer: str, proposal: str) -> None:
    if (person := rows.get(PEOPLE, peer)) is not None:
        _change(rows, peer, proposals=tuple(each for each in person.proposals if each != proposal))


def timed(rows: Rows, event: TimerElapsed, at_ms: int) -> None:
    """What came due of the three things that are waited for here."""
    change = {SEND: outbox.timed, NOTE: noted, CHECK_IN: checked_in}.get(event.what)
    if event.service == SERVICE and change is not None:
        change(rows, event, at_ms)


# ── pairs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def pair_formed(rows: Rows, event: PairFormed, _at_ms: int) -> None:
    rows.put(PAIRS, event.pair, PairRow(peers=event.peers))
    for peer in event.peers:
        _no_longer_open(rows, peer, event.proposal)
        if (person := rows.get(PEOPLE, peer)) is not None:
            _change(rows, peer, pairs=(*person.pairs, event.pair), **_NOT_WAITING)


def pair_closed(rows: Rows, event: PairClosed, at_ms: int) -> None:
    """Whoever asked for a buddy and has none now waits again."""
    _over(rows, event.pair, event.peers)
    for peer in event.peers:
        if waits_again(rows.get(PEOPLE, peer), event.pair):
            _change(rows, peer, **_waits_from(at_ms))


def moment_recorded(rows: Rows, event: MomentRecorded, at_ms: int) -> None:
    """A moment that went both ways is two transfers and one contact."""
    row = rows.get(PAIRS, event.pair)
    if row is not None and is_contact(event):
        contacts = row.contacts + 1
        rows.put(PAIRS, event.pair, row.model_copy(update={"contacts": contacts} | (
            {"check_in_ms": at_ms + CHECK_IN_LATER_MS} if contacts == CHECKED_IN_AFTER[-1] else {})))


def is_contact(event: MomentRecorded) -> bool:
    return event.linked is None or event.moment < event.linked


def checked_in(rows: Rows, event: TimerElapsed, at_ms: int) -> None:
    row = rows.get(PAIRS, event.of)
    if row is not None and row.check_in_ms == event.due_ms:
        rows.put(PAIRS, event.of, row.model_copy(update={"check_in_ms": at_ms + CHECK_IN_LATER_MS}))


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
        rows.put(REFERRALS, event.referral, ReferralRow(address=event.address, partner=event.partner))


def referral_used(rows: Rows, event: ReferralUsed, at_ms: int) -> None:
    hearing.used(rows, event)
    referral_ended(rows, event, at_ms)


def referral_ended(rows: Rows, event: Any, _at_ms: int) -> None:
    rows.drop(REFERRALS, event.referral)


def _change(rows: Rows, id: str, **changes: object) -> None:
    person = rows.get(PEOPLE, id)
    if person is not None:
        rows.put(PEOPLE, id, person.model_copy(update=changes))


def unsaid(rows: Rows, peer: str, about: str, template: Template | None = None) -> tuple[Unsent, ...]:
    """What is on its way to a peer about a proposal or a pair: all of it, or a `template` alone."""
    return tuple(each for each in unsent(rows.get(PEOPLE, peer))
                 if about in each.tells_of and template in (None, each.template))


def with_offer(row: PairRow, by: str) -> PairRow:
    offered = row.offered if by not in row.peers or by in row.offered else (*row.offered, by)
    return row.model_copy(update={"offered": offered, "told": row.told or len(offered) == len(row.peers)})
