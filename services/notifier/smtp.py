"""A mail server, over a few lines that are kept open: one TLS handshake for many messages."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from services.notifier.channels import Blocked, Delivered, Letter, Outcome, Refused, Unknown
from services.notifier.composing import BadAddress, Parcel, compose
from services.notifier.domain.bounces import no_such_address

GOODBYE_S = 2.0
"""What a server may take for RSET or QUIT, once the message is over. It changes nothing any more."""

IDLE_S = 20.0
"""How long a line without messages is kept. Servers wait for 5 minutes (RFC 5321 §4.5.3.2.7), busy ones for less."""

MESSAGES_A_LINE = 100
"""Then a line is closed, and another one opened: a server that spreads its load does so by connections."""

CLOSING, FULL = 421, 452
"""Codes of a server that takes nothing from anybody at the moment, whatever they answer."""

Stage = Literal["connect", "mail", "rcpt", "data"]


@dataclass
class Line:
    """One connection; `stage` is how far the message that it carries has come."""

    client: SMTP
    carried: int = 0
    idle_since: float = 0.0
    stage: Stage = "connect"

    @property
    def usable(self) -> bool:
        fresh = time.monotonic() - self.idle_since < IDLE_S
        return self.client.is_connected and fresh and self.carried < MESSAGES_A_LINE

    def gone_meanwhile(self, error: Exception) -> bool:
        """Whether the server had closed a kept line before this message began: no news of either."""
        closing = isinstance(error, SMTPResponseException) and error.code == CLOSING
        closed = isinstance(error, SMTPServerDisconnected | ConnectionError)
        return self.carried > 0 and self.stage == "mail" and (closing or closed)


class Smtp:
    """One mail server. There are as many lines as messages are being sent at a time, and none that nobody needs.

    Only a refusal of the recipient or of the message itself (5xx at RCPT or DATA) is final. Any other 5xx, a wrong password
    or an unwanted sender, is ours to mend, so the messages wait for that.
    """

    def __init__(self, url: str, start_tls: bool | None, sender: str, limit_s: float, bounces_to: str | None = None) -> None:
        """`start_tls`: True always, None when offered, False never. `limit_s` bounds a whole delivery, in seconds.
        `bounces_to`: where servers send back what they can't deliver; the sender itself unless said."""
        self._url, self._start_tls, self._sender, self._limit_s = urlsplit(url), start_tls, sender, limit_s
        self._from = bounces_to or parseaddr(sender)[1]
        needs_tls = self._url.scheme == "smtps" or start_tls is not False
        self._tls = ssl.create_default_context() if needs_tls else None
        self._idle: list[Line] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._goodbyes = set[asyncio.Task[None]]()

    async def send(self, letter: Letter) -> Outcome:
        try:
            parcel = compose(letter, self._sender)
        except BadAddress:
            return Refused("bad_address")
        line = self._line()
        try:
            async with asyncio.timeout(self._limit_s):
                while True:
                    try:
                        outcome = await self._carry(line, parcel)
                        break
                    except (SMTPException, OSError) as error:
                        if not line.gone_meanwhile(error):
                            raise
                        line.client.close()
                        line = self._line()
        except (SMTPException, OSError, TimeoutError) as error:
            outcome = _outcome(error, line.stage)
            await self._mended(line, error)
        except BaseException:
            line.client.close()
            raise
        else:
            self._keep(line)
        return outcome

    async def close(self) -> None:
        """Says goodbye on every line that is not in use. Sending goes on to work, over new ones."""
        if self._sweep is not None:
            self._sweep.cancel()
        lines, self._idle = self._idle, []
        await asyncio.gather(*(_goodbye(line.client) for line in lines), *self._goodbyes)

    async def _carry(self, line: Line, parcel: Parcel) -> Outcome:
        client = line.client
        if not client.is_connected:
            line.stage = "connect"
            await client.connect()
        if parcel.utf8 and not await _takes_utf8(client):
            return Refused("address_not_supported")
        line.stage = "mail"
        await client.mail(self._from, options=["SMTPUTF8"] if parcel.utf8 else [])
        line.stage = "rcpt"
        await client.rcpt(parcel.to, encoding="utf-8" if parcel.utf8 else "ascii")
        line.stage = "data"
        await client.data(parcel.content)
        return Delivered()

    def _line(self) -> Line:
        """The line used last, so that those which are not needed grow old; or a new one."""
        while self._idle:
            line = self._idle.pop()
            if line.usable:
                return line
            self._hang_up(line)
        return Line(SMTP(
            hostname=self._url.hostname, port=self._url.port, username=_part(self._url.username),
            password=_part(self._url.password), use_tls=self._url.scheme == "smtps",
            tls_context=self._tls, start_tls=False if self._url.scheme == "smtps" else self._start_tls,
            local_hostname=self._from.rpartition("@")[2], timeout=self._limit_s))

    async def _mended(self, line: Line, error: Exception) -> None:
        """After an answer that was no yes the line is as good as before; after anything else nobody knows what it is at."""
        if isinstance(error, SMTPResponseException) and error.code != CLOSING and line.stage != "connect":
            with suppress(SMTPException, OSError):
                await line.client.rset(timeout=GOODBYE_S)
                self._keep(line)
                return
        line.client.close()

    def _keep(self, line: Line) -> None:
        line.carried += 1
        line.idle_since = time.monotonic()
        self._idle.append(line)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(IDLE_S, self._swept)

    def _swept(self) -> None:
        """The oldest stand first."""
        while self._idle and not self._idle[0].usable:
            self._hang_up(self._idle.pop(0))
        self._sweep = asyncio.get_running_loop().call_later(IDLE_S, self._swept) if self._idle else None

    def _hang_up(self, line: Line) -> None:
        goodbye = asyncio.get_running_loop().create_task(_goodbye(line.client))
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)


def _outcome(error: Exception, stage: Stage) -> Outcome:
    if isinstance(error, SMTPResponseException):
        reason = f"smtp_{error.code}"
        if error.code >= 500 and isinstance(error, SMTPRecipientRefused | SMTPDataError):
            return Refused(reason, isinstance(error, SMTPRecipientRefused) and no_such_address(error.code, error.message))
        return Blocked(reason, all=stage in ("connect", "mail") or error.code in (CLOSING, FULL))
    late = isinstance(error, TimeoutError | SMTPTimeoutError)
    if stage == "data":
        return Unknown("timeout" if late else "disconnected")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Blocked("tls", all=True)
    if type(error) is SMTPException or isinstance(error, SMTPNotSupported):
        return Blocked("not_supported", all=True)  # STARTTLS or a password is asked for, and the server offers neither
    return Blocked("timeout" if late else "unreachable", all=True)


async def _takes_utf8(client: SMTP) -> bool:
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    return client.supports_extension("smtputf8")


async def _goodbye(client: SMTP) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        if client.is_connected:
            await client.quit(timeout=GOODBYE_S)
    client.close()


def _part(text: str | None) -> str | None:
    return unquote(text) if text else None
