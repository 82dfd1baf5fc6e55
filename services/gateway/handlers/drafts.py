"""Suggestions that wait for a coordinator: for the desk, and for nobody else to hear of."""

from __future__ import annotations

from collections.abc import Iterable

from services.gateway.store import DRAFTS, DraftRow
from shared.events import ProposalApproved, ProposalDeclined, ProposalDiscarded, ProposalDrafted
from shared.rows import Ref, Rows


def needs(_rows: Rows, event: ProposalDrafted | ProposalApproved | ProposalDeclined | ProposalDiscarded) -> Iterable[Ref]:
    yield DRAFTS, event.proposal


def drafted(rows: Rows, event: ProposalDrafted, at_ms: int) -> None:
    rows.put(DRAFTS, event.proposal, DraftRow(peers=event.peers, requests=event.requests, reasons=event.reasons,
                                              since_ms=at_ms, runs_out_ms=event.runs_out_ms))


def decided(rows: Rows, event: ProposalApproved | ProposalDeclined, _at_ms: int) -> None:
    """It goes when the matcher says what came of it; until then nobody decides it a second time."""
    if (row := rows.get(DRAFTS, event.proposal)) is not None and row.decided is None:
        word = "approved" if isinstance(event, ProposalApproved) else "declined"
        rows.put(DRAFTS, event.proposal, row.model_copy(update={"decided": word}))


def discarded(rows: Rows, event: ProposalDiscarded, _at_ms: int) -> None:
    rows.drop(DRAFTS, event.proposal)
