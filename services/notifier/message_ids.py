"""Message-IDs that tell of a bounce which message it is of, and that nobody else can make up.

A mail that came back is anybody's: it comes from the open net. What shows that it is of a message of ours is the Message-ID in
it: an HMAC under the installation's key of which message, to whom and when. Who has read a message can make up a bounce of
it; with the link in it that stops messages of its kind they can do as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hmac import compare_digest

from shared.sealing import Vault

PROOF_DIGITS = 20
"""Of hex: 80 bits, more than can be tried out by mail."""

_OURS = re.compile(r"<([\w-]{1,64})\.([\w-]{1,64})\.([0-9a-f]{1,12})\.([0-9a-f]{20})@", re.ASCII)


@dataclass(frozen=True)
class Sent:
    """A message of ours, as its Message-ID tells of it."""

    message: str
    to: str
    intended_ms: int
    """To the second, rounded down."""


def message_id(vault: Vault, domain: str, message: str, to: str, at_ms: int) -> str:
    named = f"{message}.{to}.{at_ms // 1000:x}"
    return f"<{named}.{_proof(vault, named)}@{domain}>"


def ours(vault: Vault, text: str) -> Iterator[Sent]:
    """Every message of ours whose Message-ID stands in `text`, each once."""
    seen = set()
    for found in _OURS.finditer(text):
        message, to, seconds, proof = found.groups()
        if found[0] not in seen and compare_digest(proof, _proof(vault, f"{message}.{to}.{seconds}")):
            seen.add(found[0])
            yield Sent(message, to, int(seconds, 16) * 1000)


def _proof(vault: Vault, named: str) -> str:
    return vault.mac("message-id", named.encode())[:PROOF_DIGITS]
