"""The running system as a command uses it: a client, the vault and the partitions, and one clear line when that can't be.

Exit codes of all commands: 0 done; 1 looked, and found something that wants a person; 2 could not look or act, with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from console.running import Running, find, refuse
from console.server import AlreadyRunning, Server, ServerDidNotStart
from shared import installation, programme
from shared.clock import Clock
from shared.programme import Programme
from shared.sealing import BrokenSeal, Vault
from shared.settings import Settings, text_of
from shared.stream.append import Appender
from shared.stream.names import Partition

CONNECT_S_MAX = 3.0
"""Long enough for a server across a network, short enough for somebody who mistyped its address."""

ANSWER_S_MAX = 30.0
"""For one answer; a server that says nothing for this long is not there."""

Data = Annotated[Path | None, typer.Option("--data", help="Data folder of the system that is meant; var unless said.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class System:
    """One running system, open for as long as a command works."""

    running: Running
    settings: Settings
    redis: Redis
    vault: Vault
    clock: Clock
    appender: Appender

    @property
    def partitions(self) -> list[Partition]:
        return [Partition(number) for number in range(self.settings.partitions)]


Work = Callable[[System], Awaitable[int | None]]
"""What a command does, and its exit code; none means 0."""


def settings_for(running: Running, kind: type[S]) -> S:
    """The settings as this running system's services have them. Refuses with one line what can't be read."""
    own: dict[str, Any] = {"redis_url": running.redis_url, "data": running.data, "partitions": running.partitions,
           "base_url": running.base_url} | ({"try_out": True} if running.try_out else {})
    try:
        if running.key_file is not None:
            own["key"] = text_of(running.key_file)
        return kind(**{name: value for name, value in own.items() if name in kind.model_fields})
    except OSError as error:
        refuse(f"the installation's key can't be read from {running.key_file} ({error.strerror}); set TWOWAY_KEY_FILE to it")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        name = name if name == "REDIS_URL" else f"TWOWAY_{name}"
        refuse(f"{name}: {first['msg']}; deploy/env.example explains every setting")


@asynccontextmanager
async def opened(running: Running, answer_s: float = ANSWER_S_MAX) -> AsyncIterator[System]:
    """That system. Refuses when it does not answer."""
    settings = settings_for(running, Settings)
    redis: Redis = Redis.from_url(running.redis_url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_S_MAX,
                                  socket_timeout=answer_s)
    vault = Vault(settings.installation_key)
    try:
        await installation.check(redis, vault, settings.partitions)
        yield System(running, settings, redis, vault, Clock(), Appender(redis, vault))
    except installation.Misfit as misfit:
        refuse(str(misfit))
    except RedisError as error:
        refuse(f"Redis at {_address(running.redis_url)} does not answer as it should ({type(error).__name__}); "
               "see that it runs and that REDIS_URL is right, then try again")
    except BrokenSeal:
        refuse("this was sealed under another installation's key; set TWOWAY_KEY_FILE to the key that this system began with")
    finally:
        await redis.aclose()


def run(work: Work, data: Path | None, answer_s: float = ANSWER_S_MAX) -> None:
    """Does `work` on the system that runs on `data`, or that the environment names, and ends with its exit code."""
    run_on(find(data), work, answer_s)


def run_on(running: Running, work: Work, answer_s: float = ANSWER_S_MAX) -> None:
    async def whole() -> int | None:
        async with opened(running, answer_s) as system:
            return await work(system)

    raise typer.Exit(asyncio.run(whole()) or 0)


def built_in(stack: ExitStack, home: Path) -> str:
    """The address of the built-in server on a folder on which nothing runs, for as long as `stack` lasts."""
    try:
        return stack.enter_context(Server(home)).url
    except AlreadyRunning:
        refuse(f"Twoway runs on {home}; stop it first, or name another folder with --data")
    except (ServerDidNotStart, OSError) as error:
        refuse(f"the built-in server did not start on {home}: {error}")


def programme_of(path: Path | None) -> Programme:
    """The programme in that file, or the one that ships with Twoway. Refuses what can't be read."""
    try:
        return programme.load(path)
    except (OSError, ValueError) as error:
        refuse(f"TWOWAY_PROGRAMME: {path} can't be read ({type(error).__name__}); mend it, then look again")


def _address(redis_url: str) -> str:
    """Where it is, without its password."""
    parts = urlsplit(redis_url)
    return f"{parts.hostname}:{parts.port or 6379}"
