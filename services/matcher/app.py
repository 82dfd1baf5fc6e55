"""The matcher, put together: which event is handled how."""

from __future__ import annotations

from faststream.asgi import AsgiFastStream

from services.matcher.handlers import answers, breaks, parting, requests, timers
from services.matcher.handlers.ahead import handling
from services.matcher.handlers.changes import OWN
from services.matcher.memory import Memory
from services.matcher.settings import MatcherSettings
from services.matcher.store import SERVICE, TABLES
from shared.clock import Clock
from shared.events import (
    BreakEnded,
    BreakStarted,
    PairEnded,
    PeerBlocked,
    PeerLeft,
    ProposalAnswered,
    SupportRequested,
    SupportWithdrawn,
    TimerElapsed,
)
from shared.host import Host
from shared.programme import Programme
from shared.service import Service
from shared.stream.names import Partition


def table(memory: Memory) -> Service:
    """The matcher on one partition, around that partition's memory."""
    return Service(name=SERVICE, tables=TABLES, own=OWN, warm=memory.warm, inputs={
        SupportRequested: handling(memory, requests.needs_request, requests.decide_request, requests.apply_request),
        SupportWithdrawn: handling(memory, requests.needs_withdrawal, requests.decide_withdrawal,
                                   requests.apply_withdrawal),
        ProposalAnswered: handling(memory, answers.needs_answer, answers.decide_answer, answers.apply_answer),
        BreakStarted: handling(memory, breaks.needs_break, breaks.decide_break, breaks.apply_break),
        BreakEnded: handling(memory, breaks.needs_return, breaks.decide_return, breaks.apply_return),
        PairEnded: handling(memory, parting.needs_ending, parting.decide_ending, parting.apply_ending),
        PeerBlocked: handling(memory, parting.needs_block, parting.decide_block, parting.apply_block),
        PeerLeft: handling(memory, parting.needs_leaving, parting.decide_leaving, parting.apply_leaving),
        TimerElapsed: handling(memory, timers.needs, timers.decide, timers.apply),
    })


def service(host: Host, _partition: Partition) -> Service:
    return table(Memory(host.vault))


def build(settings: MatcherSettings, programme: Programme, clock: Clock | None = None) -> tuple[AsgiFastStream, Host]:
    """The ASGI application that serves its health, and the host that is its life. Touches nothing yet."""
    host = Host(SERVICE, settings, programme, make=service, clock=clock)
    return host.application(), host
