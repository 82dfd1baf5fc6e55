"""A client for one server and one process alone: its scripts go by the log's time, and it waits for each answer on the spot.

Services know nothing of it. Every script that is registered through this client has a few lines put before its first one, in
which `redis.call` is a function of ours: entries get the log's time in their ids, and TIME answers it. Scripts registered
through any other client are the ones that services always use, so outside a simulation there is neither a way here nor a cost.

In a simulation one thing happens after the other, so nobody has to be let in while an answer is on its way. A blocking
connection asks and is answered in a third of the time that the event loop takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from redis import Redis as Blocking
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

NOW: Final = "twoway:simulation:now"
"""The log's time in ms; it never goes back, for the server refuses an entry older than the last. Where it is not set every
script fails, so that this client changes nothing on another server than its own."""

_PRELUDE: Final = f"""
local now, real = tonumber(redis.call('GET', '{NOW}')), redis
local stamp = string.format('%d-*', now)
local redis = {{call = function(...)
  local name, _, id = ...
  if name == 'TIME' then return {{math.floor(now / 1000), now % 1000 * 1000}} end
  if name == 'XADD' and id == '*' then return real.call('XADD', (select(2, ...)), stamp, select(4, ...)) end
  return real.call(...)
end}}
"""


class LogTime(Redis):
    """A Redis client in a simulation, on a server's socket."""

    def __init__(self, socket: Path, password: str) -> None:
        super().__init__(unix_socket_path=str(socket), password=password)
        self._blocking = Blocking(unix_socket_path=str(socket), password=password, retry=Retry(NoBackoff(), 0))

    def register_script(self, script: Any) -> Any:
        return super().register_script(_PRELUDE + script)

    async def execute_command(self, *words: Any, **options: Any) -> Any:
        return self._blocking.execute_command(*words, **options)  # type: ignore[no-untyped-call]  # theirs has no types

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Any:
        return _Pipeline(self._blocking.pipeline(transaction, shard_hint))

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        self._blocking.close()
        await super().aclose(close_connection_pool)


class _Pipeline:
    """A blocking pipeline whose `execute` can be awaited."""

    def __init__(self, blocking: Any) -> None:
        self._blocking = blocking

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blocking, name)

    async def execute(self) -> Any:
        return self._blocking.execute()
