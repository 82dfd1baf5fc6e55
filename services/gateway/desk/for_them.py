"""Asking for somebody who has no internet: a coordinator fills in the form with them, and reads the consent out.

They get no address with us, so nothing is sent to them: what we would write stands on the desk until a coordinator has told it.
"""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway.asking import canonical, details_of
from services.gateway.desk.forms import AskForThem
from services.gateway.desk.seat import Saying, Seat
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.store import SERVICE
from services.gateway.store.addresses import joined_id
from services.gateway.web import ONE_OF_OURS
from shared.clock import derived_id
from shared.events import ConsentGiven, PeerJoined, PreferencesChanged, Profile, SupportRequested
from shared.rows import KEYS
from shared.stream.names import Partition


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk/ask"), seat.web
    communities = {one.key: one.name for one in web.host.programme.communities}

    @routes.get("")
    async def form(request: Request) -> Response:
        by = await seat.taken_by(request)
        await seat.saw(by, "ask")
        return shown(request, Posted())

    @routes.post("")
    async def ask(request: Request) -> Response:
        """The page's own id makes the person's, so that a second tap leads to the same person."""
        by, answers = await seat.posted_by(request)
        checked = web.check(AskForThem, answers)
        page = answers.first("form")
        if isinstance(checked, Problems) or not ONE_OF_OURS.fullmatch(page):
            problems = checked if isinstance(checked, Problems) else Problems({})
            return shown(request, answers, 422, problems=problems)
        peer, asked = derived_id(f"desk:{page}", "peer"), derived_id(f"desk:{page}", "request")
        partition = await web.host.directory.partition_of(checked.community)
        if not await web.host.redis.exists(partition.seen(joined_id(peer))):
            await seat.act(by, "asked_for_them", peer, partition, *await said(partition, peer, asked, checked))
        return RedirectResponse(f"/desk/people/{peer}?said=asked", 303)

    async def said(partition: Partition, peer: str, request: str, checked: AskForThem) -> list[Saying]:
        """Raises RedisError."""
        keys = KEYS.path(partition, SERVICE)
        await web.host.redis.hsetnx(keys, peer, web.host.vault.new_key(peer))
        key: Any = await web.host.redis.hget(keys, peer)
        profile = Profile(alias=checked.alias, email="", language=web.catalogue.words["lang"], phone=checked.phone or "")
        consent, details = web.catalogue.words["consent"], details_of(checked)
        joined = PeerJoined(peer=peer, community=checked.community, profile=web.host.vault.seal(peer, key, profile),
                            by="coordinator")
        requested = SupportRequested(peer=peer, request=request, community=checked.community, capacity=checked.capacity,
                                     details=web.host.vault.seal(peer, key, details), by="coordinator")
        return [Saying(joined, joined_id(peer), canonical(profile.model_dump())),
                Saying(ConsentGiven(peer=peer, wording=consent["wording"], version=consent["version"], by="coordinator"),
                       derived_id(request, "consent")),
                # no hour is quiet, for nothing comes at any: what it would have told is at the desk at once
                Saying(PreferencesChanged(peer=peer, quiet=None, leave_messages=bool(checked.leave)),
                       derived_id(request, "preferences")),
                Saying(requested, derived_id(request, "requested"),
                       canonical({"capacity": checked.capacity, **details.model_dump(mode="json")}))]

    def shown(request: Request, answers: Posted, status: int = 200, **context: object) -> Response:
        """With the name that was chosen, and others beside it."""
        chosen, offered = answers.first("alias"), web.catalogue.aliases.offer(secrets.randbelow(2**31))
        names = (chosen, *offered) if web.catalogue.aliases.knows(chosen) and chosen not in offered else offered
        page = answers.first("form")
        kept = {"form_id": page} if ONE_OF_OURS.fullmatch(page) else {}
        return seat.page(request, "ask", status, posted=answers, communities=communities,
                         names={name: name for name in names}, **kept, **context)

    return routes
