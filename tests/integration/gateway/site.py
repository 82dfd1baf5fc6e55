"""A gateway on the real server, people who visit it with a browser that knows only forms, and the log behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import randbelow
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import BaseModel
from redis.asyncio import Redis

from services.gateway import catalogue
from services.gateway.app import build
from services.gateway.service import INPUTS
from services.gateway.settings import GatewaySettings
from services.gateway.store.drafts import Draft, Drafts
from shared.clock import Clock
from shared.events import Event, SignInSecret
from shared.host import Host
from shared.programme import Programme, load
from shared.rows import KEYS
from shared.sealing import key_id
from shared.stream.append import Input
from shared.stream.names import Partition, place
from shared.stream.write import Committer
from shared.testing import until
from tests.unit.gateway.html import Element, Page

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
BASE = "http://127.0.0.1:8000"
P0 = Partition(0)
ALIASES = catalogue.load().aliases
GOOD: dict[str, Any] = {
    "adult": "yes", "community": "riverside", "seeks": ["anxiety", "sleep"], "offers": ["listening"], "ways": ["message"],
    "languages": ["en"], "capacity": "1", "quiet": "any", "consent": "yes"}


class Visitor:
    """One browser: cookies, redirects after a post, forms as they stand on the page it is on."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.status, self.page, self.path = 0, Page(b""), "/"

    async def open(self, path: str) -> Page:
        return self._see(await self.client.get(path, follow_redirects=True))

    async def post(self, path: str, fields: dict[str, Any] | bytes, **headers: str) -> Page:
        body = fields if isinstance(fields, bytes) else urlencode(fields, doseq=True).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", **headers}
        return self._see(await self.client.post(path, content=body, headers=headers, follow_redirects=True))

    async def fills_in(self, **answers: Any) -> Page:
        """Asks for a buddy, page after page, until the answers can be checked or one is wrong."""
        await self.open("/ask")
        if self.path != "/ask" or self.heading != "Ask for a buddy":
            return self.page
        await self.open(next(link for each in self.page.all("a") if (link := each.attributes["href"]).startswith("/ask/")))
        while self.path.startswith("/ask/") and self.path.partition("?")[0] not in ("/ask/check", "/ask/sent"):
            step = self.path.partition("?")[0]
            names = {each.attributes.get("name", "") for each in self.page.elements}
            if "alias" in names:
                answers.setdefault("alias", self.names_offered()[0])
            await self.submit(step, **{name: value for name, value in answers.items() if name in names})
            if self.status != 200:
                break
        return self.page

    async def changes(self, step: str, **answers: Any) -> Page:
        """As a Change link of the last page leads there and back."""
        await self.open(f"/ask/{step}?changing=yes")
        return await self.submit(f"/ask/{step}", **answers)

    def names_offered(self) -> list[str]:
        return [each.attributes["value"] for each in self.page.all("input") if each.attributes["name"] == "alias"]

    async def submit(self, action: str, button: tuple[str, str] | None = None, **answers: Any) -> Page:
        """Posts the form with this action as it stands on the page, with these answers in place of what it shows."""
        fields = self.fields(action)
        if button is not None:
            fields[button[0]] = [button[1]]
        return await self.post(action, {**fields, **answers})

    def fields(self, action: str) -> dict[str, list[str]]:
        """What a browser would send: hidden fields, what is typed, what is ticked."""
        start = next(i for i, each in enumerate(self.page.elements)
                     if each.tag == "form" and each.attributes["action"] == action)
        fields: dict[str, list[str]] = {}
        picked = ""
        for each in self.page.elements[start + 1:]:
            if each.tag == "form":
                break
            if each.tag == "textarea" and "form" in each.inside:
                fields.setdefault(each.attributes["name"], []).append(each.text)
            if each.tag == "select":
                picked = each.attributes["name"]
            if each.tag == "option" and (picked not in fields or "selected" in each.attributes):
                fields[picked] = [each.attributes["value"]]
            if each.tag == "input" and "form" in each.inside and _sent(each):
                fields.setdefault(each.attributes["name"], []).append(each.attributes.get("value", ""))
        return fields

    def errors(self) -> list[str]:
        return [each.attributes["href"][1:] for each in self.page.all("a")
                if each.attributes["href"].startswith("#") and each.inside[-1] == "li"]

    @property
    def heading(self) -> str:
        return self.page.all("h1")[0].text

    def has_urgent_help(self) -> bool:
        return any(each.attributes["href"] == "/urgent-help" for each in self.page.all("a") if "header" in each.inside)

    def _see(self, answer: httpx.Response) -> Page:
        self.status, self.path, self.page = answer.status_code, answer.url.raw_path.decode(), Page(answer.content)
        return self.page


