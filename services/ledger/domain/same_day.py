"""The same moment, written down by both: recognised by its day, its kind and who gave, among what their pair wrote down lately.

That is kept with the pair, a short text each, so that nobody has to look through the books; it goes with the pair. Both moments
stand: whoever wrote the later one is asked whether it is the same, and each moment is asked about once.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.ledger.domain.weeks import LETTERS, day_of
from shared.events import Kind, MomentRecorded

KEPT = 8
"""Moments that a pair keeps at most. Of two who write down more within two weeks the oldest are not recognised any more: both
moments stand then, and either can be taken back by hand."""

KEPT_DAYS = 14
"""How long after its day a moment is recognised. Whoever writes down later than that seldom means the same."""

Recent = tuple[str, ...]
"""`20784l01ID`: the day in five digits, which do until the year 2243, the kind, the places of giver and writer in the pair, and
the moment; in the order of writing."""

_DAY, _MARK = 5, 8
"""Where in such a text these end. Every moment reads it, so nothing is taken apart that need not be."""


def like(peers: tuple[str, str], recent: Recent, kind: Kind, giver: str, by: str) -> Iterator[tuple[int, str]]:
    """What the other of the two wrote down of this kind and giver, when `by` is one of them: day and moment, oldest first. A
    gesture is written down by sending it, and by nobody else."""
    if not recent or kind is Kind.GESTURE or giver not in peers or by not in peers:
        return
    theirs = _mark(kind, peers.index(giver), 1 - peers.index(by))
    for each in recent:
        if each[_DAY:_MARK] == theirs:
            yield int(each[:_DAY]), each[_MARK:]


def after(peers: tuple[str, str], recent: Recent, moment: MomentRecorded, happened_ms: int, now_ms: int) -> Recent:
    """With what the other of the two may write down too; whatever was recognised is not looked for again."""
    if moment.kind is Kind.GESTURE or moment.checkin is not None:
        return recent
    if moment.same_as is not None:
        return tuple(each for each in recent if each[_MARK:] != moment.same_as)
    mark = _mark(moment.kind, peers.index(moment.giver), peers.index(moment.recorded_by or moment.giver))
    first = f"{day_of(now_ms) - KEPT_DAYS:05}"
    kept = [each for each in recent[1 - KEPT:] if each[:_DAY] >= first]
    return (*kept, f"{day_of(happened_ms):05}{mark}{moment.moment}")


def moments(recent: Recent) -> Iterator[str]:
    return (each[_MARK:] for each in recent)


def _mark(kind: Kind, giver: int, by: int) -> str:
    return f"{LETTERS[kind]}{giver}{by}"
