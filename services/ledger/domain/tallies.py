"""Counts of one community and week, moved by what happens as it comes: no signal needs the history again.

A tally is a bag of counts by key. What happened in a week stands in that week's, but for what is a share of something earlier
and stands with it: a newcomer's firsts in the week in which they joined, an answer in the week in which it was asked for, how a
pair went on after a break in the week in which the break began, a look at a concern in the week in which that was raised.

| key | counts |
|---|---|
| `kind:…` `way:…` `chain:…` | moments that stand, by kind, by way of connecting and by the length of their chain |
| `formed`, `ending:…` | pairs that were formed, and that ended, by type |
| `break:went_on`, `break:ended` | pairs by what came first after a break of one of the two: a moment, or their end |
| `block`, `concern`, `looked:H` | blocks, concerns, and of these those that a person looked at H hours later |
| `pulse:offered`, `pulse:yes` and so on | questions whether somebody felt listened to, and the answers |
| `joined`, `proposal:D`, `hello:D`, `giving:D` | people who joined, and who had their first after D days |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.ledger.domain.entries import Transfer
from shared.events import Kind, Way

Counts = dict[str, int]

UNSAID = "not_said"


def moved(counts: Counts, by: Mapping[str, int]) -> Counts:
    """In the order of the keys, and without those that came to nothing: what comes in another order ends in the same row."""
    after = counts.copy()
    for key, count in by.items():
        after[key] = after.get(key, 0) + count
    if len(after) == len(counts) and all(after[key] for key in by):  # nearly always
        return after
    return {key: after[key] for key in sorted(after) if after[key]}


def of_moment(moment: Transfer, by: int) -> Mapping[str, int]:
    """A gesture is a message, whatever else the two do."""
    way = moment.way or (Way.MESSAGE if moment.kind is Kind.GESTURE else None)
    return {f"kind:{moment.kind or Kind.OTHER}": by, f"way:{way or UNSAID}": by, f"chain:{moment.chain}": by}


def between(before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    """What takes one to the other."""
    return {key: by for key in {**before, **after} if (by := after.get(key, 0) - before.get(key, 0))}


def total(tallies: Iterable[Mapping[str, int]]) -> Counts:
    counts: Counts = {}
    for each in tallies:
        for key, count in each.items():
            counts[key] = counts.get(key, 0) + count
    return counts


def of_kind(counts: Mapping[str, int], what: str) -> Counts:
    """The counts of `what:…`, by what stands behind the colon."""
    begin = f"{what}:"
    return {key.removeprefix(begin): count for key, count in counts.items() if key.startswith(begin)}
