"""Whose address it is. One address belongs to one peer of a partition, and it is never kept readable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from redis.asyncio import Redis

from services.gateway.store import ADDRESS_NEXT, ADDRESS_OF, ADDRESSES, PEERS, SERVICE
from shared.clock import derived_id
from shared.rows import KEYS
from shared.sealing import Vault
from shared.stream.names import Partition

JOINING_S = 60
"""How long a claim is left alone while the events that follow it may still be on their way."""

# KEYS: addresses, address_of, keys, peers, the claimant's joining mark, seen(joined) of the claimant and of the holder.
# ARGV: hash of the address, claimant, wrapped key, JOINING_S, holder as last seen.
# A claim whose peer never joined (the process died in between) is taken over once its mark is gone.
_CLAIM = """
local holder = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if holder ~= ARGV[5] then return {'moved', holder} end
if holder == ARGV[2] then
  if redis.call('EXISTS', KEYS[6]) == 1 and redis.call('HEXISTS', KEYS[3], ARGV[2]) == 0 then return {'left', ''} end
elseif holder ~= '' then
  if redis.call('HEXISTS', KEYS[4], holder) == 1 or redis.call('EXISTS', KEYS[7]) == 1
    or redis.call('EXISTS', KEYS[5]) == 1 then return {'other', holder} end
  redis.call('HDEL', KEYS[2], holder)
  redis.call('HDEL', KEYS[3], holder)
elseif redis.call('EXISTS', KEYS[6]) == 1 and redis.call('HEXISTS', KEYS[3], ARGV[2]) == 0 then
  return {'left', ''}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSETNX', KEYS[3], ARGV[2], ARGV[3])
redis.call('SET', KEYS[5], '1', 'EX', ARGV[4])
return {'ours', ''}
"""


# KEYS: addresses, address_of, address_next, keys, peers, the address' joining mark, seen(joined) of the holder.
# ARGV: hash of the address, peer, holder as last seen.
# Both addresses are the peer's until the event is read. One that was reserved before and is not used is given back.
_RESERVE = """
local holder = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if holder ~= ARGV[3] then return {'moved', holder} end
if redis.call('HEXISTS', KEYS[5], ARGV[2]) == 0 then return {'left', ''} end
if holder ~= '' and holder ~= ARGV[2] then
  if redis.call('HEXISTS', KEYS[5], holder) == 1 or redis.call('EXISTS', KEYS[7]) == 1
    or redis.call('EXISTS', KEYS[6]) == 1 then return {'other', holder} end
  redis.call('HDEL', KEYS[2], holder)
  redis.call('HDEL', KEYS[4], holder)
end
local before = redis.call('HGET', KEYS[3], ARGV[2])
if before and before ~= ARGV[1] and before ~= redis.call('HGET', KEYS[2], ARGV[2])
  and redis.call('HGET', KEYS[1], before) == ARGV[2] then redis.call('HDEL', KEYS[1], before) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
return {'ours', ''}
"""


@dataclass(frozen=True)
class Claim:
    """`ours`: the address is this peer's now. `other`: it is `holder`'s. `left`: this peer joined and has left since."""

    outcome: Literal["ours", "other", "left"]
    holder: str = ""


def joined_id(peer: str) -> str:
    """The id of the event by which `peer` joins; so anybody can see whether it ever came."""
    return derived_id(peer, "joined")


class Addresses:
    """The address index of all partitions."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis, self._vault = redis, vault
        self._claim, self._reserve = redis.register_script(_CLAIM), redis.register_script(_RESERVE)

    def hash(self, email: str) -> str:
        return self._vault.mac("address", email.lower().encode())

    async def claim(self, partition: Partition, email: str, peer: str, wrapped_key: bytes) -> Claim:
        """Takes the address for `peer` and lays down the peer's key, as one. May be repeated. Raises RedisError."""
        hash, holder = self.hash(email), ""
        paths = [table.path(partition, SERVICE) for table in (ADDRESSES, ADDRESS_OF, KEYS, PEERS)]
        while True:
            keys = [*paths, partition.of(SERVICE, f"joining:{hash}"), partition.seen(joined_id(peer)),
                    partition.seen(joined_id(holder))]
            answer: Any = await self._claim(keys=keys, args=[hash, peer, wrapped_key, JOINING_S, holder])
            outcome, holder = (part.decode() for part in answer)
            if outcome != "moved":
                return Claim(outcome, holder)

    async def reserve(self, partition: Partition, email: str, peer: str) -> bool:
        """Takes the address for a peer who has another one, beside that, until `address.changed` is read. False when it is
        somebody else's, or the peer has left. May be repeated. Raises RedisError."""
        hash, holder = self.hash(email), ""
        paths = [table.path(partition, SERVICE) for table in (ADDRESSES, ADDRESS_OF, ADDRESS_NEXT, KEYS, PEERS)]
        while True:
            keys = [*paths, partition.of(SERVICE, f"joining:{hash}"), partition.seen(joined_id(holder))]
            answer: Any = await self._reserve(keys=keys, args=[hash, peer, holder])
            outcome, holder = (part.decode() for part in answer)
            if outcome != "moved":
                return bool(outcome == "ours")

    async def holder(self, partition: Partition, email: str) -> str | None:
        """Whose it is on this partition. Raises RedisError."""
        return next((peer for _, peer in await self.peers([partition], email)), None)

    async def peers(self, partitions: list[Partition], email: str) -> list[tuple[Partition, str]]:
        """Everyone this address belongs to: at most one of each partition."""
        hash, found = self.hash(email), []
        for partition in partitions:
            peer: Any = await self._redis.hget(ADDRESSES.path(partition, SERVICE), hash)
            if peer is not None:
                found.append((partition, peer.decode()))
        return found
