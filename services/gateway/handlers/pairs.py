"""Buddies: contacts offered, ending, blocking."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import LATE_MS, PAIRS, PEERS, PROPOSALS, Before, PairRow, PeerRow, ProposalRow
from shared.events import ClosingNote, ContactOffered, ContactTakenBack, Ending, PairClosed, PairEnded, PeerBlocked
from shared.rows import Ref, Rows


def needs_pair(_rows: Rows, event: ContactOffered | ContactTakenBack) -> Iterable[Ref]:
    yield PAIRS, event.pair


def needs_to_end(rows: Rows, event: PairEnded) -> Iterable[Ref]:
    yield PEERS, event.peer
    yield PAIRS, event.pair
    if event.note is not None and (pair := rows.known(PAIRS, event.pair)) is not None:
        yield PEERS, pair.other(event.peer)


def needs_to_close(_rows: Rows, event: PairClosed) -> Iterable[Ref]:
    yield PAIRS, event.pair
    for peer in event.peers:
        yield PEERS, peer


def needs_to_block(rows: Rows, event: PeerBlocked) -> Iterable[Ref]:
    yield PEERS, event.peer
    if (row := rows.known(PEERS, event.peer)) is not None:
        for pair in row.pairs:
            yield PAIRS, pair
        for proposal in row.proposals:
            yield PROPOSALS, proposal


def offered(rows: Rows, event: ContactOffered, _at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    if pair is not None and event.peer in pair.peers:
        rows.put(PAIRS, event.pair, pair.model_copy(update={"contacts": {**pair.contacts, event.peer: event.contact}}))


def taken_back(rows: Rows, event: ContactTakenBack, _at_ms: int) -> None:
    if (pair := rows.get(PAIRS, event.pair)) is not None:
        kept = {peer: contact for peer, contact in pair.contacts.items() if peer != event.peer}
        rows.put(PAIRS, event.pair, pair.model_copy(update={"contacts": kept}))


def ended(rows: Rows, event: PairEnded, at_ms: int) -> None:
    """Gone at once for the one who ended it; for the other when the matcher closes the pair."""
    if (pair := rows.get(PAIRS, event.pair)) is not None and event.peer in pair.peers:
        _over(rows, event.peer, event.pair, pair.other(event.peer), pair.formed_ms, at_ms)
        if event.note is not None and event.ending is not Ending.SAFETY:
            _leave_note(rows, pair.other(event.peer), event.pair, event.note)


def closed(rows: Rows, event: PairClosed, at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    rows.drop(PAIRS, event.pair)
    for peer, other in (event.peers, event.peers[::-1]):
        _over(rows, peer, event.pair, other, 0 if pair is None else pair.formed_ms, at_ms)


def blocked(rows: Rows, event: PeerBlocked, _at_ms: int) -> None:
    """Whatever leads to the blocked person goes from the blocker's page at once, gestures included."""
    def shown(row: PairRow | ProposalRow | None) -> bool:
        return row is None or event.blocked not in row.peers

    def after(row: PeerRow) -> PeerRow:
        over = {each.pair for each in row.before if each.other == event.blocked} | {
            pair for pair in row.pairs if not shown(rows.get(PAIRS, pair))}
        return row.changed(
            closing={pair: note for pair, note in row.closing.items() if pair not in over},
            notices=tuple(each.model_copy(update={"note": None, "pair": None}) if each.pair in over else each
                          for each in row.notices),
            pairs=tuple(pair for pair in row.pairs if shown(rows.get(PAIRS, pair))),
            before=tuple(each for each in row.before if each.other != event.blocked),
            proposals=tuple(proposal for proposal in row.proposals if shown(rows.get(PROPOSALS, proposal))),
            inbox=tuple(gesture for gesture in row.inbox if gesture.giver != event.blocked))
    change(rows, event.peer, after)


def _leave_note(rows: Rows, peer: str, pair: str, note: ClosingNote) -> None:
    """It waits for the notice. Whoever has ended the pair themselves is not told of its end, and so of no note."""
    row = rows.get(PEERS, peer)
    if row is not None and pair in row.pairs:
        rows.put(PEERS, peer, row.changed(closing={**row.closing, pair: note}))


def _over(rows: Rows, peer: str, pair: str, other: str, formed_ms: int, at_ms: int) -> None:
    """Its moments may be written down for a while yet, but not by who blocked: from their page it went by the block."""
    def after(row: PeerRow) -> PeerRow:
        if pair not in row.pairs:
            return row
        before = Before(pair=pair, other=other, until_ms=at_ms + LATE_MS, formed_ms=formed_ms)
        return row.changed(pairs=tuple(each for each in row.pairs if each != pair),
                           before=(*(each for each in row.before if at_ms < each.until_ms), before))
    change(rows, peer, after)
