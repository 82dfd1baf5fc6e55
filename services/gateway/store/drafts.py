"""What somebody has begun to write: sealed, for seven days, found only by the random id in their browser's cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from shared.sealing import BrokenSeal, Vault

KEPT_S = 7 * 24 * 60 * 60
"""As long as the log remembers the ids of what was appended, so that a repetition is always told from a new request."""


class Draft(BaseModel):
    """The form so far, and everything about the request that a repetition has to repeat: ids and the peer's key."""

    model_config = ConfigDict(frozen=True)
    peer: str
    request: str
    key: str
    """The peer's wrapped key in hex; empty for somebody who has joined already."""
    fields: Mapping[str, tuple[str, ...]] = {}
    referral: str | None = None
    agreed: tuple[str, ...] = ()
    """What they ticked on the invitation's page of what the partner may tell us."""
    sent: bool = False

    def after_sending(self) -> Draft:
        """Only what the next page needs; the answers are where they belong."""
        return self.model_copy(update={"fields": {}, "key": "", "sent": True})


class Drafts:
    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault

    async def load(self, id: str) -> Draft | None:
        """Raises RedisError."""
        boxed: Any = await self._redis.get(self._key(id))
        try:
            return None if boxed is None else Draft.model_validate_json(self._vault.unbox("draft", boxed))
        except BrokenSeal:
            return None  # of another installation key's time

    async def save(self, id: str, draft: Draft) -> None:
        """Raises RedisError."""
        boxed = self._vault.box("draft", draft.model_dump_json().encode())
        await self._redis.set(self._key(id), boxed, ex=KEPT_S)

    async def forget(self, id: str) -> None:
        """Raises RedisError."""
        await self._redis.delete(self._key(id))

    def _key(self, id: str) -> str:
        return f"twoway:gateway:draft:{self._vault.mac('draft', id.encode())}"
