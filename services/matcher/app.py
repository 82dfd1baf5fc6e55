"""The matcher, put together: which event is handled how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from faststream.asgi import AsgiFastStream
from redis.asyncio import Redis

from services.matcher.desk import Figures, say_what_ran_out, watch
from services.matcher.domain.rounds import Policy
from services.matcher.domain.waiting import AGE_BAND, LANGUAGE, LookedAt
from services.matcher.handlers import (
    answers,
    breaks,
    counts,
    decisions,
    parting,
    protection,
    requested_anew,
    requests,
    rounds,
    timers,
)
from services.matcher.handlers.ahead import Ahead, handling
from services.matcher.handlers.changes import OWN
from services.matcher.memory import Memory
from services.matcher.settings import MatcherSettings
from services.matcher.store import SERVICE, TABLES
from services.matcher.worker import Chooser, Ref
from shared.clock import Clock
from shared.due import Due
from shared.events import (
    BreakEnded,
    BreakStarted,
    CountsChanged,
    Event,
    GivingUnreturned,
    PairEnded,
    PeerBlocked,
    PeerLeft,
    PeerRestored,
    PeerSuspended,
    ProposalAnswered,
    ProposalApproved,
    ProposalDeclined,
    RequestResumed,
    RoundChosen,
    RoundIntended,
    SupportChanged,
    SupportRequested,
    SupportWithdrawn,
    TimerElapsed,
)
from shared.host import Host
from shared.programme import Programme
from shared.rows import Ref as RowRef
from shared.rows import Rows
from shared.service import Handling, Service
from shared.stream.names import Partition


def table(memory: Memory, policy: Policy | None = None) -> Service:
    """The matcher on one partition, around that partition's memory."""
    chosen = policy or Policy()

    def on(needs: Callable[[Rows, Any], Iterable[RowRef]], decide: Callable[[Ahead, Any], None],
           apply: Callable[[Any, Any, int], None]) -> Handling:
        return handling(memory, chosen, needs, decide, apply)

    return Service(name=SERVICE, tables=TABLES, own=OWN, warm=memory.warm, mend=memory.mend,
                   after_commit=lambda _events: memory.committed(), inputs={
        SupportRequested: on(requests.needs_request, requests.decide_request, requests.apply_request),
        SupportChanged: on(requested_anew.needs_change, requested_anew.decide_change, requested_anew.apply_change),
        SupportWithdrawn: on(requests.needs_withdrawal, requests.decide_withdrawal, requests.apply_withdrawal),
        RequestResumed: on(requests.needs_resumption, requests.decide_resumption, requests.apply_resumption),
        ProposalAnswered: on(answers.needs_answer, answers.decide_answer, answers.apply_answer),
        ProposalApproved: on(decisions.needs_decision, decisions.decide_approval, decisions.apply_approval),
        ProposalDeclined: on(decisions.needs_decision, decisions.decide_decline, decisions.apply_decline),
        BreakStarted: on(breaks.needs_break, breaks.decide_break, breaks.apply_break),
        BreakEnded: on(breaks.needs_return, breaks.decide_return, breaks.apply_return),
        PeerSuspended: on(breaks.needs_break, breaks.decide_suspension, breaks.apply_suspension),
        PeerRestored: on(breaks.needs_return, breaks.decide_return, breaks.apply_restoring),
        CountsChanged: on(counts.needs, counts.decide, counts.apply),
        GivingUnreturned: on(protection.needs, protection.decide, protection.apply),
        PairEnded: on(parting.needs_ending, parting.decide_ending, parting.apply_ending),
        PeerBlocked: on(parting.needs_block, parting.decide_block, parting.apply_block),
        PeerLeft: on(parting.needs_leaving, parting.decide_leaving, parting.apply_leaving),
        RoundChosen: on(rounds.needs_chosen, rounds.decide_chosen, rounds.apply_chosen),
        TimerElapsed: on(timers.needs, timers.decide, timers.apply),
    })


def ringing(service: Service, partition: Partition, memory: Memory, due: Due[Ref]) -> Service:
    """The same, and the worker is told of every round: of those under way when it takes over, and of each new one; and
    operators of what ran out before a coordinator looked."""

    async def warm(redis: Redis, _partition: Partition) -> None:
        await memory.warm(redis, partition)
        for community, row in memory.rounds.items():
            if row.under_way is not None:
                due.offer(Ref(partition, community, row.under_way))

    def wake(events: Sequence[Event]) -> None:
        memory.committed()
        for event in events:
            if isinstance(event, RoundIntended):
                due.offer(Ref(partition, event.community, event.round))
        say_what_ran_out(events, partition)

    return replace(service, warm=warm, after_commit=wake)


def policy(settings: MatcherSettings, programme: Programme) -> Policy:
    """What the operator chose, in settings and in the programme's file."""
    return replace(settings.policy, looked_at=LookedAt(
        facts=tuple(key for key, fact in programme.facts.items() if fact.fairness and key not in (LANGUAGE, AGE_BAND)),
        age_bands=bool(programme.age_bands), practical=frozenset(programme.practical_help)))


def build(settings: MatcherSettings, programme: Programme, clock: Clock | None = None) -> tuple[AsgiFastStream, Host]:
    """The ASGI application that serves its health, and the host that is its life. Touches nothing yet."""
    due, memories = Due[Ref](), dict[Partition, Memory]()

    def make(host: Host, partition: Partition) -> Service:
        memories[partition] = memory = Memory(host.vault)
        return ringing(table(memory, policy(settings, programme)), partition, memory, due)

    async def choose_rounds(host: Host) -> None:
        await Chooser(host, due, memories, settings.policy, settings.round_lease_s).run()

    async def watch_the_desk(host: Host) -> None:
        await watch(host, figures)

    host = Host(SERVICE, settings, programme, make=make, workers=[choose_rounds, watch_the_desk], clock=clock)
    figures = Figures(host.metrics.registry)
    return host.application(), host
