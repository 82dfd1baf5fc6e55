"""The first name that buddies see: given, changed or taken away whenever somebody likes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway.forms import ChooseName
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.store.stops import one_at_a_time
from services.gateway.web import Web
from shared.events import ProfileChanged
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/name")

    @routes.get("")
    async def form(request: Request) -> Response:
        here = await web.signed_in(request)
        return web.page(request, "me/name", alias=here.profile.alias,
                        posted=Posted({"first_name": (here.profile.first_name,)}))

    @routes.post("")
    async def choose(request: Request) -> Response:
        """Everything else of the profile is said again as it is."""
        answers = await web.posted(request)
        here, checked = await web.signed_in(request), web.check(ChooseName, answers)
        if isinstance(checked, Problems):
            return web.page(request, "me/name", 422, alias=here.profile.alias, posted=answers, problems=checked)
        async with one_at_a_time(web.host.redis, here.peer):
            here = await web.signed_in(request)  # by now they may have another address or number
            profile = here.profile.model_copy(update={"first_name": checked.first_name or ""})
            event = ProfileChanged(peer=here.peer, profile=web.host.vault.seal(here.peer, here.key, profile))
            said = Input(event, web.once(here, answers, "name"), clear=profile.model_dump_json().encode())
            return await web.done(here, "named", [said])

    return routes
