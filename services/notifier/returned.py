"""What a mail says that came back: a delivery status notification (RFC 3464), or what older servers send instead.

It comes from the open net, so nothing in it is trusted to be well made: whatever can't be read is no bounce.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Any

from services.notifier.domain.bounces import closest, codes_in, means_none

BYTES_MAX = 256 * 1024
"""A message of ours is 30 kB at most, and a report has it once. What is longer is read up to here."""

BOUNDARIES_MAX = 30
"""Mentions of one. A report has three parts and a message of ours two, each boundary declared once and used in four lines at
most; the parser takes a step for each level and line, so nesting without end would take for ever."""

LINES_MAX = 20_000
"""For the same reason: a message of ours has some hundreds."""

_RETURNED = re.compile(r"^(?:return-path|received|message-id):", re.MULTILINE | re.IGNORECASE)
"""Where a text ends and the message that it brings back begins."""

_BLANK = re.compile(r"\r?\n[ \t]*\r?\n")


@dataclass(frozen=True)
class Returned:
    """A mail that says that something could not be delivered, for good."""

    text: str
    """Where the Message-ID of what came back is to be looked for."""
    status: str = ""
    """The one that says most, such as 5.1.1; empty where there is none."""
    no_such_address: bool = False


def read(raw: bytes) -> Returned | None:
    """None: this is no such mail, or it says that something is late, or that some of it did arrive."""
    raw = raw[:BYTES_MAX]
    if raw.lower().count(b"boundary") > BOUNDARIES_MAX or raw.count(b"\n") > LINES_MAX:
        return None
    try:
        mail = message_from_bytes(raw)
        return _report(mail) or _without_report(mail)
    except Exception:
        # Python's parser promises not to raise, and does on mail that is broken with skill: no mail server writes such.
        return None


REPORTS = ("message/delivery-status", "message/global-delivery-status")
"""The second of RFC 6533, where an address is not in ASCII; to Python's parser that one is a message like any other."""


def _report(mail: Message) -> Returned | None:
    recipients = [block for part in mail.walk() if part.get_content_type() in REPORTS
                  for block in _blocks(part) if block["Action"]]
    if not recipients or any(_plain(block["Action"]) != "failed" for block in recipients):
        return None
    statuses = [closest(_plain(block["Status"]), _plain(block["Diagnostic-Code"])) for block in recipients]
    return _returned(mail, statuses)


def _without_report(mail: Message) -> Returned | None:
    """qmail and others write to people alone: what they say of a failure stands in the text, as codes."""
    if any(part.get_content_type() in REPORTS for part in mail.walk()):
        return None
    failed, text = mail["X-Failed-Recipients"] is not None, next(_texts(mail), "")
    codes = codes_in(_RETURNED.split(text)[0])
    from_a_server = any(name in _plain(mail["From"]) for name in ("mailer-daemon", "postmaster"))
    permanent = bool(codes) and all(code.startswith("5") for code in codes)
    if not (failed or (from_a_server and permanent)) or any(code.startswith("4") for code in codes):
        return None
    return _returned(mail, codes or [""])


def _returned(mail: Message, statuses: list[str]) -> Returned:
    """An address is none when everything that is said of it says so."""
    none = all(means_none(status) for status in statuses)
    telling = statuses if none else [status for status in statuses if not means_none(status)]
    return Returned("\n".join(_told(mail)), telling[0], none)


def _told(mail: Message) -> Iterator[str]:
    """All that stands below the mail's own headers: those of a reply have the Message-ID of what it answers."""
    for part in mail.walk():
        if part is not mail:
            yield str(part["Message-ID"])
    yield from _texts(mail)


def _texts(mail: Message) -> Iterator[str]:
    for part in mail.walk():
        content: Any = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content.decode("latin-1")


def _blocks(part: Message) -> list[Message]:
    content: Any = part.get_payload()
    blocks = [each for each in content if isinstance(each, Message)] if isinstance(content, list) else []
    if part.get_content_type() == REPORTS[0]:
        return blocks
    return [message_from_string(text) for block in blocks for text in _BLANK.split(str(block.get_payload()))]


def _plain(value: Any) -> str:
    return "" if value is None else str(value).strip().lower()
