"""What partners are told: only of whoever agreed, once however often it was tried, and never how a pair ended."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
from redis.asyncio import Redis
from standardwebhooks import Webhook as Verifier

from bench.mail_sink import certify
from services.notifier.app import service
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.store import SERVICE, TABLES, WEBHOOKS, person
from services.notifier.webhooks import Unusable, public, usable
from shared import partners as book
from shared.clock import Clock
from shared.events import (
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    Invitation,
    PairClosed,
    PairFormed,
    PeerLeft,
    ReferralMade,
    ReferralUsed,
)
from shared.partners import Partner, PartnerSecret, Webhook, new_secret
from shared.stream.rebuild import rebuild
from tests.integration.notifier_kit import P0, VAULT, Town, clock_off_by, mail_server, notifier, until

REFERRAL = "b1f3a5c7d9e0412386a4c2e0f8d6b497"
COMMUNITY = "riverside"


@dataclass
class Listening:
    """A partner's own server. `answers` are what it does with each further event: a status, or `hang`; the last one stays."""

    answers: list[int | str]
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def ids(self) -> set[str]:
        return {headers["webhook-id"] for headers, _ in self.taken}

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]


@contextmanager
def listening(*answers: int | str, certificate: Path | None = None) -> Iterator[Listening]:
    partner = Listening([*answers] or [204])

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            what = partner.answers[min(len(partner.taken), len(partner.answers) - 1)]
            partner.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if what == "hang":
                partner.released.wait(60)
                return
            self.send_response(int(what))
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"fine.")

        def handle(self) -> None:
            with suppress(ssl.SSLError, ConnectionError):  # of whoever does not trust it
                super().handle()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    partner.url = f"http://127.0.0.1:{server.server_port}/webhooks"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield partner
    finally:
        partner.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Referring:
    """Ann, whom a partner referred and who took that up, and Ben, whom nobody did."""

    town: Town
    redis: Redis
    secrets: tuple[PartnerSecret, ...]

    @classmethod
    async def begun(cls, redis: Redis, url: str | None, *agreed: str) -> Referring:
        secrets = (PartnerSecret(secret=new_secret()),)
        await book.add(redis, VAULT, Partner(
            name="clinic", source="https://clinic.example", community=COMMUNITY, secrets=(PartnerSecret(secret=new_secret()),),
            added_ms=0, webhook=None if url is None else Webhook(url=url, secrets=secrets)))
        here = cls(Town(redis), redis, secrets)
        for name in ("ann", "ben"):
            await here.town.person(name)
        address = VAULT.seal(REFERRAL, await here.town.key(REFERRAL), Invitation(email="ann@example.org", consent="form-1"))
        await here.town.happens(
            ReferralMade(referral=REFERRAL, partner="clinic", community=COMMUNITY, address=address, scope=("introductions",)),
            ReferralUsed(referral=REFERRAL, peer="ann"),
            *(ConsentGiven(peer="ann", wording=wording, version="3", partner="clinic") for wording in agreed))
        return here

    async def happens(self, *events: Event) -> None:
        await self.town.happens(*events)

    async def tried(self, times: int) -> None:
        async def there() -> bool:
            return len(await self.town.log("webhook.attempted")) >= times
        await until(there)

    async def met(self, reason: str) -> bool:
        return any(event.reason == reason for _, event in await self.town.log("webhook.attempted"))

    async def read_of_the_end(self) -> None:
        """Until the notifier has read that the pair closed."""
        async def there() -> bool:
            return any(event.template == "not_going_ahead" for _, event in await self.town.log("message.intended"))
        await until(there)

    async def agrees_no_more(self) -> bool:
        """Whether the notifier has read that Ann took it back, or left."""
        ann = await person(self.redis, P0, "ann")
        return ann is None or not any(each.agreed for each in ann.referred)

    async def intended(self, what: str) -> Any:
        """What was to be told of this kind, if anything was."""
        return next((event for _, event in await self.town.log("webhook.intended") if event.what == what), None)

    async def became(self) -> list[tuple[str, str]]:
        """How everything that was to be told to partners ended."""
        return [(event.type, getattr(event, "reason", "")) for _, event in
                await self.town.log("webhook.delivered", "webhook.failed")]

    async def all_became(self, count: int = 1) -> list[tuple[str, str]]:
        async def there() -> list[tuple[str, str]] | None:
            found = await self.became()
            return found if len(found) == count else None
        found: list[tuple[str, str]] = await until(there)
        return found


FORMED = PairFormed(pair="pair-1", proposal="proposal-1", peers=("ann", "ben"))
ENDED = PairClosed(pair="pair-1", peers=("ann", "ben"), reason="ended", by="ben")


