"""Who may publish events to an installation: partner organisations and the secrets they sign with.

The console adds and rotates them, the gateway's intake reads them. A secret signs by Standard Webhooks (HMAC-SHA-256) and so
must be kept readable to us; it rests in one Redis hash, boxed under the installation's key. A rotated secret stays valid
for seven days beside the new one, so that a partner can change over without losing an event.
"""

from __future__ import annotations

import base64
import binascii
import secrets as random
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from redis.asyncio import Redis
from redis.exceptions import WatchError

from shared.clock import DAY_MS
from shared.sealing import Vault

PARTNERS = "twoway:partners"
"""name → the partner, boxed."""

OVERLAP_MS = 7 * DAY_MS
"""How long a rotated secret still opens the door: beyond the 75.6 hours over which Standard Webhooks senders retry."""

SECRET_PREFIX = "whsec_"  # noqa: S105  # the public beginning of every Standard Webhooks secret
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
"""Standard Webhooks, "Signature scheme": a secret has between 24 and 64 bytes."""


class NameTaken(Exception):
    """A partner of this name exists."""


class SourceTaken(Exception):
    """Another partner publishes under this source; a source selects the secret, so it belongs to one partner."""


class NoSuchPartner(Exception):
    """There is no partner of this name."""


def _a_secret(text: str) -> str:
    try:
        size = len(base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True))
    except binascii.Error as error:
        raise ValueError("what follows whsec_ is not base64") from error
    if not text.startswith(SECRET_PREFIX) or not SECRET_BYTES_MIN <= size <= SECRET_BYTES_MAX:
        raise ValueError("a secret is whsec_ and 24 to 64 bytes in base64")
    return text


class PartnerSecret(BaseModel):
    """One signing secret. `valid_until_ms` is set when a newer one took its place."""

    model_config = ConfigDict(frozen=True)
    secret: Annotated[str, AfterValidator(_a_secret)] = Field(repr=False)
    valid_until_ms: int | None = None


class Webhook(BaseModel):
    """Where a partner wants to be told of people who agreed to it, and the secrets that we sign with: ours, not theirs."""

    model_config = ConfigDict(frozen=True)
    url: str
    secrets: tuple[PartnerSecret, ...] = Field(min_length=1, description="the newest first")
    gone: bool = Field(False, description="it answered 410: nothing more is sent there until somebody sets it again")

    def rotated(self, secret: str, now_ms: int) -> Webhook:
        """With a new secret. For the overlap everything is signed with both, so nothing is lost while they change over."""
        before = PartnerSecret(secret=self.secrets[0].secret, valid_until_ms=now_ms + OVERLAP_MS)
        return self.model_copy(update={"secrets": (PartnerSecret(secret=secret), before)})

    def valid_secrets(self, now_ms: int) -> list[str]:
        return _valid(self.secrets, now_ms)


class Partner(BaseModel):
    """An organisation that may publish to one community."""

    model_config = ConfigDict(frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="what logs and receipts call it")
    source: str = Field(min_length=1, max_length=200, pattern=r"^[!#-;=?-\[\]_a-z~]+$",
                        description="the CloudEvents `source` (a URI-reference, RFC 3986) of its events, compared "
                                    "character by character")
    community: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    secrets: tuple[PartnerSecret, ...] = Field(min_length=1, description="the newest first")
    added_ms: int
    webhook: Webhook | None = None

    def valid_secrets(self, now_ms: int) -> list[str]:
        """The secrets that a signature may have been made with, newest first."""
        return _valid(self.secrets, now_ms)

    def rotated(self, secret: str, now_ms: int) -> Partner:
        """With a new secret; the one before it stays valid for the overlap, older ones go."""
        before = PartnerSecret(secret=self.secrets[0].secret, valid_until_ms=now_ms + OVERLAP_MS)
        return self.model_copy(update={"secrets": (PartnerSecret(secret=secret), before)})


def _valid(secrets: tuple[PartnerSecret, ...], now_ms: int) -> list[str]:
    return [one.secret for one in secrets if one.valid_until_ms is None or now_ms < one.valid_until_ms]


def receipt(vault: Vault, partner: str, delivery: str) -> str:
    """What a partner holds of an event of its own: it opens the status of that event to this partner and nothing else."""
    return f"{delivery}.{vault.mac('receipt', f'{partner} {delivery}'.encode())[:32]}"


def new_secret() -> str:
    """32 random bytes, as Standard Webhooks writes them."""
    return SECRET_PREFIX + base64.b64encode(random.token_bytes(32)).decode()


async def partners(redis: Redis, vault: Vault) -> list[Partner]:
    """All partners by name. Raises RedisError, BrokenSeal (another installation's key)."""
    rows: Any = await redis.hvals(PARTNERS)
    return sorted((_open(vault, row) for row in rows), key=lambda partner: partner.name)


async def add(redis: Redis, vault: Vault, partner: Partner) -> None:
    """Raises NameTaken, SourceTaken; then nothing has changed."""
    def put(there: list[Partner]) -> Partner:
        if any(one.name == partner.name for one in there):
            raise NameTaken(NameTaken.__doc__)
        if any(one.source == partner.source for one in there):
            raise SourceTaken(SourceTaken.__doc__)
        return partner
    await _change(redis, vault, put)


async def rotate(redis: Redis, vault: Vault, name: str, secret: str, now_ms: int) -> Partner:
    """Raises NoSuchPartner."""
    return await change(redis, vault, name, lambda partner: partner.rotated(secret, now_ms))


async def change(redis: Redis, vault: Vault, name: str, how: Callable[[Partner], Partner]) -> Partner:
    """Raises NoSuchPartner, and whatever `how` raises; then nothing has changed."""
    def turn(there: list[Partner]) -> Partner:
        for one in there:
            if one.name == name:
                return how(one)
        raise NoSuchPartner(NoSuchPartner.__doc__)
    return await _change(redis, vault, turn)


async def remove(redis: Redis, name: str) -> None:
    """From now on nothing that this partner signs is accepted. Raises NoSuchPartner."""
    if not await redis.hdel(PARTNERS, name):
        raise NoSuchPartner(NoSuchPartner.__doc__)


async def _change(redis: Redis, vault: Vault, change: Callable[[list[Partner]], Partner]) -> Partner:
    """Looks, changes and writes as one: when another console was faster, it looks again."""
    while True:
        async with redis.pipeline(transaction=True) as pipeline:
            await pipeline.watch(PARTNERS)
            rows: Any = await pipeline.hvals(PARTNERS)
            partner = change([_open(vault, row) for row in rows])
            pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
            pipeline.hset(PARTNERS, partner.name, vault.box("partner", partner.model_dump_json().encode()))
            try:
                await pipeline.execute()
            except WatchError:
                continue
            return partner


def _open(vault: Vault, row: bytes) -> Partner:
    return Partner.model_validate_json(vault.unbox("partner", row))
