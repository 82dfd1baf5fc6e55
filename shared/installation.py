"""What must be the same for everyone who works on one Redis: the installation's key, and enough logs for its communities.

The environment says both, to each process by itself. Whoever had another key would seal what nobody else can open; whoever
had fewer logs would leave communities unserved, and out of a backup. Both are looked at before any work begins.
"""

from __future__ import annotations

from typing import Any, Final

from redis.asyncio import Redis

from shared.sealing import Vault
from shared.stream.names import DIRECTORY

KEY_MARK: Final = "twoway:installation"
"""An HMAC under the key that this Redis began with: the same key is known again by it, and nothing else is."""


class Misfit(Exception):
    """These settings do not belong to this Redis. `setting` is the one to mend."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"{setting}: {reason}")
        self.setting, self.reason = setting, reason


async def check(redis: Redis, vault: Vault, partitions: int, *, begins: bool = False) -> None:
    """Raises Misfit, RedisError. With `begins` a Redis that belongs to no key yet belongs to this one from now on."""
    mark = vault.mac("installation", b"")
    pipeline = redis.pipeline(transaction=False)
    if begins:
        pipeline.set(KEY_MARK, mark, nx=True)
    pipeline.get(KEY_MARK)
    pipeline.hvals(DIRECTORY)
    *_, known, placed = await pipeline.execute()
    _same_key(known, mark)
    _enough(placed, partitions)


def _same_key(known: bytes | None, mark: str) -> None:
    if known is not None and known.decode() != mark:
        raise Misfit("TWOWAY_KEY", "this Redis belongs to another installation's key; set TWOWAY_KEY_FILE (or TWOWAY_KEY) to "
                     "the key that it began with")


def _enough(placed: list[Any], partitions: int) -> None:
    needed = max((int(number) + 1 for number in placed), default=1)
    if needed > partitions:
        raise Misfit("TWOWAY_PARTITIONS", f"it is {partitions}, and a community lives on p{needed - 1}; set it to {needed}, "
                     "or to as many as there were")
