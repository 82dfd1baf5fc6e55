"""What made-up people do, and what they do next when they hear something. Knows no service: events go out, events come in.

What people do are the events that the gateway would append for them; its pages decide nothing and are left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from console.simulate.course import Course
from console.simulate.giving import Giving
from console.simulate.people import HOUR_MS, WEEK_MS, Person, day_shares
from console.simulate.rates import Rates
from console.simulate.standing import Act, Bond, Hearing, Somebody, Told
from services.notifier.domain.messages import Template
from shared.clock import derived_id
from shared.events import (
    Answer,
    AnswerRefused,
    BreakEnded,
    BreakKind,
    BreakStarted,
    Contact,
    ContactOffered,
    DecisionRefused,
    Event,
    MessageClass,
    MessageDelivered,
    MessageIntended,
    MomentRefused,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerJoined,
    PeerLeft,
    Profile,
    ProposalAnswered,
    ProposalApproved,
    ProposalDrafted,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    RequestRefused,
    RequestResumed,
    RequestSetAside,
    RoundRun,
    SupportRequested,
    SupportWithdrawn,
    Way,
)
from shared.programme import Programme
from shared.sealing import Vault

DIFFICULT_DAY_WEEKS = 1 / 7


@dataclass(frozen=True)
class Letter:
    """A message on its way."""

    template: str
    klass: MessageClass
    about: str | None


class Town:
    """Everybody who comes within the weeks."""

    def __init__(self, count: int, weeks: int, seed: int, rates: Rates, programme: Programme, vault: Vault,
                 start_ms: int) -> None:
        self.seed, self.rates, self.start_ms = seed, rates, start_ms
        self.told = Told()
        self.people: dict[str, Somebody] = {}
        self.bonds: dict[str, Bond] = {}
        self.keys: dict[str, bytes] = {}
        """Of everybody who is here: what the gateway would keep for them, and let go when they leave."""
        self._community, self._vault = programme.communities[0].key, vault
        self.open_proposals: dict[str, tuple[str, str]] = {}
        self._letters: dict[str, Letter] = {}
        self._plans: list[tuple[int, int, Act]] = []
        self._count = 0
        self._giving = Giving(self.people, self.bonds, self.told, self._plan)
        self.hearing: Hearing = {
            ProposalDrafted: self._drafted, ProposalMade: self._proposed, ProposalLapsed: self._lapsed,
            ProposalWithdrawn: self._withdrawn, PairFormed: self._formed, PairClosed: self._closed,
            RequestSetAside: self._aside, MessageIntended: self._intended, MessageDelivered: self._delivered,
            RoundRun: self._round, **self._giving.hearing,
            MomentRefused: self._refused, AnswerRefused: self._refused, RequestRefused: self._refused,
            DecisionRefused: self._refused}
        days = day_shares(rates, start_ms, weeks)
        for number in range(count):
            person = Person(seed, f"person {number}", rates, programme)
            self._plan(person.arrives(start_ms, days), partial(self._joins, person))

    @property
    def one_sided(self) -> set[str]:
        """Of those who came, who was planted to give and hardly ever to receive."""
        return {peer for peer, each in self.people.items() if each.person.one_sided_from is not None}

    @property
    def next_ms(self) -> int | None:
        """When somebody does something next."""
        return self._plans[0][0] if self._plans else None

    def does(self, now_ms: int) -> Iterator[Event]:
        """What people have done by now, in the order in which they did it."""
        while self._plans and self._plans[0][0] <= now_ms:
            at_ms, _, act = heapq.heappop(self._plans)
            yield from act(at_ms)

    def _plan(self, at_ms: float, act: Act) -> None:
        self._count += 1
        heapq.heappush(self._plans, (int(at_ms), self._count, act))

    # ── coming, resting, leaving ─────────────────────────────────────────────────────────────────────────────────────

    def _joins(self, person: Person, at_ms: int) -> Iterable[Event]:
        request = derived_id(person.peer, "request")
        self.people[person.peer] = Somebody(person, at_ms, request)
        self.keys[person.peer] = key = self._vault.new_key(person.peer)
        profile = Profile(alias=person.name, email=f"{person.name.replace(' ', '-')}@people.example")
        for what, a_week, act in (("gives up", self.rates.gives_up_a_week, self._gives_up),
                                  ("leaves", self.rates.leaves_a_week, self._leaves)):
            if (weeks := person.weeks_until(what, a_week)) is not None:
                self._plan(at_ms + weeks * WEEK_MS, partial(act, person.peer))
        self._plan_rest(person, 0, at_ms)
        yield PeerJoined(peer=person.peer, community=self._community, profile=self._vault.seal(person.peer, key, profile))
        if (preferences := person.preferences) is not None:
            yield preferences
        yield SupportRequested(peer=person.peer, request=request, community=self._community, capacity=person.capacity,
                               details=self._vault.seal(person.peer, key, person.details))

    def _gives_up(self, peer: str, at_ms: int) -> Iterable[Event]:
        if self.people[peer].paired_ms is None:
            yield from self._asks_no_longer(peer, at_ms)

    def _asks_no_longer(self, peer: str, at_ms: int) -> Iterable[Event]:
        somebody = self.people[peer]
        if somebody.here and somebody.request is not None:
            yield SupportWithdrawn(peer=peer, request=somebody.request)
            somebody.request, somebody.gone_ms = None, at_ms

    def _leaves(self, peer: str, at_ms: int) -> Iterable[Event]:
        somebody = self.people[peer]
        somebody.here, somebody.request, somebody.gone_ms = False, None, somebody.gone_ms or at_ms
        del self.keys[peer]
        yield PeerLeft(peer=peer)

    def _plan_rest(self, person: Person, place: int, from_ms: int) -> None:
        rest = person.rest(place)
        if rest is not None:
            in_weeks, long_ms, back_ms = rest
            self._plan(from_ms + in_weeks * WEEK_MS, partial(self._rests, person, place, long_ms, back_ms))

    def _rests(self, person: Person, place: int, long_ms: int, back_ms: int | None, at_ms: int) -> Iterable[Event]:
        somebody = self.people[person.peer]
        if not somebody.here:
            return
        self._plan_rest(person, place + 1, at_ms + long_ms)
        somebody.resting_until_ms = at_ms + long_ms
        if back_ms is not None:
            self._plan(at_ms + back_ms, partial(self._is_back, person.peer))
        kind = BreakKind.DIFFICULT_DAY if long_ms <= DIFFICULT_DAY_WEEKS * WEEK_MS else BreakKind.BREAK
        yield BreakStarted(peer=person.peer, kind=kind, until_ms=at_ms + long_ms)

    def _is_back(self, peer: str, at_ms: int) -> Iterable[Event]:
        somebody = self.people[peer]
        if somebody.here and somebody.resting_until_ms > at_ms:
            somebody.resting_until_ms = at_ms
            yield BreakEnded(peer=peer)

    # ── suggestions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _drafted(self, event: ProposalDrafted, at_ms: int) -> None:
        self._plan(at_ms + self.rates.coordinator_hours * HOUR_MS, partial(self._approved, event.proposal))

    def _approved(self, proposal: str, _at_ms: int) -> Iterable[Event]:
        yield ProposalApproved(proposal=proposal)

    def _proposed(self, event: ProposalMade, _at_ms: int) -> None:
        self.told.proposals += 1
        self.open_proposals[event.proposal] = event.peers

    def _lapsed(self, event: ProposalLapsed, _at_ms: int) -> None:
        self.told.lapsed += 1
        self.open_proposals.pop(event.proposal, None)

    def _withdrawn(self, event: ProposalWithdrawn, _at_ms: int) -> None:
        self.open_proposals.pop(event.proposal, None)

    def _intended(self, event: MessageIntended, _at_ms: int) -> None:
        self._letters[event.message] = Letter(event.template, event.klass, event.about)

    def _delivered(self, event: MessageDelivered, at_ms: int) -> None:
        letter = self._letters.pop(event.message)
        self.told.messages[letter.klass] += 1
        about = letter.about or ""
        if letter.template == Template.PROPOSAL and about in self.open_proposals:
            self._reads_proposal(event.to, about, at_ms)
        elif letter.template == Template.SET_ASIDE:
            after_ms = self.people[event.to].person.resumes(event.message)
            if after_ms is not None:
                self._plan(at_ms + after_ms, partial(self._resumes, event.to, about))

    def _reads_proposal(self, peer: str, proposal: str, at_ms: int) -> None:
        first, second = self.open_proposals[proposal]
        answer = self.people[peer].person.answer(proposal, self._gets(peer, second if peer == first else first))
        if answer is not None:
            self._plan(at_ms + answer[0], partial(self._answers, peer, proposal, answer[1]))

    def _gets(self, peer: str, other: str) -> float:
        seeks, offers = set(self.people[peer].person.details.seeks), self.people[other].person.details.offers
        return len(seeks.intersection(offers)) / len(seeks) if seeks else 0.0

    def _answers(self, peer: str, proposal: str, answer: Answer, _at_ms: int) -> Iterable[Event]:
        if self.people[peer].here and proposal in self.open_proposals:
            self.told.answers[answer] += 1
            yield ProposalAnswered(peer=peer, proposal=proposal, answer=answer)

    def _aside(self, _event: RequestSetAside, _at_ms: int) -> None:
        self.told.aside += 1

    def _resumes(self, peer: str, request: str, _at_ms: int) -> Iterable[Event]:
        if self.people[peer].request == request:
            yield RequestResumed(peer=peer, request=request)

    # ── pairs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _formed(self, event: PairFormed, at_ms: int) -> None:
        self.open_proposals.pop(event.proposal, None)
        first, second = (self.people[peer].person for peer in event.peers)
        ways = tuple(way for way in first.details.ways if way in second.details.ways)
        one_sided = self._one_sided(first, at_ms), self._one_sided(second, at_ms)
        course = Course(self.seed, f"pair {event.pair}", self.rates, one_sided, ways or (Way.MESSAGE,))
        two_way = self._gets(first.peer, second.peer) > 0 < self._gets(second.peer, first.peer)
        self.bonds[event.pair] = Bond(event.peers, course, at_ms, two_way)
        for place, peer in enumerate(event.peers):
            self.people[peer].paired_ms = self.people[peer].paired_ms or at_ms
            if (after_ms := course.offers_contact(place)) is not None:
                self._plan(at_ms + after_ms, partial(self._offers_contact, event.pair, place))
        self._plan(at_ms + course.lasts_weeks * WEEK_MS, partial(self._ends, event.pair))
        self._giving.begins(event.pair, at_ms)

    def _one_sided(self, person: Person, formed_ms: int) -> float | None:
        """From which week of a pair on."""
        came_ms, begins = self.people[person.peer].came_ms, person.one_sided_from
        return None if begins is None else begins - (formed_ms - came_ms) / WEEK_MS

    def _offers_contact(self, pair: str, place: int, _at_ms: int) -> Iterable[Event]:
        bond = self.bonds[pair]
        peer = bond.peers[place]
        if bond.open and self.people[peer].here:
            contact = self._vault.seal(peer, self.keys[peer], Contact(text=f"{self.people[peer].person.name}, in the evening"))
            yield ContactOffered(peer=peer, pair=pair, contact=contact)

    def _ends(self, pair: str, _at_ms: int) -> Iterable[Event]:
        bond = self.bonds[pair]
        if not bond.open:
            return
        peer, other = (bond.peers[place] for place in (bond.course.ended_by, 1 - bond.course.ended_by))
        yield PairEnded(peer=peer, pair=pair, ending=bond.course.ending)
        if bond.course.with_a_block:
            yield PeerBlocked(peer=peer, blocked=other)

    def _closed(self, event: PairClosed, at_ms: int) -> None:
        bond = self.bonds[event.pair]
        bond.open = False
        for place, peer in enumerate(bond.peers):
            if not bond.course.asks_on(place):
                self._plan(at_ms, partial(self._asks_no_longer, peer))

    # ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _round(self, _event: RoundRun, _at_ms: int) -> None:
        self.told.rounds += 1

    def _refused(self, event: MomentRefused | AnswerRefused | RequestRefused | DecisionRefused, _at_ms: int) -> None:
        self.told.refused[f"{event.type} {event.reason}"] += 1
