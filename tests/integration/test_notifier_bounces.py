"""An address that a mail server says is none: nothing more goes there, until a link that somebody asked for is taken."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from pydantic import BaseModel
from redis.asyncio import Redis

from services.notifier.app import service
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.store import NOT_THERE, SERVICE, TABLES
from shared.events import (
    Address,
    AddressChanged,
    AddressGiven,
    PeerJoined,
    PeerLeft,
    PreferencesChanged,
    Profile,
    ProfileChanged,
    QuietHours,
    RequestWaiting,
    Sealed,
    SignInRequested,
    SignInSecret,
)
from shared.stream.rebuild import rebuild
from tests.integration.notifier_kit import P0, VAULT, Town, mail_server, notifier, plain, until


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


async def test_nothing_is_tried_for_somebody_who_has_no_address_and_each_message_says_why(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            profile = VAULT.seal("ann", await town.key("ann"), Profile(alias="Calm River", email=""))
            await town.happens(PeerJoined(peer="ann", community="riverside", profile=profile, by="coordinator"),
                               PreferencesChanged(peer="ann", quiet=None))
            await town.happens(asked("ann", "1"))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["withheld no_address"]]
    assert not server.tried


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
            await town.happens(*another_address(town))
            await town.happens(asked("ann", "2"))
            outcomes = await town.all_ended(3)
    assert list(outcomes.values()) == [["failed smtp_550"], ["withheld no_such_address"], ["delivered"]]
    assert (server.tried["new@example.org"], server.tried["ann@example.org"]) == (1, 1)


async def test_a_link_goes_to_the_new_address_and_word_of_the_change_to_the_one_before(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ann", QuietHours(start="00:00", end="23:59"))
            await town.happens(given(town), *another_address(town))
            await town.all_ended(2)
    [link], [word] = server.to("new@example.org"), server.to("ann@example.org")
    assert f"https://example.org/me/address/{'t' * 43}" in plain(link)
    assert "271828" in plain(link)
    assert word["Subject"] == "A change to where we write"
    assert "t" * 43 not in plain(word)
    assert "List-Unsubscribe" not in word


async def test_a_new_address_that_is_none_says_nothing_of_the_person(redis_url, redis, town):
    with mail_server() as server, structlog.testing.capture_logs() as told:
        server.behaviour = {"new@example.org": ["RCPT 550 5.1.1 unknown"]}
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(given(town))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["failed smtp_550"]]
    assert not await redis.exists(NOT_THERE.path(P0, SERVICE))
    assert "address.not_there" not in [each["event"] for each in told]


def sealed(town: Town, content: BaseModel) -> Sealed:
    return VAULT.seal("ann", town.keys["ann"], content)


def given(town: Town) -> AddressGiven:
    return AddressGiven(peer="ann", address=sealed(town, Address(email="new@example.org")),
                        secret=sealed(town, SignInSecret(token="t" * 43, code="271828")))


def another_address(town: Town) -> tuple[AddressChanged, ProfileChanged]:
    return (AddressChanged(peer="ann", before=sealed(town, Address(email="ann@example.org"))),
            ProfileChanged(peer="ann", profile=sealed(town, Profile(alias="Quiet Heron", email="new@example.org"))))
