"""What a demonstration waits for before its people go on."""

from __future__ import annotations

import asyncio
import time

from pydantic import SecretStr

from console import agreement, running
from console.system import System
from shared.events import MessageAttempted
from shared.settings import Settings
from tests.integration.console.loop import Loop
from tests.integration.core.tally import KEY_TEXT


def system(loop: Loop, redis_url: str) -> System:
    settings = Settings(redis_url=redis_url, key=SecretStr(KEY_TEXT), data=loop.data)
    where = running.at(loop.data, redis_url, {"TWOWAY_KEY": KEY_TEXT})
    return System(where, settings, loop.redis, loop.vault, loop.clock, loop.appender)


async def delivered(loop: Loop, to: str) -> None:
    """Every message to this person arrives, as a worker would say."""
    for message in await loop.rows("notifier", "messages", only=lambda row: row.to == to):
        await loop.say(MessageAttempted(message=message, outcome="delivered"))
    await loop.settle()


async def test_nobody_goes_on_before_they_were_introduced(loop: Loop, redis_url: str) -> None:
    ann, ben, _ = await loop.pair("ann", "ben")
    at, soon = system(loop, redis_url), time.monotonic() + 60
    waits = asyncio.create_task(agreement.introduced(at, "ben@brambles.example", soon))
    await delivered(loop, ann)
    await asyncio.wait_for(agreement.introduced(at, "ann@brambles.example", soon), 30)
    assert not waits.done(), "only the buddy has heard"
    await delivered(loop, ben)
    await asyncio.wait_for(waits, 30)


async def test_an_introduction_that_never_arrives_holds_nobody_up_for_ever(loop: Loop, redis_url: str) -> None:
    await loop.pair("ann", "ben")
    await asyncio.wait_for(agreement.introduced(system(loop, redis_url), "ben@brambles.example", time.monotonic() + 0.3), 30)
