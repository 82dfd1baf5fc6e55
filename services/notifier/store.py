"""What the notifier keeps: who can be told, and what is on its way to them; `claims` has who is at work on it.

People and referrals hold sealed addresses only. A message that has ended leaves nothing here but the time of a kind one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from redis.asyncio import Redis

from services.notifier.domain.messages import Template
from shared.events import Frequency, Hears, MessageClass, QuietHours, Sealed
from shared.rows import KEYS, Ref, Table
from shared.stream.names import Partition

SERVICE = "notifier"

SEND, NOTE, CHECK_IN = "send", "note", "check_in"
"""What timers are for: a held message, the next word to whoever waits, a pair's next check-in."""


class Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Unsent(Row):
    """A message that is on its way, as its recipient's row remembers it."""

    message: str
    template: str
    klass: MessageClass
    about: str | None = None
    parts: tuple[str, ...] = ()
    """The pairs whose kind words a digest puts together."""
    due_ms: int = 0
    """When it may go, as far as is known now."""

    @property
    def tells_of(self) -> tuple[str, ...]:
        return self.parts or (() if self.about is None else (self.about,))


class RecipientRow(Row):
    unsent: tuple[Unsent, ...] = ()


class Nudged(Row):
    """The last nudge that somebody was given, and how many times in a row it was this one."""

    template: str
    about: str | None = None
    times: int = 0


class Referred(Row):
    """That a partner knows somebody, and what it may be told of them."""

    partner: str
    referral: str
    agreed: bool = False
    """They agreed to its being told that they are introduced, and that this has ended."""
    told: tuple[str, ...] = ()
    """Pairs of theirs of which it was told, until it is told of their end."""


class PersonRow(RecipientRow):
    profile: Sealed
    community: str | None = None
    quiet: QuietHours | None = QuietHours()
    """None: every hour is fine for this person."""
    stopped: bool = False
    """They want nothing but sign-in messages; everything else is on their page."""
    without: tuple[str, ...] = ()
    """Classes of messages that they stopped."""
    by_text: tuple[str, ...] = ()
    """Classes that come to their telephone instead."""
    frequency: Frequency = Frequency.AS_IT_HAPPENS
    language: str | None = None
    """Of messages; none: the one that they asked for a buddy in."""
    break_until_ms: int | None = None
    kind_sent_ms: tuple[int, ...] = ()
    nudged: Nudged | None = None
    pairs: tuple[str, ...] = ()
    """Those they are in, by which a block finds the one that it ends."""
    suspended: bool = False
    """A coordinator lets nothing new be proposed to them: that we go on looking is not said of them meanwhile."""
    request: str | None = None
    """What they asked for, while it stands in the queue or they have a buddy by it."""
    waiting_since_ms: int | None = None
    """From when they have waited for somebody, this time; none: they have a buddy, or are not waiting."""
    note_due_ms: int | None = None
    """When whoever waits hears from us next (rule 11); a timer with another time is of another wait."""
    proposals: tuple[str, ...] = ()
    """Open ones: whoever has one has heard of somebody."""
    referred: tuple[Referred, ...] = ()
    """Partners that referred them, one referral each."""
    secret: Sealed | None = None
    """A sign-in secret, for as long as it takes to pass it on to its message."""
    elsewhere: Sealed | None = None
    """Another address, for as long as it takes to pass it on to the message that goes there."""
    address_ms: int = 0
    """When they last gave an address; 0: as they joined."""

    def nudges_in_a_row(self, template: str, about: str | None) -> int:
        same = self.nudged is not None and (self.nudged.template, self.nudged.about) == (template, about)
        return self.nudged.times if self.nudged is not None and same else 0


class ReferralRow(RecipientRow):
    address: Sealed
    partner: str = ""


class PairRow(Row):
    peers: tuple[str, str]
    offered: tuple[str, ...] = ()
    """Who offers a contact at the moment."""
    told: bool = False
    """Whether both were told that both contacts are there; that is said once, unless one was taken back before it was."""
    contacts: int = 0
    """Moments and gestures of the two, as far as check-ins depend on it."""
    check_in_ms: int | None = None
    """When both are asked next how it is, once they know one another."""


class WaitsRow(Row):
    """How long those have waited who waited in a community as it was last counted: half of them as long or longer."""

    median_days: int
    counted_ms: int


class MessageRow(Row):
    """A message from its intent to its end."""

    to: str
    template: str
    klass: MessageClass
    message_id: str
    about: str | None = None
    parts: tuple[str, ...] = ()
    intended_ms: int
    first_due_ms: int
    due_ms: int
    wait_until_ms: int = 0
    """Not before this, because the way was blocked."""
    tries: int = 0
    """Attempts whose outcome is known; the next one's number."""
    troubles: int = 0
    """Those of them that met a blocked way."""
    trouble_ms: int | None = None
    """When the way was first found blocked."""
    by_mail: bool = False
    """It was to go as a text message and could not."""
    secret: Sealed | None = None
    address: Sealed | None = None
    """Where it goes, if not to where its recipient is written to."""
    trace: str = ""
    """Of what led to it; what its attempts come to goes on with it."""


