"""The partners' intake: `POST /v1/events`, and what became of it. Machines read this, so problems are RFC 9457's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from services.gateway import bodies, intake
from services.gateway.intake import CloudEvent, Refused
from services.gateway.limiting import Limited
from services.gateway.pages.settled import settled
from services.gateway.receipts import status
from services.gateway.referring import refer
from services.gateway.telling import tell
from services.gateway.web import Web, address
from shared import partners
from shared.logs import get_logger
from shared.stream.append import OtherBody

PATH = "/v1/events"
log = get_logger("services.gateway.events")


def router(web: Web) -> APIRouter:
    routes = APIRouter()

    @routes.post(PATH, status_code=202)
    async def take(request: Request) -> Response:
        try:
            return await _take(web, request)
        except Refused as refused:
            log.info("event.refused", status=refused.status, reason=refused.kind)
            return _json(refused.status, refused.problem(), "application/problem+json")

    @routes.get("/v1/receipts/{id}")
    async def receipts(request: Request, id: str) -> Response:
        try:
            await web.limits.post_from(address(request))
            body = await status(web, await _asking(web, request, id), id)
        except Limited:
            return _too_many("Ask again after the time in Retry-After.")
        except Refused as refused:
            return _json(refused.status, refused.problem(), "application/problem+json")
        except (RedisError, OSError):
            return _away("Nothing was looked up. Ask again after Retry-After.")
        if body is None:
            problem = Refused(404, "unknown_receipt", "You have no such receipt, or it is more than 30 days old.")
            return _json(404, problem.problem(), "application/problem+json")
        return _json(200, body)

    return routes


async def _take(web: Web, request: Request) -> Response:
    """From the cheapest check to the dearest; past the last one nothing can be refused."""
    try:
        body = await bodies.read(request)
    except HTTPException as error:
        raise Refused(413, "too_large", f"Send {bodies.BODY_MAX} bytes at most.") from error
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != intake.MEDIA_TYPE:
        raise Refused(415, "unsupported_media_type", f"Send {intake.MEDIA_TYPE}.")
    try:
        await web.limits.post_from(address(request))
        partner, event = await _authenticated(web, request, body)
        data = intake.data_of(event, [partner.community], datetime.fromtimestamp(web.host.clock.now_ms() / 1000, UTC).date())
        async with settled():  # whether somebody is invited or known shows in nothing, the time it takes included
            if isinstance(data, intake.Referral):
                delivery, fresh = await refer(web, partner.name, event.source, event.id, data)
            else:
                delivery, fresh = await tell(web, partner.name, event.source, event.id, data)
    except Limited:
        return _too_many("Send again after the time in Retry-After.")
    except OtherBody as error:
        raise Refused(409, "other_body", "This id was used for another event; a new event needs a new id.", "/id") from error
    except (RedisError, OSError):
        return _away("Nothing is known to be kept. Send the same event again after Retry-After.")
    log.info("event.accepted", partner=partner.name, kind=event.type, of=delivery,
             outcome="fresh" if fresh else "duplicate")
    id = partners.receipt(web.host.vault, partner.name, delivery)
    return _json(202, {"receipt": id, "status_url": f"{web.settings.base_url}/v1/receipts/{id}", "duplicate": not fresh})


async def _authenticated(web: Web, request: Request, body: bytes) -> tuple[partners.Partner, CloudEvent]:
    """The partner that `source` names, by its own secrets. Raises Refused: 401 whatever is wrong with a signature.

    What can't be read names nobody; then any partner's signature opens the way to being told what is wrong with it.
    """
    now_ms, known = web.host.clock.now_ms(), await partners.partners(web.host.redis, web.host.vault)
    unreadable, value = None, {}
    try:
        value = intake.parse(body)
    except Refused as refused:
        unreadable = refused
    source = value.get("source")
    named = [each for each in known if each.source == source] if isinstance(source, str) else known
    partner = next((each for each in named if intake.signed(body, request.headers, each.valid_secrets(now_ms))), None)
    if partner is None:
        raise Refused(401, "not_signed", "The signature is missing, too old, or not by a secret of this source.")
    if unreadable is not None:
        raise unreadable
    return partner, intake.event_of(value)


async def _asking(web: Web, request: Request, receipt: str) -> partners.Partner:
    """The partner that signed the question: an empty body under the receipt as its id. Raises Refused 401, RedisError."""
    now_ms, headers = web.host.clock.now_ms(), request.headers
    for each in await partners.partners(web.host.redis, web.host.vault):
        if headers.get("webhook-id") == receipt and intake.signed(b"", headers, each.valid_secrets(now_ms)):
            return each
    raise Refused(401, "not_signed", "Sign an empty body with your secret, and the receipt as webhook-id.")


def _too_many(detail: str) -> Response:
    return _json(429, Refused(429, "too_many", detail).problem(), "application/problem+json", {"retry-after": "60"})


def _away(detail: str) -> Response:
    return _json(503, Refused(503, "away", detail).problem(), "application/problem+json", {"retry-after": "5"})


def _json(status: int, body: Any, kind: str = "application/json", headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, kind)
