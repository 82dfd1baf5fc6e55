"""The story of a pair as both read it. What stands the ledger says; what the two say of it changes its row and no count."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import DIFFERS, PEERS, DifferRow, Received
from services.gateway.store.stories import FORMER, MOMENTS, PLACES, STORIES, MomentRow, StoryRow, month_of, pair_of, place
from shared.events import (
    CheckinPosted,
    MomentKeptApart,
    MomentRecorded,
    MomentRememberedDifferently,
    MomentRestored,
    MomentReversed,
    MomentThanked,
    MomentUpheld,
    PeerLeft,
)
from shared.rows import Ref, Rows

OfMoment = MomentReversed | MomentRestored | MomentThanked | MomentRememberedDifferently | MomentUpheld | MomentKeptApart


def needs_recorded(_rows: Rows, event: MomentRecorded) -> Iterable[Ref]:
    for peer in (event.giver, event.receiver):
        yield PEERS, peer
    yield STORIES, event.pair
    yield PLACES, event.moment


def recorded(rows: Rows, event: MomentRecorded, at_ms: int) -> None:
    """Nothing, where both have left. What a partner told of shows on nobody's page before `checkin.posted` says on whose."""
    first, second = (FORMER if rows.get(PEERS, each) is None else each for each in (event.giver, event.receiver))
    story = rows.get(STORIES, event.pair) or StoryRow(peers=(first, second))
    giver, by = story.side(event.giver), story.side(event.recorded_by or event.giver)
    if rows.get(PLACES, event.moment) is not None or giver is None or by is None or first == second:
        return
    at_ms = at_ms if event.happened_ms is None else event.happened_ms
    month = month_of(at_ms)
    there = place(event.pair, month, story.months.get(month, 0))
    rows.put(PLACES, event.moment, there.encode())
    rows.put(STORIES, event.pair, story.counted(month))
    for peer in story.present:
        change(rows, peer, lambda row: row.telling(event.pair, event.moment))
    _put(rows, there, story, None, MomentRow(
        moment=event.moment, kind=event.kind, giver=giver, by=by, at_ms=at_ms, minutes=event.minutes, way=event.way,
        shown=(0, 1) if event.checkin is None else (), same_as=event.same_as))


def needs_told(rows: Rows, event: CheckinPosted) -> Iterable[Ref]:
    for each in event.moments:
        yield from _found(rows, each.moment)


def told(rows: Rows, event: CheckinPosted, _at_ms: int) -> None:
    """The moments stand on the pages of whom the partner named, and of nobody else: that the other of the pair is known to
    some partner is not theirs to learn."""
    def named(row: MomentRow, story: StoryRow) -> MomentRow:
        sides = tuple(side for side, peer in enumerate(story.peers) if peer in event.peers)
        return row.changed(partner=event.partner, shown=sides)
    for each in event.moments:
        _change(rows, each.moment, named)


def needs(rows: Rows, event: OfMoment) -> Iterable[Ref]:
    return _found(rows, event.moment)


def reversed(rows: Rows, event: MomentReversed, _at_ms: int) -> None:
    """Whoever sees a moment sees that it was taken back. That it is remembered differently is settled by that."""
    rows.drop(DIFFERS, event.moment)
    _change(rows, event.moment, lambda row, _: row.changed(taken_back=event.reason, turns=row.turns + 1, differs=None))


def restored(rows: Rows, event: MomentRestored, _at_ms: int) -> None:
    _change(rows, event.moment, lambda row, _: row.changed(taken_back=None, turns=row.turns + 1))


def thanked(rows: Rows, event: MomentThanked, at_ms: int) -> None:
    """It stands with the moment, and waits among the kind words on the page of whoever wrote that down: as a gesture does, for
    a message may not come, and the moment may be an old one."""
    if (found := _row(rows, event.moment)) is None:
        return
    there, row, story = found
    if row.thanked or not row.of_the_other(story.here(event.peer)):
        return
    _put(rows, there, story, row, row.changed(thanked=True))
    if (writer := story.peers[row.by]) != FORMER:
        word = Received(giver=event.peer, at_ms=at_ms, moment=event.moment)
        change(rows, writer, lambda peer: peer.hearing(pair_of(there), word))


