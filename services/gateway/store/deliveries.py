"""Partners' check-ins and training on their way in: a keyed hash of each body, to tell its repetition from another event.

Whom a partner's references name can change from one try to the next, so what is compared is what the partner sent.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from services.gateway.store import RECEIPT_LIVES_MS, RECEIPTS, REFERRALS, SERVICE, SILENCED
from services.gateway.store.invitations import made_id
from shared.clock import DAY_MS, derived_id
from shared.sealing import Vault
from shared.stream.append import OtherBody
from shared.stream.names import Partition

TOLD_APART_S = (RECEIPT_LIVES_MS + DAY_MS) // 1000
"""How long another event under an id is told from its repetition: a day longer than the receipt is kept, which a gateway that
was away forgets later."""


def told_id(delivery: str) -> str:
    """The id of the log's event that brings a delivery in, another one than a referral under the same id would have."""
    return derived_id(delivery, "told")


async def told_before(redis: Redis, partition: Partition, delivery: str) -> bool:
    """Whether a check-in or a training came under this id. Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.exists(_key(partition, delivery))
    pipeline.hexists(RECEIPTS.path(partition, SERVICE), delivery)
    return any(await pipeline.execute())


async def is_new(redis: Redis, vault: Vault, partition: Partition, delivery: str, body: bytes) -> bool:
    """Whether this delivery is still to be put on the log. Raises OtherBody where the id was used for something else, a
    referral that led to nothing included; RedisError."""
    pipeline = redis.pipeline(transaction=False)
    for table in (REFERRALS, SILENCED, RECEIPTS):
        pipeline.hexists(table.path(partition, SERVICE), delivery)
    for id in (made_id(delivery), told_id(delivery)):
        pipeline.exists(partition.seen(id))
    referral, silenced, receipt, made, told = await pipeline.execute()
    if referral or silenced or made:
        raise OtherBody(made_id(delivery))
    mac = vault.mac("delivery", body).encode()
    before: Any = await redis.set(_key(partition, delivery), mac, nx=True, get=True, ex=TOLD_APART_S)
    if before not in (None, mac):
        raise OtherBody(told_id(delivery))
    return not (receipt or told)


async def known(redis: Redis, partition: Partition, delivery: str) -> bool:
    """Whether this id was taken at all, though nothing is known of it yet or any more. Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    for id in (made_id(delivery), told_id(delivery)):
        pipeline.exists(partition.seen(id))
    pipeline.hexists(SILENCED.path(partition, SERVICE), delivery)
    return any(await pipeline.execute())


def _key(partition: Partition, delivery: str) -> str:
    return partition.of(SERVICE, f"delivery:{delivery}")
