"""What the ledger does when people, or an operator, say something of a moment that was written down: needs, decide, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.ledger.domain import chains, refusals
from services.ledger.domain.corrections import Corrections, OtherMemory
from services.ledger.domain.entries import Account, Transfer
from services.ledger.domain.refusals import FORMER, OPERATOR, Refusal
from services.ledger.domain.weeks import week_of
from services.ledger.handlers import counts, post
from services.ledger.store import ACCOUNTS, CHAINS, CORRECTIONS, HOLDERS, MEMORIES, PAIRS, TRANSFERS
from shared.events import (
    Correction,
    Event,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRefused,
    MomentRememberedDifferently,
    MomentRestored,
    MomentReversed,
    MomentThanked,
    MomentUpheld,
)
from shared.rows import Ref, Rows
from shared.service import Entry

Said = MomentRememberedDifferently | MomentUpheld | MomentKeptApart


def needs_said(rows: Rows, event: Said | MomentThanked | MomentCorrected | MomentPutBack) -> Iterable[Ref]:
    yield TRANSFERS, event.moment
    yield CORRECTIONS, event.moment
    yield MEMORIES, event.moment
    if event.peer is not None:
        yield HOLDERS, event.peer


def _account(rows: Rows, peer: str | None) -> str | None:
    """By what refusals know whoever asks; an operator's events name no peer."""
    if peer is None:
        return OPERATOR
    holder = rows.get(HOLDERS, peer)
    return holder.account if holder is not None else None


def _taken_back(rows: Rows, moment: str) -> bool:
    return (rows.get(CORRECTIONS, moment) or Corrections()).taken_back


def _refused(event: Any, reason: Refusal | None) -> Iterable[Event]:
    if reason is not None:
        yield MomentRefused(moment=event.moment, peer=event.peer, reason=reason)


# ── taken back, and put back ─────────────────────────────────────────────────────────────────────────────────────────


def needs_correction(rows: Rows, event: MomentCorrected | MomentPutBack) -> Iterable[Ref]:
    yield CHAINS, chains.ALL
    yield from needs_said(rows, event)
    if (corrections := rows.known(CORRECTIONS, event.moment)) is not None:
        yield TRANSFERS, corrections.last
    transfer = rows.known(TRANSFERS, event.moment)
    for leg in transfer.legs if transfer is not None else ():
        yield ACCOUNTS, leg.account
        if (account := rows.known(ACCOUNTS, leg.account)) is not None and account.holder is not None:
            yield HOLDERS, account.holder


def decide_correction(rows: Rows, entry: Entry) -> Iterable[Event]:
    """Only what an operator takes back bears their reason: it says who may put it back."""
    asked: MomentCorrected = entry.event
    moment = rows.get(TRANSFERS, asked.moment)
    reason = refusals.of_writer(_account(rows, asked.peer), moment, _taken_back(rows, asked.moment))
    if reason is not None or moment is None:
        yield from _refused(asked, reason or "unknown_moment")
        return
    why = Correction.MISTAKE if asked.reason is Correction.OPERATOR else asked.reason
    giver, receiver = _whose(rows, moment)
    yield MomentReversed(moment=asked.moment, giver=giver, receiver=receiver,
                         reason=Correction.OPERATOR if asked.peer is None else why)
    yield from _counts(rows, moment, -1, entry.at_ms)


def decide_putting_back(rows: Rows, entry: Entry) -> Iterable[Event]:
    asked: MomentPutBack = entry.event
    moment, corrections = rows.get(TRANSFERS, asked.moment), rows.get(CORRECTIONS, asked.moment) or Corrections()
    reversal = rows.get(TRANSFERS, corrections.last) if corrections.taken_back else None
    reason = refusals.of_putting_back(_account(rows, asked.peer), moment, reversal)
    if reason is not None or moment is None:
        yield from _refused(asked, reason or "unknown_moment")
        return
    giver, receiver = _whose(rows, moment)
    yield MomentRestored(moment=asked.moment, giver=giver, receiver=receiver)
    yield from _counts(rows, moment, 1, entry.at_ms)


