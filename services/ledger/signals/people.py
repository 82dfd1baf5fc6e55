"""What people do: they rest, say whether they felt listened to, block, raise a concern; and a person looks at it."""

from __future__ import annotations

from collections.abc import Iterable

from services.ledger.domain.members import Pulse
from services.ledger.domain.weeks import day_of, week_of
from services.ledger.signals.counting import community_of, count, needs_weeks
from services.ledger.store import CONCERNS, HOLDERS, PAIRS, Concern
from shared.events import (
    Answer,
    BreakEnded,
    BreakKind,
    BreakStarted,
    ConcernClosed,
    ConcernRaised,
    PeerBlocked,
    ProposalAnswered,
    PulseAnswered,
    PulseOffered,
)
from shared.rows import Ref, Rows

HOUR_MS = 60 * 60 * 1000


def needs_answer(_rows: Rows, event: ProposalAnswered) -> Iterable[Ref]:
    yield HOLDERS, event.peer


def apply_answer(rows: Rows, event: ProposalAnswered, at_ms: int) -> None:
    holder = rows.get(HOLDERS, event.peer)
    if holder is not None and event.answer is Answer.NOT_NOW:
        rested = holder.rested._replace(not_now=week_of(at_ms))
        rows.put(HOLDERS, event.peer, holder.model_copy(update={"rested": rested}))


def needs_break(rows: Rows, event: BreakStarted | BreakEnded) -> Iterable[Ref]:
    holder = rows.known(HOLDERS, event.peer)
    for id in holder.pairs if holder is not None else ():
        yield PAIRS, id


def apply_break(rows: Rows, event: BreakStarted, at_ms: int) -> None:
    """A difficult day ends by itself, and no pair ends of one: only of breaks it is asked how pairs come through them."""
    holder = rows.get(HOLDERS, event.peer)
    if holder is None:
        return
    rested = holder.rested.begun(event.kind, at_ms, event.until_ms)
    rows.put(HOLDERS, event.peer, holder.model_copy(update={"rested": rested}))
    for id in holder.pairs if event.kind is BreakKind.BREAK else ():
        if (pair := rows.get(PAIRS, id)) is not None and pair.closed_ms is None and not pair.paused:
            rows.put(PAIRS, id, pair.model_copy(update={"paused": day_of(at_ms)}))


def apply_return(rows: Rows, event: BreakEnded, at_ms: int) -> None:
    if (holder := rows.get(HOLDERS, event.peer)) is not None:
        rows.put(HOLDERS, event.peer, holder.model_copy(update={"rested": holder.rested.ended(at_ms)}))


def apply_offered(rows: Rows, event: PulseOffered, at_ms: int) -> None:
    if (holder := rows.get(HOLDERS, event.peer)) is not None:
        rows.put(HOLDERS, event.peer, holder.model_copy(update={"pulse": Pulse(week_of(at_ms), open=True)}))
        count(rows, holder.community, week_of(at_ms), {"pulse:offered": 1})


def needs_pulse(rows: Rows, event: PulseAnswered) -> Iterable[Ref]:
    yield HOLDERS, event.peer
    if (holder := rows.known(HOLDERS, event.peer)) is not None:
        yield from needs_weeks(holder.community, holder.pulse.week)


def apply_pulse(rows: Rows, event: PulseAnswered, _at_ms: int) -> None:
    """One answer a question. It stands in the week of the question, so there are never more answers than questions."""
    holder = rows.get(HOLDERS, event.peer)
    if holder is not None and holder.pulse.open:
        rows.put(HOLDERS, event.peer, holder.model_copy(update={"pulse": holder.pulse._replace(open=False)}))
        count(rows, holder.community, holder.pulse.week, {f"pulse:{event.listened}": 1})


def needs_doing(rows: Rows, event: PeerBlocked | ConcernRaised) -> Iterable[Ref]:
    yield HOLDERS, event.peer
    yield from needs_weeks(community_of(rows.known, event.peer))


def apply_block(rows: Rows, event: PeerBlocked, at_ms: int) -> None:
    count(rows, community_of(rows.get, event.peer), week_of(at_ms), {"block": 1})


def apply_concern(rows: Rows, event: ConcernRaised, at_ms: int) -> None:
    if community := community_of(rows.get, event.peer):
        rows.put(CONCERNS, event.concern, Concern(community=community, raised_ms=at_ms))
        count(rows, community, week_of(at_ms), {"concern": 1})


def needs_look(rows: Rows, event: ConcernClosed) -> Iterable[Ref]:
    yield CONCERNS, event.concern
    if (concern := rows.known(CONCERNS, event.concern)) is not None:
        yield from needs_weeks(concern.community, week_of(concern.raised_ms))


def apply_look(rows: Rows, event: ConcernClosed, at_ms: int) -> None:
    if (concern := rows.get(CONCERNS, event.concern)) is not None:
        rows.drop(CONCERNS, event.concern)
        hours = (at_ms - concern.raised_ms) // HOUR_MS
        count(rows, concern.community, week_of(concern.raised_ms), {f"looked:{hours}": 1})
