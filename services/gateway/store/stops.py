"""Who is changing what they would like just now, so that two taps of one person come one after the other."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.lock import Lock

HELD_S = 3.0
"""A tap takes the time of one append, and half a second at most in which it comes to show. A gateway that dies in the middle
lets the next tap wait this long."""

WAITED_S = 2 * HELD_S


def one_at_a_time(redis: Redis, peer: str) -> Lock:
    """An async context. Raises LockError, a RedisError, when another tap has not ended within WAITED_S."""
    return redis.lock(f"gateway:stopping:{peer}", timeout=HELD_S, blocking_timeout=WAITED_S, sleep=0.02)
