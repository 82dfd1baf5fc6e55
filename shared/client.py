"""The client by which a service speaks to the server: no retries of its own, and commands packed in C.

redis-py lets hiredis pack commands for its synchronous client and packs them in Python for the asynchronous one, at 1.3 us an
argument; a batch has thousands, which was a fifth of all that a ledger's reader did. Its own serializer takes a third of that.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer

CONNECT_S_MAX = 2.0


class _PackedInC:
    """In front of any of redis-py's connections, encrypted or not."""

    _packer = HiredisRespSerializer()

    def pack_command(self, *args: Any) -> list[bytes]:
        return self._packer.pack(*args)  # type: ignore[no-any-return]  # redis-py leaves it untyped


def client(url: str) -> Redis:
    """Never repeats a command by itself: what became of one whose answer was lost is asked of the cursor. Connects when used.

    Raises ValueError for a URL that is none.
    """
    redis: Redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_S_MAX)
    pool = redis.connection_pool
    pool.connection_class = type("Connection", (_PackedInC, pool.connection_class), {})
    return redis
