"""What a proxy in front says of whom it asks for, who may look at the figures, and a browser that says nonsense."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from shared.testing import until
from tests.integration.gateway.site import KEY, Site, site

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_malformed_origin_is_not_ours_and_the_page_that_says_so_leads_to_urgent_help(here: Site) -> None:
    visitor = here.visitor()
    for origin in ("http://[", "http://[::1", "http://]", "\x00"):
        answer = await visitor.client.post("/sign-in", content=b"email=x", headers={"origin": origin, **FORM})
        assert answer.status_code == 403
        assert "/urgent-help" in answer.text


async def test_figures_are_for_whoever_is_near_unless_the_operator_says_otherwise(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        for address in ("127.0.0.1", "::1", "172.18.0.1", "10.1.2.3", "::ffff:10.1.2.3"):
            assert (await here.visitor(address).client.get("/metrics")).status_code == 200
        near = here.visitor("127.0.0.1")
        refused = [await here.visitor("9.9.9.9").client.get("/metrics"),
                   await here.visitor("2620:fe::9").client.get("/metrics"),
                   await near.client.get("/metrics", headers={"x-forwarded-for": "10.0.0.1"}),
                   await near.client.get("/metrics", headers={"forwarded": "for=10.0.0.1"})]
        for answer in refused:
            assert answer.status_code == 404
            assert "twoway_" not in answer.text
            assert "/urgent-help" in answer.text
        assert (await here.visitor("9.9.9.9").client.get("/livez")).status_code == 200
    async with site(redis_url, redis, tmp_path, metrics_public=True) as here:
        assert (await here.visitor("9.9.9.9").client.get("/metrics")).status_code == 200


async def test_the_try_out_mailbox_is_for_whoever_is_near(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, try_out=True) as here:
        near = here.visitor("127.0.0.1")
        assert (await near.client.get("/mailbox")).status_code == 200
        for answer in (await here.visitor("9.9.9.9").client.get("/mailbox"),
                       await near.client.get("/mailbox", headers={"x-forwarded-for": "127.0.0.1"}),
                       await near.client.get("/mailbox", headers={"forwarded": "for=127.0.0.1"})):
            assert answer.status_code == 404
            assert "/urgent-help" in answer.text


@asynccontextmanager
async def _process(redis_url: str, data: Path, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway as it is started anywhere, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TWOWAY_")}
    environment |= {"REDIS_URL": redis_url, "TWOWAY_KEY": KEY, "TWOWAY_DATA": str(data), "TWOWAY_PORT": str(port), **settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.gateway", env=environment, stdout=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            async def alive() -> bool:
                try:
                    return (await client.get("/livez")).status_code == 200
                except httpx.TransportError:
                    return False
            await until(alive, "the gateway", 60)
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


@pytest.mark.parametrize(("trusted", "last"), [("127.0.0.1,::1", 200), ("127.0.0.0/8", 200), ("10.0.0.0/8", 429)])
async def test_people_behind_a_trusted_proxy_are_counted_each_for_themselves(
        redis_url: str, tmp_path: Path, trusted: str, last: int) -> None:
    async with _process(redis_url, tmp_path, TWOWAY_TRUSTED_PROXIES=trusted, TWOWAY_POSTS_PER_MINUTE="1") as client:
        statuses = []
        for address in ("203.0.113.5", "198.51.100.7"):
            answer = await client.post("/sign-in", content=b"email=kim%40example.org", follow_redirects=True,
                                       headers={"x-forwarded-for": address, **FORM})
            statuses.append(answer.status_code)
        assert statuses == [200, last]
