"""The counts of the week that goes on in a community, and of weeks that are over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from services.ledger.domain import tallies
from services.ledger.domain.refusals import FORMER
from services.ledger.store import COMMUNITIES, HOLDERS, TALLIES, Community, Holder, Tally, of_week
from shared.rows import Ref, Rows, Table


def count(rows: Rows, community: str, week: int, by: Mapping[str, int], pairs: int = 0) -> None:
    """Moves a week's counts, and how many pairs are open now. The first that happens in a new week begins it.

    Nothing is counted for the community of nobody.
    """
    if not community:
        return
    row = rows.get(COMMUNITIES, community) or Community(week=week)
    if week > row.week:
        rows.put(TALLIES, of_week(community, row.week), Tally(counts=row.counts))
        row = row.model_copy(update={"week": week, "counts": {}})
    if week == row.week:
        row = row.model_copy(update={"counts": tallies.moved(row.counts, by), "pairs": row.pairs + pairs})
    else:
        over = rows.get(TALLIES, of_week(community, week)) or Tally()
        rows.put(TALLIES, of_week(community, week), Tally(counts=tallies.moved(over.counts, by)))
        row = row.model_copy(update={"pairs": row.pairs + pairs})
    rows.put(COMMUNITIES, community, row)


def needs_weeks(community: str, *weeks: int) -> Iterable[Ref]:
    """The rows of the week that goes on, whichever that is, and of others. There is none of a week that has not begun."""
    if community:
        yield COMMUNITIES, community
        for week in weeks:
            yield TALLIES, of_week(community, week)


def community_of(look: Callable[[Table[Holder], str], Holder | None], *peers: str) -> str:
    """Of two who are paired it is one. Empty when none of them is known here any more. `look`: `Rows.get`, or in `needs`
    `Rows.known`, which goes as far as was loaded."""
    for peer in peers:
        holder = look(HOLDERS, peer) if peer != FORMER else None
        if holder is not None and holder.belongs is not None:
            return holder.belongs.community
    return ""