@asynccontextmanager
async def telling(redis_url: str, clock: Clock | None = None, **values: Any) -> AsyncIterator[None]:
    async with notifier(redis_url, None, clock, **values):
        yield


async def test_a_partner_is_told_once_of_an_introduction_by_its_own_receipt_and_of_nobody_else(redis_url, redis):
    with listening() as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            await here.happens(FORMED)
            assert await here.all_became() == [("webhook.delivered", "")]
        [(headers, body)] = partner.taken
        event = Verifier(here.secrets[0].secret).verify(body, headers)
    assert event["type"] == "twoway.pair.formed.v1"
    assert event["id"] == headers["webhook-id"]
    assert event["data"] == {"community": COMMUNITY, "receipt": book.receipt(VAULT, "clinic", REFERRAL)}
    assert not any(each in body for each in (b"ann", b"ben", b"pair-1", b"proposal-1"))


@pytest.mark.parametrize("agreed", [(), ("checkins", "training")])
async def test_nothing_is_told_of_whoever_did_not_agree_to_it(redis_url, redis, agreed):
    with listening() as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, *agreed)
            await here.happens(FORMED, ENDED)
            await here.read_of_the_end()
        assert not partner.taken
    assert not await here.town.log("webhook.intended")


async def test_a_partner_that_fails_is_tried_again_later_under_the_same_id_until_it_takes_it(redis_url, redis):
    with listening(500, 302, 204) as partner:
        here = None
        for tries, hours in enumerate((0, 1, 9), 1):
            async with telling(redis_url, clock_off_by(hours)):
                here = here or await Referring.begun(redis, partner.url, "introductions")
                if tries == 1:
                    await here.happens(FORMED)
                await here.tried(tries)
        attempts = [event for _, event in await here.town.log("webhook.attempted")]
        assert len(partner.ids()) == 1
    assert [(each.outcome, each.reason) for each in attempts] == [
        ("hold", "http_500"), ("hold", "http_302"), ("delivered", "")]
    assert attempts[1].not_before_ms - attempts[0].not_before_ms > 60 * 60_000
    assert await here.became() == [("webhook.delivered", "")]


@pytest.mark.parametrize("closed", [
    PairClosed(pair="pair-1", peers=("ann", "ben"), reason="ended", by="ben"),
    PairClosed(pair="pair-1", peers=("ann", "ben"), reason="blocked", by="ann"),
    PairClosed(pair="pair-1", peers=("ann", "ben"), reason="left", by="ben"),
])
async def test_an_ending_is_told_next_morning_in_the_same_words_whoever_ended_it_and_how(redis_url, redis, closed):
    with listening() as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            await here.happens(FORMED)
            await here.all_became()
            await here.happens(closed)
            ended = await until(lambda: here.intended("no_longer_introduced"))
        async with telling(redis_url, clock_off_by(24)):
            await here.all_became(2)
    morning = datetime.fromtimestamp(ended.not_before_ms / 1000, UTC)
    assert (morning.minute, morning.second) == (0, 0)
    assert ended.not_before_ms > Clock().now_ms()
    assert {name: value for name, value in partner.bodies()[1].items() if name not in ("id", "source")} == {
        "specversion": "1.0", "type": "twoway.pair.ended.v1", "datacontenttype": "application/json",
        "time": morning.isoformat().replace("+00:00", "Z"),
        "data": {"community": COMMUNITY, "receipt": book.receipt(VAULT, "clinic", REFERRAL)}}


async def test_an_ending_is_not_told_where_the_introduction_was_not(redis_url, redis):
    with listening() as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url)
            await here.happens(FORMED, ConsentGiven(peer="ann", wording="introductions", version="3", partner="clinic"), ENDED)
            await here.read_of_the_end()
    assert not await here.town.log("webhook.intended")


@pytest.mark.parametrize(("then", "reason"), [
    (ConsentWithdrawn(peer="ann", wording="introductions", partner="clinic"), "agreement_back"),
    (PeerLeft(peer="ann"), "left"),
])
async def test_what_is_on_its_way_is_not_told_once_somebody_took_it_back_or_left(redis_url, redis, then, reason):
    with listening(503) as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            await here.happens(FORMED)
            await here.tried(1)
            await here.happens(then)
            await until(here.agrees_no_more)
        async with telling(redis_url, clock_off_by(1)):
            assert await here.all_became() == [("webhook.failed", reason)]
        assert len(partner.taken) == 1


