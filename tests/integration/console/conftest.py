"""The `twoway` command as an operator has it: a process of its own, told by its environment which system is meant."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.integration.console.loop import Loop
from tests.integration.core.tally import KEY_TEXT
from tests.journeys.system import clean_environment


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

    async def __call__(self, *words: str, code: int = 0) -> Ran:
        environment = clean_environment(REDIS_URL=self.redis_url, TWOWAY_DATA=str(self.data), TWOWAY_KEY=self.key,
                                        TWOWAY_PARTITIONS=str(self.partitions))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.main", *words, env=environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, err = await process.communicate()
        ran = Ran(out.decode(), err.decode())
        assert process.returncode == code, f"{words} ended with {process.returncode}\n{ran.out}\n{ran.err}"
        return ran


@pytest.fixture
def twoway(redis_url: str, tmp_path: Path) -> Twoway:
    return Twoway(redis_url, tmp_path / "data")


@pytest.fixture
def loop(redis: Redis, tmp_path: Path) -> Loop:
    return Loop(redis, tmp_path / "data")
