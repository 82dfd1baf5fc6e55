"""A client for one server and one process alone: its scripts go by the log's time, and it waits for each answer on the spot.

Services know nothing of it. Every script that is registered through this client has a few lines put before its first one, in
which `redis.call` is a function of ours: entries get the log's time in their ids, and TIME answers it. Scripts registered
through any other client are the ones that services always use, so outside a simulation there is neither a way here nor a cost.

In a simulation one thing happens after the other, so nobody has to be let in while an answer is on its way. A blocking
connection asks and is answered in a third of the time that the event loop takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from redis import Redis as Blocking
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import ResponseError
from redis.retry import Retry

NOW: Final = "twoway:simulation:now"
"""The log's time in ms; it never goes back, for the server refuses an entry older than the last. Where it is not set every
script fails, so that this client changes nothing on another server than its own."""

Command = tuple[tuple[Any, ...], dict[str, Any]]
"""A command's words, and what redis-py wants to know to read its answer."""

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
    """A Redis client in a simulation, on a server's socket. It asks over one connection, past redis-py's pool, retries and
    measuring, which cost as much as all else of a question does."""

    def __init__(self, socket: Path, password: str) -> None:
        super().__init__(unix_socket_path=str(socket), password=password)
        self._blocking = Blocking(unix_socket_path=str(socket), password=password, retry=Retry(NoBackoff(), 0))
        self._line: Any = None
        self.also: Callable[[], Question] | None = None
        """What each script's question asks besides. The log and the timers change by scripts alone, so whoever wants to know
        what is new of them need not ask for it."""
        self.brought: list[Any] | None = None
        """The answers to that, of the latest script."""
        self.ahead: list[Command] = []
        """What goes to the server before the next question, and needs no answer."""

    def register_script(self, script: Any) -> Any:
        return super().register_script(_PRELUDE + script)

    async def execute_command(self, *words: Any, **options: Any) -> Any:
        if words[0] != "EVALSHA" or self.also is None:
            return self.ask([(words, options)])[0]
        answer, *self.brought = self.ask([(words, options), *self.also().command_stack])
        return answer

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Any:
        return Question(self, self._blocking, transaction)

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """All in one go. Raises the first error among the answers; what else was asked is done all the same."""
        if self._line is None:
            self._line = self._blocking.connection_pool.get_connection()
        ahead, self.ahead = self.ahead, []
        try:
            self._line.send_packed_command(self._line.pack_commands([words for words, _ in (*ahead, *commands)]))
            answers = [self._answer(*command) for command in (*ahead, *commands)]
        except BaseException:  # cut short, be it by a signal: whatever comes on this line would answer something else
            self._line.disconnect()
            raise
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers[len(ahead):]

    def _answer(self, words: tuple[Any, ...], options: dict[str, Any]) -> Any:
        try:
            return self._blocking.parse_response(self._line, words[0], **options)  # type: ignore[no-untyped-call]  # theirs has none
        except ResponseError as error:
            return error

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        if self._line is not None:
            self._line.disconnect()
        self._blocking.close()
        await super().aclose(close_connection_pool)


class Question(Pipeline):
    """Several commands in one question, whose `execute` can be awaited."""

    def __init__(self, client: LogTime, blocking: Blocking, transaction: bool) -> None:
        super().__init__(blocking.connection_pool, blocking.response_callbacks, transaction, None)
        self._client, self._at_once = client, transaction

    async def execute(self, raise_on_error: bool = True) -> Any:  # type: ignore[override]
        """As one transaction where that was asked for: nobody else is there to come between, but the answers have its form."""
        if self._at_once:
            return super().execute(raise_on_error)
        commands, self.command_stack = self.command_stack, []
        return self._client.ask(commands) if commands else []
