"""Tells partners what they may hear: signed by Standard Webhooks, tried again over three days, one at a time for each partner.

The events that go out name nobody: a partner knows by the receipt of its own referral whom it is about. Killed between sending
and writing down that it was sent, the same event goes out once more under the same `webhook-id`, which is what that is for.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from redis.exceptions import RedisError
from standardwebhooks import Webhook as Signer

from services.notifier.domain.retrying import next_try_ms
from services.notifier.due import Due, Ref
from services.notifier.store import WebhookRow, person, webhook
from shared import partners
from shared.clock import derived_id
from shared.events import WebhookAttempted
from shared.host import Host
from shared.logs import get_logger
from shared.partners import Partner, Webhook, receipt
from shared.stream.append import Input, OtherBody
from shared.stream.names import Partition

AT_ONCE = 4
"""Partners that are being told at the same time. One that hangs holds up one of these, and no message to a person."""

ROOM = 1_000_000
"""What may wait in memory to be told: more than any programme introduces in three days, for which a partner may be away."""

LIMIT_S = 15.0
"""What one try may take: Standard Webhooks says 15 to 30 seconds, and whoever needs longer answers first and works after."""

BUSY_S, AWAY_S = 1.0, 5.0
"""When what met a partner that is being told something else, or a Redis that was away, is looked at again."""

TYPES: Mapping[str, str] = {"introduced": "twoway.pair.formed.v1", "no_longer_introduced": "twoway.pair.ended.v1"}
TEST = "twoway.test.v1"
MEDIA_TYPE = "application/cloudevents+json"

log = get_logger("services.notifier.webhooks")


class Unusable(ValueError):
    """An address that nothing is sent to. Its words say why, and what to do."""


def usable(url: str, private: bool) -> str:
    """The address, if partners may be told there. `private`: also in one's own network, and without TLS. Raises Unusable."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unusable("this is no address; write it as https://partner.example/webhooks") from None
    if parts.scheme not in (("https", "http") if private else ("https",)) or not parts.hostname or port == 0:
        raise Unusable("write it as https://partner.example/webhooks: it is told of people, so nobody else may read it")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Unusable("leave out user, password and #fragment: what we send is signed, so nothing else need be secret")
    if not url.isascii() or any(each.isspace() for each in url):
        raise Unusable("write it in ASCII and without spaces, as a browser's address line gives it when it is copied")
    return url


async def public(url: str) -> bool:
    """Whether every address that the name stands for lies in the open net. Raises OSError when there is none."""
    parts = urlsplit(url)
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    return all(ip_address(each[4][0]).is_global for each in found)


