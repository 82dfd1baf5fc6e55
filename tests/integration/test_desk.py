"""What waits for a coordinator is told to operators: a figure at once, a warning when it is long, an error when it ran out."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.matcher.app import build
from shared.clock import DAY_MS, Clock
from shared.events import ProposalApproved, ProposalDiscarded, ProposalDrafted, ProposalMade
from shared.host import Host
from shared.programme import load
from shared.testing import until
from tests.integration.living import P0
from tests.integration.matcher_town import Town

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def town(redis: Redis, redis_url: str) -> Town:
    return Town(redis, redis_url, assist=True)


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as lines:
        yield lines


def named(name: str, lines: Lines) -> Lines:
    return [line for line in lines if line["event"] == name]


def days_later(town: Town, days: float) -> Host:
    """A matcher on a machine whose clock is that far ahead."""
    return build(town.settings, load(), Clock(now_ms=lambda: Clock().now_ms() + round(days * DAY_MS)))[1]


async def figures(host: Host) -> str:
    """As a scrape sees them."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=host.application()), base_url="http://matcher") as client:
        return (await client.get("/metrics")).text


async def test_how_many_wait_and_for_how_long_are_figures_and_what_waits_long_is_a_warning(
        town: Town, lines: Lines) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben", "cleo", "dan")
    host = days_later(town, 3.1)
    async with town.running(host):
        await until(lambda: _has(host, 'twoway_drafts_waiting{partition="0"} 2.0'), "the figure")
        [age] = [line for line in (await figures(host)).splitlines() if line.startswith("twoway_drafts_oldest_seconds{")]
    assert 3.1 * 86_400 <= float(age.split()[1]) < 3.2 * 86_400
    [warning] = named("drafts.wait_long", lines)
    assert (warning["log_level"], warning["partition"], warning["count"]) == ("warning", 0, 2)
    assert warning["wait_s"] >= 3.1 * 86_400


async def _has(host: Host, line: str) -> bool:
    return line in await figures(host)


async def test_what_waits_for_a_day_is_no_reason_to_warn(town: Town, lines: Lines) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
    host = days_later(town, 1)
    async with town.running(host):
        await until(lambda: _has(host, 'twoway_drafts_waiting{partition="0"} 1.0'), "the figure")
    assert not named("drafts.wait_long", lines)


async def test_what_ran_out_is_said_aloud_and_nothing_went_out(town: Town, lines: Lines) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
        await town.everything_due()
        await until(lambda: town.said(ProposalDiscarded), "it running out")
        await town.all_read()
    [drafted] = await town.said(ProposalDrafted)
    [said] = named("draft.ran_out", lines)
    assert (said["log_level"], said["proposal"]) == ("error", drafted.proposal)
    assert await town.said(ProposalMade) == []


async def test_when_looking_first_is_switched_off_what_waits_still_waits_for_its_word(
        town: Town, redis: Redis, redis_url: str) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
    off = Town(redis, redis_url)
    off.settings = off.settings.model_copy(update={"assist": False})
    async with town.running(off.host()):
        await town.append(*[await town.request(name, languages=("cy",)) for name in ("cleo", "dan")])
        await town.all_read()
        assert await town.proposed() == [{"cleo", "dan"}]
        [drafted] = await town.said(ProposalDrafted)
        await town.append(ProposalApproved(proposal=drafted.proposal))
        await town.all_read()
        assert await town.proposed() == [{"cleo", "dan"}, {"ada", "ben"}]
    assert not await redis.hlen(P0.of("matcher", "drafts"))
