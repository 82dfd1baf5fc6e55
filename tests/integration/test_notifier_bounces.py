"""An address that a mail server says is none: nothing more goes there, until a link that somebody asked for is taken."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from redis.asyncio import Redis

from services.notifier.app import service
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.store import NOT_THERE, SERVICE, TABLES
from shared.events import PeerLeft, Profile, ProfileChanged, RequestWaiting, SignInRequested, SignInSecret
from shared.stream.rebuild import rebuild
from tests.integration.notifier_kit import P0, VAULT, Town, mail_server, notifier, until


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


def asked(peer: str, request: str) -> RequestWaiting:
    return RequestWaiting(request=request, peer=peer, since_ms=0)


def sign_in(town: Town, peer: str) -> SignInRequested:
    secret = SignInSecret(token="t" * 43, code="271828")
    return SignInRequested(peer=peer, secret=VAULT.seal(peer, town.keys[peer], secret))


async def test_nothing_more_is_sent_to_an_address_that_is_none_until_a_link_to_sign_in_is_taken_there(redis_url, redis, town):
    with mail_server() as server, structlog.testing.capture_logs() as told:
        server.behaviour = {"ann@example.org": ["RCPT 550 5.1.1 unknown", "RCPT 550 5.1.1 unknown", "accept"]}
        async with notifier(redis_url, server.url):
            await town.person("ann")
            for number, event in enumerate([asked("ann", "1"), asked("ann", "2"), sign_in(town, "ann"), asked("ann", "3"),
                                            sign_in(town, "ann"), asked("ann", "4")], 1):
                await town.happens(event)
                outcomes = await town.all_ended(number)
    assert list(outcomes.values()) == [["failed smtp_550"], ["withheld no_such_address"], ["failed smtp_550"],
                                       ["withheld no_such_address"], ["delivered"], ["delivered"]]
    assert server.tried["ann@example.org"] == 4
    assert [each["event"] for each in told].count("address.not_there") == 2
    assert not await redis.exists(NOT_THERE.path(P0, SERVICE))


@pytest.mark.parametrize("answer", ["RCPT 554 5.7.1 Relay access denied", "RCPT 552 5.2.2 full", "DATA 550 5.1.1 unwanted"])
async def test_a_refusal_that_says_nothing_of_the_address_ends_one_message_alone(redis_url, town, answer):
    with mail_server() as server:
        server.behaviour = {"ann@example.org": [answer, "accept"]}
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(asked("ann", "1"))
            await town.all_ended(1)
            await town.happens(asked("ann", "2"))
            outcomes = await town.all_ended(2)
    assert list(outcomes.values())[1] == ["delivered"]


async def test_whoever_leaves_leaves_no_mark_of_it_and_a_rebuild_finds_it_again(redis_url, redis, town, tmp_path: Path):
    with mail_server() as server:
        server.behaviour = {f"{name}@example.org": ["RCPT 550 5.1.1 unknown"] for name in ("ann", "ben")}
        async with notifier(redis_url, server.url):
            for name in ("ann", "ben"):
                await town.person(name)
                await town.happens(asked(name, name))
            await town.all_ended(2)
            await town.happens(PeerLeft(peer="ben"))

            async def ben_is_gone() -> bool:
                return bool(await redis.hkeys(NOT_THERE.path(P0, SERVICE)) == [b"ann"])
            await until(ben_is_gone)
    before = {table.path(P0, SERVICE): await redis.hgetall(table.path(P0, SERVICE)) for table in TABLES}
    await redis.delete(*before)
    await rebuild(service(Decisions(ZoneInfo("UTC"), "example.org"), Due(), P0), P0, redis, VAULT, tmp_path)
    assert {path: await redis.hgetall(path) for path in before} == before


async def test_whoever_gives_another_address_is_written_to_there_and_the_mark_on_the_old_one_is_gone(redis_url, town):
    with mail_server() as server:
        server.behaviour = {"ann@example.org": ["RCPT 550 5.1.1 unknown"]}
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(asked("ann", "1"))
            await town.all_ended(1)
            profile = VAULT.seal("ann", town.keys["ann"], Profile(alias="Quiet Heron", email="new@example.org"))
            await town.happens(ProfileChanged(peer="ann", profile=profile))
            await town.happens(asked("ann", "2"))
            outcomes = await town.all_ended(2)
    assert list(outcomes.values()) == [["failed smtp_550"], ["delivered"]]
    assert server.tried["new@example.org"] == 1
