"""What messages a peer would like, and when."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway import preferring
from services.gateway.forms import ChooseMessages
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.store.stops import one_at_a_time
from services.gateway.web import Here, Web
from shared.stream.append import Input


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/messages")

    @routes.get("")
    async def form(request: Request) -> Response:
        here = await web.signed_in(request)
        notice = web.catalogue.words["saved"].get(request.query_params.get("said", ""))
        return _form(web, request, here, preferring.shown(here.row, web.host.programme), notice=notice)

    @routes.post("")
    async def choose(request: Request) -> Response:
        answers = await web.posted(request)
        here = await web.signed_in(request)
        checked = web.check(ChooseMessages, answers, preferring.offered(web, here.row))
        if isinstance(checked, Problems):
            return _form(web, request, here, answers, 422, problems=checked)
        async with one_at_a_time(web.host.redis, here.peer):
            here = await web.signed_in(request)  # by now somebody may have stopped something by a link
            event = preferring.since_opened(preferring.changed(here.peer, here.row, checked, web.host.programme),
                                            here.row, answers.first("seen"))
            said = Input(event, web.once(here, answers, "messages"), clear=checked.model_dump_json().encode())
            return await web.done(here, "done", [said])

    return routes


def _form(web: Web, request: Request, here: Here, answers: Posted, status: int = 200, **context: object) -> Response:
    programme = web.host.programme
    return web.page(
        request, "me/messages", status, posted=answers, seen=answers.first("seen") or preferring.seen_of(here.row),
        texts=web.texts, number=here.profile.phone if web.texts else "",
        hours=preferring.offered(web, here.row).hours,
        zones=web.catalogue.zones_from(programme.time_zone, preferring.zone(here.row, programme)),
        languages={key: programme.languages[key] for key in programme.message_languages}, **context)
