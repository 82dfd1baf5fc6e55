"""What every page works with, in one place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway import bodies, posted, problems
from services.gateway.catalogue import Catalogue
from services.gateway.cookies import Cookies, Name
from services.gateway.fields import Choices
from services.gateway.forms import Form
from services.gateway.forwarding import Forwarder
from services.gateway.limiting import Limits
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.rendering import Pages
from services.gateway.settings import GatewaySettings
from services.gateway.store import PEERS, SERVICE, PeerRow
from services.gateway.store.addresses import Addresses
from services.gateway.store.drafts import Drafts
from services.gateway.store.goodbyes import Goodbyes
from services.gateway.store.invitations import Invitations
from services.gateway.store.new_addresses import NewAddresses
from services.gateway.store.sessions import Sessions
from services.gateway.store.sign_ins import SignIns
from shared.clock import derived_id
from shared.events import Profile
from shared.host import Host
from shared.rows import KEYS, Table
from shared.stream.append import Input
from shared.stream.names import Partition

F = TypeVar("F", bound=Form)
R = TypeVar("R")
ONE_OF_OURS = re.compile(r"[0-9a-f]{32}", re.ASCII)
FORGOTTEN: tuple[Name, ...] = ("session", "draft", "sign_in")
"""Cookies that go with whoever signs out or leaves: the next person on the device begins anew."""


def address(request: Request) -> str:
    """Where it came from, as far as is known."""
    return request.client.host if request.client else ""


class NotSignedIn(Exception):
    """Nobody is signed in here, or the session has run out, or the person has left."""


@dataclass(frozen=True)
class Here:
    """The peer whose page this is."""

    peer: str
    partition: Partition
    row: PeerRow
    key: bytes
    profile: Profile


class Web:
    """Built once; holds no state of its own."""

    def __init__(self, host: Host, settings: GatewaySettings, catalogue: Catalogue) -> None:
        self.host, self.settings, self.catalogue = host, settings, catalogue
        self.pages = Pages(host.programme, catalogue, try_out=settings.try_out)
        self.choices = Choices.of(host.programme, catalogue.aliases)
        self.cookies = Cookies(secure=settings.secure)
        self.forwarder = Forwarder(host)
        self.drafts, self.sessions = Drafts(host.redis, host.vault), Sessions(host.redis, host.vault)
        self.sign_ins, self.addresses = SignIns(host.redis, host.vault), Addresses(host.redis, host.vault)
        self.new_addresses = NewAddresses(host.redis, host.vault)
        self.new_numbers = NewAddresses(host.redis, host.vault, "number")
        self.invitations, self.goodbyes = Invitations(host.redis, host.vault), Goodbyes(host.redis, host.vault)
        self.texts = settings.texts or settings.try_out
        """Whether people may have text messages; a try-out's mailbox shows them."""
        self.limits = Limits(host.redis, host.vault, settings)

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        context.setdefault("form_id", self.host.clock.new_id())
        return self.pages.page(template, status, signed_in=self.maybe_signed_in(request), **context)

    def message(self, request: Request, kind: str, status: int = 200, **values: Any) -> Response:
        return self.pages.message(kind, status, signed_in=self.maybe_signed_in(request), **values)

    def maybe_signed_in(self, request: Request) -> bool:
        """By the cookie alone, for what the footer offers: a page that anybody may see needs no store."""
        return self.cookies.read(request, "session") is not None

    async def posted(self, request: Request) -> Posted:
        """The form that came. Raises HTTPException 413, NotAForm, Limited, RedisError."""
        form = posted.parse(await bodies.read(request), request.headers.get("content-type", ""))
        request.state.posted = form
        await self.limits.post_from(address(request))
        return form

    def check(self, form: type[F], answers: Posted, choices: Choices | None = None) -> F | Problems:
        return problems.check(form, answers, choices or self.choices, self.catalogue.errors)

    async def signed_in(self, request: Request) -> Here:
        """Raises NotSignedIn, RedisError."""
        id = self.cookies.read(request, "session")
        found = None if id is None else await self.sessions.find(id, self.host.clock.now_ms())
        if found is None:
            raise NotSignedIn
        session, renewed = found
        here = await self.peer(Partition(session.partition), session.peer)
        if here is None:
            raise NotSignedIn
        if renewed:
            request.state.renewed = id
        return here

    async def peer(self, partition: Partition, peer: str) -> Here | None:
        """Somebody who is here, opened; none for whoever has left. Raises RedisError."""
        pipeline = self.host.redis.pipeline(transaction=False)
        pipeline.hget(PEERS.path(partition, SERVICE), peer)
        pipeline.hget(KEYS.path(partition, SERVICE), peer)
        text, key = await pipeline.execute()
        if text is None or key is None:
            return None
        row = PEERS.load(text)
        profile = self.host.vault.open(row.profile, key, Profile)
        return Here(peer, partition, row, key, profile) if isinstance(profile, Profile) else None

    async def find(self, table: Table[R], id: str) -> tuple[Partition, R] | None:
        """A row of whichever partition it lives on: a link names no partition. Raises RedisError."""
        for partition in self.host.directory.partitions:
            text: Any = await self.host.redis.hget(table.path(partition, SERVICE), id)
            if text is not None:
                return partition, table.load(text)
        return None

    async def maybe_here(self, request: Request) -> Here | None:
        """The peer whose browser this is, where somebody is signed in. Raises RedisError."""
        try:
            return await self.signed_in(request)
        except NotSignedIn:
            return None

    async def forget(self, request: Request, response: Response) -> None:
        """Ends the session of this browser and destroys what was begun in it. Raises RedisError."""
        if session := self.cookies.read(request, "session"):
            await self.sessions.end(session)
        if draft := self.cookies.read(request, "draft"):
            await self.drafts.forget(draft)
        for name in FORGOTTEN:
            self.cookies.clear(response, name)

    def once(self, here: Here, form: Posted, what: str) -> str:
        """The id of what this form does: the same for the same page sent twice, and nobody else's whatever they send."""
        page = form.first("form")
        return derived_id(f"{here.peer}:{page if ONE_OF_OURS.fullmatch(page) else self.host.clock.new_id()}", what)

    async def done(self, here: Here, said: str, inputs: Sequence[Input]) -> Response:
        """Appends, waits a little and goes back to the peer's page, which says so. Raises OtherBody, RedisError."""
        shown = await self.forwarder.append(here.partition, *inputs)
        return RedirectResponse(f"/me?said={said if shown else 'soon'}", 303)
