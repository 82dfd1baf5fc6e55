"""How pairs begin and end. It looks at a pair as it is before the books close or forget it."""

from __future__ import annotations

from collections.abc import Iterable

from services.ledger.domain.refusals import FORMER, Pair
from services.ledger.domain.signals import BLOCKED, LEFT_ENDING
from services.ledger.domain.weeks import week_of, week_of_day
from services.ledger.signals.counting import community_of, count, needs_weeks
from services.ledger.store import HOLDERS, LEFT, PAIRS
from shared.events import PairClosed, PairEnded, PairFormed, PeerLeft
from shared.rows import Ref, Rows


def needs_pair(rows: Rows, event: PairFormed | PairClosed) -> Iterable[Ref]:
    for peer in event.peers:
        yield HOLDERS, peer
    yield from needs_weeks(community_of(rows.known, *event.peers), *paused(rows.known(PAIRS, event.pair)))


def paused(pair: Pair | None) -> tuple[int, ...]:
    """The week in which a break began that the pair has not come through yet."""
    return (week_of_day(pair.paused),) if pair is not None and pair.paused else ()


def apply_formed(rows: Rows, event: PairFormed, at_ms: int) -> None:
    if rows.get(PAIRS, event.pair) is None and all(rows.get(LEFT, peer) is None for peer in event.peers):
        count(rows, community_of(rows.get, *event.peers), week_of(at_ms), {"formed": 1}, pairs=1)


def needs_ending(_rows: Rows, event: PairEnded) -> Iterable[Ref]:
    yield PAIRS, event.pair


def apply_ending(rows: Rows, event: PairEnded, _at_ms: int) -> None:
    """The matcher closes a pair by the first that comes; how it ended is kept no longer than that."""
    pair = rows.get(PAIRS, event.pair)
    if pair is not None and pair.closed_ms is None and pair.ending is None and event.peer in pair.peers:
        rows.put(PAIRS, event.pair, pair.model_copy(update={"ending": event.ending}))


def apply_closed(rows: Rows, event: PairClosed, at_ms: int) -> None:
    pair = rows.get(PAIRS, event.pair)
    if pair is None or pair.closed_ms is not None:
        return
    how = {"blocked": BLOCKED, "left": LEFT_ENDING}.get(event.reason, pair.ending)
    rows.put(PAIRS, event.pair, pair.model_copy(update={"ending": None, "paused": 0}))
    _ended(rows, community_of(rows.get, *event.peers), pair, how, at_ms)


def needs_leaving(rows: Rows, event: PeerLeft) -> Iterable[Ref]:
    holder = rows.known(HOLDERS, event.peer)
    for id in holder.pairs if holder is not None else ():
        if (pair := rows.known(PAIRS, id)) is not None:
            yield from needs_weeks(community_of(rows.known, event.peer), *paused(pair))


def apply_leaving(rows: Rows, event: PeerLeft, at_ms: int) -> None:
    """A pair that both left is forgotten before the matcher has closed it: it ended, too."""
    holder = rows.get(HOLDERS, event.peer)
    if holder is None:
        return
    for id in holder.pairs:
        if (pair := rows.get(PAIRS, id)) is not None and FORMER in pair.peers and pair.closed_ms is None:
            _ended(rows, holder.community, pair, LEFT_ENDING, at_ms)


def _ended(rows: Rows, community: str, pair: Pair, how: str | None, at_ms: int) -> None:
    count(rows, community, week_of(at_ms), {f"ending:{how}": 1} if how else {}, pairs=-1)
    for week in paused(pair):
        count(rows, community, week, {"break:ended": 1})