def _whose(rows: Rows, moment: Transfer) -> Iterable[str]:
    return ((rows.get(ACCOUNTS, leg.account) or Account()).holder or FORMER for leg in moment.legs)


def _counts(rows: Rows, moment: Transfer, by: int, at_ms: int) -> Iterable[Event]:
    """What both counts become, in the week in which the moment stands."""
    for leg in moment.legs:
        account = rows.get(ACCOUNTS, leg.account) or Account()
        after = account.posted(by * leg.given, by * leg.received, moment.kind, week_of(moment.at_ms))
        yield from counts(rows, after, at_ms)


def apply_reversed(rows: Rows, event: MomentReversed, at_ms: int) -> None:
    """A moment that is taken back is remembered differently by nobody."""
    _reverse(rows, event.moment, at_ms, event.reason)
    if rows.get(MEMORIES, event.moment) is not None:
        rows.drop(MEMORIES, event.moment)


def apply_restored(rows: Rows, event: MomentRestored, at_ms: int) -> None:
    _reverse(rows, event.moment, at_ms, None)


def _reverse(rows: Rows, id: str, at_ms: int, reason: Correction | None) -> None:
    corrections = rows.get(CORRECTIONS, id) or Corrections()
    moment, last = rows.get(TRANSFERS, id), rows.get(TRANSFERS, corrections.last or id)
    if moment is not None and last is not None:
        after = corrections.one_more(id)
        rows.put(CORRECTIONS, id, after)
        post(rows, after.last, last.reversal(corrections.last or id, at_ms, reason), moment)


# ── remembered differently ───────────────────────────────────────────────────────────────────────────────────────────


def decide_differently(rows: Rows, entry: Entry) -> Iterable[Event]:
    return _refused(entry.event, _of_differently(rows, entry.event))


def apply_differently(rows: Rows, event: MomentRememberedDifferently, at_ms: int) -> None:
    """Said twice it is said once, and what an operator looked at stays as they found."""
    if _of_differently(rows, event) is None and rows.get(MEMORIES, event.moment) is None:
        rows.put(MEMORIES, event.moment, OtherMemory(since_ms=at_ms))


def _of_differently(rows: Rows, event: MomentRememberedDifferently) -> Refusal | None:
    return refusals.of_other(_account(rows, event.peer), rows.get(TRANSFERS, event.moment), _taken_back(rows, event.moment))


def decide_own(rows: Rows, entry: Entry) -> Iterable[Event]:
    """That a moment stands, or is one of its own, changes nothing in the books; only not everybody may say so."""
    return _refused(entry.event, _of_own(rows, entry.event))


def apply_upheld(rows: Rows, event: MomentUpheld, _at_ms: int) -> None:
    memory = rows.get(MEMORIES, event.moment)
    if memory is not None and memory.upheld != "operator" and _of_own(rows, event) is None:
        upheld = "operator" if event.peer is None else "writer"
        rows.put(MEMORIES, event.moment, memory.model_copy(update={"upheld": upheld}))


def _of_own(rows: Rows, event: MomentUpheld | MomentKeptApart) -> Refusal | None:
    return refusals.of_writer(_account(rows, event.peer), rows.get(TRANSFERS, event.moment), _taken_back(rows, event.moment))


# ── thanks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_thanks(rows: Rows, event: MomentThanked) -> Iterable[Ref]:
    yield from needs_said(rows, event)
    yield PAIRS, event.pair
    yield HOLDERS, event.to


def decide_thanks(rows: Rows, entry: Entry) -> Iterable[Event]:
    """Thanks is a kind message and counts nothing."""
    thanks: MomentThanked = entry.event
    return _refused(thanks, refusals.of_thanks(
        thanks.peer, thanks.to, rows.get(PAIRS, thanks.pair), _account(rows, thanks.peer), _account(rows, thanks.to),
        rows.get(TRANSFERS, thanks.moment), _taken_back(rows, thanks.moment)))


OWN: Mapping[type[Event], Callable[[Rows, Any, int], None]] = {
    MomentReversed: apply_reversed,
    MomentRestored: apply_restored,
}
