"""The `twoway` command as an operator has it, told by its environment which system is meant.

It runs in a thread of the test's own process, for starting one takes longer than most commands do; `test_demo.py` calls it as a
process.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis
from typer.testing import CliRunner

from console.main import build
from tests.integration.console.loop import Loop
from tests.integration.core.tally import KEY_TEXT
from tests.journeys.system import clean_environment

_one_at_a_time = threading.Lock()
"""The runner changes the environment and standard output of the whole process."""


@dataclass(frozen=True)
class Ran:
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Twoway:
    """Calls `twoway …` against one Redis and one data folder, with one key."""

    redis_url: str
    data: Path
    key: str = KEY_TEXT
    partitions: int = 1
    more: Mapping[str, str] = field(default_factory=dict)
    """Further settings of its environment."""

    async def __call__(self, *words: str, code: int = 0) -> Ran:
        result = await asyncio.to_thread(self._invoke, words)
        ran = Ran(result.stdout, result.stderr)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"{words} ended with {result.exit_code}\n{ran.out}\n{ran.err}"
        return ran

    def _invoke(self, words: tuple[str, ...]) -> Any:
        wanted = clean_environment(REDIS_URL=self.redis_url, TWOWAY_DATA=str(self.data), TWOWAY_KEY=self.key,
                                   TWOWAY_PARTITIONS=str(self.partitions), **self.more)
        with _one_at_a_time:
            return CliRunner(env=dict.fromkeys(os.environ) | wanted).invoke(build(words[0]), list(words))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The services' own lines would mix with what a command says, for both are in this process."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def twoway(redis_url: str, tmp_path: Path) -> Twoway:
    return Twoway(redis_url, tmp_path / "data")


@pytest.fixture
def loop(redis: Redis, tmp_path: Path) -> Loop:
    return Loop(redis, tmp_path / "data")
