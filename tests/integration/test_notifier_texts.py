"""Text messages: by the provider that an operator has, for what somebody chose, each once, and holding up no e-mail."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from services.notifier.app import build, service
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.store import MESSAGES, SERVICE, TABLES
from shared.events import (
    Address,
    AddressGiven,
    GestureSent,
    PairFormed,
    PreferencesChanged,
    Profile,
    ProfileChanged,
    QuietHours,
    RequestWaiting,
    SignInRequested,
    SignInSecret,
)
from shared.programme import load
from shared.stream.rebuild import rebuild
from tests.integration.notifier_kit import P0, VAULT, Town, clock_off_by, mail_server, notifier, settings, until

NUMBER = "+447700900123"


@dataclass
class Provider:
    """`answers` are what it does with each further text: a status, or `hang`; the last one stays."""

    answers: list[int | str]
    port: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """As an operator gives it; the number is a part of the path."""
        return f"json://127.0.0.1:{self.port}/{{to}}"

    def texts(self) -> list[tuple[str, str]]:
        return [(each["to"], each["message"]) for each in self.taken]


@contextmanager
def provider(*answers: int | str) -> Iterator[Provider]:
    there = Provider([*answers] or [200])

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            what = there.answers[min(len(there.taken), len(there.answers) - 1)]
            there.taken.append(body | {"to": self.path.removeprefix("/").replace("%2B", "+")})
            if what == "hang":
                there.released.wait(60)
                return
            self.send_response(int(what))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    there.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield there
    finally:
        there.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


async def with_number(town: Town, name: str, *by_text: str, number: str = NUMBER, **chosen: Any) -> None:
    await town.person(name)
    profile = Profile(alias="Calm River", email=f"{name}@example.org", phone=number)
    await town.happens(ProfileChanged(peer=name, profile=VAULT.seal(name, town.keys[name], profile)),
                       PreferencesChanged(peer=name, quiet=None, by_text=by_text, **chosen))


def asked(name: str, request: str = "1") -> RequestWaiting:
    return RequestWaiting(request=request, peer=name, since_ms=0)


def sign_in(town: Town, name: str) -> SignInRequested:
    return SignInRequested(peer=name, secret=VAULT.seal(name, town.keys[name], SignInSecret(token="t" * 43, code="271828")))


async def test_a_text_says_only_that_there_is_news_and_everything_else_goes_by_e_mail(redis_url, town):
    with mail_server() as mail, provider() as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann", "essential")
            await town.person("ben")
            await town.happens(asked("ann"), asked("ben"), sign_in(town, "ann"))
            await town.all_ended(3)
        assert texts.texts() == [(NUMBER, "There is news for you. You can stop these there.\nhttps://example.org/me")]
        assert len(mail.to("ann@example.org")) == 1, "a link to sign in"
        assert len(mail.to("ben@example.org")) == 1


async def test_a_code_goes_to_the_number_that_somebody_gives_whatever_they_chose(redis_url, town):
    with mail_server() as mail, provider() as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await town.person("ann", QuietHours(start="00:00", end="23:59"))
            key = town.keys["ann"]
            await town.happens(AddressGiven(
                peer="ann", number=True, address=VAULT.seal("ann", key, Address(email="", phone="+447700900456")),
                secret=VAULT.seal("ann", key, SignInSecret(token="t" * 43, code="271828"))))
            assert list((await town.all_ended(1)).values()) == [["delivered"]]
        assert texts.texts() == [("+447700900456", "Your code: 271828. Not you? Leave it be.")]
        assert not mail.taken


async def test_hours_stops_and_breaks_hold_for_texts_as_for_e_mails(redis_url, town):
    with mail_server() as mail, provider() as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann", "essential", without=("essential",))
            await with_number(town, "ben", "essential", number="+447700900456")
            await town.happens(PreferencesChanged(peer="ben", quiet=QuietHours(start="00:00", end="23:59"),
                                                  by_text=("essential",)), asked("ann"), asked("ben"))
            await until(lambda: _held(town))
        assert not texts.taken
        assert not mail.taken


async def _held(town: Town) -> bool:
    return {event.type for _, event in await town.log("message.intended", "message.withheld")} == {
        "message.intended", "message.withheld"}


async def test_a_gentle_text_is_sent_once_whatever_the_provider_answers(redis_url, town):
    with mail_server() as mail, provider(500) as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann", "kind")
            await town.person("ben")
            await town.happens(PairFormed(pair="pair-1", proposal="p", peers=("ann", "ben")),
                               GestureSent(moment="m" * 32, pair="pair-1", giver="ben", receiver="ann", gesture="thank_you"))
            outcomes = await town.all_ended(3)
        assert len(texts.taken) == 1
        assert ["failed interrupted"] in outcomes.values()
        assert len(mail.to("ann@example.org")) == 1, "that they were introduced"


async def test_an_essential_text_that_is_not_taken_three_times_goes_by_e_mail(redis_url, town):
    with mail_server() as mail, provider(500) as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann", "essential")
            await town.happens(asked("ann"))
            await until(lambda: _tried(town, 1))
        for tries in (2, 3):
            async with notifier(redis_url, mail.url, clock_off_by(-tries), text_url=texts.url):
                await until(lambda tries=tries: _tried(town, tries))
                if tries == 3:
                    assert list((await town.all_ended(1)).values()) == [["delivered"]]
        assert len(texts.taken) == 3
        assert len(mail.to("ann@example.org")) == 1


async def _tried(town: Town, times: int) -> bool:
    return len(await town.log("message.attempted")) >= times


async def test_without_a_number_any_more_what_is_essential_goes_by_e_mail(redis_url, town):
    with mail_server() as mail, provider() as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann", "essential", number="")
            await town.happens(asked("ann"))
            await town.all_ended(1)
        assert not texts.taken
        assert len(mail.to("ann@example.org")) == 1


async def test_a_telephone_is_written_to_though_the_e_mail_address_is_none(redis_url, town):
    with mail_server() as mail, provider() as texts:
        mail.behaviour = {"ann@example.org": ["RCPT 550 5.1.1 unknown"]}
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann")
            await town.happens(asked("ann", "1"))
            await town.all_ended(1)
            await town.happens(PreferencesChanged(peer="ann", quiet=None, by_text=("essential",)), asked("ann", "2"))
            outcomes = await town.all_ended(2)
        assert list(outcomes.values()) == [["failed smtp_550"], ["delivered"]]
        assert len(texts.taken) == 1


async def test_where_there_is_no_provider_any_more_everything_goes_by_e_mail(redis_url, town):
    with mail_server() as mail:
        async with notifier(redis_url, mail.url):
            await with_number(town, "ann", "essential", "kind", "nudge")
            await town.happens(asked("ann"))
            await town.all_ended(1)
        assert len(mail.to("ann@example.org")) == 1


async def test_a_provider_that_hangs_holds_up_no_e_mail(redis_url, town):
    with mail_server() as mail, provider("hang") as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url, texts_at_once=1, senders=1):
            for name in ("ann", "ben", "cleo"):
                await with_number(town, name, "essential")
                await town.happens(asked(name, name))
            await until(lambda: texts.taken)
            await town.person("dee")
            await town.happens(asked("dee", "dee"))
            await until(lambda: mail.to("dee@example.org"))
            assert len(texts.taken) == 1
            texts.released.set()


async def test_a_mail_server_that_hangs_holds_up_no_text(redis_url, town):
    with mail_server() as mail, provider() as texts:
        mail.behaviour = {"dee@example.org": ["hang"]}
        async with notifier(redis_url, mail.url, text_url=texts.url, senders=1):
            for name in ("dee", "eve"):
                await town.person(name)
                await town.happens(asked(name, name))
            await until(lambda: mail.tried["dee@example.org"])
            await with_number(town, "ann", "essential")
            await town.happens(asked("ann"))
            await until(lambda: texts.taken)
            assert not mail.to("eve@example.org")
            mail.released.set()


async def test_very_many_on_both_ways_each_arrive_once(redis_url, town):
    names = [f"peer{n}" for n in range(40)]
    with mail_server() as mail, provider() as texts:
        async with notifier(redis_url, mail.url, text_url=texts.url):
            for n, name in enumerate(names):
                await with_number(town, name, *(("essential",) if n % 2 else ()), number=f"+4477009001{n:02}")
            await town.happens(*(asked(name, name) for name in names))
            outcomes = await town.all_ended(len(names))
        assert set(map(tuple, outcomes.values())) == {("delivered",)}
        assert set(Counter(to for to, _ in texts.texts()).values()) == {1}
        assert (len(texts.taken), len(mail.taken)) == (20, 20)


@pytest.mark.parametrize("url", ["nonsense", "json://127.0.0.1:9/", "unknown://somewhere/{to}"])
def test_a_provider_that_can_not_be_read_is_told_of_at_the_start(url):
    with pytest.raises(ValidationError, match="Apprise can't read it"):
        settings("redis://127.0.0.1", None, text_url=url)


async def test_a_language_that_people_may_choose_and_that_is_off_is_told_of_at_the_start(redis_url):
    programme = load().model_copy(update={"message_languages": ("en", "cy", "pl")})
    with structlog.testing.capture_logs() as told:
        _, host = build(settings(redis_url, None), programme)
        async with host.lifespan():
            await until(lambda: [each["name"] for each in told if each["event"] == "language.off"] == ["cy", "pl"])


async def test_a_rebuild_ends_in_the_same_rows(redis_url, redis, town, tmp_path):
    with mail_server() as mail, provider(500) as texts:
        mail.behaviour = {"ben@example.org": ["RCPT 451 later"]}
        async with notifier(redis_url, mail.url, text_url=texts.url):
            await with_number(town, "ann", "essential", "kind")
            await with_number(town, "ben", "essential", number="")
            await town.happens(asked("ann"), asked("ben", "2"))
            await until(lambda: _tried(town, 3))
    paths = [table.path(P0, SERVICE) for table in TABLES]
    before = {path: await redis.hgetall(path) for path in paths}
    assert b'"by_mail":true' in b"".join(before[MESSAGES.path(P0, SERVICE)].values())
    await redis.delete(*paths)
    await rebuild(service(Decisions(ZoneInfo("UTC"), "example.org", VAULT), Due(), P0), P0, redis, VAULT, tmp_path)
    assert {path: await redis.hgetall(path) for path in paths} == before
