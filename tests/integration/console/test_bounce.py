"""A mail that came back, piped in as a mail server does it: from a real message to its recipient's page and back."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis

from services.notifier.message_ids import message_id
from services.notifier.store import NOT_THERE, SERVICE
from shared.clock import Clock
from shared.events import Address, AddressChanged, Profile, ProfileChanged, RequestWaiting, Sealed
from tests.integration.console.conftest import Twoway
from tests.integration.notifier_kit import KEY, P0, VAULT, MailServer, Town, mail_server, notifier, until
from tests.journeys.system import clean_environment

FOLDER = Path(__file__).parents[2] / "data" / "bounces"
GONE, FULL = "postfix-unknown-user", "gmail-full-mailbox"


def mail(name: str, id: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_text("utf-8").replace("@MESSAGE-ID@", id).encode()


def asked(peer: str, request: str) -> RequestWaiting:
    return RequestWaiting(request=request, peer=peer, since_ms=0)


def another_address(town: Town) -> tuple[AddressChanged, ProfileChanged]:
    def sealed(content: Address | Profile) -> Sealed:
        return VAULT.seal("ann", town.keys["ann"], content)
    return (AddressChanged(peer="ann", before=sealed(Address(email="ann@example.org"))),
            ProfileChanged(peer="ann", profile=sealed(Profile(alias="Calm River", email="new@example.org"))))


class Post:
    """A notifier that has written to Ann, and the mail server that took it."""

    def __init__(self, server: MailServer, town: Town, redis_url: str, data: Path) -> None:
        self.server, self.town, self._redis_url, self._data = server, town, redis_url, data

    @property
    def id(self) -> str:
        """Of the first message to Ann."""
        return str(self.server.to("ann@example.org")[0]["Message-ID"])

    async def pipe(self, content: bytes, code: int = 0, **environment: str) -> str:
        """What the command says, as a process of its own."""
        wanted = clean_environment(REDIS_URL=self._redis_url, TWOWAY_DATA=str(self._data), TWOWAY_KEY=KEY,
                                   TWOWAY_PARTITIONS="1") | environment
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.main", "bounce", env=wanted, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        out, _ = await process.communicate(content)
        assert process.returncode == code, out.decode()
        return out.decode()

    async def bounced(self) -> list[Any]:
        return [event for _, event in await self.town.log("message.bounced")]


@pytest.fixture
async def post(redis_url: str, redis: Redis, tmp_path: Path) -> AsyncIterator[Post]:
    town = Town(redis)
    with mail_server() as server:
        async with notifier(redis_url, server.url, bounces_to="bounces@example.org"):
            await town.person("ann")
            await town.happens(asked("ann", "1"))
            await town.all_ended(1)
            yield Post(server, town, redis_url, tmp_path / "data")


async def marked(redis: Redis) -> list[bytes]:
    found: list[bytes] = await redis.hkeys(NOT_THERE.path(P0, SERVICE))
    return found


async def nobody_is_marked(redis: Redis) -> bool:
    return not await marked(redis)


async def test_an_address_that_is_none_gets_nothing_more_and_the_operator_is_told(post: Post, redis: Redis) -> None:
    with structlog.testing.capture_logs() as told:
        assert "came back (5.1.1)" in await post.pipe(mail(GONE, post.id))
        await until(lambda: marked(redis))
        await post.town.happens(asked("ann", "2"))
        outcomes = await post.town.all_ended(2)
    assert list(outcomes.values()) == [["delivered"], ["withheld no_such_address"]]
    [line] = [each for each in told if each["event"] == "address.not_there"]
    assert (line["log_level"], line["message_ref"], line["reason"]) == ("warning", next(iter(outcomes)), "5.1.1")


async def test_the_same_bounce_twice_is_one_and_another_of_the_same_message_adds_nothing(post: Post) -> None:
    await post.pipe(mail(GONE, post.id))
    assert "that was known" in await post.pipe(mail(GONE, post.id))
    assert "that was known" in await post.pipe(mail(FULL, post.id))
    assert len(await post.bounced()) == 1


async def test_a_full_mailbox_is_told_and_marks_nothing(post: Post, redis: Redis) -> None:
    await post.pipe(mail(FULL, post.id))
    await post.town.happens(asked("ann", "2"))
    assert list((await post.town.all_ended(2)).values())[1] == ["delivered"]
    assert [each.no_such_address for each in await post.bounced()] == [False]
    assert not await marked(redis)


async def test_what_is_made_up_too_old_of_an_earlier_address_or_no_bounce_changes_nothing(post: Post) -> None:
    now_ms = Clock().now_ms()
    before = post.id
    await post.town.happens(*another_address(post.town), asked("ann", "2"))
    await post.town.all_ended(3)
    for content, says in (
            (mail(GONE, post.id[:-20] + "00@example.org>"), "no message of ours"),
            (mail(GONE, message_id(VAULT, "x", "m", "ann", now_ms - 31 * 24 * 3600 * 1000)), "30 days ago"),
            (mail(GONE, message_id(VAULT, "x", "m", "nobody", now_ms)), "somebody who has left"),
            (mail(GONE, before), "an earlier address"),
            (mail("postfix-delayed", post.id), "no mail that says"),
            (mail("a-reply", post.id), "no mail that says"),
            (b"", "no mail that says"), (bytes(5_000_000), "no mail that says")):
        assert says in await post.pipe(content)
    assert await post.bounced() == []


async def test_while_it_is_ours_to_mend_the_mail_server_is_asked_to_keep_it(post: Post) -> None:
    content = mail(GONE, post.id)
    for environment in ({"REDIS_URL": "redis://127.0.0.1:1/0"}, {"TWOWAY_KEY": "A" * 43}, {"TWOWAY_KEY": "short"}):
        out = await post.pipe(content, os.EX_TEMPFAIL, **environment)
        assert out.startswith("twoway: ")
        assert "ann" not in out
    assert "came back" in await post.pipe(content)


async def test_mail_servers_are_told_where_to_send_back_what_they_cannot_deliver(post: Post) -> None:
    [(_, message)] = [each for each in post.server.taken if each[0] == "ann@example.org"]
    assert "hello@example.org" in message["From"]
    assert post.server.senders == ["bounces@example.org"]


async def test_operators_see_whom_nothing_reaches_and_can_say_that_they_know_better(
        post: Post, redis: Redis, twoway: Twoway) -> None:
    post.server.behaviour = {"ann@example.org": ["accept"]}
    by_key = replace(twoway, key=KEY)
    assert "Nobody" in (await by_key("messages", "unreachable")).out
    await post.pipe(mail(GONE, post.id))
    await until(lambda: marked(redis))
    [told] = (await by_key("messages", "unreachable", "--json", code=1)).json
    assert (told["peer"], told["partition"], told["reason"]) == ("ann", 0, "5.1.1")
    out = (await by_key("messages", "unreachable", code=1)).out
    assert "ann " in out
    assert "example.org" not in out
    assert "twoway messages unreachable" in (await by_key("status", code=1)).out
    assert "nothing says that ben" in (await by_key("messages", "reachable", "ben", code=2)).err
    assert '"peer": "ann"' in (await by_key("messages", "reachable", "ann")).err
    await until(lambda: nobody_is_marked(redis))
    await post.town.happens(asked("ann", "2"))
    assert list((await post.town.all_ended(2)).values())[1] == ["delivered"]


async def test_it_is_a_command_like_all_others(twoway: Twoway) -> None:
    assert "standard input" in (await twoway("bounce", "--help")).out
