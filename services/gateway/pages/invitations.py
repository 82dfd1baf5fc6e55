"""What a referral leads to: one invitation, which somebody takes up or not. Never a request in their name."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.gateway import asking
from services.gateway.referring import use
from services.gateway.store import REFERRALS, ReferralRow
from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import ReferralRefused
from shared.links import referral_of
from shared.stream.append import Input
from shared.stream.names import Partition


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/invitation")

    @routes.get("/{token}")
    async def invitation(request: Request, token: str) -> Response:
        found = await open_referral(web, token)
        if found is None:
            return web.message(request, "invitation_closed", 410)
        row = found[2]
        return web.page(request, "invitation", action=f"/invitation/{token}", partner=row.partner, scopes=agreeable(web, row))

    @routes.post("/{token}")
    async def reply(request: Request, token: str) -> Response:
        answers = await web.posted(request)
        found = await open_referral(web, token)
        if found is None:
            return web.message(request, "invitation_closed", 410)
        partition, referral, row = found
        if answers.all("reply") == ("refuse",):
            event = ReferralRefused(referral=referral)
            await web.forwarder.append(partition, Input(event, derived_id(referral, "refused")))
            return web.message(request, "invitation_refused")
        agreed = tuple(each for each in agreeable(web, row) if each in answers.all("agreed"))
        here = await web.maybe_here(request)
        if here is not None and here.row.request is not None:
            await use(web, referral, here.peer, here.partition, agreed)
            return web.message(request, "already_asking")
        draft, id = asking.fresh(web, None, referral, agreed), web.host.clock.new_id()
        await web.drafts.save(id, draft.model_copy(update={"fields": {"community": (row.community,)}}))
        response = RedirectResponse("/ask", 303)
        web.cookies.set(response, "draft", id)
        return response

    return routes


def agreeable(web: Web, row: ReferralRow) -> tuple[str, ...]:
    """What of the referral's scope the person is asked to agree to here, each apart (rule 15). Whether they joined is told
    by their agreement with the partner."""
    return tuple(each for each in web.catalogue.words["agreements"]["ask"] if each in row.scope)


async def open_referral(web: Web, token: str) -> tuple[Partition, str, ReferralRow] | None:
    """The referral that an invitation's link stands for, while it is open. Raises RedisError."""
    referral = referral_of(web.host.vault, token)
    found = None if referral is None else await web.find(REFERRALS, referral)
    return None if found is None or referral is None or found[1].state != "open" else (found[0], referral, found[1])
