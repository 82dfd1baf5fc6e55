"""Whom partners may invite: nobody who refused before, nobody who is a peer, nobody who has an open invitation.

An address stands here as a keyed hash alone, like in the index of addresses.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from services.gateway.store import ADDRESSES, INVITED, INVITED_AS, REFERRALS, REFERRED_AS, SERVICE, SILENCED, UNINVITED
from shared.clock import derived_id
from shared.rows import KEYS
from shared.sealing import Vault
from shared.stream.append import OtherBody
from shared.stream.names import Partition

INVITING_S = 60
"""How long a claim is left alone while the event that follows it may still be on its way."""

# KEYS: invited, invited_as, keys, referrals, the claim's mark, seen(made) of the holder, referred_as.
# ARGV: hash of the address, referral, wrapped key, INVITING_S, holder as last seen, hash of the partner's reference or ''.
# A claim whose event never came (the process died in between) is taken over once its mark is gone.
_CLAIM = """
local holder = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if holder ~= ARGV[5] then return {'moved', holder} end
if holder ~= '' and holder ~= ARGV[2] then
  if redis.call('HEXISTS', KEYS[4], holder) == 1 or redis.call('EXISTS', KEYS[6]) == 1
    or redis.call('EXISTS', KEYS[5]) == 1 then return {'other', ''} end
  redis.call('HDEL', KEYS[2], holder)
  redis.call('HDEL', KEYS[3], holder)
  redis.call('HDEL', KEYS[7], holder)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSETNX', KEYS[3], ARGV[2], ARGV[3])
if ARGV[6] ~= '' then redis.call('HSET', KEYS[7], ARGV[2], ARGV[6]) end
redis.call('SET', KEYS[5], '1', 'EX', ARGV[4])
return {'ours', redis.call('HGET', KEYS[3], ARGV[2])}
"""


def made_id(referral: str) -> str:
    """The id of the event by which `referral` is made; so anybody can see whether it ever came."""
    return derived_id(referral, "made")


class Invitations:
    """One open invitation for an address; none at all where it would not be welcome."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault
        self._claim = redis.register_script(_CLAIM)

    async def unwelcome(self, partitions: list[Partition], hash: str) -> bool:
        """Whether whoever has this address refused once, or is a peer, in whichever community. Raises RedisError."""
        pipeline = self._redis.pipeline(transaction=False)
        for partition in partitions:
            for table in (UNINVITED, ADDRESSES):
                pipeline.hexists(table.path(partition, SERVICE), hash)
        return any(await pipeline.execute())

    async def claim(self, partition: Partition, hash: str, referral: str, wrapped_key: bytes,
                    reference: str = "") -> bytes | None:
        """Takes the address for `referral` and lays down its key and the hash of the partner's `reference`, as one; the key
        that holds from then on. None while another invitation is open. May be repeated. Raises RedisError."""
        paths = [table.path(partition, SERVICE) for table in (INVITED, INVITED_AS, KEYS, REFERRALS)]
        holder = ""
        while True:
            keys = [*paths, partition.of(SERVICE, f"inviting:{hash}"), partition.seen(made_id(holder)),
                    REFERRED_AS.path(partition, SERVICE)]
            answer: Any = await self._claim(keys=keys, args=[hash, referral, wrapped_key, INVITING_S, holder, reference])
            outcome, value = answer
            if outcome != b"moved":
                return value if outcome == b"ours" else None
            holder = value.decode()

    async def silenced(self, partition: Partition, referral: str, body: bytes) -> bool:
        """Whether this event was taken before and led to no invitation. Raises OtherBody, RedisError."""
        mac: Any = await self._redis.hget(SILENCED.path(partition, SERVICE), referral)
        if mac is not None and mac != self._mac(body):
            raise OtherBody(made_id(referral))
        return mac is not None

    async def silence(self, partition: Partition, referral: str, body: bytes) -> bool:
        """Takes an event that leads to no invitation; whether it is new. Raises OtherBody, RedisError."""
        if await self._redis.hsetnx(SILENCED.path(partition, SERVICE), referral, self._mac(body)):
            return True
        await self.silenced(partition, referral, body)
        return False

    def _mac(self, body: bytes) -> bytes:
        return self._vault.mac("silenced", body).encode()
