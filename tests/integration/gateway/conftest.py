"""A gateway that runs on each engine in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.integration.gateway.site import Site, site


@pytest.fixture
async def here(redis_url: str, redis: Redis, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(redis_url, redis, tmp_path) as it:
        yield it
