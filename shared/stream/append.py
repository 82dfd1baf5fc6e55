"""How something from outside enters the log: idempotently, under an id that the bringer made.

The bringer (a form, a partner, a worker with a result, a console command) may send again after a lost answer: the same id
with the same content gets the first entry's id back, the same id with other content is refused and changes nothing. Ids are
remembered for seven days, beyond the 75.6 hours over which a Standard Webhooks sender retries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis

from shared import tracing
from shared.events import Event
from shared.sealing import SEAL, Vault
from shared.stream.names import Partition

REMEMBERED_S = 7 * 24 * 60 * 60

# One script for all entries of a call: first every id is looked up, then, past the last refusal, everything is written.
_APPEND = """
local count = #KEYS - 1
local places = {}
for i = 1, count do
  local seen = redis.call('GET', KEYS[i + 1])
  if seen then
    local mac, at = string.match(seen, '^(%S+) (%S+)$')
    if mac ~= ARGV[2 * i] then return {'other', tostring(i)} end
    places[i] = at
  end
end
local answer = {'ok'}
for i = 1, count do
  if places[i] then
    answer[i + 1] = places[i]
  else
    local at = redis.call('XADD', KEYS[1], '*', unpack(cjson.decode(ARGV[2 * i + 1])))
    redis.call('SET', KEYS[i + 1], ARGV[2 * i] .. ' ' .. at, 'EX', ARGV[1])
    answer[i + 1] = '+' .. at
  end
end
return answer
"""


class OtherBody(Exception):
    """This id was used before, for something else. Use a new id for a new event."""

    def __init__(self, event_id: str) -> None:
        super().__init__(self.__doc__)
        self.event_id = event_id


@dataclass(frozen=True)
class Input:
    """An event on its way in. `clear` is what its seals hold, in canonical form: sealing is random, repeating is not.

    The rest of the event's fields is compared as it stands.
    """

    event: Event
    id: str
    clear: bytes = b""
    cause: str = ""


@dataclass(frozen=True)
class Place:
    """Where on the log an event stands, and whether this call put it there."""

    entry: str
    fresh: bool


class Appender:
    """Appends to any partition's log over one client."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._vault = vault
        self._script = redis.register_script(_APPEND)

    async def append(self, partition: Partition, inputs: Sequence[Input], trace: str = "") -> list[Place]:
        """All of `inputs` or none, in order, under `trace` or the one that is going on.

        Raises OtherBody; RedisError means *unknown*: call again, ids unchanged.
        """
        keys = [partition.log, *(partition.seen(each.id) for each in inputs)]
        args: list[str | int] = [REMEMBERED_S]
        for each in inputs:
            args += [self._mac(each), _json_fields(each, trace or tracing.current())]
        verdict, *places = [_str(part) for part in await self._script(keys=keys, args=args)]
        if verdict == "other":
            raise OtherBody(inputs[int(places[0]) - 1].id)
        return [Place(place.lstrip("+"), place.startswith("+")) for place in places]

    def _mac(self, each: Input) -> str:
        open_fields = orjson.dumps(_without_seals(each.event.model_dump(mode="json")))
        return self._vault.mac("append", b"\0".join((each.event.type.encode(), open_fields, each.clear)))


def fields(event: Event, event_id: str, cause: str, trace: str) -> list[str]:
    """The flat fields of a log entry, names and values in turn."""
    return ["type", event.type, "v", str(event.v), "id", event_id, "cause", cause, "trace", trace,
            "body", event.model_dump_json()]


def _without_seals(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_seals(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_seals(each) for each in value]
    return None if isinstance(value, str) and value.startswith(SEAL) else value


def _json_fields(each: Input, trace: str) -> str:
    return orjson.dumps(fields(each.event, each.id, each.cause, trace)).decode()


def _str(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
