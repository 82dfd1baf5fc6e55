"""Who sits at the desk, and the line that each look and each act of theirs leaves.

A look is noted before it and an act needs the journal open before it begins: what can't be noted isn't done.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.near import is_near
from services.gateway.posted import Posted
from services.gateway.store.coordinators import Coordinators
from services.gateway.web import Web
from shared import journal
from shared.events import Event
from shared.logs import get_logger
from shared.stream.append import Input
from shared.stream.names import Partition

log = get_logger("services.gateway.desk")


@dataclass(frozen=True)
class Saying:
    """An event that a coordinator says. `id` follows from what it is about, so that a second tap says nothing new."""

    event: Event
    id: str
    clear: bytes = b""
    """What is sealed in it, canonical: by it a repetition is told from something else."""


class Seat:
    """One for all coordinators; holds no state of its own."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.coordinators = Coordinators(web.host.redis, web.host.vault)

    def may_come_from(self, request: Request) -> None:
        """Raises HTTPException 404, as any page that is not there."""
        if self.web.settings.desk == "near" and not is_near(request.scope):
            raise HTTPException(404)

    async def taken_by(self, request: Request) -> str:
        """The coordinator whose browser this is. Raises HTTPException 404, RedisError."""
        self.may_come_from(request)
        id = self.web.cookies.read(request, "desk")
        name = None if id is None else await self.coordinators.find(id, self.web.host.clock.now_ms())
        if name is None:
            raise HTTPException(404)
        return name

    async def posted_by(self, request: Request) -> tuple[str, Posted]:
        """As above, with the form that came. Raises what `Web.posted` raises, too."""
        return await self.taken_by(request), await self.web.posted(request)

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        return self.web.page(request, f"desk/{template}", status, now_ms=self.web.host.clock.now_ms(), **context)

    async def saw(self, by: str, what: str, of: str = "") -> None:
        """Raises OSError."""
        with journal.opened(self.web.settings.data) as write:
            await asyncio.to_thread(write, self._line("desk.viewed", operator=by, what=what, of=of))
        log.info("desk.viewed", operator=by, what=what, of=of)

    async def act(self, by: str, what: str, of: str, partition: Partition, *said: Saying) -> bool:
        """Whether the pages show it by now. Raises OSError, OtherBody, RedisError."""
        with journal.opened(self.web.settings.data) as write:
            shown = await self.web.forwarder.append(partition, *(Input(each.event, each.id, clear=each.clear) for each in said))
            await asyncio.to_thread(write, self._line("desk.acted", operator=by, what=what, of=of))
        log.info("desk.acted", operator=by, what=what, of=of)
        return shown

    def _line(self, name: str, **fields: str) -> str:
        return journal.line(self.web.host.clock.now_ms(), "gateway", name, fields)

    @staticmethod
    def back_to(path: str, said: str, shown: bool) -> Response:
        return RedirectResponse(f"{path}?said={said if shown else 'soon'}", 303)
