"""The ledger, put together: which event is handled how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from faststream.asgi import AsgiFastStream
from redis.asyncio import Redis

from services.ledger import checkins, corrections, handlers
from services.ledger.domain.protection import Thresholds
from services.ledger.housekeeping import housekeeping
from services.ledger.reckoning import Reckoner, Ref
from services.ledger.settings import LedgerSettings
from services.ledger.signals.beside import beside, beside_own
from services.ledger.store import SERVICE, TABLES, communities
from shared.clock import Clock
from shared.due import Due
from shared.events import (
    BreakEnded,
    BreakStarted,
    CheckinRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    GestureSent,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRememberedDifferently,
    MomentShared,
    MomentThanked,
    MomentUpheld,
    PairClosed,
    PairFormed,
    PeerLeft,
    SignalsIntended,
    TimerElapsed,
    TrainingCompleted,
)
from shared.host import Host
from shared.programme import Programme
from shared.service import Handling, Service
from shared.stream.names import Partition


def table(thresholds: Thresholds | None = None) -> Service:
    """The ledger on any partition: it keeps nothing in memory."""
    thresholds = thresholds or Thresholds()
    moments, told = handlers.Moments(thresholds), checkins.Checkins(thresholds)
    own = beside_own({**handlers.OWN, **corrections.OWN, **checkins.OWN})
    return Service(name=SERVICE, tables=TABLES, own=own, inputs=beside({
        PairFormed: Handling(handlers.needs_formed, apply=handlers.apply_formed),
        PairClosed: Handling(handlers.needs_closed, handlers.decide_closed, handlers.apply_closed),
        MomentShared: Handling(handlers.needs_moment, moments.decide_moment),
        GestureSent: Handling(handlers.needs_moment, moments.decide_gesture),
        MomentCorrected: Handling(corrections.needs_correction, corrections.decide_correction),
        MomentPutBack: Handling(corrections.needs_correction, corrections.decide_putting_back),
        MomentRememberedDifferently: Handling(
            corrections.needs_said, corrections.decide_differently, corrections.apply_differently),
        MomentUpheld: Handling(corrections.needs_said, corrections.decide_own, corrections.apply_upheld),
        MomentKeptApart: Handling(corrections.needs_said, corrections.decide_own),
        MomentThanked: Handling(corrections.needs_thanks, corrections.decide_thanks),
        BreakStarted: Handling(handlers.needs_break, apply=handlers.apply_break),
        BreakEnded: Handling(handlers.needs_break, apply=handlers.apply_return),
        ConsentGiven: Handling(checkins.needs_agreement, apply=checkins.apply_given),
        ConsentWithdrawn: Handling(checkins.needs_agreement, apply=checkins.apply_withdrawn),
        CheckinRecorded: Handling(checkins.needs_checkin, told.decide),
        TrainingCompleted: Handling(checkins.needs_training, checkins.decide_training),
        PeerLeft: Handling(handlers.needs_leaving, handlers.decide_leaving, handlers.apply_leaving),
        TimerElapsed: Handling(handlers.needs_timer, apply=handlers.apply_timer),
    }))


def ringing(service: Service, partition: Partition, due: Due[Ref]) -> Service:
    """The same, and the worker is told of every week whose signals are to be reckoned: of those under way when it takes over,
    and of each new one."""

    async def warm(redis: Redis, _partition: Partition) -> None:
        for community, row in (await communities(redis, partition)).items():
            for week in row.under_way:
                due.offer(Ref(partition, community, week))

    def wake(events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, SignalsIntended):
                due.offer(Ref(partition, event.community, event.week))

    return replace(service, warm=warm, after_commit=wake)


def build(settings: LedgerSettings, programme: Programme, clock: Clock | None = None) -> tuple[AsgiFastStream, Host]:
    """The ASGI application that serves its health, and the host that is its life. Touches nothing yet."""
    due = Due[Ref]()

    def make(_host: Host, partition: Partition) -> Service:
        return ringing(table(settings.thresholds), partition, due)

    async def reckon_signals(host: Host) -> None:
        await Reckoner(host, due, settings.attention).run()

    host = Host(SERVICE, settings, programme, make=make, workers=[housekeeping, reckon_signals], clock=clock)
    return host.application(), host
