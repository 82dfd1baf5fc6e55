"""That a page of leaving was sent: a keyed hash of the page's own random id and nothing of the person, for one hour.

So a second tap, or a reload of the goodbye, is answered with the goodbye, when nobody is there any more to be signed in.
"""

from __future__ import annotations

import re

from redis.asyncio import Redis

from shared.sealing import Vault

KEPT_S = 60 * 60
"""A goodbye is read at once; an hour is ample for a telephone that loads its open pages again."""

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Goodbyes:
    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault

    async def begin(self, page: str) -> None:
        """Before the leaving itself: it means something only once nobody is signed in any more. Raises RedisError."""
        if _ID.fullmatch(page):
            await self._redis.set(self._key(page), b"", ex=KEPT_S)

    async def said(self, page: str) -> bool:
        """Raises RedisError."""
        return bool(_ID.fullmatch(page)) and bool(await self._redis.exists(self._key(page)))

    def _key(self, page: str) -> str:
        return f"twoway:gateway:goodbye:{self._vault.mac('goodbye', page.encode())}"
