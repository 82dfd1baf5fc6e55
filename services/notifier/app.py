"""Which event the notifier handles how, and what it is built of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from faststream.asgi import AsgiFastStream
from redis.asyncio import Redis

from services.notifier import applying, hearing, loading, outbox, webhooks
from services.notifier.channels import Channel, Mailbox
from services.notifier.due import ROOM, Due, Ref
from services.notifier.gate import Gate
from services.notifier.handlers import Decisions
from services.notifier.overlooked import look_after
from services.notifier.settings import NotifierSettings
from services.notifier.smtp import Smtp
from services.notifier.store import SEND, SERVICE, TABLES, ready
from services.notifier.store import webhooks as untold
from services.notifier.urgent_help import watch
from services.notifier.ways import Sorting
from services.notifier.words import Words
from services.notifier.worker import Sender
from shared import events as e
from shared.clock import Clock
from shared.host import Host
from shared.logs import get_logger
from shared.programme import Programme
from shared.sealing import Vault
from shared.service import Handling, Service
from shared.stream.names import Partition


class Open(Protocol):
    """What the built-in mailbox needs: a service's host has it, and so has a command's system."""

    @property
    def redis(self) -> Redis: ...
    @property
    def vault(self) -> Vault: ...


log = get_logger("services.notifier")

START_TLS = {"always": True, "offered": None, "never": False}


def service(decisions: Decisions, due: Due, partition: Partition, to_partners: Due | None = None) -> Service:
    """`due` rings for messages to people, `to_partners` for what partners are told."""
    bell = to_partners if to_partners is not None else Due(webhooks.ROOM)

    def wake(events: Sequence[e.Event]) -> None:
        for event in events:
            if isinstance(event, e.MessageIntended):
                due.offer(Ref(partition, event.message), first=event.klass is e.MessageClass.SIGN_IN)
            elif isinstance(event, e.MessageBounced):
                _told_of(event)
            elif isinstance(event, e.TimerElapsed) and event.service == SERVICE and event.what == SEND:
                due.offer(Ref(partition, event.of))
            elif isinstance(event, e.WebhookIntended) or (isinstance(event, e.WebhookAttempted) and event.outcome == "hold"):
                bell.offer(Ref(partition, event.webhook))

    async def warm(redis: Redis, partition: Partition) -> None:
        async for message in ready(redis, partition):
            if not due.offer(Ref(partition, message)):
                break  # the worker fetches the others once there is room
        async for id, _ in untold(redis, partition):
            bell.offer(Ref(partition, id))

    on, do, to = loading, decisions, applying
    return Service(
        name=SERVICE, tables=TABLES, warm=warm, after_commit=wake,
        inputs={
            e.WaitingCounted: Handling(apply=to.waiting_counted),
            e.PeerJoined: Handling(on.peer, apply=to.joined),
            e.ProfileChanged: Handling(on.peer, apply=to.profile_changed),
            e.AddressGiven: Handling(on.peer, do.address_given, to.address_given),
            e.AddressChanged: Handling(on.peer_and_mark, do.address_changed, to.address_changed),
            e.PreferencesChanged: Handling(on.peer_and_unsent, do.preferences_changed, to.preferences_changed),
            e.BreakStarted: Handling(on.peer_and_unsent, do.break_started, to.break_started),
            e.BreakEnded: Handling(on.peer_and_unsent, do.break_ended, to.break_ended),
            e.PeerLeft: Handling(on.peer, do.left, to.left),
            e.SignInRequested: Handling(on.peer, do.sign_in_requested, to.sign_in_requested),
            e.RequestWaiting: Handling(on.peer, do.received, to.request_waiting),
            e.RequestSetAside: Handling(on.peer, do.set_aside, to.request_set_aside),
            e.RequestResumed: Handling(on.peer, do.resumed, to.request_resumed),
            e.PeerSuspended: Handling(on.peer, do.suspended, to.peer_suspended),
            e.PeerRestored: Handling(on.peer, do.restored, to.peer_restored),
            e.SupportWithdrawn: Handling(on.peer, do.support_withdrawn, to.support_withdrawn),
            e.ProposalMade: Handling(on.peers, do.proposal_made, to.proposal_made),
            e.ProposalWithdrawn: Handling(on.peers, do.proposal_closed, to.proposal_closed),
            e.ProposalLapsed: Handling(on.peers, do.proposal_closed, to.proposal_closed),
            e.PairFormed: Handling(on.peers, do.pair_formed, to.pair_formed),
            e.PairEnded: Handling(on.pair, do.pair_ended, to.pair_ended),
            e.PeerBlocked: Handling(on.peer_and_pairs, do.blocked, to.blocked),
            e.PairClosed: Handling(on.peers, do.pair_closed, to.pair_closed),
            e.ContactOffered: Handling(on.pair, do.contact_offered, to.contact_offered),
            e.ContactTakenBack: Handling(on.pair, do.contact_taken_back, to.contact_taken_back),
            e.GestureSent: Handling(on.pair, do.gesture_sent),
            e.MomentThanked: Handling(on.pair, do.moment_thanked),
            e.MomentRecorded: Handling(on.pair, do.moment_recorded, to.moment_recorded),
            e.GivingUnreturned: Handling(on.peer, do.giving_unreturned),
            e.ReceivingUnrecorded: Handling(on.peer, do.receiving_unrecorded),
            e.ReferralMade: Handling(on.referral, do.referral_made, to.referral_made),
            e.ReferralUsed: Handling(hearing.needs_used, do.referral_ended, to.referral_used),
            e.ReferralRefused: Handling(on.referral, do.referral_ended, to.referral_ended),
            e.ReferralExpired: Handling(on.referral, do.referral_ended, to.referral_ended),
            e.TimerElapsed: Handling(on.timer, do.timed, to.timed),
            e.ConsentGiven: Handling(on.peer, apply=hearing.agreed),
            e.ConsentWithdrawn: Handling(on.peer, apply=hearing.agrees_no_more),
            e.WebhookAttempted: Handling(hearing.needs_attempt, hearing.concluded, hearing.attempted),
            e.MessageAttempted: Handling(on.attempt, do.attempted, outbox.attempted),
            e.MessageBounced: Handling(on.bounce, do.bounced, outbox.bounced),
            e.AddressCleared: Handling(on.peer, apply=to.address_cleared),
        },
        own={
            e.MessageIntended: outbox.intended, e.MessageHeld: outbox.held, e.MessageWithheld: outbox.withheld,
            e.MessageDelivered: outbox.delivered, e.MessageFailed: outbox.failed,
            e.WebhookIntended: hearing.intended, e.WebhookDelivered: hearing.over, e.WebhookFailed: hearing.over,
        })


def _told_of(event: e.MessageBounced) -> None:
    log.info("message.bounced", message_ref=event.message, status=event.status)
    if event.no_such_address:
        log.warning("address.not_there", message_ref=event.message, reason=event.status)


def channel(settings: NotifierSettings, at: Open) -> Channel:
    if settings.smtp_url is None:
        return Mailbox(at.redis, at.vault)
    return Smtp(settings.smtp_url.get_secret_value(), START_TLS[settings.smtp_starttls], settings.sender,
                settings.send_limit_s, settings.bounces_to)


def text_channel(settings: NotifierSettings, at: Open) -> Channel | None:
    """In a try-out without a provider the built-in mailbox shows text messages too."""
    if settings.text_url is not None:
        from services.notifier.texting import Texts  # an extra of its own

        return Texts(settings.text_url.get_secret_value(), settings.send_limit_s)
    return Mailbox(at.redis, at.vault) if settings.try_out and settings.smtp_url is None else None


def build(settings: NotifierSettings, programme: Programme, clock: Clock | None = None,
          room: int = ROOM) -> tuple[AsgiFastStream, Host]:
    """`room`: messages that this process knows of at a time.

    Raises BadCatalogue or OSError when an operator's own sentences can't be used.
    """
    due, to_partners, words = Due(room), Due(webhooks.ROOM), Words(programme, settings.base_url, settings.messages)
    decisions = Decisions(ZoneInfo(programme.time_zone), settings.mail_domain, Vault(settings.installation_key))

    async def send(host: Host) -> None:
        def sender(queue: Due, way: Channel, name: str, at_once: int, per_second: float | None, *, texts: bool = False,
                   others: Due | None = None) -> Sender:
            return Sender(host, queue, decisions, words, way, Gate(name, settings.send_rest_s, per_second),
                          base_url=settings.base_url, at_once=at_once, lease_s=settings.send_lease_s, texts=texts,
                          others=others)
        for tag in words.off(programme.message_languages):
            log.warning("language.off", name=tag)
        mail, texts = channel(settings, host), text_channel(settings, host)
        if texts is None:
            return await sender(due, mail, "mail", settings.senders, settings.send_per_second).run()
        by_mail, by_text = Due(room), Due(room)
        async with asyncio.TaskGroup() as group:
            group.create_task(Sorting(host, due, by_mail, by_text).run())
            group.create_task(sender(by_mail, mail, "mail", settings.senders, settings.send_per_second, others=due).run())
            group.create_task(sender(by_text, texts, "text", settings.texts_at_once, settings.texts_per_second, texts=True,
                                     others=due).run())
        return None

    async def tell_partners(host: Host) -> None:
        await webhooks.Telling(host, to_partners, base_url=settings.base_url, private=settings.partners_anywhere).run()

    host = Host(SERVICE, settings, programme, make=lambda _host, partition: service(decisions, due, partition, to_partners),
                workers=[send, tell_partners, watch, look_after], clock=clock)
    return host.application(), host
