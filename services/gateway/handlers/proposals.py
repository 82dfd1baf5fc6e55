"""Proposals as each of the two sees them: open, said yes to by oneself, or gone."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.handlers.peers import change
from services.gateway.store import DRAFTS, PAIRS, PEERS, PROPOSALS, REST_MS, PairRow, PeerRow, ProposalRow
from shared.events import Answer, AnswerRefused, PairFormed, ProposalAnswered, ProposalLapsed, ProposalMade, ProposalWithdrawn
from shared.rows import Ref, Rows

Closing = ProposalLapsed | ProposalWithdrawn | PairFormed


def needs(_rows: Rows, event: ProposalMade | Closing) -> Iterable[Ref]:
    yield PROPOSALS, event.proposal
    for peer in event.peers:
        yield PEERS, peer
    if isinstance(event, PairFormed):
        yield PAIRS, event.pair


def needs_to_answer(_rows: Rows, event: ProposalAnswered | AnswerRefused) -> Iterable[Ref]:
    yield PEERS, event.peer


def made(rows: Rows, event: ProposalMade, at_ms: int) -> None:
    rows.drop(DRAFTS, event.proposal)
    rows.put(PROPOSALS, event.proposal, ProposalRow(peers=event.peers, reasons=event.reasons))
    for peer in event.peers:
        change(rows, peer, lambda row: row.changed(proposals=(*row.proposals, event.proposal), proposed_ms=at_ms))


def answered(rows: Rows, event: ProposalAnswered, at_ms: int) -> None:
    """Only the one who answered sees a change, and at once; what becomes of the proposal the matcher says."""
    def after(row: PeerRow) -> PeerRow:
        if event.proposal not in row.proposals:
            return row
        if event.answer is Answer.YES:
            return row.changed(said_yes=tuple({**dict.fromkeys(row.said_yes), event.proposal: None}))
        row = row.changed(set_aside=tuple({**dict.fromkeys(row.set_aside), event.proposal: None}))
        return row.changed(rests=_resting(row, event.proposal, at_ms)) if event.answer is Answer.NOT_NOW else row
    change(rows, event.peer, after)


def refused(rows: Rows, event: AnswerRefused, _at_ms: int) -> None:
    """The answer changed nothing, so a proposal that is still open shows again."""
    change(rows, event.peer, lambda row: row.changed(
        set_aside=tuple(each for each in row.set_aside if each != event.proposal),
        rests={each: until_ms for each, until_ms in row.rests.items() if each != event.proposal}))


def closed(rows: Rows, event: Closing, _at_ms: int) -> None:
    rows.drop(PROPOSALS, event.proposal)
    for peer in event.peers:
        change(rows, peer, lambda row: _without(row, event.proposal))


def formed(rows: Rows, event: PairFormed, at_ms: int) -> None:
    closed(rows, event, at_ms)
    rows.put(PAIRS, event.pair, PairRow(peers=event.peers, formed_ms=at_ms))
    for peer in event.peers:
        change(rows, peer, lambda row: row.changed(pairs=(*row.pairs, event.pair)))


def _resting(row: PeerRow, proposal: str, at_ms: int) -> dict[str, int]:
    lasting = {each: until_ms for each, until_ms in row.rests.items() if at_ms < until_ms}
    return {**lasting, proposal: at_ms + REST_MS}


def _without(row: PeerRow, proposal: str) -> PeerRow:
    return row.changed(proposals=tuple(each for each in row.proposals if each != proposal),
                       said_yes=tuple(each for each in row.said_yes if each != proposal),
                       set_aside=tuple(each for each in row.set_aside if each != proposal))
