"""The short reference by which a person can name a request to someone, on paper or by telephone."""

from __future__ import annotations

from hashlib import sha256

LETTERS = "BCDFGHJKMNPQRSTVWXYZ"
"""No vowel, so no word appears by chance; no L, which is read as I; no digit, so nothing is mixed up with a letter."""

LENGTH = 8
"""Twenty letters to the eighth is 25.6 thousand million: at 100,000 requests two share a reference with p = 0.18."""


def reference(request: str) -> str:
    """`BCDF-GHJK` for a request's id: always the same for the same id, and nothing about the person."""
    number = int.from_bytes(sha256(request.encode()).digest(), "big")
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(LETTERS))
        letters.append(LETTERS[digit])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
