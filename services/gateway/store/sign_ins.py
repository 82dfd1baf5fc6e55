"""Links and codes on their way in: kept as keyed hashes, used once, for half an hour.

A link can be opened in any browser. A code is taken only from the browser that asked for it, which holds the attempt's id.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.gateway.domain.signing_in import SECRET_LIVES_MS, Outcome, SignIn
from shared.events import SignInSecret
from shared.sealing import Vault


class Known(BaseModel):
    """Whom a link or a code lets in, and the other half of the pair, which is spent along with it."""

    model_config = ConfigDict(frozen=True)
    peer: str
    partition: int
    code_hash: str
    expires_ms: int
    other_half: str


class SignIns:
    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault

    async def begin(self, attempt: str, peer: str, partition: int, secret: SignInSecret, now_ms: int) -> None:
        """Lays down link and code. A second begin under the same attempt takes the first one's code away."""
        link, code = self._link(secret.token), self._attempt(attempt)
        known = Known(peer=peer, partition=partition, code_hash=self._code(attempt, secret.code),
                      expires_ms=now_ms + SECRET_LIVES_MS, other_half=code)
        await self._redis.set(link, self._box(known), px=SECRET_LIVES_MS)
        await self._keep_code(code, known.model_copy(update={"other_half": link}))

    async def begin_for_nobody(self, attempt: str, now_ms: int) -> None:
        """For an address that nobody has: its codes are counted like any other's, and none is right."""
        await self._keep_code(self._attempt(attempt), Known(
            peer="", partition=0, code_hash="", expires_ms=now_ms + SECRET_LIVES_MS, other_half=""))

    async def by_token(self, token: str, now_ms: int) -> Known | None:
        """Consumes the link: of two who open it at once, one comes in."""
        boxed: Any = await self._redis.getdel(self._link(token))
        known = None if boxed is None else self._unbox(boxed)
        if known is None or now_ms >= known.expires_ms:
            return None
        await self._redis.delete(known.other_half)
        return known

    async def by_code(self, attempt: str, code: str, now_ms: int) -> tuple[Outcome, Known | None]:
        """Counts the try before it looks, so that many at once get no more tries than one after the other."""
        key = self._attempt(attempt)
        boxed: Any = await self._redis.hget(key, "known")
        if boxed is None:
            return Outcome.SPENT, None
        known = self._unbox(boxed)
        sign_in = SignIn(known.code_hash, known.expires_ms, wrong=await self._tries(key) - 1)
        outcome = sign_in.by_code(self._code(attempt, code), now_ms)
        if outcome is not Outcome.IN:
            return outcome, None
        if not await self._redis.delete(key):
            return Outcome.SPENT, None
        await self._redis.delete(known.other_half)
        return outcome, known

    async def _keep_code(self, key: str, known: Known) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.delete(key)
        pipeline.hset(key, "known", self._box(known))
        pipeline.pexpire(key, SECRET_LIVES_MS)
        await pipeline.execute()

    async def _tries(self, key: str) -> int:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hincrby(key, "tries", 1)
        pipeline.pexpire(key, SECRET_LIVES_MS, nx=True)  # should it have run out just now, it is no key for ever
        tries, _ = await pipeline.execute()
        return int(tries)

    def _code(self, attempt: str, code: str) -> str:
        return self._vault.mac("sign-in code", f"{attempt} {code}".encode())

    def _link(self, token: str) -> str:
        return f"twoway:gateway:sign-in-link:{self._vault.mac('sign-in link', token.encode())}"

    def _attempt(self, attempt: str) -> str:
        return f"twoway:gateway:sign-in:{self._vault.mac('sign-in', attempt.encode())}"

    def _box(self, known: Known) -> bytes:
        return self._vault.box("sign-in", known.model_dump_json().encode())

    def _unbox(self, boxed: bytes) -> Known:
        return Known.model_validate_json(self._vault.unbox("sign-in", boxed))
