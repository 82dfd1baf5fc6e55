"""What the notifier keeps: who can be told, what is on its way to them, and who is at work on it.

People and referrals hold sealed addresses only. A message that has ended leaves nothing here but the time of a kind one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.notifier.domain.messages import Template
from shared.events import MessageClass, QuietHours, Sealed
from shared.rows import KEYS, Ref, Table
from shared.stream.append import REMEMBERED_S
from shared.stream.names import Partition

SERVICE = "notifier"


class Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Unsent(Row):
    """A message that is on its way, as its recipient's row remembers it."""

    message: str
    template: str
    klass: MessageClass
    about: str | None = None


class RecipientRow(Row):
    unsent: tuple[Unsent, ...] = ()


class PersonRow(RecipientRow):
    profile: Sealed
    quiet: QuietHours | None = QuietHours()
    """None: every hour is fine for this person."""
    break_until_ms: int | None = None
    kind_sent_ms: tuple[int, ...] = ()
    secret: Sealed | None = None
    """A sign-in secret, for as long as it takes to pass it on to its message."""


class ReferralRow(RecipientRow):
    address: Sealed


class PairRow(Row):
    peers: tuple[str, str]
    offered: tuple[str, ...] = ()
    """Who offers a contact at the moment."""
    told: bool = False
    """Whether both were told that both contacts are there; that is said once."""


class MessageRow(Row):
    """A message from its intent to its end."""

    to: str
    template: str
    klass: MessageClass
    message_id: str
    about: str | None = None
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
    secret: Sealed | None = None


PEOPLE = Table("people", PersonRow)
REFERRALS = Table("referrals", ReferralRow)
PAIRS = Table("pairs", PairRow)
MESSAGES = Table("messages", MessageRow)
READY = Table("ready", bytes)
"""The ids of the messages that may be sent now; the rest of MESSAGES waits for its time."""

TABLES = (PEOPLE, REFERRALS, PAIRS, MESSAGES, READY)


def unsent(row: RecipientRow | None) -> tuple[Unsent, ...]:
    return row.unsent if row is not None else ()


def recipient(template: str, to: str) -> Ref:
    """Whose row a message belongs to: only an invitation goes to somebody who is no peer yet."""
    return (REFERRALS if template == Template.INVITATION else PEOPLE), to


async def ready(redis: Redis, partition: Partition) -> AsyncIterator[str]:
    """The ids of all messages that may be sent now; some twice, when the hash grows meanwhile. Raises RedisError."""
    async for message, _ in redis.hscan_iter(READY.path(partition, SERVICE), count=500):
        yield message.decode()


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


async def latest(redis: Redis, partition: Partition, message: str, row: MessageRow) -> Latest:
    """The last look before sending. Raises RedisError."""
    table, to = recipient(row.template, row.to)
    pipeline = redis.pipeline(transaction=False)
    pipeline.hexists(READY.path(partition, SERVICE), message)
    pipeline.hget(table.path(partition, SERVICE), to)
    pipeline.hget(KEYS.path(partition, SERVICE), to)
    is_ready, text, key = await pipeline.execute()
    return Latest(bool(is_ready), None if text is None else table.load(text), key)


# KEYS: claim, the id under which the attempt's outcome is appended. ARGV: lease in ms, seconds that a claim is remembered.
_CLAIM = """
if redis.call('EXISTS', KEYS[2]) == 1 then return {'done', 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = redis.call('GET', KEYS[1])
if ends and tonumber(ends) > now then return {'taken', tonumber(ends) - now} end
redis.call('SET', KEYS[1], string.format('%d', now + ARGV[1]), 'EX', ARGV[2])
return {ends and 'again' or 'mine', 0}
"""


@dataclass(frozen=True)
class Claim:
    """*mine*: go on. *again*: go on, but somebody began this attempt and never told how it ended. *taken*: somebody is at
    it for `wait_s` more. *done*: its outcome stands on the log already."""

    state: Literal["mine", "again", "taken", "done"]
    wait_s: float = 0.0


class Claims:
    """Who is sending what: one worker at a time for each attempt, whatever happens to the others."""

    def __init__(self, redis: Redis, lease_s: float) -> None:
        self._redis, self._lease_ms = redis, round(lease_s * 1000)
        self._script = redis.register_script(_CLAIM)

    async def take(self, partition: Partition, attempt: str) -> Claim:
        """`attempt` is the id under which the outcome will be appended. Raises RedisError."""
        state, wait_ms = await self._script(keys=[_claim(partition, attempt), partition.seen(attempt)],
                                            args=[self._lease_ms, REMEMBERED_S])
        return Claim(state.decode(), int(wait_ms) / 1000)

    async def give_back(self, partition: Partition, attempt: str) -> None:
        await self._redis.delete(_claim(partition, attempt))


def _claim(partition: Partition, attempt: str) -> str:
    return f"{partition.of(SERVICE, 'claim')}:{attempt}"
