"""How often one network may post and one address may be written to. Reading pages is never limited, urgent help least."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis

from services.gateway.settings import GatewaySettings
from shared.sealing import Vault

QUARTER = 15
"""Minutes: the shorter window for messages to one address."""


DOWNLOADS_PER_HOUR = 4
"""Files with everything about one person. Each goes through the whole log; who lost one, or misses something, has another."""


class Limited(Exception):
    """Too often for now; `minutes` is when to come back."""

    def __init__(self, minutes: int) -> None:
        super().__init__(self.__doc__)
        self.minutes = minutes


_DOWNLOADS = RateLimitItemPerHour(DOWNLOADS_PER_HOUR)


class Limits:
    """Counts in Redis, so that several gateways count together, under keyed hashes: no network's address rests there.
    In a try-out networks are not counted."""

    def __init__(self, redis: Redis, vault: Vault, settings: GatewaySettings) -> None:
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="twoway:limits",
                               connection_pool=redis.connection_pool)  # type: ignore[arg-type]  # untyped option
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._vault = vault
        self._networks_too = not settings.try_out
        self._posts = RateLimitItemPerMinute(settings.posts_per_minute)
        self._sign_ins_from = RateLimitItemPerHour(settings.sign_ins_per_hour)
        self._sign_ins_to = (RateLimitItemPerMinute(settings.sign_ins_per_quarter, QUARTER),
                             RateLimitItemPerDay(settings.sign_ins_per_day))

    async def post_from(self, address: str) -> None:
        """Raises Limited, RedisError."""
        await self._from(address, self._posts, minutes=1)

    async def sign_in_from(self, address: str) -> None:
        """Whether or not the address that is to be written to is known. Raises Limited, RedisError."""
        await self._from(address, self._sign_ins_from, minutes=60)

    async def download_of(self, peer: str) -> None:
        """Raises Limited, RedisError."""
        if not await self._limiter.hit(_DOWNLOADS, self._hash("download", peer)):
            raise Limited(60)

    async def may_write_to(self, email: str) -> bool:
        """Whether another sign-in message may go to this address now. Raises RedisError."""
        return await self._may(self._hash("address", email.lower()))

    async def may_have_written(self, peer: str) -> bool:
        """The same for messages that one person has sent to addresses that they give. Raises RedisError."""
        return await self._may(self._hash("person", peer))

    async def _may(self, whose: str) -> bool:
        for limit in self._sign_ins_to:  # what the quarter refuses is not sent, and so takes nothing from the day
            if not await self._limiter.hit(limit, whose):
                return False
        return True

    async def _from(self, address: str, limit: RateLimitItem, *, minutes: int) -> None:
        if self._networks_too and not await self._limiter.hit(limit, self._hash("network", network(address))):
            raise Limited(minutes)

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
