"""Who is signed in: a random id in a cookie, everything else here, for thirty days after the last visit."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.gateway.domain.signing_in import SESSION_LIVES_MS, session_renewal_due
from shared.sealing import BrokenSeal, Vault


class Session(BaseModel):
    model_config = ConfigDict(frozen=True)
    peer: str
    partition: int
    renewed_ms: int


class Sessions:
    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault

    async def begin(self, id: str, peer: str, partition: int, now_ms: int) -> None:
        """Raises RedisError. `id` is fresh at every sign-in, so an id that was planted before is worth nothing."""
        await self._save(id, Session(peer=peer, partition=partition, renewed_ms=now_ms))

    async def find(self, id: str, now_ms: int) -> tuple[Session, bool] | None:
        """The session, and whether its end was moved on, as is due now and then: its cookie's has to be too. Raises
        RedisError."""
        boxed: Any = await self._redis.get(self._key(id))
        if boxed is None:
            return None
        try:
            session = Session.model_validate_json(self._vault.unbox("session", boxed))
        except BrokenSeal:
            return None
        due = session_renewal_due(session.renewed_ms, now_ms)
        if due:
            session = session.model_copy(update={"renewed_ms": now_ms})
            await self._save(id, session)
        return session, due

    async def end(self, id: str) -> None:
        """Raises RedisError."""
        await self._redis.delete(self._key(id))

    async def _save(self, id: str, session: Session) -> None:
        boxed = self._vault.box("session", session.model_dump_json().encode())
        await self._redis.set(self._key(id), boxed, px=SESSION_LIVES_MS)

    def _key(self, id: str) -> str:
        return f"twoway:gateway:session:{self._vault.mac('session', id.encode())}"
