"""What goes out, and what a way out says of it. `smtp` is the mail server; the built-in mailbox of a try-out is here.

A channel says what happened and never raises for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, Protocol

from redis.asyncio import Redis

from shared import mailbox
from shared.sealing import Vault

ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:@\"\x00-\x1f\x7f]{1,64}@[^\s<>()\[\]\\,;:@\"\x00-\x1f\x7f]{1,253}")
"""What we are ready to put on an SMTP line and into a header (RFC 5321 §4.5.3.1): no quoted or commented forms."""


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


class _Wire(EmailPolicy):
    """As the policy that it is made of, but that an address of ours stays one piece: folded or encoded, no mail program
    finds it."""

    def fold(self, name: str, value: Any) -> str:
        whole = name.lower() == "list-unsubscribe"
        return f"{name}: {value}{self.linesep}" if whole else str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        whole = name.lower() == "list-unsubscribe"
        return self.fold(name, value).encode("ascii") if whole else bytes(super().fold_binary(name, value))


WIRE = _Wire(linesep="\r\n")
WIRE_UTF8 = WIRE.clone(utf8=True)


class BadAddress(ValueError):
    """No mail can be sent to this; it may try to smuggle in a header or a command."""


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as RFC 5322 has it. Raises BadAddress."""
    if ADDRESS.fullmatch(letter.to) is None:
        raise BadAddress
    local, _, domain = letter.to.rpartition("@")
    message = EmailMessage(policy=WIRE)
    try:
        message["To"] = Address(username=local, domain=domain.encode("idna").decode())
    except ValueError as error:  # a domain that can't be written in ASCII is one of these too
        raise BadAddress from error
    message["From"] = sender
    message["Subject"] = letter.subject
    message["Date"] = datetime.fromtimestamp(letter.sent_ms / 1000, UTC)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
    if letter.stop is not None:
        message["List-Unsubscribe"] = f"<{letter.stop}>"  # RFC 8058: the mail program's own button
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = letter.language  # last, for new content takes such headers away
    return message
