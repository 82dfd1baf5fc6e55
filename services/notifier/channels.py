"""The ways out: a mail server, or the built-in mailbox of a try-out. A channel says what happened and never raises for it."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP as SmtpClient
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)
from redis.asyncio import Redis

from shared import mailbox
from shared.sealing import Vault

GOODBYE_S = 2.0
"""What a server may take for QUIT, once the message is over. It changes nothing any more."""

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
    """It will never take this message for this address."""

    reason: str


@dataclass(frozen=True)
class Blocked:
    """Not now; nothing was taken over."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """The message was on the wire when the connection broke: it was taken over, or it was not."""

    reason: str


Outcome = Delivered | Refused | Blocked | Unknown


class Channel(Protocol):
    async def send(self, letter: Letter) -> Outcome: ...


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


class Smtp:
    """One mail server, one connection a message.

    Only a refusal of the recipient or of the message itself (5xx at RCPT or DATA) is final. Any other 5xx, a wrong password
    or an unwanted sender, is ours to mend, so the messages wait for that.
    """

    def __init__(self, url: str, start_tls: bool | None, sender: str, limit_s: float) -> None:
        """`start_tls`: True always, None when offered, False never. `limit_s` bounds a whole delivery, in seconds."""
        self._url, self._start_tls, self._sender, self._limit_s = urlsplit(url), start_tls, sender, limit_s
        self._from = parseaddr(sender)[1]
        needs_tls = self._url.scheme == "smtps" or start_tls is not False
        self._tls = ssl.create_default_context() if needs_tls else None

    async def send(self, letter: Letter) -> Outcome:
        client = self._client()
        on_the_wire = False
        try:
            message = compose(letter, self._sender)
            utf8 = not message["To"].addresses[0].username.isascii()
            async with asyncio.timeout(self._limit_s):
                await client.connect()
                if utf8 and not await _takes_utf8(client):
                    return Refused("address_not_supported")
                await client.mail(self._from, options=["SMTPUTF8"] if utf8 else [])
                await client.rcpt(message["To"].addresses[0].addr_spec, encoding="utf-8" if utf8 else "ascii")
                on_the_wire = True
                await client.data(message.as_bytes(policy=WIRE_UTF8 if utf8 else WIRE))
            return Delivered()
        except BadAddress:
            return Refused("bad_address")
        except (SMTPException, OSError, TimeoutError) as error:
            return _outcome(error, on_the_wire)
        finally:
            await _goodbye(client)

    def _client(self) -> SmtpClient:
        return SmtpClient(
            hostname=self._url.hostname, port=self._url.port, username=_part(self._url.username),
            password=_part(self._url.password), use_tls=self._url.scheme == "smtps",
            tls_context=self._tls, start_tls=False if self._url.scheme == "smtps" else self._start_tls,
            local_hostname=self._from.rpartition("@")[2], timeout=self._limit_s)


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


def _outcome(error: Exception, on_the_wire: bool) -> Outcome:
    if isinstance(error, SMTPResponseException):
        reason = f"smtp_{error.code}"
        final = error.code >= 500 and isinstance(error, SMTPRecipientRefused | SMTPDataError)
        return Refused(reason) if final else Blocked(reason)
    if on_the_wire:
        return Unknown("timeout" if isinstance(error, TimeoutError | SMTPTimeoutError) else "disconnected")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Blocked("tls")
    if type(error) is SMTPException or isinstance(error, SMTPNotSupported):
        return Blocked("not_supported")  # STARTTLS or a password is asked for, and the server offers neither
    return Blocked("timeout" if isinstance(error, TimeoutError | SMTPTimeoutError) else "unreachable")


async def _takes_utf8(client: SmtpClient) -> bool:
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    return client.supports_extension("smtputf8")


async def _goodbye(client: SmtpClient) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        if client.is_connected:
            await client.quit(timeout=GOODBYE_S)
    client.close()


def _part(text: str | None) -> str | None:
    return unquote(text) if text else None
