"""Who waited for a buddy in a simulation, and whether each of them heard how it stands when they were to (rule 11). Pure.

Somebody waits from when their request has its place, or a pair of theirs is over while it stands, until a pair is formed, the
request is set aside or withdrawn, or they leave. Notes are due after 2, 7 and 14 days of that, then every 30. One that falls
into a break, or into the time of a proposal, may come later or not at all: that is not looked at here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

from console.simulate.standing import Hearing
from shared.clock import DAY_MS
from shared.events import (
    BreakStarted,
    MessageDelivered,
    PairClosed,
    PairFormed,
    PeerLeft,
    PreferencesChanged,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    RequestResumed,
    RequestSetAside,
    RequestWaiting,
    SupportWithdrawn,
)

NOTES = (2, 7, 14)
EVERY = 30
LATE_MS = DAY_MS + 60_000
"""The longest that quiet hours hold a note, on the longest day, and what a step of the simulation takes."""


@dataclass
class Wait:
    """One wait of one person."""

    since_ms: int
    until_ms: int | None = None
    notes_ms: list[int] = field(default_factory=list)

    def due_ms(self, end_ms: int) -> Iterator[int]:
        """When notes are due before `end_ms`."""
        days, place = NOTES[0], 0
        while (due_ms := self.since_ms + days * DAY_MS) < end_ms:
            yield due_ms
            place += 1
            days = NOTES[place] if place < len(NOTES) else days + EVERY


@dataclass
class Somebody:
    """What matters of one person: `between` is what keeps notes back at the moment, and since when; `spans` what did."""

    request: str | None = None
    pairs: set[str] = field(default_factory=set)
    waits: list[Wait] = field(default_factory=list)
    between: dict[str, int] = field(default_factory=dict)
    spans: list[tuple[int, float]] = field(default_factory=list)

    @property
    def wait(self) -> Wait | None:
        return self.waits[-1] if self.waits and self.waits[-1].until_ms is None else None

    def begins(self, at_ms: int) -> None:
        if self.wait is None and self.request is not None and not self.pairs:
            self.waits.append(Wait(at_ms))

    def ends(self, at_ms: int) -> None:
        if self.wait is not None:
            self.wait.until_ms = at_ms

    def over(self, what: str, at_ms: int) -> None:
        if (since_ms := self.between.pop(what, None)) is not None:
            self.spans.append((since_ms, at_ms))

    def left_out(self, end_ms: int) -> bool:
        """Whether a note was due, nothing came between, and none came."""
        spans = [*self.spans, *((since_ms, inf) for since_ms in self.between.values())]
        return any(
            not any(due_ms <= at_ms <= due_ms + LATE_MS for at_ms in wait.notes_ms)
            and not any(since_ms <= due_ms + LATE_MS and due_ms <= over_ms for since_ms, over_ms in spans)
            for wait in self.waits for due_ms in wait.due_ms((end_ms if wait.until_ms is None else wait.until_ms) - LATE_MS))


class Waits:
    """Hears the log."""

    def __init__(self) -> None:
        self._people = defaultdict[str, Somebody](Somebody)
        self.broken: list[tuple[str, str, str]] = []
        """Notes that came when none was to: which rule, whose, which message."""
        self.hearing: Hearing = {
            RequestWaiting: self._asks, RequestResumed: self._asks, RequestSetAside: self._no_more,
            SupportWithdrawn: self._withdraws, PeerLeft: self._left, PairFormed: self._paired, PairClosed: self._closed,
            ProposalMade: self._proposed, ProposalLapsed: self._unproposed,
            ProposalWithdrawn: self._unproposed, BreakStarted: self._rests, PreferencesChanged: self._wishes,
            MessageDelivered: self._came}

    def left_out(self, end_ms: int) -> list[str]:
        """Who was to hear how it stands, and did not."""
        return sorted(peer for peer, each in self._people.items() if each.left_out(end_ms))

    def _asks(self, event: RequestWaiting | RequestResumed, at_ms: int) -> None:
        somebody = self._people[event.peer]
        if isinstance(event, RequestWaiting):
            somebody.request = event.request
        if somebody.request == event.request:
            somebody.begins(at_ms)

    def _no_more(self, event: Any, at_ms: int) -> None:
        self._people[event.peer].ends(at_ms)

    def _left(self, event: PeerLeft, at_ms: int) -> None:
        self._people[event.peer].request = None
        self._people[event.peer].ends(at_ms)

    def _withdraws(self, event: SupportWithdrawn, at_ms: int) -> None:
        somebody = self._people[event.peer]
        if somebody.request == event.request:
            somebody.request = None
            somebody.ends(at_ms)

    def _paired(self, event: PairFormed, at_ms: int) -> None:
        for peer in event.peers:
            somebody = self._people[peer]
            somebody.pairs.add(event.pair)
            somebody.over(event.proposal, at_ms)
            somebody.ends(at_ms)

    def _closed(self, event: PairClosed, at_ms: int) -> None:
        for peer in event.peers:
            somebody = self._people[peer]
            somebody.pairs.discard(event.pair)
            somebody.begins(at_ms)

    def _proposed(self, event: ProposalMade, at_ms: int) -> None:
        for peer in event.peers:
            self._people[peer].between[event.proposal] = at_ms

    def _unproposed(self, event: ProposalLapsed | ProposalWithdrawn, at_ms: int) -> None:
        for peer in event.peers:
            self._people[peer].over(event.proposal, at_ms)

    def _rests(self, event: BreakStarted, at_ms: int) -> None:
        self._people[event.peer].spans.append((at_ms, event.until_ms + LATE_MS))

    def _wishes(self, event: PreferencesChanged, at_ms: int) -> None:
        somebody = self._people[event.peer]
        somebody.over("stopped", at_ms)
        if event.stopped or "essential" in event.without:
            somebody.between["stopped"] = at_ms

    def _came(self, event: MessageDelivered, at_ms: int) -> None:
        if event.template == "waiting":
            wait = self._people[event.to].wait
            if wait is None:
                self.broken.append(("note_without_a_wait", event.to, event.message))
            else:
                wait.notes_ms.append(at_ms)
                if len(wait.notes_ms) > sum(1 for _ in wait.due_ms(at_ms + 1)):
                    self.broken.append(("note_too_soon", event.to, event.message))
