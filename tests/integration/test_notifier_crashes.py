"""Killed between sending and telling: what is essential comes again under its own Message-ID, what is kind does not."""

from __future__ import annotations

import os
import random
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console.server import Server
from services.notifier.store import MESSAGES, READY, SERVICE
from shared.events import Gesture, GestureSent, MessageClass, PairFormed, RequestWaiting, SignInRequested, SignInSecret
from tests.integration.notifier_kit import (
    KEY,
    P0,
    SENDER,
    VAULT,
    MailServer,
    Town,
    free_port,
    mail_server,
    notifier,
    plain,
    until,
)
from tests.journeys.sizes import size

LEASE_S = 2


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


@contextmanager
def process(redis_url: str, smtp_url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TWOWAY_", "REDIS_"))}
    started = subprocess.Popen([sys.executable, "-m", "services.notifier"], stdout=subprocess.DEVNULL, env=environment | {
        "REDIS_URL": redis_url, "TWOWAY_KEY": KEY, "TWOWAY_PORT": str(free_port()), "TWOWAY_SMTP_URL": smtp_url,
        "TWOWAY_SMTP_STARTTLS": "never", "TWOWAY_MAIL_FROM": SENDER, "TWOWAY_SEND_LEASE_S": str(LEASE_S)})
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def asked(peer: str) -> RequestWaiting:
    return RequestWaiting(request="r", peer=peer, since_ms=0)


async def test_killed_after_the_server_took_it_an_essential_message_comes_again_with_the_same_message_id(redis_url, town):
    with mail_server() as server:
        await town.happens(asked(await town.person("ann")))
        with process(redis_url, server.url) as first:
            server.on_taken = first.kill
            await until(lambda: first.poll() is not None)
        server.on_taken = lambda: None
        with process(redis_url, server.url):
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["delivered"]]
    assert len(server.taken) == 2
    assert len(server.ids()) == 1


async def test_killed_after_the_server_took_it_a_sign_in_comes_again_with_the_same_link(redis_url, town):
    with mail_server() as server:
        await town.person("ann")
        secret = VAULT.seal("ann", town.keys["ann"], SignInSecret(token="t" * 43, code="271828"))
        await town.happens(SignInRequested(peer="ann", secret=secret))
        with process(redis_url, server.url) as first:
            server.on_taken = first.kill
            await until(lambda: first.poll() is not None)
        server.on_taken = lambda: None
        with process(redis_url, server.url):
            await town.all_ended(1)
    first_text, second_text = (plain(message) for message in server.to("ann@example.org"))
    assert first_text == second_text


async def test_killed_after_the_server_took_it_a_kind_message_does_not_come_again(redis_url, town):
    with mail_server() as server:
        await buddies(town)
        with process(redis_url, server.url) as first:
            await town.all_ended(2)
            server.on_taken = first.kill
            await gesture(town)
            await until(lambda: first.poll() is not None)
        server.on_taken = lambda: None
        with process(redis_url, server.url):
            outcomes = await town.all_ended(3)
    assert sorted(told for ended in outcomes.values() for told in ended) == ["delivered", "delivered", "failed interrupted"]
    assert set(server.ids().values()) == {1}
    assert len(server.to("ben@example.org")) == 2


async def buddies(town: Town) -> None:
    for name in ("ann", "ben"):
        await town.person(name)
    await town.happens(PairFormed(pair="pair", proposal="p", peers=("ann", "ben")))


async def gesture(town: Town) -> None:
    await town.happens(GestureSent(moment="m", pair="pair", giver="ann", receiver="ben", gesture=Gesture.THANK_YOU))


async def test_killed_again_and_again_while_sending_nothing_essential_is_lost_and_nothing_kind_comes_twice(redis_url, town):
    people = [await town.person(f"p{number}") for number in range(size(60, 400))]
    pairs = [(people[number], people[number + 1]) for number in range(0, len(people), 2)]
    await town.happens(*(asked(name) for name in people))
    await town.happens(*(PairFormed(pair=f"of {giver}", proposal="p", peers=(giver, receiver)) for giver, receiver in pairs))
    await town.happens(*(GestureSent(moment=f"m{giver}", pair=f"of {giver}", giver=giver, receiver=receiver,
                                     gesture=Gesture.THANK_YOU) for giver, receiver in pairs))
    chance, kills = random.Random(17), 0
    with mail_server() as server:
        while kills < size(2, 20):
            with process(redis_url, server.url) as started:
                after = len(server.taken) + chance.randrange(1, 6)
                await until(lambda started=started, after=after: len(server.taken) >= after or started.poll() is not None)
                kills += 1
        with process(redis_url, server.url):
            outcomes = await town.all_ended(2 * len(people) + len(pairs))
    kind = {event.message_id: event.message for _, event in await town.log("message.intended")
            if event.klass is MessageClass.KIND}
    essential = server.ids() - Counter({id: count for id, count in server.ids().items() if id in kind})
    assert {told for message, ended in outcomes.items() for told in ended if message not in kind.values()} == {"delivered"}
    assert {told for message in kind.values() for told in outcomes[message]} <= {"delivered", "failed interrupted"}
    assert len(kind) == len(pairs)
    assert len(essential) == 2 * len(people)
    assert max(essential.values()) <= 1 + kills
    assert sum(essential.values()) - len(essential) <= kills * 16, "more came again than were being sent"
    assert all(server.ids()[id] <= 1 for id in kind)
    assert all(server.ids()[id] == 1 for id, message in kind.items() if outcomes[message] == ["delivered"])
    assert not await town.redis.exists(MESSAGES.path(P0, SERVICE), READY.path(P0, SERVICE))


async def test_while_redis_is_away_an_outcome_waits_and_the_message_is_not_sent_again(server: Server, redis_url, town):
    with mail_server() as mail:
        async with notifier(redis_url, mail.url):
            await town.person("ann")
            mail.on_taken = server.kill
            await town.happens(asked("ann"))
            await until(lambda: not server.running)
            mail.on_taken = lambda: None
            server.start()
            await until(lambda: _answers(town.redis))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["delivered"]]
    assert len(mail.taken) == 1


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, SHA256()))
    path = tmp_path / "mail.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@contextmanager
def tls_server(certificate: Path) -> Iterator[MailServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with mail_server(tls_context=context, require_starttls=True) as server:
        yield server


async def test_over_tls_a_message_arrives_when_the_certificate_is_right(redis_url, town, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with tls_server(certificate) as server:
        async with notifier(redis_url, server.url, smtp_starttls="always"):
            await town.happens(asked(await town.person("ann")))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["delivered"]]


async def test_with_a_wrong_certificate_nothing_private_is_said_and_the_message_waits(redis_url, town, certificate):
    with tls_server(certificate) as server:
        async with notifier(redis_url, server.url, smtp_starttls="always"):
            await town.happens(asked(await town.person("ann")))
            (_, attempt), = await until(lambda: town.log("message.attempted"))
    assert (attempt.outcome, attempt.reason) == ("hold", "tls")
    assert server.tried == {}
