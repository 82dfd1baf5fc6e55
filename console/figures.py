"""What a replay came to, in figures beside one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean

from console import shown
from console.replayed import Taken
from shared.clock import DAY_MS


@dataclass(frozen=True)
class Figures:
    """Of requests made in the window, and those that waited for their first proposal when it began. A share is of 1, and none
    where there was nothing to count."""

    requests: int
    wait_median_days: float | None
    """Until the first proposal. Whoever still waits, or took their request back, counts with the time so far."""
    wait_p95_days: float | None
    without_proposal: int
    paired: float | None
    proposals: int
    proposals_a_request: float | None
    proposals_most: int
    """To any one person."""
    repeats: int
    two_way: float | None
    benefit: float | None
    """Mean of all proposals, by the published weights."""
    pairs: int
    accepted: float | None
    """Of proposals that somebody's word ended, or nobody's did."""
    accepted_seen: float | None
    """The same, of those alone whose answer is known."""
    seen: float | None
    """Proposals of two whose answer is known, for they were really proposed to each other."""


def figures(taken: Taken) -> Figures:
    requests = taken.cohort
    waits = sorted(waited(taken, request) for request in requests)
    load = Counter(peer for proposed in taken.proposed for peer in proposed.peers)
    count = len(taken.proposed)
    return Figures(
        requests=len(requests), wait_median_days=quantile(waits, 0.5), wait_p95_days=quantile(waits, 0.95),
        without_proposal=sum(request not in taken.first_ms for request in requests),
        paired=share(sum(request in taken.paired for request in requests), len(requests)), proposals=count,
        proposals_a_request=share(2 * count, len(requests)), proposals_most=max(load.values(), default=0),
        repeats=taken.repeats, two_way=share(sum(each.two_way for each in taken.proposed), count),
        benefit=round(mean(each.benefit for each in taken.proposed)) if count else None, pairs=taken.pairs,
        accepted=share(taken.pairs, taken.ended),
        accepted_seen=share(taken.known_pairs, taken.known_ended), seen=share(sum(each.seen for each in taken.proposed), count))


def waited(taken: Taken, request: str) -> float:
    """Days until the first proposal, or so far."""
    until_ms = taken.first_ms.get(request, taken.gone_ms.get(request, taken.until_ms))
    return max(0, until_ms - taken.asked_ms[request]) / DAY_MS


def quantile(values: Sequence[float], part: float) -> float | None:
    """Of sorted values the least that is not exceeded by that part of them (nearest rank)."""
    return round(values[max(0, -int(-part * len(values) // 1) - 1)], 2) if values else None


def share(some: float, of: int) -> float | None:
    return round(some / of, 4) if of else None


_ROWS: Sequence[tuple[str, str]] = (
    ("requests", "requests"), ("wait, median", "wait_median_days"), ("wait, 95 of 100 within", "wait_p95_days"),
    ("without a proposal", "without_proposal"), ("found a buddy", "paired"), ("proposals", "proposals"),
    ("proposals a request", "proposals_a_request"), ("most to one person", "proposals_most"),
    ("the same two again", "repeats"), ("helps both ways", "two_way"), ("benefit, mean", "benefit"), ("pairs", "pairs"),
    ("accepted", "accepted"), ("accepted, where known", "accepted_seen"), ("answer known", "seen"))


def show(columns: Mapping[str, Figures]) -> None:
    """A table, one column for each."""
    rows = [asdict(each) for each in columns.values()]
    shown.table(("", *columns), [(label, *(_cell(name, row[name]) for row in rows)) for label, name in _ROWS])


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name.endswith("_days"):
        return f"{value:.1f} days"
    if name in ("paired", "two_way", "accepted", "accepted_seen", "seen"):
        return f"{value * 100:.0f} %"
    return f"{value:,}"
