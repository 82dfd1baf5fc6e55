"""Signals next to what the ledger does anyway: which event moves which counts. The books don't know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from services.ledger.signals import firsts, moments, pairs, people, weekly
from shared.events import (
    BreakEnded,
    BreakStarted,
    CheckinRecorded,
    ConcernClosed,
    ConcernRaised,
    Event,
    GestureSent,
    MilestoneReached,
    MomentCorrected,
    MomentPutBack,
    MomentRecorded,
    MomentRestored,
    MomentReversed,
    MomentShared,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerJoined,
    PeerLeft,
    ProposalAnswered,
    ProposalMade,
    PulseAnswered,
    PulseOffered,
    SignalsComputed,
    SignalsIntended,
    TimerElapsed,
    WaitingCounted,
)
from shared.rows import Ref, Rows
from shared.service import Apply, Entry, Handling, Later


class Beside(NamedTuple):
    """What is needed, applied and decided for signals with an event that is handled for other reasons too."""

    needs: Callable[[Rows, Any], Iterable[Ref]]
    apply: Apply | None = None
    decide: Callable[[Rows, Entry, Sequence[Event | Later]], Iterable[Event | Later]] | None = None
    """Told what was said to the entry so far."""


_BESIDE: Mapping[type[Event], Beside] = {
    PairFormed: Beside(pairs.needs_pair, pairs.apply_formed),
    PairClosed: Beside(pairs.needs_pair, pairs.apply_closed),
    PeerLeft: Beside(pairs.needs_leaving, pairs.apply_leaving),
    MomentShared: Beside(moments.needs_moment, decide=moments.decide),
    GestureSent: Beside(moments.needs_moment, decide=moments.decide),
    CheckinRecorded: Beside(moments.needs_checkin, decide=moments.decide),
    MomentCorrected: Beside(moments.needs_correction, decide=moments.decide),
    MomentPutBack: Beside(moments.needs_correction, decide=moments.decide),
    BreakStarted: Beside(people.needs_break, people.apply_break),
    BreakEnded: Beside(people.needs_break, people.apply_return),
    TimerElapsed: Beside(weekly.needs_timer, weekly.apply_timer, weekly.decide_timer),
}

_ALONE: Mapping[type[Event], Handling] = {
    PeerJoined: Handling(firsts.needs_joined, firsts.decide_joined, firsts.apply_joined),
    ProposalMade: Handling(firsts.needs_proposal, apply=firsts.apply_proposal),
    ProposalAnswered: Handling(people.needs_answer, apply=people.apply_answer),
    PairEnded: Handling(pairs.needs_ending, apply=pairs.apply_ending),
    PulseAnswered: Handling(people.needs_pulse, apply=people.apply_pulse),
    PeerBlocked: Handling(people.needs_doing, apply=people.apply_block),
    ConcernRaised: Handling(people.needs_doing, apply=people.apply_concern),
    ConcernClosed: Handling(people.needs_look, apply=people.apply_look),
    WaitingCounted: Handling(apply=weekly.apply_waiting),
    SignalsComputed: Handling(weekly.needs_computed, apply=weekly.apply_computed),
}

_OWN: Mapping[type[Event], Apply] = {
    MomentRecorded: moments.apply_recorded,
    MomentReversed: moments.apply_reversed,
    MomentRestored: moments.apply_restored,
    MilestoneReached: firsts.apply_milestone,
    PulseOffered: people.apply_offered,
    SignalsIntended: weekly.apply_intended,
}


def beside(inputs: Mapping[type[Event], Handling]) -> dict[type[Event], Handling]:
    """What the books handle, with what signals make of it, and what they alone handle."""
    return {**{event: _both(handling, _BESIDE[event]) if event in _BESIDE else handling for event, handling in inputs.items()},
            **_ALONE}


def beside_own(own: Mapping[type[Event], Apply]) -> dict[type[Event], Apply]:
    """The same for what the ledger says itself. The books come first: counts look at what was posted."""
    return {**own, **{event: _then(own[event], apply) if event in own else apply for event, apply in _OWN.items()}}


def _both(books: Handling, signals: Beside) -> Handling:
    """Here signals come first: they look at the pair that closes, and at whoever leaves, while these are there."""
    def needs(rows: Rows, event: Any) -> Iterable[Ref]:
        return chain(books.needs(rows, event), signals.needs(rows, event))

    def decide(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
        said = list(books.decide(rows, entry))
        return said if signals.decide is None else [*said, *signals.decide(rows, entry, said)]

    return Handling(needs, decide, books.apply if signals.apply is None else _then(signals.apply, books.apply))


def _then(first: Apply, second: Apply) -> Apply:
    def apply(rows: Rows, event: Any, at_ms: int) -> None:
        first(rows, event, at_ms)
        second(rows, event, at_ms)
    return apply
