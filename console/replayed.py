"""A history taken through a policy in memory: who would have been proposed to whom, when, and what would have come of it.

Pure. People, their breaks, blocks, endings and requests taken back come from the history as they came. From `from_ms` on
proposals are made anew, by the benefit, bar, line and rounds of the running matcher, and end as `Fates` says; before that, and
throughout when there is no policy, what the matcher did is taken as it is recorded. Rounds come every three hours. What people
would have done otherwise, because they were proposed to somebody else, nobody knows.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from console.fates import Fate, Fates
from console.history import Happened, History
from services.matcher.domain.bar import Bar
from services.matcher.domain.benefit import benefit
from services.matcher.domain.line import AFTER_DAYS, best_of, is_in_line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, Pool
from services.matcher.domain.proposals import LAPSED_APART_MS, REST_MS, apart_after, apart_until
from services.matcher.domain.standing import FOR_EVER, Standing
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.pairing.choosing import choose
from shared.events import (
    Answer,
    BreakEnded,
    BreakStarted,
    Event,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerLeft,
    ProposalAnswered,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    RequestResumed,
    RequestSetAside,
    RequestWaiting,
    SupportRequested,
    SupportWithdrawn,
)

ROUND_MS = 3 * 60 * 60 * 1000
"""Between two rounds of a replay. The bar comes down by whole days, so a shorter pace finds hardly anything earlier."""

PLAIN_MAX = 60
"""People up to whom a round is weighed plainly: nothing has to be compiled for a small programme."""


@dataclass(frozen=True)
class Way:
    """One policy to be looked at."""

    bar: Bar
    weights: Weights = PUBLISHED
    first_in_line_days: int | None = AFTER_DAYS


@dataclass(frozen=True)
class Proposed:
    """One proposal. `benefit` is by the published weights, whatever the policy weighs; `seen`: how it ends is known."""

    peers: tuple[str, str]
    benefit: int
    two_way: bool
    seen: bool


@dataclass
class Taken:
    """What came of it between `from_ms` and `until_ms`."""

    from_ms: int
    until_ms: int
    asked_ms: dict[str, int] = field(default_factory=dict)
    """Request → since when it waits. All that can be opened, those from before `from_ms` too."""
    first_ms: dict[str, int] = field(default_factory=dict)
    """Request → its first proposal."""
    gone_ms: dict[str, int] = field(default_factory=dict)
    """Request → when it was taken back."""
    paired: set[str] = field(default_factory=set)
    """Requests with a buddy."""
    proposed: list[Proposed] = field(default_factory=list)
    repeats: int = 0
    """Proposals of two who had been proposed to each other before."""
    pairs: int = 0
    ended: int = 0
    """Proposals that somebody's word ended, or nobody's did."""
    known_pairs: int = 0
    known_ended: int = 0
    """The same, of proposals whose two were really proposed to each other."""

    @property
    def cohort(self) -> list[str]:
        """Requests made since `from_ms`, and those that waited for their first proposal by then."""
        return [request for request in self.asked_ms
                if min(self.first_ms.get(request, self.until_ms), self.gone_ms.get(request, self.until_ms)) >= self.from_ms]


def taken(history: History, from_ms: int, fates: Fates, way: Way | None) -> Taken:
    """The history through that way of pairing; as it was when there is none."""
    town = _Town(history, Taken(from_ms, history.now_ms), fates, way)
    town.live()
    return town.out


class _Town:
    """Everybody who can be opened, how they stand, and what is to come."""

    def __init__(self, history: History, out: Taken, fates: Fates, way: Way | None) -> None:
        self.out = out
        self._history, self._fates, self._way = history, fates, way
        self._anew: Way | None = None
        """The way by which proposals are made; none as long as the recorded ones are taken."""
        self._standings: dict[str, Standing] = {}
        self._people: dict[str, Person] = {}
        self._pool = Pool()
        self._asked: dict[str, SupportRequested] = {}
        self._open: dict[str, tuple[tuple[str, str], int]] = {}
        self._known: set[str] = set()
        """Open proposals that end as they are known to have ended."""
        self._words: dict[str, ProposalAnswered] = {}
        self._met: Counter[frozenset[str]] = Counter()
        self._pairs: dict[str, tuple[str, str]] = {}
        self._next: dict[str, tuple[str, ...]] = {}
        self._later: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = count()
        self._inputs: Mapping[type[Event], Callable[[Any, int], None]] = {
            SupportRequested: self._request, SupportWithdrawn: self._withdrawal, RequestResumed: self._resumption,
            BreakStarted: self._break, BreakEnded: self._return, PairFormed: self._formed, PairEnded: self._ending,
            PeerBlocked: self._block, PeerLeft: self._leaving}
        self._recorded: Mapping[type[Event], Callable[[Any, int], None]] = {
            RequestWaiting: self._waits, ProposalMade: self._made, ProposalAnswered: self._answer,
            ProposalLapsed: self._lapse, ProposalWithdrawn: self._withdrawn, PairFormed: self._yes,
            RequestSetAside: self._aside}

    def live(self) -> None:
        if self._way is not None:
            self._in(self.out.from_ms, self._begin)
        for each in self._history.happened:
            self._come_to(min(each.at_ms, self.out.until_ms))
            if each.at_ms > self.out.until_ms:
                return
            self._hear(each)
        self._come_to(self.out.until_ms)

    def _hear(self, happened: Happened) -> None:
        for known in (self._inputs, *(() if self._anew else (self._recorded,))):
            if (handle := known.get(type(happened.event))) is not None:
                handle(happened.event, happened.at_ms)

    # time

    def _in(self, at_ms: int, what: Callable[[int], None]) -> None:
        heapq.heappush(self._later, (at_ms, next(self._number), what))

    def _come_to(self, at_ms: int) -> None:
        while self._later and self._later[0][0] <= at_ms:
            due_ms, _, what = heapq.heappop(self._later)
            what(due_ms)

    def _begin(self, at_ms: int) -> None:
        """From here on proposals are made anew; those that are open end as they did."""
        self._anew = self._way
        for proposal, (peers, made_ms) in list(self._open.items()):
            fate, _ = self._fates.of(*peers, self._met[frozenset(peers)] - 1)
            self._in(max(at_ms, made_ms + fate.after_ms), partial(self._end, proposal, fate))
        self._propose_for(at_ms, *(person.peer for person in self._pool))
        self._in(at_ms + ROUND_MS, self._round)

    def _round(self, at_ms: int) -> None:
        if (way := self._anew) is None:
            return
        for community in list(self._pool.communities()):
            people = self._pool.waiting(community)
            chosen = choose(people, at_ms, way.bar, 1, PLAIN_MAX, way.first_in_line_days, way.weights)
            self._next[community] = chosen.left_out
            for match in chosen.pairs:
                self._propose(match, at_ms)
        self._in(at_ms + ROUND_MS, self._round)

    # proposals made anew

    def _propose_for(self, at_ms: int, *peers: str) -> None:
        """As `handlers/ahead.py` does it."""
        way = self._anew
        while way is not None:
            here = [person for peer in dict.fromkeys(peers) if (person := self._pool.get(peer)) is not None and person.places]
            matches = self._with_who_is_next(here, at_ms, way) or [
                best for person in here if (best := best_of(
                    person, self._pool.waiting(person.community), at_ms, way.bar, way.weights)) is not None]
            if not matches:
                return
            self._propose(min(matches, key=lambda match: match.rank), at_ms)

    def _with_who_is_next(self, here: list[Person], at_ms: int, way: Way) -> list[Match]:
        for peer in dict.fromkeys(each for person in here for each in self._next.get(person.community, ())):
            person, days = self._pool.get(peer), way.first_in_line_days
            if person is not None and days is not None and is_in_line(person, at_ms, way.bar, days):
                match = best_of(person, here, at_ms, way.bar, way.weights)
                if match is not None:
                    return [match]
        return []

    def _propose(self, match: Match, at_ms: int) -> None:
        first, second = match.people
        peers = first.peer, second.peer
        fate, seen = self._fates.of(*peers, self._met[frozenset(peers)])
        proposal = f"anew {next(self._number)}"
        self._offer(proposal, peers, at_ms, seen)
        self._in(at_ms + fate.after_ms, partial(self._end, proposal, fate))

    def _offer(self, proposal: str, peers: tuple[str, str], at_ms: int, seen: bool) -> None:
        one, other = (self._people.get(peer) for peer in peers)
        self._open[proposal] = peers, at_ms
        self._known |= {proposal} if seen else set()
        for peer, mate in (peers, peers[::-1]):
            self._change(peer, Standing.reserved, proposal, mate)
        for person in (one, other):
            if person is not None:
                self.out.first_ms.setdefault(person.request, at_ms)
        if at_ms >= self.out.from_ms and one is not None and other is not None:
            two_way = bool(one.seeks & other.offers) and bool(other.seeks & one.offers)
            self.out.proposed.append(Proposed(peers, benefit(one, other, at_ms), two_way, seen))
            self.out.repeats += self._met[frozenset(peers)] > 0
        self._met[frozenset(peers)] += 1

    def _end(self, proposal: str, fate: Fate, at_ms: int) -> None:
        """Does nothing when something else ended it before."""
        if proposal not in self._open:
            return
        peers, _ = self._open.pop(proposal)
        if at_ms >= self.out.from_ms:
            self.out.ended += 1
            self.out.pairs += fate.how == "pair"
            self.out.known_ended += proposal in self._known
            self.out.known_pairs += proposal in self._known and fate.how == "pair"
        said = {peers[place] for place in fate.who}
        for peer in said if fate.how != "lapsed" or self._anew else ():
            self._change(peer, Standing.heard)
        for peer, mate in (peers, peers[::-1]):
            if fate.how == "pair":
                person = self._people.get(peer)
                since_ms = None if person is None else (self._standings[peer].since_ms or person.since_ms)
                self._change(peer, Standing.paired, proposal, proposal, mate, at_ms, since_ms)
                self._change(peer, Standing.heard)
                if person is not None:
                    self.out.paired.add(person.request)
            else:
                self._change(peer, Standing.released, proposal)
                if fate.how == "lapsed" and peer not in said:
                    self._change(peer, Standing.lapsed)
        if fate.how == "lapsed":
            self._keep_apart(peers, at_ms + LAPSED_APART_MS)
        elif fate.how is Answer.NOT_NOW:
            self._rest(said, at_ms + REST_MS)
        elif isinstance(fate.how, Answer):
            self._keep_apart(peers, apart_until(fate.how, at_ms))
        for peer in peers:
            if self._anew and (standing := self._standings.get(peer)) is not None and standing.silent:
                self._change(peer, Standing.set_aside)
        self._propose_for(at_ms, *peers)

    # what people did, whatever the policy

    def _request(self, event: SupportRequested, at_ms: int) -> None:
        self._asked[event.request] = event
        if self._anew:
            self._wait(event, at_ms)

    def _wait(self, asked: SupportRequested, at_ms: int) -> None:
        standing, details = self._standings.get(asked.peer, Standing()), self._history.details.get(asked.request)
        if standing.request is None and details is not None:
            self._people[asked.peer] = Person.of(asked.peer, asked.request, asked.community, at_ms, details)
            self.out.asked_ms[asked.request] = at_ms
            self._put(asked.peer, standing.asking(asked.request, asked.capacity, at_ms))
            self._propose_for(at_ms, asked.peer)

    def _withdrawal(self, event: SupportWithdrawn, at_ms: int) -> None:
        standing = self._standings.get(event.peer)
        if standing is not None and standing.request == event.request:
            self.out.gone_ms[event.request] = at_ms
            self._change(event.peer, Standing.not_asking)
            self._release(at_ms, *standing.proposals)

    def _resumption(self, event: RequestResumed, at_ms: int) -> None:
        if (self._standings.get(event.peer) or Standing()).aside:
            self._change(event.peer, Standing.resuming)
        self._propose_for(at_ms, event.peer)

    def _break(self, event: BreakStarted, at_ms: int) -> None:
        self._change(event.peer, Standing.away, event.until_ms)
        self._in(event.until_ms, partial(self._back, event.peer))
        self._release(at_ms, *(self._standings.get(event.peer) or Standing()).proposals)

    def _back(self, peer: str, due_ms: int) -> None:
        self._change(peer, Standing.back, due_ms)
        self._propose_for(due_ms, peer)

    def _return(self, event: BreakEnded, at_ms: int) -> None:
        self._change(event.peer, Standing.back)
        self._propose_for(at_ms, event.peer)

    def _formed(self, event: PairFormed, _at_ms: int) -> None:
        self._pairs[event.pair] = event.peers

    def _ending(self, event: PairEnded, at_ms: int) -> None:
        if (peers := self._pairs.get(event.pair)) is not None:
            self._keep_apart(peers, apart_after(event.ending, at_ms))
            self._part(at_ms, *peers)

    def _block(self, event: PeerBlocked, at_ms: int) -> None:
        self._keep_apart((event.peer, event.blocked), FOR_EVER)
        self._part(at_ms, event.peer, event.blocked)

    def _leaving(self, event: PeerLeft, at_ms: int) -> None:
        """Nobody can open what they asked for; whoever was with them is free."""
        for peer, standing in list(self._standings.items()):
            if event.peer in standing.strangers_to:
                self._part(at_ms, peer, event.peer)

    def _part(self, at_ms: int, one: str, other: str) -> None:
        """Whatever there is between these two is over."""
        for peer, mate in ((one, other), (other, one)):
            for pair in [id for id, each in (self._standings.get(peer) or Standing()).pairs.items() if each == mate]:
                self._change(peer, Standing.parted, pair, at_ms)
        self._release(at_ms, *(id for id, (peers, _) in self._open.items() if {one, other} == set(peers)))
        self._propose_for(at_ms, one, other)

    def _release(self, at_ms: int, *proposals: str) -> None:
        freed = [peer for proposal in proposals if proposal in self._open for peer in self._drop(proposal)]
        self._propose_for(at_ms, *freed)

    def _drop(self, proposal: str) -> tuple[str, str]:
        peers, _ = self._open.pop(proposal)
        for peer in peers:
            self._change(peer, Standing.released, proposal)
        return peers

    # what the matcher did, as recorded

    def _waits(self, event: RequestWaiting, _at_ms: int) -> None:
        if (asked := self._asked.get(event.request)) is not None:
            self._wait(asked, event.since_ms)

    def _made(self, event: ProposalMade, at_ms: int) -> None:
        self._offer(event.proposal, event.peers, at_ms, seen=True)

    def _answer(self, event: ProposalAnswered, _at_ms: int) -> None:
        self._change(event.peer, Standing.heard)
        if event.answer is not Answer.YES:
            self._words[event.proposal] = event

    def _lapse(self, event: ProposalLapsed, at_ms: int) -> None:
        self._end(event.proposal, Fate("lapsed", 0, _places(event.peers, event.said_yes)), at_ms)

    def _withdrawn(self, event: ProposalWithdrawn, at_ms: int) -> None:
        word = self._words.get(event.proposal)
        if event.reason == "answered" and word is not None:
            self._end(event.proposal, Fate(word.answer, 0, _places(event.peers, (word.peer,))), at_ms)
        else:
            self._release(at_ms, event.proposal)

    def _yes(self, event: PairFormed, at_ms: int) -> None:
        self._end(event.proposal, Fate("pair", 0), at_ms)

    def _aside(self, event: RequestSetAside, _at_ms: int) -> None:
        self._change(event.peer, Standing.set_aside)

    # standings

    def _change(self, peer: str, how: Callable[..., Standing], *given: Any) -> None:
        """Whoever is not known can't be opened, for they left."""
        if (standing := self._standings.get(peer)) is not None:
            self._put(peer, how(standing, *given))

    def _put(self, peer: str, standing: Standing) -> None:
        self._standings[peer] = standing
        person = self._people[peer]
        if standing.request == person.request:
            self._pool.put(person.standing(standing))
        else:
            self._pool.drop(peer)

    def _rest(self, peers: set[str], until_ms: int) -> None:
        for peer in peers:
            self._change(peer, Standing.resting, until_ms)
            self._in(until_ms, partial(self._rested, peer))

    def _rested(self, peer: str, due_ms: int) -> None:
        self._change(peer, Standing.rested, due_ms)
        self._propose_for(due_ms, peer)

    def _keep_apart(self, peers: tuple[str, str], until_ms: int | None) -> None:
        for peer, mate in (peers, peers[::-1]):
            self._change(peer, Standing.kept_apart, mate, until_ms)
        if until_ms is not FOR_EVER:
            self._in(until_ms, partial(self._reunite, peers[0]))

    def _reunite(self, peer: str, due_ms: int) -> None:
        for other in (self._standings.get(peer) or Standing()).apart_until_at_most(due_ms):
            for one, mate in ((peer, other), (other, peer)):
                self._change(one, Standing.reunited_with, mate)
        self._propose_for(due_ms, peer)


def _places(peers: tuple[str, str], some: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(peers.index(peer) for peer in some if peer in peers)