def differs(rows: Rows, event: MomentRememberedDifferently, at_ms: int) -> None:
    """Once for as long as it stands: what was upheld is not asked about again. It waits at the desk until an operator's word,
    for whoever wrote it down may only say that it was so."""
    if (found := _row(rows, event.moment)) is None:
        return
    there, row, story = found
    if row.differs is None and row.of_the_other(story.here(event.peer)):
        _put(rows, there, story, row, row.changed(differs="open"))
        rows.put(DIFFERS, event.moment, DifferRow(place=there, since_ms=at_ms))


def upheld(rows: Rows, event: MomentUpheld, _at_ms: int) -> None:
    """By whoever wrote it down, or by an operator."""
    if event.peer is None:
        rows.drop(DIFFERS, event.moment)
    _change(rows, event.moment, lambda row, story: (
        row.changed(differs="upheld") if row.differs and event.peer in (None, story.peers[row.by]) else row))


def kept_apart(rows: Rows, event: MomentKeptApart, _at_ms: int) -> None:
    _change(rows, event.moment, lambda row, story: (
        row.changed(same_as=None) if event.peer == story.peers[row.by] else row))


def needs_to_leave(rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    yield PEERS, event.peer
    leaver = rows.known(PEERS, event.peer)
    for pair in leaver.stories if leaver is not None else ():
        yield STORIES, pair
        story = rows.known(STORIES, pair)
        if story is not None and FORMER in story.peers:
            for there in story.places(pair, story.months):
                yield MOMENTS, there


def left(rows: Rows, event: PeerLeft, _at_ms: int) -> None:
    """Whoever stayed was with somebody who is nobody now. Where both have left, the story goes too."""
    leaver = rows.get(PEERS, event.peer)
    for pair in leaver.stories if leaver is not None else ():
        if (story := rows.get(STORIES, pair)) is None:
            continue
        if FORMER not in story.peers:
            rows.put(STORIES, pair, story.without(event.peer))
            continue
        for there in story.places(pair, story.months):
            if (row := rows.get(MOMENTS, there)) is not None:
                rows.drop(PLACES, row.moment)
                rows.drop(DIFFERS, row.moment)
                rows.drop(MOMENTS, there)
        rows.drop(STORIES, pair)


def _found(rows: Rows, moment: str) -> Iterable[Ref]:
    yield PLACES, moment
    if (there := rows.known(PLACES, moment)) is not None:
        yield MOMENTS, there.decode()
        yield STORIES, pair_of(there.decode())
        story = rows.known(STORIES, pair_of(there.decode()))
        for peer in story.present if story is not None else ():
            yield PEERS, peer


def _change(rows: Rows, moment: str, how: Callable[[MomentRow, StoryRow], MomentRow]) -> None:
    """Nothing, for a moment that is in nobody's story."""
    if (found := _row(rows, moment)) is not None:
        there, row, story = found
        _put(rows, there, story, row, how(row, story))


def _row(rows: Rows, moment: str) -> tuple[str, MomentRow, StoryRow] | None:
    """Where it is, the moment, and the story that it is in."""
    if (at := rows.get(PLACES, moment)) is None:
        return None
    there = at.decode()
    row, story = rows.get(MOMENTS, there), rows.get(STORIES, pair_of(there))
    return None if row is None or story is None else (there, row, story)


def _put(rows: Rows, there: str, story: StoryRow, before: MomentRow | None, row: MomentRow) -> None:
    """And whoever wrote it down is asked on their page what only they can say of it, or no more."""
    if row == before:
        return
    rows.put(MOMENTS, there, row)
    if row.asks != (before is not None and before.asks) and (writer := story.peers[row.by]) != FORMER:
        change(rows, writer, lambda peer: peer.asked(row.moment, row.asks))