def event(type: str, id: str, source: str, at_ms: int, data: Mapping[str, Any]) -> bytes:
    """A CloudEvents 1.0 event in structured JSON, as partners send them to us."""
    return orjson.dumps({
        "specversion": "1.0", "id": id, "source": source, "type": type, "datacontenttype": "application/json",
        "time": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"), "data": data})


def signed(body: bytes, id: str, secrets: list[str], now_ms: int) -> dict[str, str]:
    """Headers by Standard Webhooks, with one signature for each secret that is valid."""
    now, text = datetime.fromtimestamp(now_ms / 1000, UTC), body.decode()
    return {"content-type": MEDIA_TYPE, "user-agent": "Twoway", "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Signer(secret).sign(id, now, text) for secret in secrets)}


async def post(client: httpx.AsyncClient, to: Webhook, body: bytes, id: str, now_ms: int, private: bool) -> str:
    """What came of one try: empty where the partner took it, else the reason. Never raises for what the other side does."""
    try:
        async with asyncio.timeout(LIMIT_S):
            if not private and not await public(to.url):
                return "private_address"
            headers = signed(body, id, to.valid_secrets(now_ms), now_ms)
            async with client.stream("POST", to.url, content=body, headers=headers) as answer:
                return "" if answer.is_success else f"http_{answer.status_code}"  # its body is not read, however long
    except (TimeoutError, httpx.TimeoutException):
        return "timeout"
    except httpx.ConnectError as error:
        return "tls" if isinstance(_root(error), ssl.SSLError) else "unreachable"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
        return "unreachable"


def client() -> httpx.AsyncClient:
    """Follows no redirects, keeps no cookies of anybody's, and goes through no proxy that the environment names."""
    return httpx.AsyncClient(timeout=LIMIT_S, follow_redirects=False, trust_env=False)


class Telling:
    """Takes from `due` what partners are to be told, and brings each to an outcome."""

    def __init__(self, host: Host, due: Due, *, base_url: str, private: bool) -> None:
        self._host, self._due, self._base_url, self._private = host, due, base_url, private
        self._being_told: set[str] = set()

    async def run(self) -> None:
        async with client() as http, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._slot(http))

    async def _slot(self, http: httpx.AsyncClient) -> None:
        while True:
            ref = await self._due.take()
            try:
                await self._one(http, ref)
            except (RedisError, OSError) as error:
                log.warning("webhook.waits", webhook=ref.message, error=type(error).__name__, wait_s=AWAY_S)
                self._due.offer(ref, AWAY_S)
            except Exception as error:
                # A bug of ours: the others go on, and this one waits for a mended version.
                log.error("webhook.broke", webhook=ref.message, exc_info=error)
                self._due.offer(ref, 60 * AWAY_S)

    async def _one(self, http: httpx.AsyncClient, ref: Ref) -> None:
        row = await webhook(self._host.redis, ref.partition, ref.message)
        if row is None:
            return
        if (wait_ms := row.due_ms - self._host.clock.now_ms()) > 0:
            self._due.offer(ref, wait_ms / 1000)
            return
        if row.partner in self._being_told:
            self._due.offer(ref, BUSY_S)
            return
        self._being_told.add(row.partner)
        try:
            await self._say(ref.partition, ref.message, row, await self._reason(http, ref, row))
        finally:
            self._being_told.discard(row.partner)

    async def _reason(self, http: httpx.AsyncClient, ref: Ref, row: WebhookRow) -> str:
        """Looks once more, then sends. Empty where it was delivered."""
        somebody = await person(self._host.redis, ref.partition, row.peer)
        if somebody is None:
            return "left"
        if not any(each.partner == row.partner and each.agreed for each in somebody.referred):
            return "agreement_back"
        partner = await self._partner(row.partner)
        if partner is None or partner.webhook is None or partner.webhook.gone:
            return "no_webhook"
        data = {"community": partner.community, "receipt": receipt(self._host.vault, partner.name, row.referral)}
        body = event(TYPES[row.what], ref.message, self._base_url, row.happened_ms, data)
        reason = await post(http, partner.webhook, body, ref.message, self._host.clock.now_ms(), self._private)
        if reason == "http_410":
            await self._gone(partner)
        return reason

    async def _partner(self, name: str) -> Partner | None:
        known = await partners.partners(self._host.redis, self._host.vault)
        return next((each for each in known if each.name == name), None)

    async def _gone(self, partner: Partner) -> None:
        """410 says that nobody wants it there any more; an operator hears of it, and may set another address."""
        def off(there: Partner) -> Partner:
            same = there.webhook is not None and partner.webhook is not None and there.webhook.url == partner.webhook.url
            return there.model_copy(update={"webhook": there.webhook.model_copy(update={"gone": True})}) if same and (
                there.webhook is not None) else there
        await partners.change(self._host.redis, self._host.vault, partner.name, off)
        log.warning("webhook.gone", partner=partner.name)

    async def _say(self, partition: Partition, id: str, row: WebhookRow, reason: str) -> None:
        now_ms = self._host.clock.now_ms()
        again_ms = None if reason in FINAL else next_try_ms(row.tries, now_ms, random.random())
        outcome = "delivered" if not reason else "failed" if again_ms is None else "hold"
        said = WebhookAttempted.model_validate({
            "webhook": id, "outcome": outcome, "reason": reason, "not_before_ms": again_ms if outcome == "hold" else None})
        try:
            await self._host.appender.append(partition, [Input(said, derived_id(id, f"attempt:{row.tries}"), cause=id)])
        except OtherBody:
            log.warning("webhook.overtaken", webhook=id, outcome=outcome)
            return
        log.info("webhook.attempted", webhook=id, partner=row.partner, outcome=outcome, reason=reason, tries=row.tries + 1,
                 not_before_ms=said.not_before_ms)


FINAL = frozenset({"", "left", "agreement_back", "no_webhook", "http_410"})
"""What no further try would change."""


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
