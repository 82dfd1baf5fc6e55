"""Deciding ahead of applying: each thing said changes an overlay of the rows at once, so the next decision sees it.

The reader applies the same functions in the same order to the rows themselves afterwards. So what was decided ahead and
what is written can't differ, and whoever was just freed or reserved is so for all else that this entry leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar

from services.matcher.domain.drafts import RUNS_OUT_AFTER_MS, Draft, only_in_person
from services.matcher.domain.line import is_in_line
from services.matcher.domain.people import Person
from services.matcher.domain.pool import Match, by_rank
from services.matcher.domain.proposals import LAPSES_AFTER_MS
from services.matcher.domain.reasons import reasons
from services.matcher.domain.rounds import Policy
from services.matcher.domain.standing import Standing
from services.matcher.handlers.changes import OWN
from services.matcher.memory import NONE, Memory
from services.matcher.store import DRAFTS, PEERS, PROPOSALS, ROUNDS, SERVICE
from shared.clock import derived_id
from shared.events import (
    Event,
    ProposalDiscarded,
    ProposalDrafted,
    ProposalMade,
    ProposalWithdrawn,
    RequestSetAside,
    RoundScheduled,
    Sealed,
    TimerElapsed,
)
from shared.rows import Ref, Rows, Table
from shared.service import Entry, Handling, Later

R = TypeVar("R")
WithdrawnReason = Literal["answered", "request_withdrawn", "break", "blocked", "left"]
DiscardedReason = Literal[
    "declined", "ran_out", "no_longer_fits", "request_withdrawn", "break", "rest", "silence", "blocked", "left"]


class MemoryAstray(Exception):
    """Somebody in the pool has no row to reserve: rows were changed behind our back. The reader fills the pool again."""


class Ahead:
    """The rows as they will be, what has been said so far, and the pool that follows both."""

    def __init__(self, rows: Rows, entry: Entry, memory: Memory, policy: Policy,
                 take_in: Callable[[Any, Any, int], None]) -> None:
        self.rows, self.entry, self.memory, self.policy = rows, entry, memory, policy
        self.now_ms = entry.at_ms
        memory.at(entry.at_ms)
        self.said: list[Event | Later] = []
        self._take_in: Callable[[Any, Any, int], None] | None = take_in
        self._changed: dict[Ref, Any] = {}

    def get(self, table: Table[R], id: str) -> R | None:
        if (table, id) in self._changed:
            return self._changed[table, id]  # type: ignore[no-any-return]  # a row of its table by construction
        return self.rows.get(table, id)

    def put(self, table: Table[R], id: str, row: R) -> None:
        self._changed[table, id] = row
        if table is PEERS:
            self.memory.follow(id, row)  # type: ignore[arg-type]  # PEERS holds standings
        elif table is ROUNDS:
            self.memory.rounds[id] = row  # type: ignore[assignment]  # ROUNDS holds rounds

    def drop(self, table: Table[Any], id: str) -> None:
        self._changed[table, id] = None
        if table is PEERS:
            self.memory.follow(id, None)

    def take_in(self) -> None:
        """Applies the entry's own event: from here on the state is the one after it."""
        if self._take_in is not None:
            take_in, self._take_in = self._take_in, None
            take_in(self, self.entry.event, self.now_ms)

    def say(self, event: Event) -> None:
        self.take_in()
        self.said.append(event)
        OWN[type(event)](self, event, self.now_ms)

    def remind(self, what: str, of: str, at_ms: int) -> None:
        self.said.append(Later(TimerElapsed(service=SERVICE, what=what, of=of, due_ms=at_ms), at_ms))

    def propose_for(self, *peers: str) -> None:
        """Proposes for these, first with whoever is next and then best pair first, until with none of them there is a pair that
        fits and reaches the bar."""
        pool, policy = self.memory.pool, self.policy
        while (match := self._with_who_is_next(peers) or pool.best_pair(
                dict.fromkeys(peers), self.now_ms, policy.bar, policy.weights)) is not None:
            self.propose(match)

    def _with_who_is_next(self, peers: Sequence[str]) -> Match | None:
        """The best pair of any of `peers` and the first in line whom the latest round left out and whom any of them fits."""
        pool, policy = self.memory.pool, self.policy
        if policy.first_in_line_days is None or not any(row.next for row in self.memory.rounds.values()):
            return None
        here = [person for peer in dict.fromkeys(peers) if (person := pool.get(peer)) is not None and person.places]
        left_out = list(dict.fromkeys(each for person in here for each in self.memory.rounds.get(person.community, NONE).next))
        might_fit = {each for person in here for each in pool.who_might_fit(left_out, person)} if left_out else ()
        for peer in (each for each in left_out if each in might_fit):
            person = pool.get(peer)
            if person is not None and is_in_line(person, self.now_ms, policy.bar, policy.first_in_line_days):
                matches = [match for other in here if (match := pool.pair_of(
                    (peer, other.peer), (person.request, other.request), self.now_ms, policy.bar, policy.weights)) is not None]
                if matches:
                    return min(matches, key=by_rank)
        return None

    def set_aside_whoever_is_silent(self) -> None:
        """Of those whom this entry touched."""
        for (table, peer), standing in list(self._changed.items()):
            if table is PEERS and standing is not None and standing.silent:
                self.say(RequestSetAside(request=standing.request, peer=peer))

    def schedule_rounds(self) -> None:
        """Whoever waits with a place by now can count on a round to come."""
        for community in self.memory.without_round():
            self.memory.lend_round(self.rows, community)
            due_ms = self.now_ms + self.policy.round_every_ms
            self.say(RoundScheduled(community=community, due_ms=due_ms))
            self.remind("round", community, due_ms)

    def withdraw(self, id: str, reason: WithdrawnReason, by: str | None) -> None:
        """A proposal will not go ahead, be it open or before a coordinator still. Both have their places back, and wait
        from when they first did.

        `by` is whose doing it is: they know, so they are not among those who hear of it next morning.
        """
        proposal = self.get(PROPOSALS, id)
        if proposal is not None and proposal.peers is not None:
            others = tuple(peer for peer in proposal.said_yes if peer != by)
            self.say(ProposalWithdrawn(proposal=id, peers=proposal.peers, said_yes=others, reason=reason))
        elif reason != "answered":
            self.discard(id, reason)

    def discard(self, id: str, reason: DiscardedReason) -> None:
        """What waits for a coordinator goes to nobody. Neither of the two hears of it, for neither knows of it."""
        draft = self.get(DRAFTS, id)
        if draft is not None:
            self.say(ProposalDiscarded(proposal=id, peers=draft.peers, reason=reason))

    def discard_all_of(self, peer: str, reason: DiscardedReason) -> list[str]:
        """All that waits for a coordinator and is for this person, who is not to be written to now. Returns the others."""
        proposals = (self.get(PEERS, peer) or Standing()).proposals
        waiting = {id: other for id, other in proposals.items() if self.get(DRAFTS, id) is not None}
        for id in waiting:
            self.discard(id, reason)
        return [*waiting.values()]

    def propose(self, match: Match) -> bool:
        """Reserves both and says so: to both, or first to a coordinator. Not when somebody has left whom the pool still
        knows."""
        first, second = match.people
        told = self._reasons(first, second), self._reasons(second, first)
        if told[0] is None or told[1] is None:
            # Their key was looked at for this batch, and is gone, so they have left; what is to be done is done when the event
            # that says so is read. Whose key nobody looked at may be proposed until then (`Memory.lend`).
            for person, reason in zip(match.people, told, strict=True):
                if reason is None:
                    self.memory.forget(person.peer)
            return False
        proposal = derived_id(self.entry.id, f"proposal:{len(self.said)}")
        draft = Draft(peers=(first.peer, second.peer), requests=(first.request, second.request), reasons=(told[0], told[1]),
                      benefit=match.benefit, step=match.step, since_ms=self.now_ms,
                      runs_out_ms=self.now_ms + RUNS_OUT_AFTER_MS)
        if self.policy.assist or only_in_person(first, second):
            self._put_before_a_coordinator(proposal, draft)
        else:
            self.put_to_both(proposal, draft)
        return True

    def put_to_both(self, proposal: str, draft: Draft) -> None:
        """From here on both can read of it and answer."""
        lapses_ms = self.now_ms + LAPSES_AFTER_MS
        self.say(ProposalMade(proposal=proposal, requests=draft.requests, peers=draft.peers, reasons=draft.reasons,
                              benefit=draft.benefit, step=draft.step, lapses_ms=lapses_ms))
        self._check_reserved(proposal, draft)
        self.remind("lapse", proposal, lapses_ms)

    def _put_before_a_coordinator(self, proposal: str, draft: Draft) -> None:
        self.say(ProposalDrafted(proposal=proposal, requests=draft.requests, peers=draft.peers, reasons=draft.reasons,
                                 benefit=draft.benefit, step=draft.step, runs_out_ms=draft.runs_out_ms))
        self._check_reserved(proposal, draft)
        self.remind("draft_over", proposal, draft.runs_out_ms)

    def _check_reserved(self, proposal: str, draft: Draft) -> None:
        if not all(proposal in (self.get(PEERS, peer) or Standing()).proposals for peer in draft.peers):
            raise MemoryAstray

    def _reasons(self, reader: Person, other: Person) -> Sealed | None:
        self.memory.lend(self.rows, reader)
        return self.rows.seal(reader.peer, reasons(reader, other))


def handling(memory: Memory, policy: Policy, needs: Callable[[Rows, Any], Iterable[Ref]],
             decide: Callable[[Ahead, Any], None], take_in: Callable[[Any, Any, int], None]) -> Handling:
    """The three beats of one event, bound to a partition's memory and to what the operator chose."""

    def decided(rows: Rows, entry: Entry) -> Sequence[Event | Later]:
        ahead = Ahead(rows, entry, memory, policy, take_in)
        decide(ahead, entry.event)
        ahead.take_in()
        ahead.set_aside_whoever_is_silent()
        ahead.schedule_rounds()
        return ahead.said

    return Handling(needs, decided, take_in)