async def test_a_partner_without_an_address_is_told_nothing_and_one_that_is_gone_is_asked_no_more(redis_url, redis):
    with listening(410) as partner, structlog.testing.capture_logs() as told:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            await here.happens(FORMED)
            assert await here.all_became() == [("webhook.failed", "http_410")]
            await here.happens(FORMED.model_copy(update={"pair": "pair-2"}))
            assert (await here.all_became(2))[1] == ("webhook.failed", "no_webhook")
        assert len(partner.taken) == 1
    assert [each["partner"] for each in told if each["event"] == "webhook.gone"] == ["clinic"]
    [clinic] = await book.partners(redis, VAULT)
    assert clinic.webhook is not None
    assert clinic.webhook.gone


async def test_a_notifier_that_stops_while_a_partner_hangs_tells_it_again_under_the_same_id(redis_url, redis):
    with listening("hang", 204) as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            await here.happens(FORMED)
            await until(lambda: partner.taken)
        async with telling(redis_url):
            assert await here.all_became() == [("webhook.delivered", "")]
        assert len(partner.taken) == 2
        assert len(partner.ids()) == 1


async def test_a_partner_that_hangs_holds_up_no_other(redis_url, redis):
    with listening("hang") as slow, listening() as quick:
        async with telling(redis_url):
            here = await Referring.begun(redis, slow.url, "introductions")
            await book.add(redis, VAULT, Partner(
                name="library", source="https://library.example", community=COMMUNITY, added_ms=0,
                secrets=here.secrets, webhook=Webhook(url=quick.url, secrets=here.secrets)))
            other = REFERRAL[::-1]
            address = VAULT.seal(other, await here.town.key(other), Invitation(email="ben@example.org", consent="form-2"))
            await here.happens(
                ReferralMade(referral=other, partner="library", community=COMMUNITY, address=address),
                ReferralUsed(referral=other, peer="ben"),
                ConsentGiven(peer="ben", wording="introductions", version="3", partner="library"), FORMED)
            await until(lambda: slow.taken)
            assert await here.all_became() == [("webhook.delivered", "")]


async def test_while_a_secret_is_changed_everything_bears_both_signatures(redis_url, redis):
    with listening() as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            newer = new_secret()
            await book.change(redis, VAULT, "clinic", lambda clinic: clinic.model_copy(update={
                "webhook": clinic.webhook and clinic.webhook.rotated(newer, Clock().now_ms())}))
            await here.happens(FORMED)
            await here.all_became()
        [(headers, body)] = partner.taken
    for secret in (newer, here.secrets[0].secret):
        Verifier(secret).verify(body, headers)


async def test_a_server_in_our_network_and_one_that_certified_itself_are_not_told(redis_url, redis, tmp_path):
    certify(tmp_path / "own.pem")
    with listening(certificate=tmp_path / "own.pem") as partner, mail_server() as mail:
        url = partner.url.replace("http:", "https:")
        async with notifier(redis_url, mail.url):
            here = await Referring.begun(redis, url, "introductions")
            await here.happens(FORMED)
            await here.tried(1)
        async with notifier(redis_url, mail.url, clock_off_by(1), webhooks_private=True):
            await until(lambda: here.met("tls"))
        assert await here.met("private_address")
        assert not partner.taken


async def test_a_rebuild_ends_in_the_same_rows(redis_url, redis, tmp_path):
    with listening(503, "hang") as partner:
        async with telling(redis_url):
            here = await Referring.begun(redis, partner.url, "introductions")
            await here.happens(FORMED)
            await here.tried(1)
            await here.town.all_ended(3)
    paths = [table.path(P0, SERVICE) for table in TABLES]
    before = {path: await redis.hgetall(path) for path in paths}
    assert before[WEBHOOKS.path(P0, SERVICE)]
    await redis.delete(*paths)
    await rebuild(service(Decisions(ZoneInfo("UTC"), "example.org"), Due(), P0), P0, redis, VAULT, tmp_path)
    assert {path: await redis.hgetall(path) for path in paths} == before


@pytest.mark.parametrize("url", [
    "http://clinic.example/", "https://", "https://user:secret@clinic.example/", "https://clinic.example/#a", "clinic",
    "https://clinic.example:0/", "https://clinic.example:port/", "ftp://clinic.example/", "https://clinic.example/a b"])
def test_an_address_that_others_could_read_or_nobody_has_is_refused(url):
    with pytest.raises(Unusable):
        usable(url, private=False)


async def test_only_a_name_whose_every_address_lies_in_the_open_net_is_public():
    assert not await public("https://localhost/")
    assert not await public("https://169.254.169.254/latest")
    assert not await public("https://[::1]:8443/")
    assert await public("https://1.1.1.1/")
