"""What a partner's check-in becomes: of which pair it tells, and which moments it adds.

A moment's id follows from what happened and not from the event that told of it. So however often, in whichever order and
under however many ids a partner says the same, the books end the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal, NamedTuple

from services.ledger.domain.refusals import AHEAD_MS, LATE_MS, Pair
from shared.clock import derived_id
from shared.events import Kind, Told

Refusal = Literal["unknown_reference", "no_consent", "same_person", "in_future", "too_long_ago", "no_such_pair",
                  "before_pair", "pair_ended", "which_pair", "already_recorded"]


class Found(NamedTuple):
    """One moment of a check-in. `giver` is a place in the pair, 0 or 1, so it stays the same when somebody leaves."""

    moment: str
    kind: Kind
    giver: int
    minutes: int | None


def of_people(peers: tuple[str | None, ...], agreed: tuple[bool, ...], happened_ms: int, at_ms: int) -> Refusal | None:
    """`agreed` says of each of `peers` whether they agreed that this partner may tell us of their moments.

    Of what happened longer ago than a late moment may come, a pair that was meant may be forgotten by now, and another of
    the same person would seem the only one.
    """
    if any(peer is None for peer in peers):
        return "unknown_reference"
    if not all(agreed):
        return "no_consent"
    if len(set(peers)) != len(peers):
        return "same_person"
    if happened_ms > at_ms + AHEAD_MS:
        return "in_future"
    if at_ms - happened_ms > LATE_MS:
        return "too_long_ago"
    return None


def pair_of(pairs: Mapping[str, Pair], happened_ms: int, at_ms: int) -> tuple[str, Pair] | Refusal:
    """The one pair that a check-in can mean among `pairs`, all those there are of the people it names.

    A pair that had begun when it happened can be meant for as long as a late moment is taken, ended or not. So nobody
    outside learns of an ending sooner than the other of the two would: neither by a refusal, nor because one of two that
    lasted side by side is all at once the only one. Of pairs that came one after the other the latest is meant.
    """
    if not pairs:
        return "no_such_pair"
    begun = {id: pair for id, pair in pairs.items() if pair.formed_ms is None or pair.formed_ms <= happened_ms}
    if not begun:
        return "before_pair"
    meant = sorted(((id, pair) for id, pair in begun.items() if not pair.late(at_ms)), key=lambda each: _began_ms(each[1]))
    if not meant:
        return "pair_ended"
    if any(_overlap(earlier, later) for (_, earlier), (_, later) in pairwise(meant)):
        return "which_pair"
    return meant[-1]


def _overlap(earlier: Pair, later: Pair) -> bool:
    return earlier.closed_ms is None or earlier.closed_ms > _began_ms(later)


def _began_ms(pair: Pair) -> int:
    return pair.formed_ms or 0


def moments_of(partner: str, pair: str, first: int, told: tuple[Told, ...], happened_ms: int) -> Iterator[Found]:
    """Every moment that a check-in tells of; `first` is the place in the pair of whom it names first. Where both gave there
    are two."""
    for each in told:
        for direction, giver in (("gave", first), ("received", 1 - first)):
            if each.direction in (direction, "both"):
                yield Found(moment_id(partner, pair, each.kind, giver, happened_ms), each.kind, giver, each.minutes)


def moment_id(partner: str, pair: str, kind: Kind, giver: int, happened_ms: int) -> str:
    return derived_id(pair, f"{partner}:{happened_ms}:{kind}:{giver}")
