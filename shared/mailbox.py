"""The try-out mailbox: where messages go while no SMTP server is set up. It shows everyone's sign-in links.

Only with TWOWAY_TRY_OUT=1, which `twoway up` sets on loopback. The notifier writes it, the gateway shows it at `/mailbox`.
What rests in Redis is boxed under the installation's key, found by the recipient's HMAC, and gone after seven days.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from shared.sealing import Vault

KEPT_S = 7 * 24 * 60 * 60
PER_ADDRESS_MAX = 100
RECENT_MAX = 500
"""Try-out sizes: `twoway demo --people 2000` sends each person about ten messages."""

_RECENT = "twoway:mailbox:recent"


class Mail(BaseModel):
    """One message as the person would see it."""

    model_config = ConfigDict(frozen=True)
    message_id: str
    to: str
    subject: str
    text: str
    sent_ms: int


def _key(vault: Vault, to: str) -> str:
    return f"twoway:mailbox:{vault.mac('mailbox', to.strip().lower().encode())[:32]}"


async def put(redis: Redis, vault: Vault, mail: Mail) -> None:
    """Delivers; the same Message-ID twice shows twice, as in a real mailbox."""
    boxed = vault.box("mailbox", mail.model_dump_json().encode())
    pipeline = redis.pipeline(transaction=False)
    for key, most in ((_key(vault, mail.to), PER_ADDRESS_MAX), (_RECENT, RECENT_MAX)):
        pipeline.lpush(key, boxed)
        pipeline.ltrim(key, 0, most - 1)
        pipeline.expire(key, KEPT_S)
    await pipeline.execute()


async def read(redis: Redis, vault: Vault, to: str | None = None) -> list[Mail]:
    """The newest first: of one address, or the most recent of all."""
    rows: Any = await redis.lrange(_key(vault, to) if to else _RECENT, 0, -1)
    return [Mail.model_validate_json(vault.unbox("mailbox", row)) for row in rows]
