"""Whether a mail server's refusal of a recipient says that the address is none: then nobody writes there again."""

from __future__ import annotations

import re

_ENHANCED = re.compile(r"\s*5\.(\d{1,3}\.\d{1,3})\b")
_CODES = re.compile(r"(?<![\d.])[245]\.[0-7]\.\d{1,3}(?!\.?\d)", re.ASCII)

NO_SUCH = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
"""Of RFC 3463 and RFC 7505: no such mailbox or domain, moved, takes no mail, disabled. A full mailbox (2.2), a message that is
too large or unwanted (7.1), or a relay that won't pass mail on (7.1) says nothing of the address."""

NO_SUCH_CODES = frozenset({550, 551, 553})
"""Of RFC 5321 §4.2.3, for a server that gives no such closer code."""


def no_such_address(code: int, text: str) -> bool:
    """`code` and `text` of the answer to RCPT."""
    found = _ENHANCED.match(text)
    return found[1] in NO_SUCH if found is not None else code in NO_SUCH_CODES


def means_none(status: str) -> bool:
    """Whether a status of RFC 3463, such as 5.1.1, says so. A bare 550 in a mail that came back does not: it may as well be an
    answer to what the message said."""
    return no_such_address(0, status)


def codes_in(text: str) -> list[str]:
    """The statuses of RFC 3463 in a text; numbers of networks and of programs are none."""
    return _CODES.findall(text)


def closest(status: str, diagnostic: str) -> str:
    """Of what a report says in general and what it quotes of an answer, the one that says more: many say 5.0.0 to all."""
    said, quoted = codes_in(status)[:1], codes_in(diagnostic)[:1]
    vague = not said or said[0].endswith(".0.0")
    return next(iter(quoted if vague and quoted else said), "")
