"""How often one network may post and one address may be written to. Reading pages is never limited, urgent help least."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis

from shared.sealing import Vault

MINUTES = 15
"""The window for messages to one address, and what a limited page says about coming back."""


class Limited(Exception):
    """Too often for now; `minutes` is when to come back."""

    def __init__(self, minutes: int) -> None:
        super().__init__(self.__doc__)
        self.minutes = minutes


class Limits:
    """Counts in Redis, so that several gateways count together, under keyed hashes: no network's address rests there."""

    def __init__(self, redis: Redis, vault: Vault, *, posts_per_minute: int | None, sign_ins_per_quarter: int) -> None:
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="twoway:limits",
                               connection_pool=redis.connection_pool)  # type: ignore[arg-type]  # untyped option
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._vault = vault
        self._posts = None if posts_per_minute is None else RateLimitItemPerMinute(posts_per_minute)
        self._sign_ins = RateLimitItemPerMinute(sign_ins_per_quarter, MINUTES)

    async def post_from(self, address: str) -> None:
        """Raises Limited, RedisError."""
        if self._posts is not None and not await self._limiter.hit(self._posts, self._hash("network", network(address))):
            raise Limited(1)

    async def may_write_to(self, email: str) -> bool:
        """Whether another sign-in message may go to this address now. Raises RedisError."""
        return await self._limiter.hit(self._sign_ins, self._hash("address", email.lower()))

    def _hash(self, kind: str, text: str) -> str:
        return self._vault.mac(f"limit {kind}", text.encode())[:32]


def network(address: str) -> str:
    """An IPv4 address, or the /64 that an IPv6 line is usually given whole."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip.exploded[:19])
    return str(ip)
