"""The lines to a mail server: kept, shared, mended, and rested when the server has no answer for anybody."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis

from services.notifier.channels import Blocked, Delivered, Letter, Outcome, Refused
from services.notifier.gate import Gate
from services.notifier.smtp import MESSAGES_A_LINE, Smtp
from shared.events import RequestWaiting
from tests.integration.notifier_kit import SENDER, MailServer, Town, clock_off_by, free_port, mail_server, notifier, until


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


def letter(number: int, to: str = "ann@example.org") -> Letter:
    return Letter(message_id=f"<{number}@example.org>", to=to, subject="There is news on your page", text="Hello.\n",
                  stop=None, sent_ms=1_772_445_600_000)


@asynccontextmanager
async def lines(server: MailServer, limit_s: float = 30) -> AsyncIterator[Smtp]:
    smtp = Smtp(server.url, False, SENDER, limit_s)
    try:
        yield smtp
    finally:
        await smtp.close()


async def test_many_messages_go_over_one_line_one_after_another():
    with mail_server() as server:
        async with lines(server) as smtp:
            for number in range(20):
                assert await smtp.send(letter(number)) == Delivered()
        assert server.sessions == 1
    assert set(server.ids().values()) == {1}


async def test_as_many_lines_as_messages_at_a_time_and_after_a_hundred_messages_a_new_one():
    with mail_server() as server:
        async with lines(server) as smtp:
            await asyncio.gather(*(smtp.send(letter(number)) for number in range(4)))
            assert server.sessions == 4
            for number in range(4, MESSAGES_A_LINE * 4 + 1):
                await smtp.send(letter(number))
            assert server.sessions == 5
    assert len(server.ids()) == MESSAGES_A_LINE * 4 + 1


async def test_a_line_goes_on_after_a_refusal_and_after_a_temporary_one():
    with mail_server() as server:
        server.behaviour = {"ben@example.org": ["RCPT 550 5.1.1 unknown"], "cat@example.org": ["DATA 451 later"]}
        async with lines(server) as smtp:
            assert await smtp.send(letter(1, "ben@example.org")) == Refused("smtp_550", no_such_address=True)
            assert await smtp.send(letter(2, "cat@example.org")) == Blocked("smtp_451")
            assert await smtp.send(letter(3)) == Delivered()
        assert server.sessions == 1


@pytest.mark.parametrize("how", ["MAIL 421 closing", "drop at MAIL"])
async def test_a_line_that_the_server_closed_meanwhile_is_no_trouble_and_the_message_goes_over_a_new_one(how):
    with mail_server() as server:
        async with lines(server) as smtp:
            await smtp.send(letter(1))
            server.mail = [how, "accept"]
            assert await smtp.send(letter(2)) == Delivered()
        assert server.sessions == 2
    assert set(server.ids().values()) == {1}


@pytest.mark.parametrize(("mail", "reason"), [("MAIL 421 closing", "smtp_421"), ("MAIL 452 full", "smtp_452"),
                                              ("MAIL 550 unwanted", "smtp_550"), ("drop at MAIL", "unreachable")])
async def test_what_a_new_line_meets_before_anybody_is_named_would_meet_every_message(mail, reason):
    with mail_server() as server:
        server.mail = [mail]
        async with lines(server) as smtp:
            assert await smtp.send(letter(1)) == Blocked(reason, all=True)


async def test_a_server_that_never_answers_costs_one_message_its_time_and_no_more():
    with silent_port() as port:
        smtp = Smtp(f"smtp://127.0.0.1:{port}", False, SENDER, 0.3)
        began = time.monotonic()
        assert await smtp.send(letter(1)) == Blocked("timeout", all=True)
        assert time.monotonic() - began < 5


@contextmanager
def silent_port() -> Any:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@asynccontextmanager
async def turn(gate: Gate, outcome: Outcome | None) -> AsyncIterator[None]:
    who = object()
    await gate.enter(who)
    try:
        yield
        if outcome is not None:
            gate.told(outcome)
    finally:
        gate.leave(who)


async def test_after_five_troubles_in_a_row_a_way_rests_and_is_then_tried_by_one_message_at_a_time():
    gate, inside, most = Gate("mail", 0.05, None), 0, 0
    away = Blocked("unreachable", all=True)
    for _ in range(5):
        async with turn(gate, away):
            pass
    began = time.monotonic()

    async def tries(outcome: Outcome | None) -> None:
        nonlocal inside, most
        async with turn(gate, outcome):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
    await asyncio.gather(*(tries(outcome) for outcome in (away, away, None, away)))
    assert most == 1
    assert time.monotonic() - began > 0.05 * 0.75 * (1 + 2 + 4)
    await asyncio.gather(*(tries(Delivered()) for _ in range(20)))
    assert most > 1, "a way that is back is everybody's again"


async def test_what_one_recipient_meets_rests_nobody_elses_messages():
    gate = Gate("mail", 60, None)
    for outcome in (Blocked("smtp_451"), Refused("smtp_550")) * 10:
        async with asyncio.timeout(5), turn(gate, outcome):
            pass


async def test_no_more_messages_begin_in_a_second_than_the_setting_says():
    gate, began = Gate("mail", 5, 200), time.monotonic()
    for _ in range(40):
        async with turn(gate, Delivered()):
            pass
    assert time.monotonic() - began >= 38 / 200


async def test_while_the_server_is_away_messages_wait_in_line_instead_of_each_meeting_it_and_then_all_arrive(redis_url, town):
    port = free_port()
    people = [await town.person(f"p{number}") for number in range(60)]
    await town.happens(*(RequestWaiting(request="r", peer=name, since_ms=0) for name in people))
    with structlog.testing.capture_logs() as told:
        async with notifier(redis_url, f"smtp://127.0.0.1:{port}", senders=4, send_rest_s=0.3, clock=clock_off_by(-2)):
            await until(lambda: [each for each in told if each["event"] == "channel.resting"])
            attempts = len(await town.log("message.attempted"))
            with mail_server(port) as server:
                outcomes = await town.all_ended(len(people))
    assert attempts <= 12, "five troubles, and what was under way"
    assert {told for ended in outcomes.values() for told in ended} == {"delivered"}
    assert set(server.ids().values()) == {1}
    assert {each["event"] for each in told} >= {"channel.resting", "channel.back"}


async def test_a_server_that_was_full_gets_everything_afterwards_each_once(redis_url, town):
    """How often one that is full for an hour is tried is told by the circuit's own test. The worker's clock is behind, so
    that each message's own wait is over at once."""
    people = [await town.person(f"p{number}") for number in range(5)]
    with mail_server() as server:
        server.mail = ["MAIL 452 4.3.1 full"] * 9 + ["accept"]
        async with notifier(redis_url, server.url, clock=clock_off_by(-2)):
            await town.happens(*(RequestWaiting(request="r", peer=name, since_ms=0) for name in people))
            outcomes = await town.all_ended(len(people))
        attempts = [event.reason for _, event in await town.log("message.attempted")]
    assert list(outcomes.values()) == [["delivered"]] * len(people)
    assert set(server.ids().values()) == {1}
    assert attempts.count("smtp_452") == 9


async def test_an_address_that_would_smuggle_in_a_header_ends_before_the_server_hears_of_it(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("eve", email="eve@example.org\r\nBcc: everybody@example.org")
            await town.happens(RequestWaiting(request="r", peer="eve", since_ms=0))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["failed bad_address"]]
    assert server.sessions == 0
