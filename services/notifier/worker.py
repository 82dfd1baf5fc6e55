"""Sends what may be sent: a bounded number at a time, outside the reader, so that a slow server never holds it up.

For each message: wait for a turn on the way out; claim it; look once more (rule 8); send; append what happened; forget the
claim. Killed at any point, the message is taken up again: before the claim by whoever takes over the partition; after it, once
the lease has run out. Then an essential or sign-in message is sent again under the same Message-ID, and a kind one or a nudge
ends as *interrupted*.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from redis.exceptions import RedisError

from services.notifier.channels import Blocked, Channel, Delivered, Letter, Outcome, Refused, Unknown
from services.notifier.claims import Claims
from services.notifier.domain.following import days_waited, weeks_others_wait
from services.notifier.domain.messages import GENTLE, Template
from services.notifier.domain.patience import next_try_ms
from services.notifier.domain.verdict import Hold, Send, Verdict, Withhold
from services.notifier.due import Due, Ref
from services.notifier.gate import Gate
from services.notifier.handlers import Decisions
from services.notifier.outbox import INTERRUPTED
from services.notifier.store import Latest, MessageRow, PersonRow, ReferralRow, latest, ready_row, waits_in
from services.notifier.ways import by_text, fetch
from services.notifier.words import Words
from shared.clock import derived_id
from shared.events import Address, MessageAttempted, MessageClass, Profile, Sealed, SignInSecret
from shared.host import Host
from shared.links import STOPPABLE, WHOLE_INVITATION, address_link, invitation_link, sign_in_link, stop_link
from shared.logs import get_logger
from shared.sealing import ERASED, BrokenSeal, Erased
from shared.stream.append import Input, OtherBody
from shared.stream.names import Partition

FINISH_S = 5.0
"""What a message that is being sent may still take when the service stops."""

WAIT_S, WAIT_MAX_S = 0.1, 5.0
"""First and longest wait while Redis is away and an outcome can't be written down."""

TEXTS_MAX = 2
"""Tries of a text message after the first: then it goes by e-mail. What a provider did not take three times in some minutes it
may not take for hours, and each may have come all the same."""

log = get_logger("services.notifier.worker")


