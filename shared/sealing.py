"""Sealing: everything that describes a person rests and travels under a key of that person's own (rule 14).

One random 256-bit key per person (or referral), wrapped by the installation's key, lies in the partition's `keys` hash.
Destroying that one field makes everything sealed under it unreadable for good, wherever copies of it are: the log, the
archives, the backups. Whoever opens such a seal later is told `ERASED`, never given an error.

AES-256-GCM with random 96-bit nonces (NIST SP 800-38D §8.2.2); subkeys by HKDF-SHA-256 (RFC 5869). The key's id is the
associated data, so a seal can't be passed off as another person's.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from functools import lru_cache
from typing import Final, Literal, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel

from shared import KEY_BYTES
from shared.events import Sealed

SEAL: Final = "s1."
"""What every seal begins with: the version of its form."""

SEAL_PATTERN: Final = re.escape(SEAL) + r"[^.]+\.[A-Za-z0-9_-]+"
"""Version, whose key opens it, what is sealed."""

_NONCE_BYTES: Final = 12
Model = TypeVar("Model", bound=BaseModel)


class Erased:
    """What a seal opens to once its key is destroyed."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "ERASED"


ERASED: Final = Erased()


class BrokenSeal(Exception):
    """This text was not sealed under this key, or it was changed since."""


def key_id(sealed: Sealed) -> str:
    """Whose key opens it."""
    _, owner, _ = sealed.split(".", 2)
    return owner


class Vault:
    """Wraps, seals, opens and signs with the installation's key, which stays in memory."""

    def __init__(self, installation_key: bytes) -> None:
        if len(installation_key) != KEY_BYTES:
            raise ValueError(f"the installation's key has {len(installation_key)} bytes; it needs {KEY_BYTES}")
        self._wrapper = AESGCM(_subkey(installation_key, b"wrap"))
        self._box = AESGCM(_subkey(installation_key, b"box"))
        self._mac_key = _subkey(installation_key, b"mac")
        # 20,000 opened keys are about 10 MB; a key is found by its wrapped bytes, so a destroyed one is never looked up
        self._cipher = lru_cache(maxsize=20_000)(self._unwrap)

    def new_key(self, owner: str) -> bytes:
        """A fresh key for `owner`, wrapped: what the `keys` hash holds."""
        return self.wrap(owner, os.urandom(KEY_BYTES))

    def wrap(self, owner: str, key: bytes) -> bytes:
        return _encrypt(self._wrapper, key, owner.encode())

    def unwrap(self, owner: str, wrapped: bytes) -> bytes:
        """The bare key, for rewrapping under another installation's key. Raises BrokenSeal."""
        return _decrypt(self._wrapper, wrapped, owner.encode())

    def seal(self, owner: str, wrapped: bytes, content: BaseModel) -> Sealed:
        body = _encrypt(self._cipher(owner, wrapped), content.model_dump_json().encode(), owner.encode())
        return Sealed(f"{SEAL}{owner}.{_text(body)}")

    def open(self, sealed: Sealed, wrapped: bytes | None, model: type[Model], once: bool = False) -> Model | Erased:
        """What was sealed, or ERASED when the key is no more. `once`: the key is not kept at hand. Raises BrokenSeal."""
        if wrapped is None:
            return ERASED
        try:
            version, owner, text = sealed.split(".", 2)
            if f"{version}." != SEAL:
                raise BrokenSeal
            cipher = self._unwrap if once else self._cipher
            content = _decrypt(cipher(owner, wrapped), _bytes(text), owner.encode())
        except ValueError as error:
            raise BrokenSeal from error
        return model.model_validate_json(content)

    def box(self, purpose: str, content: bytes) -> bytes:
        """Seals what belongs to the installation and to no one person: a partner's secret, a draft, a session."""
        return _encrypt(self._box, content, purpose.encode())

    def unbox(self, purpose: str, boxed: bytes) -> bytes:
        """Raises BrokenSeal."""
        return _decrypt(self._box, boxed, purpose.encode())

    def mac(self, purpose: str, content: bytes) -> str:
        """HMAC-SHA-256 in hex: finds an address, a token or a repeated body again without keeping it readable."""
        return hmac.digest(self._mac_key, purpose.encode() + b"\0" + content, "sha256").hex()

    def _unwrap(self, owner: str, wrapped: bytes) -> AESGCM:
        return AESGCM(self.unwrap(owner, wrapped))


def parse_key(text: str) -> bytes:
    """An installation's key as written in its file: 32 bytes in URL-safe base64. Raises ValueError."""
    try:
        return _bytes(text.strip().rstrip("="))
    except ValueError as error:
        raise ValueError("the installation's key is not URL-safe base64") from error


def _subkey(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"twoway " + purpose).derive(key)


def _encrypt(cipher: AESGCM, content: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, about)


def _decrypt(cipher: AESGCM, sealed: bytes, about: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal from error


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Padding that is not needed does no harm."""
    return binascii.a2b_base64(text.replace("-", "+").replace("_", "/") + "==")
