"""A ledger in memory, and people who give and receive."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal

from services.ledger.app import table
from services.ledger.audit import Finding, findings
from services.ledger.domain.breaks import window
from services.ledger.domain.chains import ALL, Chains
from services.ledger.domain.protection import Thresholds
from services.ledger.domain.weeks import Window, week_of
from services.ledger.store import TABLES, Snapshot
from shared.clock import DAY_MS
from shared.events import (
    BreakEnded,
    BreakKind,
    BreakStarted,
    CheckinRecorded,
    ConsentGiven,
    Correction,
    CountsChanged,
    Event,
    Gesture,
    GestureSent,
    Kind,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRefused,
    MomentRememberedDifferently,
    MomentShared,
    MomentThanked,
    MomentUpheld,
    PairClosed,
    PairFormed,
    PeerLeft,
    Told,
)
from tests.unit.in_memory import InMemory

LISTENED = (Told(kind=Kind.LISTENED, direction="gave"),)


class Book(InMemory):
    """People are called by one letter; their pair is called by both letters in order."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        super().__init__(table(thresholds))
        self._moments = self._told = 0

    # what happens

    def forms(self, a: str, b: str) -> str:
        self.hear(PairFormed(pair=a + b, proposal=f"proposal {a + b}", peers=(a, b)))
        return a + b

    def closes(self, pair: str, reason: Literal["ended", "left"] = "ended") -> None:
        assert self.hear(PairClosed(pair=pair, peers=(pair[0], pair[1]), reason=reason)) == []

    def shares(self, giver: str, receiver: str, by: str | None = None, pair: str | None = None, moment: str | None = None,
               kind: Kind = Kind.LISTENED, days: float | None = None, **more: Any) -> list[Event]:
        """It happened so many `days` from now: below zero for what is over; none where that is left open."""
        happened_ms = None if days is None else self.now_ms + round(days * DAY_MS)
        return self.hear(MomentShared(
            moment=moment or self.moment(), pair=pair or "".join(sorted(giver + receiver)), giver=giver, receiver=receiver,
            kind=kind, recorded_by=by or receiver, happened_ms=happened_ms, **more))

    def sends(self, giver: str, receiver: str, moment: str | None = None) -> list[Event]:
        return self.hear(GestureSent(moment=moment or self.moment(), pair="".join(sorted(giver + receiver)), giver=giver,
                                     receiver=receiver, gesture=Gesture.CUP_OF_TEA))

    def corrects(self, peer: str | None, moment: str, reason: Correction = Correction.MISTAKE) -> list[Event]:
        """Without a peer it is an operator who does; so with all that follows."""
        return self.hear(MomentCorrected(moment=moment, peer=peer, reason=reason))

    def puts_back(self, peer: str | None, moment: str) -> list[Event]:
        return self.hear(MomentPutBack(moment=moment, peer=peer))

    def differs(self, peer: str, moment: str) -> list[Event]:
        return self.hear(MomentRememberedDifferently(moment=moment, peer=peer))

    def upholds(self, peer: str | None, moment: str) -> list[Event]:
        return self.hear(MomentUpheld(moment=moment, peer=peer))

    def keeps_apart(self, peer: str, moment: str) -> list[Event]:
        return self.hear(MomentKeptApart(moment=moment, peer=peer))

    def thanks(self, peer: str, to: str, moment: str, pair: str | None = None) -> list[Event]:
        return self.hear(MomentThanked(moment=moment, pair=pair or "".join(sorted(peer + to)), peer=peer, to=to))

    def agrees(self, peer: str, wording: str = "checkins", partner: str = "clinic") -> None:
        assert self.hear(ConsentGiven(peer=peer, wording=wording, version="1", partner=partner)) == []

    def tells(self, *peers: str | None, days: float = 0, told: tuple[Told, ...] = LISTENED, partner: str = "clinic",
              at_ms: int | None = None) -> list[Event]:
        """A partner does, of what happened so many `days` from now: below zero for what is over."""
        self._told += 1
        return self.hear(CheckinRecorded(
            checkin=f"check-in {self._told}", partner=partner, peers=peers, moments=told,
            happened_ms=self.now_ms + round(days * DAY_MS) if at_ms is None else at_ms))

    def rests(self, peer: str, days: float) -> None:
        until_ms = self.now_ms + round(days * DAY_MS)
        assert self.hear(BreakStarted(peer=peer, kind=BreakKind.BREAK, until_ms=until_ms)) == []

    def returns(self, peer: str) -> None:
        assert self.hear(BreakEnded(peer=peer)) == []

    def leaves(self, peer: str) -> None:
        assert self.hear(PeerLeft(peer=peer)) == []

    def moment(self) -> str:
        self._moments += 1
        return f"moment {self._moments}"

    # what is known

    def counts(self, peer: str) -> tuple[int, int]:
        """Moments given and received, as last told to the peer."""
        told = [event for event in self.every(CountsChanged) if event.peer == peer]
        return (told[-1].given, told[-1].received) if told else (0, 0)

    def window(self, peer: str, weeks: int) -> Window | None:
        """What is recorded of the person's last `weeks` weeks, as of now."""
        state = self.snapshot()
        holder = state.holders.get(peer)
        account = state.accounts[holder.account] if holder is not None and holder.account is not None else None
        return None if account is None or holder is None else window(account.by_week, holder.breaks, weeks, self.now_ms)

    def chains(self) -> list[int]:
        """Moments of this week by the length of their chain, 1 first."""
        row = self.snapshot().chains.get(ALL, Chains())
        return [*row.weeks[0]] if row.weeks and row.latest == week_of(self.now_ms) else []

    def snapshot(self) -> Snapshot:
        tables, stored = {table.name: table for table in TABLES}, self.stored()
        rows: dict[str, Any] = {name: {id: tables[name].load(text) for id, text in stored[name].items()}
                                for name in (field.name for field in fields(Snapshot))}
        return Snapshot(**rows)

    def findings(self) -> list[Finding]:
        return findings(self.snapshot())


def reason(said: list[Event]) -> str:
    [refused] = said
    assert isinstance(refused, MomentRefused)
    return refused.reason
