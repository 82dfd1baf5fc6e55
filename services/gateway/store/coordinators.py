"""Who may sit at the desk, their links and their sessions. Apart from peers in everything: keys, cookie, lifetimes.

Nothing here is on the log and nothing describes a peer. After a restore coordinators are invited anew.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from shared.clock import DAY_MS
from shared.sealing import BrokenSeal, Vault

COORDINATORS = "twoway:gateway:coordinators"
"""Name → the coordinator, boxed."""

NAME = r"[a-z]{2,20}"
"""What logs call them: small letters alone, so that it is a handle and rarely a whole name."""

LINK_LIVES_MS = DAY_MS
"""A link is handed over by an operator, perhaps at the end of a day: it waits until the next, and opens once."""

SESSION_LIVES_MS = 8 * 60 * 60 * 1000
"""A working day, however busy: what was left open overnight is closed in the morning."""

IDLE_MS = 60 * 60 * 1000
"""Without a page opened. A long call beside an open page fits in; a desk that was left does not stay open for whoever comes
next. Shorter would send people to an operator for a new link several times a day."""


class Coordinator(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str = Field(pattern=f"^{NAME}$")
    tag: str
    """Random, in every session of theirs: whoever was removed and let in again begins anew everywhere."""
    since_ms: int
    link: str = ""
    """Keyed hash of the newest link, which alone opens."""
    link_until_ms: int = 0


class _Session(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    tag: str
    begun_ms: int


class Coordinators:
    """Every method may raise RedisError."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault

    async def invite(self, name: str, tag: str, token: str, now_ms: int) -> None:
        """Lays down a link. One that was open before opens nothing any more; sessions go on."""
        before = await self._get(name)
        coordinator = (before or Coordinator(name=name, tag=tag, since_ms=now_ms)).model_copy(
            update={"link": self._mac(token), "link_until_ms": now_ms + LINK_LIVES_MS})
        await self._redis.set(self._link(coordinator.link), name, px=LINK_LIVES_MS)
        await self._redis.hset(COORDINATORS, name, self._box("coordinator", coordinator))

    async def all(self) -> list[Coordinator]:
        boxed: Any = await self._redis.hgetall(COORDINATORS)
        return sorted((self._coordinator(each) for each in boxed.values()), key=lambda each: each.name)

    async def remove(self, name: str) -> bool:
        """Whether they were there. Links and sessions end with the row."""
        return bool(await self._redis.hdel(COORDINATORS, name))

    async def is_open(self, token: str, now_ms: int) -> bool:
        """Spends nothing."""
        name: Any = await self._redis.get(self._link(self._mac(token)))
        return name is not None and await self._whose(name.decode(), token, now_ms) is not None

    async def by_link(self, token: str, now_ms: int) -> Coordinator | None:
        """Consumes the link: of two who open it at once, one comes in."""
        name: Any = await self._redis.getdel(self._link(self._mac(token)))
        return None if name is None else await self._whose(name.decode(), token, now_ms)

    async def begin(self, id: str, coordinator: Coordinator, now_ms: int) -> None:
        """`id` is fresh at every sign-in."""
        session = _Session(name=coordinator.name, tag=coordinator.tag, begun_ms=now_ms)
        await self._redis.set(self._session(id), self._box("desk session", session), px=IDLE_MS)

    async def find(self, id: str, now_ms: int) -> str | None:
        """Whose session it is, if it lasts; from now on it lasts for `IDLE_MS` again, and never beyond its day."""
        boxed: Any = await self._redis.get(self._session(id))
        if boxed is None:
            return None
        try:
            session = _Session.model_validate_json(self._vault.unbox("desk session", boxed))
        except BrokenSeal:
            return None
        coordinator = await self._get(session.name)
        left_ms = session.begun_ms + SESSION_LIVES_MS - now_ms
        if coordinator is None or coordinator.tag != session.tag or left_ms <= 0:
            return None
        await self._redis.pexpire(self._session(id), min(IDLE_MS, left_ms))
        return session.name

    async def end(self, id: str) -> None:
        await self._redis.delete(self._session(id))

    async def _whose(self, name: str, token: str, now_ms: int) -> Coordinator | None:
        coordinator = await self._get(name)
        opens = coordinator is not None and coordinator.link == self._mac(token) and now_ms < coordinator.link_until_ms
        return coordinator if opens else None

    async def _get(self, name: str) -> Coordinator | None:
        boxed: Any = await self._redis.hget(COORDINATORS, name)
        return None if boxed is None else self._coordinator(boxed)

    def _coordinator(self, boxed: bytes) -> Coordinator:
        return Coordinator.model_validate_json(self._vault.unbox("coordinator", boxed))

    def _box(self, purpose: str, row: BaseModel) -> bytes:
        return self._vault.box(purpose, row.model_dump_json().encode())

    def _mac(self, token: str) -> str:
        return self._vault.mac("desk link", token.encode())

    def _link(self, mac: str) -> str:
        return f"twoway:gateway:desk-link:{mac}"

    def _session(self, id: str) -> str:
        return f"twoway:gateway:desk-session:{self._vault.mac('desk session', id.encode())}"
