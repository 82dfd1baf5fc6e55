"""The notifier's decisions on a log in memory: people, what happens to them, and what is on its way to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.notifier.app import service
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.store import MESSAGES, PEOPLE, READY
from shared.clock import DAY_MS
from shared.events import (
    BreakKind,
    BreakStarted,
    Event,
    Gesture,
    GestureSent,
    MessageAttempted,
    MessageIntended,
    MessageWithheld,
    PairClosed,
    PairFormed,
    PeerJoined,
    PreferencesChanged,
    ProposalMade,
    ProposalWithdrawn,
    QuietHours,
    ReferralMade,
    RequestWaiting,
    Sealed,
)
from shared.sealing import Vault
from shared.stream.names import Partition
from tests.unit.in_memory import InMemory

LONDON = ZoneInfo("Europe/London")
MINUTE, HOUR, DAY = 60_000, 3_600_000, DAY_MS


def ms(text: str, zone: ZoneInfo = LONDON) -> int:
    """`2026-03-02 10:00` on a clock in `zone`."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def shown(at_ms: int, zone: ZoneInfo = LONDON) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


class World(InMemory):
    """Sealed text is never opened by a decision, so any text does for it here."""

    def __init__(self, start: str = "2026-03-02 10:00", vault: Vault | None = None) -> None:
        self.decisions = Decisions(LONDON, "example.org", vault)
        super().__init__(service(self.decisions, Due(), Partition(0)))
        self.now_ms = ms(start)

    def at(self, text: str) -> World:
        self.passes_until(ms(text))
        return self

    def passes_until(self, at_ms: int) -> None:
        """Time goes on; every timer that comes due on the way is read at its time."""
        self.pass_time((at_ms - self.now_ms) / DAY)

    def happens(self, *events: Event) -> list[Any]:
        """Takes each in; returns what the notifier says to them."""
        return [said for event in events for said in self.hear(event)]

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, peer: str, quiet: QuietHours | None = None, usual: bool = False) -> str:
        """Somebody for whom every hour is fine, or who chose `quiet`, or who never chose (`usual`)."""
        self.happens(PeerJoined(peer=peer, community="riverside", profile=Sealed(f"s1.{peer}.x")))
        if not usual:
            self.happens(PreferencesChanged(peer=peer, quiet=quiet))
        return peer

    def pair(self, pair: str, one: str, other: str) -> None:
        """Formed, and both were told."""
        self.happens(PairFormed(pair=pair, proposal=f"proposal of {pair}", peers=(one, other)))
        self.deliver_all()

    # ── what is on its way ───────────────────────────────────────────────────────────────────────────────────────────

    def ready(self) -> list[str]:
        """Messages that a worker may take now."""
        return [id for peer in self._recipients() for id in peer if self.rows.get(READY, id)]

    def waiting(self) -> list[str]:
        return [id for peer in self._recipients() for id in peer if not self.rows.get(READY, id)]

    def _recipients(self) -> list[list[str]]:
        owners = [row for (table, _), row in self.rows._rows.items() if table.name in ("people", "referrals") and row]
        return [[each.message for each in owner.unsent] for owner in owners]

    def row(self, message: str) -> Any:
        return self.rows.get(MESSAGES, message)

    def someone(self, peer: str) -> Any:
        return self.rows.get(PEOPLE, peer)

    def attempted(self, message: str, outcome: str = "delivered", reason: str | None = None,
                  not_before_ms: int | None = None) -> list[Any]:
        return self.happens(MessageAttempted(message=message, outcome=outcome, reason=reason,
                                             not_before_ms=not_before_ms))

    def deliver_all(self) -> list[str]:
        """A worker delivers all that may go; returns the templates."""
        gone = [(id, self.row(id).template) for id in self.ready()]
        for id, _ in gone:
            self.attempted(id)
        return [template for _, template in gone]


def templates(said: list[Event]) -> list[tuple[str, str]]:
    """(to, template) of what was intended."""
    return [(each.to, each.template) for each in said if isinstance(each, MessageIntended)]


def reasons(said: list[Event]) -> list[tuple[str, str, str]]:
    return [(each.to, each.template, each.reason) for each in said if isinstance(each, MessageWithheld)]


# ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────────

SEAL = Sealed("s1.x.x")
USUAL = QuietHours()


def proposal(name: str, *peers: str) -> ProposalMade:
    return ProposalMade(proposal=name, requests=("r1", "r2"), peers=peers, reasons=(SEAL, SEAL), benefit=1, lapses_ms=0)


def withdrawn(name: str, *peers: str, said_yes: tuple[str, ...] = ()) -> ProposalWithdrawn:
    return ProposalWithdrawn(proposal=name, peers=peers, said_yes=said_yes, reason="answered")


def gesture(pair: str, giver: str, receiver: str, what: Gesture = Gesture.CUP_OF_TEA) -> GestureSent:
    return GestureSent(moment="m", pair=pair, giver=giver, receiver=receiver, gesture=what)


def asked(peer: str) -> RequestWaiting:
    """What the matcher says to a request that has its place in the queue."""
    return RequestWaiting(request=f"request of {peer}", peer=peer, since_ms=0)


def closed(pair: str, *peers: str, by: str | None) -> PairClosed:
    return PairClosed(pair=pair, peers=peers, reason="ended", by=by)


def stops(peer: str, quiet: QuietHours | None = None, stopped: bool = True) -> PreferencesChanged:
    return PreferencesChanged(peer=peer, quiet=quiet, stopped=stopped)


def referral(name: str = "r") -> ReferralMade:
    return ReferralMade(referral=name, partner="p", community="riverside", address=SEAL)


def rest(peer: str, until: str) -> BreakStarted:
    return BreakStarted(peer=peer, kind=BreakKind.BREAK, until_ms=ms(until))


def buddies(start: str = "2026-03-02 12:00", quiet: QuietHours | None = None) -> World:
    world = World(start)
    world.person("ann", quiet)
    world.person("ben", quiet)
    world.pair("pair", "ann", "ben")
    return world