class WebhookRow(Row):
    """What a partner is to be told, until it was or can't be."""

    partner: str
    peer: str
    referral: str
    what: Hears
    happened_ms: int
    due_ms: int
    tries: int = 0
    """Those before the next one."""


class NotThere(Row):
    """When it was found, and by which answer or status."""

    found_ms: int = 0
    reason: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, value: Any) -> Any:
        """A mark of the time before these two were kept is a 1."""
        return value if isinstance(value, dict) else {}


PEOPLE = Table("people", PersonRow)
REFERRALS = Table("referrals", ReferralRow)
PAIRS = Table("pairs", PairRow)
WAITS = Table("waits", WaitsRow)
"""By community; none where there are too few to say."""

MESSAGES = Table("messages", MessageRow)
READY = Table("ready", bytes)
"""The ids of the messages that may be sent now; the rest of MESSAGES waits for its time."""

NOT_THERE = Table("not_there", NotThere)
"""By peer: the address is none, a mail server said. Nothing but links to sign in is sent there."""

WEBHOOKS = Table("webhooks", WebhookRow)

TABLES = (PEOPLE, REFERRALS, PAIRS, MESSAGES, READY, NOT_THERE, WEBHOOKS, WAITS)


def unsent(row: RecipientRow | None) -> tuple[Unsent, ...]:
    return row.unsent if row is not None else ()


def recipient(template: str, to: str) -> Ref:
    """Whose row a message belongs to: only an invitation goes to somebody who is no peer yet."""
    return (REFERRALS if template == Template.INVITATION else PEOPLE), to


async def ready(redis: Redis, partition: Partition) -> AsyncIterator[str]:
    """The ids of all messages that may be sent now; some twice, when the hash grows meanwhile. Raises RedisError."""
    async for message, _ in redis.hscan_iter(READY.path(partition, SERVICE), count=500):
        yield message.decode()


async def webhooks(redis: Redis, partition: Partition) -> AsyncIterator[tuple[str, WebhookRow]]:
    """All that partners are still to be told. Raises RedisError."""
    async for id, text in redis.hscan_iter(WEBHOOKS.path(partition, SERVICE), count=500):
        yield id.decode(), WEBHOOKS.load(text)


async def webhook(redis: Redis, partition: Partition, id: str) -> WebhookRow | None:
    """Raises RedisError."""
    text: Any = await redis.hget(WEBHOOKS.path(partition, SERVICE), id)
    return None if text is None else WEBHOOKS.load(text)


async def person(redis: Redis, partition: Partition, peer: str) -> PersonRow | None:
    """Raises RedisError."""
    text: Any = await redis.hget(PEOPLE.path(partition, SERVICE), peer)
    return None if text is None else PEOPLE.load(text)


async def ready_row(redis: Redis, partition: Partition, message: str) -> MessageRow | None:
    """The message, if it may be sent now. Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.hexists(READY.path(partition, SERVICE), message)
    pipeline.hget(MESSAGES.path(partition, SERVICE), message)
    is_ready, text = await pipeline.execute()
    return MESSAGES.load(text) if is_ready and text is not None else None


@dataclass(frozen=True)
class Latest:
    """What is known at this moment of a message's recipient; `key` opens what is sealed, None once it is destroyed."""

    ready: bool
    recipient: PersonRow | ReferralRow | None
    key: bytes | None
    no_such_address: bool = False


async def latest(redis: Redis, partition: Partition, message: str, row: MessageRow) -> Latest:
    """The last look before sending. Raises RedisError."""
    table, to = recipient(row.template, row.to)
    pipeline = redis.pipeline(transaction=False)
    pipeline.hexists(READY.path(partition, SERVICE), message)
    pipeline.hget(table.path(partition, SERVICE), to)
    pipeline.hget(KEYS.path(partition, SERVICE), to)
    pipeline.hexists(NOT_THERE.path(partition, SERVICE), to)
    is_ready, text, key, not_there = await pipeline.execute()
    return Latest(bool(is_ready), None if text is None else table.load(text), key, bool(not_there))


async def waits_in(redis: Redis, partition: Partition, community: str | None) -> WaitsRow | None:
    """How long others wait there, as far as that is known and may be said. Raises RedisError."""
    text: Any = await redis.hget(WAITS.path(partition, SERVICE), community) if community is not None else None
    return None if text is None else WAITS.load(text)
