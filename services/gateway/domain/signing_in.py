"""How somebody comes in without a password: a link used once, or a code typed instead; then a session."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from hmac import compare_digest

SECRET_LIVES_MS = 30 * 60 * 1000
"""Half an hour: long enough for a slow inbox, short enough for a shared telephone."""

WRONG_CODES_MAX = 5
"""With a million codes, five guesses find one with p = 0.000005; the link in the message goes on working."""

SESSION_LIVES_MS = 30 * 24 * 60 * 60 * 1000
"""Thirty days since the last visit, so that nobody who looks in now and then has to sign in again."""

SESSION_RENEWED_AFTER_MS = 60 * 60 * 1000
"""A session's end is moved at most once an hour, so that reading a page seldom writes."""

TOKEN_BYTES = 32
CODE_DIGITS = 6
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


class Outcome(Enum):
    IN = "in"
    WRONG = "wrong"
    SPENT = "spent"


@dataclass(frozen=True)
class SignIn:
    """One sign-in under way: a keyed hash of its code, until when it holds, how often a code was wrong."""

    code_hash: str
    expires_ms: int
    wrong: int = 0

    def by_code(self, code_hash: str, now_ms: int) -> Outcome:
        """A right code after five wrong ones is spent all the same."""
        if now_ms >= self.expires_ms or self.wrong >= WRONG_CODES_MAX:
            return Outcome.SPENT
        return Outcome.IN if compare_digest(code_hash, self.code_hash) else Outcome.WRONG


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def code_in(text: str) -> str | None:
    """The six digits in what was typed or pasted, spaces and dashes aside; none when it can't be a code."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if _CODE.fullmatch(digits) else None


def session_renewal_due(renewed_ms: int, now_ms: int) -> bool:
    return now_ms - renewed_ms >= SESSION_RENEWED_AFTER_MS
