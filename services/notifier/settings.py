"""What the notifier needs to know beside what every service does."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from shared.settings import Settings

_SCHEMES = ("smtp", "smtps")
ADDRESS = r"^[A-Za-z0-9._+=-]{1,64}@[A-Za-z0-9.-]{1,253}$"
"""Of our own, on an SMTP line: plain, so that nothing else gets there with it."""



class PartnerSettings(Settings):
    """What telling partners needs, in the notifier and in the command that tries it."""

    base_url: str = Field(
        "http://127.0.0.1:8000", pattern=r"^https?://[^\s/]+$",
        description="The address that people open: links in messages begin with it.")
    try_out: bool = Field(
        False, description="1: without TWOWAY_SMTP_URL, messages go to the built-in mailbox at /mailbox, which shows "
        "everyone's sign-in links. For trying out on one machine only; `twoway up` sets it where both what it listens on "
        "and TWOWAY_BASE_URL are this machine's own.")
    webhooks_private: bool = Field(
        False, description="1: partners may also be told at addresses of your own network, and without TLS. 0: only by "
        "https and in the open net, so that no partner's address can point at a machine of yours.")

    @property
    def partners_anywhere(self) -> bool:
        """A try-out's partners are on the same machine."""
        return self.webhooks_private or self.try_out


class NotifierSettings(PartnerSettings):
    port: int = Field(8003, ge=1, le=65535, description="Port for health and metrics.")
    smtp_url: SecretStr | None = Field(
        None, validate_default=True, description="The mail server, as smtp://user:password@host:587 or "
        "smtps://user:password@host:465. Needed unless TWOWAY_TRY_OUT=1.")
    smtp_starttls: Literal["always", "offered", "never"] = Field(
        "always", description="Whether an smtp:// connection changes to TLS before anything private is said. always: "
        "nothing is sent where the server can't; never: only for a server on the same machine or network.")
    mail_from: str | None = Field(
        None, validate_default=True, description="Sender, as `Name <name@example.org>`. Choose a name that gives "
        "nothing away on a locked screen. Its domain ends every Message-ID. Needed with TWOWAY_SMTP_URL.")
    bounces_to: str | None = Field(
        None, pattern=ADDRESS, description="The address to which mail servers send back what they can't deliver, with an alias "
        "that pipes it into `twoway bounce`: docs/operators/messages.md. Unset: the sender's.")
    text_url: SecretStr | None = Field(
        None, description="A provider of text messages, as Apprise writes its address, with {to} where the number goes: "
        "twilio://SID:TOKEN@+447700900000/{to} (https://github.com/caronc/apprise/wiki). Set TWOWAY_TEXTS=1 too. Unset: no "
        "text messages.")
    texts_at_once: int = Field(
        4, ge=1, le=50, description="Text messages being sent at the same time. Providers often take one a second.")
    texts_per_second: float | None = Field(
        None, gt=0, le=1_000, description="The most text messages a second that are begun. Unset: as many as go.")
    messages: Path | None = Field(
        None, description="A folder of your own sentences in the place of ours, a file for each language (en.po, cy.po): "
        "docs/operators/words.md. Unset: the sentences that ship with Twoway.")
    senders: int = Field(
        16, ge=1, le=200, description="Messages being sent at the same time. Most mail servers allow 20 connections "
        "from one client.")
    send_per_second: float | None = Field(
        None, gt=0, le=10_000, description="The most messages a second that are begun, if your mail provider sets a limit. "
        "Unset: as many as go.")
    send_rest_s: float = Field(
        5, ge=0.05, le=300, description="Seconds for which nothing is sent once five messages in a row found the mail server "
        "away, refusing everything, or silent. Each further rest is twice as long, up to 64 times this.")
    send_lease_s: int = Field(
        60, ge=2, le=600, description="Seconds after which a message that a killed process was sending is taken up "
        "again. One delivery may take three quarters of it.")

    @field_validator("smtp_url")
    @classmethod
    def _a_server(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            if not info.data.get("try_out"):
                raise ValueError("set it to your mail server, such as smtp://user:password@mail.example.org:587 "
                                 "(or set TWOWAY_TRY_OUT=1 to try Twoway out without one)")
            return None
        try:
            url = urlsplit(value.get_secret_value())
            usable = url.scheme in _SCHEMES and bool(url.hostname) and url.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("write it as smtp://user:password@host:port or smtps://user:password@host:port")
        return value

    @field_validator("text_url")
    @classmethod
    def _a_provider(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                from services.notifier.texting import Texts, Unknowable
            except ImportError:
                raise ValueError("text messages need Apprise: install twoway[text], or unset it") from None
            try:
                Texts(value.get_secret_value(), 1)
            except Unknowable:
                raise ValueError("Apprise can't read it; write it as https://github.com/caronc/apprise/wiki says for your "
                                 "provider, with {to} where the number goes") from None
        return value

    @field_validator("mail_from")
    @classmethod
    def _a_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            if info.data.get("smtp_url") is not None:
                raise ValueError("set it to the sender of all messages, such as `Twoway <hello@example.org>`")
            return None
        address = parseaddr(value)[1]
        if "\n" in value or "\r" in value or not address.isascii() or not all(address.rpartition("@")):
            raise ValueError("write it as `Name <name@example.org>`")
        return value

    @property
    def sender(self) -> str:
        return self.mail_from or f"Twoway <twoway@{urlsplit(self.base_url).hostname}>"

    @property
    def mail_domain(self) -> str:
        """What stands after the @ of a Message-ID."""
        return parseaddr(self.sender)[1].rpartition("@")[2]

    @property
    def send_limit_s(self) -> float:
        return self.send_lease_s * 0.75
