"""What people do for the first time: somebody joins, is proposed somebody, gives, receives.

It counts in the week in which the person joined, in days since then.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.ledger.domain import tallies
from services.ledger.domain.members import Firsts, Joined
from services.ledger.domain.weeks import day_of
from services.ledger.signals.counting import count, needs_weeks
from services.ledger.signals.weekly import set_timer, timer
from services.ledger.store import COMMUNITIES, HOLDERS, LEFT, Holder
from shared.events import MilestoneReached, PeerJoined, ProposalMade
from shared.rows import Ref, Rows
from shared.service import Entry, Later


def needs_joined(_rows: Rows, event: PeerJoined) -> Iterable[Ref]:
    yield HOLDERS, event.peer
    yield LEFT, event.peer
    yield COMMUNITIES, event.community


def decide_joined(rows: Rows, entry: Entry) -> Iterable[Later]:
    return timer(rows, entry.event.community, entry.at_ms)


def apply_joined(rows: Rows, event: PeerJoined, at_ms: int) -> None:
    holder = rows.get(HOLDERS, event.peer) or Holder()
    if holder.belongs is None and rows.get(LEFT, event.peer) is None:
        joined = Joined(event.community, day_of(at_ms))
        rows.put(HOLDERS, event.peer, holder.model_copy(update={"belongs": joined}))
        count(rows, joined.community, joined.week, {"joined": 1})
    set_timer(rows, event.community, at_ms)


def needs_proposal(rows: Rows, event: ProposalMade) -> Iterable[Ref]:
    for peer in event.peers:
        yield HOLDERS, peer
        if (holder := rows.known(HOLDERS, peer)) is not None and holder.firsts.proposal is None:
            yield from needs_joined_week(holder)


def apply_proposal(rows: Rows, event: ProposalMade, at_ms: int) -> None:
    for peer in event.peers:
        holder = rows.get(HOLDERS, peer)
        if holder is not None and holder.belongs is not None and holder.firsts.proposal is None:
            put_firsts(rows, peer, holder, holder.firsts._replace(proposal=_days(holder.belongs, at_ms)))


def apply_milestone(rows: Rows, event: MilestoneReached, at_ms: int) -> None:
    holder = rows.get(HOLDERS, event.peer)
    if holder is not None and holder.belongs is not None:
        days = _days(holder.belongs, at_ms)
        put_firsts(rows, event.peer, holder, holder.firsts._replace(giving=days) if event.milestone == "first_giving"
                   else holder.firsts._replace(receiving=days))


def put_firsts(rows: Rows, peer: str, holder: Holder, firsts: Firsts) -> None:
    if holder.belongs is not None and firsts != holder.firsts:
        rows.put(HOLDERS, peer, holder.model_copy(update={"firsts": firsts}))
        count(rows, holder.community, holder.belongs.week, tallies.between(holder.firsts.counted, firsts.counted))


def needs_joined_week(holder: Holder) -> Iterable[Ref]:
    if holder.belongs is not None:
        yield from needs_weeks(holder.community, holder.belongs.week)


def _days(joined: Joined, at_ms: int) -> int:
    return max(0, day_of(at_ms) - joined.day)
