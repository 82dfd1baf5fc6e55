"""What goes out, and what a way out says of it. `smtp` is the mail server; the built-in mailbox of a try-out is here.

A channel says what happened and never raises for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from redis.asyncio import Redis

from shared import mailbox
from shared.sealing import Vault


@dataclass(frozen=True)
class Letter:
    """One message, ready to go. `stop` is where one tap stops further ones like it; none where none can be stopped."""

    message_id: str
    to: str
    subject: str
    text: str
    stop: str | None
    sent_ms: int
    html: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Delivered:
    """The next server has taken it over."""


@dataclass(frozen=True)
class Refused:
    """It will never take this message for this address. `no_such_address`: nor any other."""

    reason: str
    no_such_address: bool = False


@dataclass(frozen=True)
class Blocked:
    """Not now; nothing was taken over. `all`: no other message would have got through either."""

    reason: str
    all: bool = False


@dataclass(frozen=True)
class Unknown:
    """The message was on the wire when the connection broke: it was taken over, or it was not."""

    reason: str


Outcome = Delivered | Refused | Blocked | Unknown


class Channel(Protocol):
    async def send(self, letter: Letter) -> Outcome: ...

    async def close(self) -> None: ...


class Mailbox:
    """The try-out mailbox (shared/mailbox.py), shown by the gateway."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault

    async def send(self, letter: Letter) -> Outcome:
        """Raises RedisError: it may be there or not."""
        await mailbox.put(self._redis, self._vault, mailbox.Mail(
            message_id=letter.message_id, to=letter.to, subject=letter.subject, text=letter.text,
            sent_ms=letter.sent_ms))
        return Delivered()

    async def close(self) -> None:
        """There is nothing to close."""
