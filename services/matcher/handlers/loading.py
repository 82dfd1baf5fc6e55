"""Which rows an entry touches, as far as they can be named: more of them with each round of loading.

Whom the pool chooses is lent from memory instead (`Ahead`).
"""

from __future__ import annotations

from collections.abc import Iterable

from services.matcher.domain.standing import Standing
from services.matcher.store import DRAFTS, PAIRS, PEERS, PROPOSALS, REQUESTS, ROUNDS
from shared.rows import Ref, Rows


def standing_of(rows: Rows, peer: str) -> Standing:
    return rows.known(PEERS, peer) or Standing()


def peer_and_proposals(rows: Rows, peer: str) -> Iterable[Ref]:
    """A peer, their proposals, those that wait for a coordinator included, and the others in those."""
    yield PEERS, peer
    for proposal, other in standing_of(rows, peer).proposals.items():
        yield PROPOSALS, proposal
        yield DRAFTS, proposal
        yield PEERS, other


def request_and_rounds(rows: Rows, request: str) -> Iterable[Ref]:
    """A request, and the row of its community's rounds, in which its peer may be next."""
    yield REQUESTS, request
    if (row := rows.known(REQUESTS, request)) is not None:
        yield ROUNDS, row.community


def peer_and_pairs(rows: Rows, peer: str) -> Iterable[Ref]:
    """A peer, their pairs, those that ended included, and the others in those."""
    yield PEERS, peer
    standing = standing_of(rows, peer)
    for pair, other in (*standing.pairs.items(), *standing.past.items()):
        yield PAIRS, pair
        yield PEERS, other
