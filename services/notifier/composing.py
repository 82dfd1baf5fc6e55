"""A letter as it goes on the wire: the bytes of RFC 5322 and MIME, with what is the same in many letters made once.

The standard library reads and folds each header of each message anew, and looks through each text for the way to write it:
two thirds of what a message took here. It still writes what may need folding, once for each subject; and it reads every
letter of the tests.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from services.notifier.channels import Letter

ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:@\"\x00-\x1f\x7f]{1,64}@[^\s<>()\[\]\\,;:@\"\x00-\x1f\x7f]{1,253}")
"""What we are ready to put on an SMTP line and into a header (RFC 5321 §4.5.3.1): no quoted or commented forms."""

BOUNDARY = "=_twoway"
"""Between the two forms of a letter. Neither way in which we write a text can have `=_` in it (RFC 2045 §6.7)."""

NEWLINE = "\r\n"


class BadAddress(ValueError):
    """No mail can be sent to this; it may try to smuggle in a header or a command."""


@dataclass(frozen=True)
class Parcel:
    """A letter, ready for a mail server. `utf8`: one that knows such addresses (RFC 6531)."""

    to: str
    content: bytes
    utf8: bool


def compose(letter: Letter, sender: str) -> Parcel:
    """Raises BadAddress."""
    to = _address(letter.to)
    lines = [
        f"To: {to}",
        f"Date: {format_datetime(datetime.fromtimestamp(letter.sent_ms // 1000, UTC))}",
        f"Message-ID: {letter.message_id}",
        "Auto-Submitted: auto-generated",  # RFC 3834: no holiday notes in return
        f"Content-Language: {letter.language}",
    ]
    if letter.stop is not None:  # RFC 8058: the mail program's own button, which finds no address that is folded
        lines += [f"List-Unsubscribe: <{letter.stop}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    if not all(line.isprintable() for line in lines):
        raise ValueError("a header can't have a control character in it")
    head = NEWLINE.join([_sender_and_subject(sender, letter.subject), *lines, ""])
    return Parcel(to, head.encode() + _body(letter), not to.isascii())


def _address(text: str) -> str:
    """With its domain in ASCII."""
    if ADDRESS.fullmatch(text) is None or not text.isprintable():
        raise BadAddress
    local, _, domain = text.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except ValueError as error:
        raise BadAddress from error


@lru_cache(maxsize=1_024)
def _sender_and_subject(sender: str, subject: str) -> str:
    """Folded, in any script, with the version of MIME behind them. A programme has some dozens of subjects."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["Subject"], message["MIME-Version"] = sender, subject, "1.0"
    return message.as_bytes().decode("ascii").rstrip()


def _body(letter: Letter) -> bytes:
    plain = _part("plain", letter.text)
    if not letter.html:
        return plain
    between = f"{NEWLINE}--{BOUNDARY}".encode()
    kind = f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"{NEWLINE}'.encode()
    return b"".join((kind, between, b"\r\n", plain, between, b"\r\n", _part("html", letter.html), between, b"--\r\n"))


def _part(kind: str, text: str) -> bytes:
    """In whichever of the two ways that every server passes on unchanged is the shorter one."""
    content = NEWLINE.join([*text.rstrip("\n").split("\n"), ""]).encode()
    quoted, way = binascii.b2a_qp(content, istext=True), "quoted-printable"
    if len(quoted) > len(content) * 4 / 3:
        quoted, way = base64.encodebytes(content).replace(b"\n", b"\r\n"), "base64"
    head = (f'Content-Type: text/{kind}; charset="utf-8"', f"Content-Transfer-Encoding: {way}", "", "")
    return NEWLINE.join(head).encode() + quoted
