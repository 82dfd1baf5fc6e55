"""Who is at work on which attempt to send a message: one worker at a time, whatever happens to the others."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.notifier.store import SERVICE
from shared.stream.append import REMEMBERED_S
from shared.stream.names import Partition

# A claim is when its lease ends, who holds it, and 1 once anybody but its holder may have tried: that stays, whoever hears
# of it or not, until an outcome stands on the log.
# KEYS: claim, the id under which the attempt's outcome is appended. ARGV: lease in ms, seconds that a claim is remembered,
# who asks, and what they know of a claim of their own that nobody is at any more: tried, untried, or nothing.
_CLAIM = """
if redis.call('EXISTS', KEYS[2]) == 1 then return {'done', 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends, holder, tried = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%x+) ([01])$')
local ours = holder == ARGV[3] and ARGV[4] ~= ''
if ends and not ours and tonumber(ends) > now then return {'taken', tonumber(ends) - now} end
tried = (not ends or (ours and ARGV[4] == 'untried' and tried == '0')) and '0' or '1'
redis.call('SET', KEYS[1], string.format('%d %s %s', now + ARGV[1], ARGV[3], tried), 'EX', ARGV[2])
return {tried == '0' and 'mine' or 'again', 0}
"""

# KEYS as above; ARGV: who gives it back. What somebody else holds by now is left alone.
_GIVE_BACK = """
local holder, tried = string.match(redis.call('GET', KEYS[1]) or '', '^%d+ (%x+) ([01])$')
if holder ~= ARGV[1] then return end
if tried == '1' and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('SET', KEYS[1], '0 ' .. holder .. ' 1', 'KEEPTTL')
else
  redis.call('DEL', KEYS[1])
end
"""


@dataclass(frozen=True)
class Claim:
    """*mine*: go on. *again*: go on, but somebody began this attempt and never told how it ended. *taken*: somebody is at
    it for `wait_s` more. *done*: its outcome stands on the log already."""

    state: Literal["mine", "again", "taken", "done"]
    wait_s: float = 0.0


class Claims:
    """Who is sending what: one worker at a time for each attempt, whatever happens to the others.

    Whoever lost sight of a claim because Redis was away for a moment need not wait until its lease is over: they remember
    that nobody of theirs is at it any more, and whether anything was tried.
    """

    def __init__(self, redis: Redis, lease_s: float) -> None:
        self._lease_ms = round(lease_s * 1000)
        self._claim, self._back = redis.register_script(_CLAIM), redis.register_script(_GIVE_BACK)
        self._holder = secrets.token_hex(8)
        self._at_it = Counter[str]()
        self._let_go: dict[str, Literal["tried", "untried"]] = {}

    async def take(self, partition: Partition, attempt: str) -> Claim:
        """`attempt` is the id under which the outcome will be appended. After *mine* or *again* comes `give_back` or
        `let_go`. Raises RedisError: ask again."""
        known = None if attempt in self._at_it else self._let_go.pop(attempt, None)
        self._at_it[attempt] += 1
        try:
            state, wait_ms = await self._claim(keys=_keys(partition, attempt),
                                               args=[self._lease_ms, REMEMBERED_S, self._holder, known or ""])
        except (RedisError, OSError):
            self.let_go(attempt, tried=known == "tried")  # it may be ours without our having heard of it
            raise
        claim = Claim(state.decode(), int(wait_ms) / 1000)
        if claim.state in ("taken", "done"):
            self._ended(attempt)
        return claim

    def let_go(self, attempt: str, *, tried: bool) -> None:
        """Redis went away before there was an outcome on the log. Whoever takes the attempt here again goes on at once."""
        self._ended(attempt)
        if tried or self._let_go.get(attempt) == "tried":
            self._let_go[attempt] = "tried"  # though another of ours is at it: they may not have heard of this
        elif attempt not in self._at_it:
            self._let_go[attempt] = "untried"

    async def give_back(self, partition: Partition, attempt: str) -> None:
        """The outcome stands on the log, or we tried nothing. That somebody else may have tried stays known."""
        self._ended(attempt)
        self._let_go.pop(attempt, None)
        await self._back(keys=_keys(partition, attempt), args=[self._holder])

    def _ended(self, attempt: str) -> None:
        self._at_it[attempt] -= 1
        if self._at_it[attempt] <= 0:
            del self._at_it[attempt]


def _keys(partition: Partition, attempt: str) -> list[str]:
    """The claim, and the id under which the attempt's outcome is appended."""
    return [f"{partition.of(SERVICE, 'claim')}:{attempt}", partition.seen(attempt)]
