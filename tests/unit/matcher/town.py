"""A small town of made-up people whom the matcher hears of, in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.matcher.app import table
from services.matcher.audit import Finding, findings
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.drafts import Draft
from services.matcher.domain.people import Person
from services.matcher.domain.rounds import Policy
from services.matcher.domain.standing import Standing
from services.matcher.memory import Memory
from services.matcher.pairing.live import LivePool
from services.matcher.store import DRAFTS, PAIRS, PEERS, PROPOSALS, REQUESTS, ROUNDS, WEEKS, Snapshot
from services.matcher.worker import Ref, choose, parts, seed_of, seen_by_a_round
from shared.clock import DAY_MS
from shared.events import (
    Answer,
    BreakEnded,
    BreakKind,
    BreakStarted,
    CountsChanged,
    Details,
    Ending,
    Event,
    GivingUnreturned,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerLeft,
    PeerRestored,
    PeerSuspended,
    ProposalAnswered,
    ProposalApproved,
    ProposalDeclined,
    ProposalMade,
    Reasons,
    RequestResumed,
    RoundApplied,
    RoundChosen,
    RoundIntended,
    RoundRun,
    RoundScheduled,
    Sealed,
    SupportRequested,
    SupportWithdrawn,
    TimerElapsed,
    WaitingCounted,
)
from shared.rows import KEYS, Rows
from shared.service import Handling
from shared.stream.names import Partition
from tests.unit.in_memory import VAULT, InMemory, only

MUTUAL = Details(seeks=("grief", "sleep"), offers=("grief", "sleep"))
"""Any two who ask like this help each other fully."""


def details(**fields: Any) -> Details:
    return MUTUAL.model_copy(update=fields)


def person(name: str = "a", *, since_ms: int = 0, community: str = "riverside", **fields: Any) -> Person:
    """Somebody waiting, as the domain sees them."""
    return Person.of(name, f"r-{name}", community, since_ms, details(**fields)).standing(
        Standing(request=f"r-{name}", capacity=1))


SAID_OF_NOBODY = (RoundScheduled, RoundIntended, RoundApplied, RoundRun, WaitingCounted)
DAILY = Policy(round_every_ms=DAY_MS, assist=False)
"""A round a day: the bar comes down by whole days, so that more of them would come to nothing new. No coordinator looks."""

ASSISTED = Policy(round_every_ms=DAY_MS, assist=True)
"""The same, and a coordinator looks at everything first."""


class Town(InMemory):
    """People are called by one letter; what they do is told by the gateway's events.

    A round's worker is at work as soon as the round is intended, unless it is `held`. What is said of rounds and in counts is
    not among what `hear` and all that people do return: most tests are about people.
    """

    def __init__(self, policy: Policy = DAILY, make_pool: Callable[[], LivePool] = LivePool) -> None:
        self.memory, self.policy, self._make_pool = Memory(VAULT, make_pool), policy, make_pool
        super().__init__(table(self.memory, policy))
        self._asked = 0
        self.held = False
        self.chosen: list[RoundChosen] = []
        self.rounds_ms: dict[str, int] = {}
        """Community → when the latest round was that nothing came between."""
        self.counted_since: set[str] = set()
        """Of whom the ledger said something after the latest round: they are weighed anew in the next."""

    def loaded(self, _handling: Handling, _event: Event) -> Rows:
        """All of them: whom the pool chooses is lent from memory, and tests look at what becomes of a row that is gone."""
        return self.rows

    def hear(self, event: Event) -> list[Event]:
        said = super().hear(event)
        if isinstance(event, CountsChanged):
            self.counted_since.add(event.peer)
        for each in [each for each in said if isinstance(each, RoundIntended)]:
            people = seen_by_a_round(self.memory.pool, each.community)
            chosen = choose(people, self.now_ms, self.policy, seed_of(each.round))
            [part] = [part for part, _ in zip(parts(Ref(Partition(0), each.community, each.round), chosen), range(1),
                                              strict=False)]
            self.chosen.append(part)
            if not self.held:
                said += self.workers_tell()
                self.rounds_ms[each.community] = self.now_ms
                self.counted_since -= {person.peer for person in people}
        return [each for each in said if not isinstance(each, SAID_OF_NOBODY)]

    def workers_tell(self) -> list[Event]:
        """What was chosen while they were held is read now, whatever happened meanwhile."""
        chosen, self.chosen = self.chosen, []
        return [said for each in chosen for said in self.hear(each)]

    # what people do

    def asks(self, name: str, capacity: int = 1, community: str = "riverside", **fields: Any) -> list[Event]:
        if self.rows.get(KEYS, name) is None:
            self.key_for(name)
        self._asked += 1
        return self.hear(SupportRequested(peer=name, request=f"r{self._asked}-{name}", community=community,
                                          details=self.sealed(name, details(**fields)), capacity=capacity))

    def no_longer_asks(self, name: str) -> list[Event]:
        return self.hear(SupportWithdrawn(peer=name, request=self.standing(name).request or "none"))

    def answers(self, name: str, answer: Answer, proposal: str | None = None) -> list[Event]:
        return self.hear(ProposalAnswered(peer=name, proposal=proposal or self.proposal_of(name), answer=answer))

    def both_say_yes(self, name: str, other: str) -> str:
        """Returns the pair."""
        proposal = next(id for id, each in self.standing(name).proposals.items() if each == other)
        self.answers(name, Answer.YES, proposal)
        formed: PairFormed = only(self.answers(other, Answer.YES, proposal))
        return formed.pair

    def comes_back(self, name: str, request: str | None = None) -> list[Event]:
        """After having been set aside."""
        return self.hear(RequestResumed(peer=name, request=request or self.standing(name).request or "none"))

    def approves(self, proposal: str) -> list[Event]:
        """A coordinator does."""
        return self.hear(ProposalApproved(proposal=proposal))

    def declines(self, proposal: str, for_ever: bool = False) -> list[Event]:
        return self.hear(ProposalDeclined(proposal=proposal, for_ever=for_ever))

    def suspends(self, name: str) -> list[Event]:
        return self.hear(PeerSuspended(peer=name))

    def restores(self, name: str) -> list[Event]:
        return self.hear(PeerRestored(peer=name))

    def takes_a_break(self, name: str, days: float) -> list[Event]:
        until_ms = self.now_ms + round(days * 24 * 60 * 60 * 1000)
        return self.hear(BreakStarted(peer=name, kind=BreakKind.BREAK, until_ms=until_ms))

    def is_back(self, name: str) -> list[Event]:
        return self.hear(BreakEnded(peer=name))

    def is_told(self, name: str, given: int | None, received: int | None) -> None:
        """The ledger says what `name` gave and received in the last 26 weeks."""
        assert self.hear(CountsChanged(peer=name, given=99, received=99, given_26w=given, received_26w=received)) == []

    def is_protected(self, name: str) -> list[Event]:
        """The ledger says that `name` gives far more than they receive."""
        return self.hear(GivingUnreturned(peer=name))

    def ends(self, name: str, pair: str, ending: Ending = Ending.ONE_SIDE) -> list[Event]:
        return self.hear(PairEnded(peer=name, pair=pair, ending=ending))

    def blocks(self, name: str, other: str) -> list[Event]:
        return self.hear(PeerBlocked(peer=name, blocked=other))

    def leaves(self, name: str) -> list[Event]:
        """As the gateway does it: the key goes with the event."""
        self.rows.drop(KEYS, name)
        return self.hear(PeerLeft(peer=name))

    # what is known of them

    def standing(self, name: str) -> Standing:
        return self.rows.get(PEERS, name) or Standing()

    def known(self, name: str) -> bool:
        return self.rows.get(PEERS, name) is not None

    def proposal_of(self, name: str) -> str:
        return str(only(list(self.standing(name).proposals)))

    @property
    def drafts(self) -> dict[str, Draft]:
        """What waits for a coordinator."""
        return dict(self.snapshot().drafts)

    def proposed(self, said: list[Event]) -> list[set[str]]:
        """Who was proposed to whom among what was said."""
        return [set(event.peers) for event in said if isinstance(event, ProposalMade)]

    def told(self, made: ProposalMade, name: str) -> dict[str, tuple[str, ...]]:
        """The reasons as `name` reads them."""
        key = self.rows.get(KEYS, name)
        opened = VAULT.open(made.reasons[made.peers.index(name)], key, Reasons)
        assert isinstance(opened, Reasons)
        return {fact.key: fact.values for fact in opened.facts}

    def sealed(self, name: str, what: Details) -> Sealed:
        key = self.rows.get(KEYS, name)
        assert key is not None
        return VAULT.seal(name, key, what)

    # what must hold

    def snapshot(self) -> Snapshot:
        tables = self.stored()
        rows: list[Any] = [{id: table.load(text) for id, text in tables[table.name].items()}
                           for table in (PEERS, REQUESTS, PROPOSALS, DRAFTS, PAIRS, ROUNDS, WEEKS)]
        timers = [each for each in self.timers if isinstance(each, TimerElapsed)]
        return Snapshot(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], timers, self.now_ms)

    def findings(self) -> list[Finding]:
        held = "round_does_not_end" if self.held else None
        return [each for each in findings(self.snapshot()) if each.what != held]

    def unmet(self) -> list[tuple[str, str]]:
        """Any two who fit, both have a place and reached the bar when the latest round of theirs was: there should never
        be any, for whoever came or was freed since was looked at then."""
        free = [each for each in self.memory.pool if each.places and each.peer not in self.counted_since]
        return [(a.peer, b.peer) for n, a in enumerate(free) for b in free[n + 1:]
                if fits(a, b) and self._reached(a, b, self.rounds_ms.get(a.community, 0))]

    def _reached(self, a: Person, b: Person, at_ms: int) -> bool:
        return self.policy.bar.lets_pass(benefit(a, b, at_ms, self.policy.weights), a, b, at_ms)

    def remembered_afresh(self) -> dict[str, Person]:
        """The pool as a fresh start would fill it from the rows."""
        state = self.snapshot()
        memory = Memory(VAULT, self._make_pool)
        memory.at(self.now_ms)
        for id, request in state.requests.items():
            key = self.rows.get(KEYS, request.peer)
            opened = VAULT.open(request.details, key, Details)
            if isinstance(opened, Details) and key is not None:
                memory.learn(id, request, opened, state.peers[request.peer], key)
        return {each.peer: each for each in memory.pool}