class Sender:
    """Takes messages from `due` and brings each to an outcome."""

    def __init__(self, host: Host, due: Due, decisions: Decisions, words: Words, channel: Channel, gate: Gate, *,
                 base_url: str, at_once: int, lease_s: float, texts: bool = False, others: Due | None = None) -> None:
        """`texts`: this one sends text messages. `others`: where what goes the other way by now is handed over; none where
        there is no other way."""
        self._texts, self._others = texts, others
        self._host, self._due, self._decisions = host, due, decisions
        self._words, self._channel, self._gate, self._base_url = words, channel, gate, base_url
        self._at_once, self._lease_s = at_once, lease_s
        self._claims = Claims(host.redis, lease_s)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fetch())
                for _ in range(self._at_once):
                    group.create_task(self._slot())
        finally:
            await self._channel.close()

    async def _fetch(self) -> None:
        """What may be sent and found no room: it stands in a table."""
        await fetch(self._host, self._due)

    async def _slot(self) -> None:
        while True:
            ref = await self._due.take()
            await self._gate.enter(ref)
            sending = asyncio.create_task(self._one(ref))
            try:
                await asyncio.shield(sending)
            except asyncio.CancelledError:
                with suppress(TimeoutError):
                    await asyncio.wait_for(sending, FINISH_S)
                raise
            finally:
                self._gate.leave(ref)

    async def _one(self, ref: Ref) -> None:
        """Never raises: one message must not stop the others."""
        try:
            await self._bring_to_an_outcome(ref)
        except (RedisError, OSError) as error:
            log.warning("message.waits", message_ref=ref.message, error=type(error).__name__, wait_s=WAIT_MAX_S)
            self._due.offer(ref, WAIT_MAX_S)
        except Exception as error:
            # A bug of ours, before anything was tried.
            log.error("message.broke", message_ref=ref.message, exc_info=error)
            self._due.offer(ref, self._lease_s)

    async def _bring_to_an_outcome(self, ref: Ref) -> None:
        row = await ready_row(self._host.redis, ref.partition, ref.message)
        if row is None:
            return
        attempt = derived_id(ref.message, f"attempt:{row.tries}")
        claim = await self._claims.take(ref.partition, attempt)
        if claim.state == "done":
            return  # the reader is about to read of it
        if claim.state == "taken":
            self._due.offer(ref, claim.wait_s)
            return
        tried = other_way = False
        try:
            now = await latest(self._host.redis, ref.partition, ref.message, row)
            other_way = now.ready and self._others is not None and by_text(row, now.recipient) is not self._texts
            if now.ready and not other_way:
                tried = True
                outcome = await self._attempted(ref, row, now, interrupted=claim.state == "again")
                await self._report(ref.partition, row, attempt, outcome)
        except BaseException:
            self._claims.let_go(attempt, tried=tried)
            raise
        await self._claims.give_back(ref.partition, attempt)
        if other_way and self._others is not None:
            self._others.offer(ref)

    async def _attempted(self, ref: Ref, row: MessageRow, now: Latest, interrupted: bool) -> MessageAttempted:
        if interrupted and row.klass in GENTLE:
            return MessageAttempted(message=ref.message, outcome="failed", reason=INTERRUPTED)
        try:
            person = self._opened(now)
            if not person:
                return MessageAttempted(message=ref.message, outcome="withhold", reason="left")
            if not person.email:  # a coordinator tells them; it stands at the desk
                return MessageAttempted(message=ref.message, outcome="withhold", reason="no_address")
            ruled_out = self._ruled_out(ref, row, now)
            if ruled_out is not None:
                return ruled_out
            others = await self._weeks_others_wait(ref, row, now)
            letter = self._text(row, now, person) if self._texts else self._letter(row, now, person, others)
            if not letter.to and self._texts:
                return self._by_mail(ref, row, "no_number")
            outcome = await self._channel.send(letter)
            self._gate.told(outcome)
            return self._outcome(ref, row, outcome)
        except (RedisError, OSError):
            raise
        except BrokenSeal:
            return MessageAttempted(message=ref.message, outcome="failed", reason="unreadable")
        except Exception as error:
            # A bug of ours: the others go on, this one is tried again, for a mended version may come meanwhile.
            log.error("message.broke", message_ref=ref.message, template=row.template, exc_info=error)
            return self._outcome(ref, row, Blocked("broke"))

    def _opened(self, now: Latest) -> Profile | Address | Erased:
        """Where to write to, open in memory only; ERASED once somebody has left or an invitation is over."""
        if isinstance(now.recipient, PersonRow):
            return self._host.vault.open(now.recipient.profile, now.key, Profile)
        if isinstance(now.recipient, ReferralRow):
            return self._host.vault.open(now.recipient.address, now.key, Address)
        return ERASED

    def _ruled_out(self, ref: Ref, row: MessageRow, now: Latest) -> MessageAttempted | None:
        """The look just before sending, by the wall clock and the person's latest wishes. To an address that was found to be
        none only a link goes that somebody has just asked for: if it is taken, the address is one again. A telephone is another
        matter."""
        if now.no_such_address and not self._texts and row.klass is not MessageClass.SIGN_IN and row.address is None:
            return MessageAttempted(message=ref.message, outcome="withhold", reason="no_such_address")
        return ruled_out(ref.message, self._decisions.last_look(ref.message, row, now.recipient, self._host.clock.now_ms()))

    async def _weeks_others_wait(self, ref: Ref, row: MessageRow, now: Latest) -> int:
        """For how long others have waited where this person does; 0 where that is not told, or can't be said."""
        if row.template != Template.WAITING or not isinstance(now.recipient, PersonRow):
            return 0
        waits = await waits_in(self._host.redis, ref.partition, now.recipient.community)
        return 0 if waits is None else weeks_others_wait(waits.median_days, waits.counted_ms, self._host.clock.now_ms())

    def _letter(self, row: MessageRow, now: Latest, person: Profile | Address, others: int) -> Letter:
        link, code = self._words.page, ""
        if row.template == Template.INVITATION:
            link = invitation_link(self._base_url, self._host.vault, row.to)
        elif row.secret is not None and (secret := self._host.vault.open(row.secret, now.key, SignInSecret)):
            leads = address_link if row.template == Template.NEW_ADDRESS else sign_in_link
            link, code = leads(self._base_url, secret.token), secret.code
        address = person.email if row.address is None else self._elsewhere(row.address, now)
        chosen, stop = now.recipient.language if isinstance(now.recipient, PersonRow) else None, self._stop(row)
        words = self._words.render(row.template, chosen or person.language, link, code, self._count(row, now), stop or "",
                                   others)
        return Letter(message_id=row.message_id, to=address, subject=words.subject, text=words.text, stop=stop,
                      sent_ms=self._host.clock.now_ms(), html=words.html, language=words.language)

    def _text(self, row: MessageRow, now: Latest, person: Profile | Address) -> Letter:
        """News, a link and how to stop, and no more: whoever holds the telephone may not be the person (rule 10)."""
        number = person.phone if isinstance(person, Profile) else ""
        if row.address is not None and (given := self._host.vault.open(row.address, now.key, Address)):
            number = given.phone
        secret = None if row.secret is None else self._host.vault.open(row.secret, now.key, SignInSecret)
        chosen = now.recipient.language if isinstance(now.recipient, PersonRow) else None
        words = self._words.render(row.template, chosen or person.language, code=secret.code if secret else "")
        return Letter(message_id=row.message_id, to=number, subject="", text=words.sms, stop=None,
                      sent_ms=self._host.clock.now_ms(), language=words.language)

    def _by_mail(self, ref: Ref, row: MessageRow, reason: str) -> MessageAttempted:
        """An essential message finds another way. A gentle one stands on the page, and that a text may have come is enough."""
        if row.klass is not MessageClass.ESSENTIAL:
            return MessageAttempted(message=ref.message, outcome="failed", reason=reason)
        return MessageAttempted(message=ref.message, outcome="hold", reason=reason, by_mail=True,
                                not_before_ms=self._host.clock.now_ms())

    def _elsewhere(self, address: Sealed, now: Latest) -> str:
        opened = self._host.vault.open(address, now.key, Address)
        return opened.email if opened else ""  # under the same key as the recipient's own, which was opened

    def _count(self, row: MessageRow, now: Latest) -> int:
        """How many people a digest is from, or how many days somebody has waited by now."""
        if isinstance(now.recipient, PersonRow) and now.recipient.waiting_since_ms is not None:
            return len(row.parts) or days_waited(now.recipient.waiting_since_ms, self._host.clock.now_ms())
        return len(row.parts)

    def _stop(self, row: MessageRow) -> str | None:
        what = WHOLE_INVITATION if row.template == Template.INVITATION else row.klass
        return stop_link(self._base_url, self._host.vault, row.to, what) if what in STOPPABLE else None

    def _outcome(self, ref: Ref, row: MessageRow, outcome: Outcome) -> MessageAttempted:
        match outcome:
            case Delivered():
                return MessageAttempted(message=ref.message, outcome="delivered")
            case Refused(reason) if self._texts:
                return self._by_mail(ref, row, reason)
            case Unknown(reason) if self._texts and row.klass not in GENTLE and row.troubles >= TEXTS_MAX:
                return self._by_mail(ref, row, reason)
            case Refused(reason, no_such_address):
                return MessageAttempted(message=ref.message, outcome="failed", reason=reason,
                                        no_such_address=no_such_address and row.address is None)
            case Unknown() if row.klass in GENTLE:
                return MessageAttempted(message=ref.message, outcome="failed", reason=INTERRUPTED)
            case Blocked(reason) | Unknown(reason):
                at_ms = self._host.clock.now_ms()
                again_ms = next_try_ms(row.klass, row.troubles, row.trouble_ms or at_ms, at_ms, random.random())
                if again_ms is None:
                    return MessageAttempted(message=ref.message, outcome="failed", reason=reason)
                return MessageAttempted(message=ref.message, outcome="hold", reason=reason, not_before_ms=again_ms)

    async def _report(self, partition: Partition, row: MessageRow, attempt: str, event: MessageAttempted) -> None:
        """Appends the outcome; while Redis is away, again and again: an outcome is known only here."""
        said, wait_s = [Input(event, attempt, cause=event.message)], WAIT_S
        while True:
            try:
                await self._host.appender.append(partition, said, row.trace)
                break
            except OtherBody:
                # our lease ran out meanwhile, and another worker has told of this attempt
                log.warning("message.overtaken", message_ref=event.message, outcome=event.outcome)
                return
            except (RedisError, OSError):
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
                wait_s = min(WAIT_MAX_S, wait_s * 2)
        if event.no_such_address:
            log.warning("address.not_there", message_ref=event.message, reason=event.reason)
        log.info("message.attempted", message_ref=event.message, template=row.template, klass=row.klass,
                 outcome=event.outcome, reason=event.reason, tries=row.tries + 1,
                 not_before_ms=event.not_before_ms, trace=row.trace)


def ruled_out(message: str, what: Verdict) -> MessageAttempted | None:
    """What the last look makes of it; none when it may go."""
    match what:
        case Hold(until_ms, reason):
            return MessageAttempted(message=message, outcome="hold", reason=reason, not_before_ms=until_ms)
        case Withhold(reason):
            return MessageAttempted(message=message, outcome="withhold", reason=reason)
        case Send():
            return None
