"""Redis is away for a while, hung or gone: people are told kindly, their answers are kept, and all goes on by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from redis import Redis

from console.browser import Page
from console.server import Server
from shared import SERVICES
from tests.journeys import partner
from tests.journeys.sizes import size
from tests.journeys.someone import Someone, comes
from tests.journeys.system import Up, up

AWAY_S = {"hung": size(7, 30), "gone": size(3, 30)}
"""A client waits 5 s for an answer before it gives up on a hung server; it learns of a gone one at once."""

PEOPLE = size(10, 200)
ANSWER_S_MAX = 15.0
"""A page that waits for a hung Redis answers within this time; a person would not wait longer."""

pytestmark = [pytest.mark.prove, pytest.mark.timeout(size(280, 1_800))]


@dataclass(frozen=True)
class Whole:
    """A system on a Redis that can go away."""

    system: Up
    server: Server

    @asynccontextmanager
    async def away(self, how: str) -> AsyncIterator[None]:
        """Redis is away for as long as the block takes, and AWAY_S at least."""
        began = time.monotonic()
        if how == "hung":
            os.kill(self.server.pid, signal.SIGSTOP)
        else:
            self.server.stop()
        try:
            yield
            await asyncio.sleep(began + AWAY_S[how] - time.monotonic())
        finally:
            if how == "hung":
                os.kill(self.server.pid, signal.SIGCONT)
            else:
                self.server.start()

    async def health(self, path: str) -> dict[str, int]:
        """What each service answers there."""
        async with httpx.AsyncClient(timeout=10) as client:
            addresses = {service: "http://{}:{}".format(*self.system.running.health_address(service)) for service in SERVICES}
            return {service: (await client.get(address + path)).status_code for service, address in addresses.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("away")
    with Server(folder / "redis") as server, up(folder / "var", REDIS_URL=server.url) as system:
        yield Whole(system, server)


@pytest.fixture(scope="module")
def clinic(whole: Whole) -> partner.Partner:
    return partner.added(whole.system)


def kindly_away(page: Page) -> None:
    assert page.status == 503
    assert "resting" in page.text
    assert "/urgent-help" in page.links


@pytest.mark.parametrize("how", AWAY_S)
async def test_pages_say_so_kindly_and_keep_the_answers_and_everything_goes_on_by_itself(
        whole: Whole, clinic: partner.Partner, how: str) -> None:
    url, before = whole.system.url, whole.system.pids()
    async with AsyncExitStack() as stack:
        ann, ben, eve, fay = [await stack.enter_async_context(Someone(
            url, f"{name}-{how}@people.example", seeks=seeks, offers=offers, community=community))
            for name, seeks, offers, community in (
                ("ann", "sleep", "grief", "riverside"), ("ben", "grief", "sleep", "riverside"),
                ("eve", "money", "listening", "hillview"), ("fay", "listening", "caring", "hillview"))]
        await ann.asks()
        await ben.asks()
        await ann.signs_in_by_link()
        await ben.signs_in_by_code()
        await ann.says("yes")
        await ben.says("yes")
        moments = f"/me/pairs/{await ann.pair()}/moment"
        moment = (await ann.browser.get(moments)).form(moments)
        check = await eve.fills_in()
        signing_in = (await fay.browser.get("/sign-in")).form("/sign-in")

        async with whole.away(how):
            began = time.monotonic()
            for path in ("/", "/urgent-help"):
                assert (await fay.browser.get(path)).status == 200
            assert time.monotonic() - began < 1, "urgent help needs no Redis, nor a wait for one"
            kept, unsent, unwritten, hidden, address, (referred, _) = await asyncio.gather(
                fay.fills_in(), eve.browser.send(check.form("/ask/check")),
                ann.browser.send(moment, direction="gave", kind="listened", minutes="45"), ben.browser.get("/me"),
                fay.browser.send(signing_in, email="typed@people.example"),
                asyncio.to_thread(clinic.refer, url, f"referral-{how}", f"referred-{how}@people.example"))
            assert time.monotonic() - began < ANSWER_S_MAX
            for page in (kept, unsent, unwritten, hidden, address):
                kindly_away(page)
            assert ("community", "hillview") in kept.form("/ask/community").sent
            assert {("direction", "gave"), ("kind", "listened"), ("minutes", "45")} <= set(unwritten.form(moments).sent)
            assert ("email", "typed@people.example") in address.form("/sign-in").sent
            assert referred == 503
            assert set((await whole.health("/livez")).values()) == {200}
            assert set((await whole.health("/readyz")).values()) == {503}

        async def all_ready() -> bool:
            return set((await whole.health("/readyz")).values()) == {200}
        await comes(all_ready, "every service being ready again")
        assert whole.system.pids() == before, "nobody had to start anything again"

        for _ in range(2):  # what was sent from the page that said so, and once more, for Redis may have taken it
            await ann.browser.send(unwritten.form(moments))
        await ann.sees_counts(1, 0)
        await ben.sees_counts(0, 1)
        for _ in range(2):
            assert (await eve.browser.send(unsent.form("/ask/check"))).heading == "Thank you for asking"
        await fay.browser.send(kept.form("/ask/community"))
        checked = await fay.fills_in()
        assert (await fay.browser.send(checked.form("/ask/check"))).heading == "Thank you for asking"
        for each in (eve, fay):
            await each.gets("received")
            await each.signs_in_by_link()
            await each.proposal()
            assert (await each.messages())["received"] == 1
        assert clinic.refer(url, f"referral-{how}", f"referred-{how}@people.example")[0] == 202
    whole.system.command("verify")


@pytest.mark.parametrize("how", AWAY_S)
async def test_people_who_are_at_it_meanwhile_lose_nothing_and_nothing_happens_twice(whole: Whole, how: str) -> None:
    with Redis.from_url(whole.server.url) as redis, whole.system.started("demo", "--people", str(PEOPLE)) as people:
        begun: int = redis.xlen("twoway:{p0}:log")

        async def at_it() -> bool:
            assert people.poll() is None, people.communicate()[0]
            length: int = redis.xlen("twoway:{p0}:log")
            return length > begun + 12 * PEOPLE
        await comes(at_it, "people being half-way through")
        async with whole.away(how):
            pass
        output, _ = await asyncio.to_thread(people.communicate, timeout=size(120, 900))
    assert people.returncode == 0, output
    assert "Every count agrees, and everything adds up." in output
    assert any(line["event.name"] == "reader.waits" for line in whole.system.lines())
