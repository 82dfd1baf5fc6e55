"""An address that somebody gave and has not shown to be theirs: one for each person, boxed, for half an hour.

Unlike a link to sign in, neither link nor code is spent by being used: what they lead to is done once, under the id of the
asking, so that whoever's browser or Redis went away in the middle may send the same again.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from services.gateway.domain.signing_in import SECRET_LIVES_MS, Outcome, SignIn
from shared.events import SignInSecret
from shared.sealing import BrokenSeal, Vault


class Given(BaseModel):
    """`asking` is the id of the event that asked; the hashes are empty where nothing was sent, so that no code is right."""

    model_config = ConfigDict(frozen=True)
    asking: str
    email: str
    expires_ms: int
    code_hash: str = ""
    link_hash: str = ""


class NewAddresses:
    def __init__(self, redis: Redis, vault: Vault, what: str = "address") -> None:
        """`what`: an e-mail address, or a `number` in its place."""
        self._redis, self._vault, self._what = redis, vault, f"new {what}"

    async def begin(self, peer: str, asking: str, email: str, secret: SignInSecret | None, now_ms: int) -> None:
        """In the place of one before. Again under the same id changes nothing, tries included. Raises RedisError."""
        before = await self.find(peer)
        if before is not None and before.asking == asking:
            return
        given = Given(asking=asking, email=email, expires_ms=now_ms + SECRET_LIVES_MS,
                      code_hash=self._code(asking, secret.code) if secret else "",
                      link_hash=self._link(secret.token) if secret else "")
        key = self._key(peer)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(key)
        pipeline.hset(key, "given", self._vault.box(self._what, given.model_dump_json().encode()))
        pipeline.pexpire(key, SECRET_LIVES_MS)
        await pipeline.execute()

    async def find(self, peer: str) -> Given | None:
        """Raises RedisError."""
        boxed: Any = await self._redis.hget(self._key(peer), "given")
        try:
            return None if boxed is None else Given.model_validate_json(self._vault.unbox(self._what, boxed))
        except BrokenSeal:
            return None  # of another installation key's time

    async def by_link(self, peer: str, token: str, now_ms: int) -> Given | None:
        """Raises RedisError."""
        given = await self.find(peer)
        if given is None or now_ms >= given.expires_ms or not compare_digest(given.link_hash, self._link(token)):
            return None
        return given

    async def by_code(self, peer: str, code: str, now_ms: int) -> tuple[Outcome, Given | None]:
        """Counts the try before it looks, so that many at once get no more tries than one after the other. A right one after
        that is not counted: somebody sends it again because nobody could be reached. Raises RedisError."""
        given, key = await self.find(peer), self._key(peer)
        if given is None:
            return Outcome.SPENT, None
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hincrby(key, "tries", 1)
        pipeline.pexpire(key, SECRET_LIVES_MS, nx=True)  # should it have run out just now, it is no key for ever
        tries, _ = await pipeline.execute()
        outcome = SignIn(given.code_hash, given.expires_ms, int(tries) - 1).by_code(self._code(given.asking, code), now_ms)
        if outcome is Outcome.IN:
            await self._redis.hincrby(key, "tries", -1)
        return outcome, given if outcome is Outcome.IN else None

    def _code(self, asking: str, code: str) -> str:
        return self._vault.mac(f"{self._what} code", f"{asking} {code}".encode())

    def _link(self, token: str) -> str:
        return self._vault.mac(f"{self._what} link", token.encode())

    def _key(self, peer: str) -> str:
        return f"twoway:gateway:{self._what.replace(' ', '-')}:{self._vault.mac(self._what, peer.encode())}"