def _sent(field: Element) -> bool:
    kind = field.attributes.get("type", "text")
    return kind not in ("checkbox", "radio") or "checked" in field.attributes


class Site:
    def __init__(self, app: Any, host: Host, redis: Redis, base_url: str) -> None:
        self.app, self.host, self.redis, self.base_url = app, host, redis, base_url
        self._clients: list[httpx.AsyncClient] = []

    def visitor(self, address: str = "192.0.2.1") -> Visitor:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app, client=(address, 1)), base_url=self.base_url)
        self._clients.append(client)
        return Visitor(client)

    async def asks(self, email: str, **changes: Any) -> Visitor:
        """Somebody who has gone through the pages and sends what they answered; `fills_in` goes through them."""
        visitor, clock, vault = self.visitor(), self.host.clock, self.host.vault
        said = {**GOOD, "alias": ALIASES.offer(randbelow(2**31))[0], "email": email, **changes}
        fields = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in said.items()}
        peer, id = clock.new_id(), clock.new_id()
        await Drafts(self.host.redis, vault).save(id, Draft(
            peer=peer, request=clock.new_id(), key=vault.new_key(peer).hex(), fields=fields))
        name = "__Host-twoway_draft" if self.base_url.startswith("https:") else "twoway_draft"
        visitor.client.cookies.set(name, id, domain=str(urlsplit(self.base_url).hostname), path="/")
        await visitor.open("/ask/check")
        assert visitor.path == "/ask/check", (visitor.path, visitor.errors())
        await visitor.submit("/ask/check")
        assert visitor.path == "/ask/sent"
        await self.settled()
        return visitor

    async def signed_in(self, email: str, visitor: Visitor | None = None) -> Visitor:
        """Somebody on their own page, come in by the link that was sent to them."""
        visitor = visitor or self.visitor()
        before = len(await self.events("sign_in.requested"))
        await visitor.open("/sign-in")
        await visitor.submit("/sign-in", email=email)
        asked = (await self.events("sign_in.requested"))[before:]
        assert len(asked) == 1
        secret = await self.opened(asked[0]["secret"], SignInSecret)
        await visitor.open(f"/sign-in/{secret.token}")
        await visitor.submit(f"/sign-in/{secret.token}")
        assert visitor.path == "/me"
        return visitor

    async def events(self, type: str, partition: Partition = P0) -> list[dict[str, Any]]:
        """The bodies of all events of a type, in the log's order."""
        entries: Any = await self.redis.xrange(partition.log)
        return [json.loads(fields[b"body"]) for _, fields in entries if fields[b"type"] == type.encode()]

    async def opened(self, sealed: Any, model: type[BaseModel], partition: Partition = P0) -> Any:
        key: Any = await self.redis.hget(KEYS.path(partition, ""), key_id(sealed))
        return self.host.vault.open(sealed, key, model)

    async def says(self, *events: Event) -> None:
        """Puts on the log what another service would say, and waits until the gateway has seen it."""
        await self.host.appender.append(P0, [Input(event, self.host.clock.new_id()) for event in events])
        await self.settled()

    async def settled(self) -> None:
        """The gateway has seen everything on the log that it looks at."""
        handled = {event.type.encode() for event in INPUTS}
        entries: Any = await self.redis.xrevrange(P0.log)
        last = next(at for at, fields in entries if fields[b"type"] in handled)
        committer = Committer(self.redis, P0, "gateway")

        async def there() -> bool:
            return place(await committer.cursor()) >= place(last.decode())
        await until(there, "the gateway's cursor at the end of the log")

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def site(redis_url: str, redis: Redis, data: Path, clock: Clock | None = None, programme: Programme | None = None,
               **changes: Any) -> AsyncIterator[Site]:
    settings = GatewaySettings(**{"redis_url": redis_url, "key": KEY, "data": data, "base_url": BASE, **changes})
    app, host = build(settings, programme or load(), clock)
    async with host.lifespan():
        it = Site(app, host, redis, settings.base_url)
        try:
            yield it
        finally:
            await it.close()
