"""One tap from any message stops messages of its kind: a person's tap, or their mail provider's (RFC 8058).

Nobody is signed in here, no cookie is looked at and none is set: the token is all that counts, on whichever device.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from services.gateway import bodies
from services.gateway.stopping import stop
from services.gateway.store import PEERS, REFERRALS
from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import ReferralRefused
from shared.links import STOP, WHOLE_INVITATION, stop_of
from shared.stream.append import Input

BODY_MAX = 4_096
"""Bytes. `List-Unsubscribe=One-Click` has 26, in a multipart form some 200; what it says changes nothing."""


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix=STOP)

    @routes.api_route("/{token}", methods=["GET", "HEAD"])
    async def ask(token: str) -> Response:
        """Changes nothing: scanners follow every link of a message."""
        to, what = stop_of(web.host.vault, token) or ("", "")
        if not await _known(web, to, what):
            return web.pages.message("nothing_to_stop", 404)
        return web.pages.page("stop", what=what, action=f"{STOP}/{token}")

    @routes.post("/{token}")
    async def one_click(request: Request, token: str) -> Response:
        try:
            await bodies.read(request, BODY_MAX)
        except HTTPException:
            return web.pages.message("too_large", 413)
        to, what = stop_of(web.host.vault, token) or ("", "")
        if what == WHOLE_INVITATION:
            found = await web.find(REFERRALS, to)
            if found is not None and found[1].state == "open":
                await web.forwarder.append(found[0], Input(ReferralRefused(referral=to), derived_id(to, "refused")))
            known = found is not None and found[1].state in ("open", "refused")
            return web.pages.message("invitation_refused" if known else "nothing_to_stop", 200 if known else 404)
        if not what or not await stop(web, to, what):
            return web.pages.message("nothing_to_stop", 404)
        return web.pages.message(f"stopped_{what}", 200)

    return routes


async def _known(web: Web, to: str, what: str) -> bool:
    """Whether the token stands for somebody to whom we may still write. Raises RedisError."""
    if what == WHOLE_INVITATION:
        found = await web.find(REFERRALS, to)
        return found is not None and found[1].state == "open"
    return bool(what) and await web.find(PEERS, to) is not None
