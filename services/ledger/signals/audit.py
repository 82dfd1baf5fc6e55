"""The counts that signals come from, held against the books: by kind, way and chain, and how many pairs are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from services.ledger.domain import tallies
from services.ledger.domain.entries import Transfer
from services.ledger.domain.weeks import week_of
from services.ledger.store import Snapshot, of_week

_OF_MOMENTS = ("kind:", "way:", "chain:")


def miscounted_weeks(state: Snapshot, standing: Iterable[Transfer]) -> Iterator[str]:
    """Weeks of a community whose counts are not those of the moments that stand."""
    counts: dict[str, Counter[str]] = {}
    for moment in standing:
        if community := _community(state, *(leg.account for leg in moment.legs)):
            counts.setdefault(of_week(community, week_of(moment.at_ms)), Counter()).update(tallies.of_moment(moment, 1))
    said = {id: tally.counts for id, tally in state.tallies.items()}
    said |= {of_week(name, row.week): row.counts for name, row in state.communities.items()}
    for id in counts.keys() | said.keys():
        if {key: count for key, count in said.get(id, {}).items() if key.startswith(_OF_MOMENTS)} != counts.get(id, {}):
            yield id


def miscounted_pairs(state: Snapshot) -> Iterator[str]:
    """Communities where another number of pairs is open than is said."""
    there = Counter(_of_peers(state, *pair.peers) for pair in state.pairs.values() if pair.closed_ms is None)
    return (name for name, row in state.communities.items() if row.pairs != there[name])


def _community(state: Snapshot, *accounts: str) -> str:
    """That of whoever is still here; of two former peers it stands with their accounts."""
    found = [account for id in accounts if (account := state.accounts.get(id)) is not None]
    here = _of_peers(state, *(account.holder for account in found if account.holder is not None))
    return here or next((account.community for account in found if account.community), "")


def _of_peers(state: Snapshot, *peers: str) -> str:
    holders = (state.holders.get(peer) for peer in peers)
    return next((holder.community for holder in holders if holder is not None and holder.community), "")
