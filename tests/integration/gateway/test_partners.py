"""Partners' events: signed, taken once, answered with a receipt; and the invitation that follows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from standardwebhooks import Webhook

from console.server import Server
from services.gateway.handlers.referrals import LIVES_MS
from services.gateway.store import REFERRALS, SERVICE
from shared import partners
from shared.clock import Clock
from shared.events import Invitation, TimerElapsed
from shared.links import invitation_link
from shared.rows import KEYS
from tests.integration.gateway.site import BASE, GOOD, P0, Site, site

SOURCE = "https://clinic.example/referrals"


class Clinic:
    """A partner with the published client library."""

    def __init__(self, here: Site, secret: str) -> None:
        self.here, self.secret = here, secret
        self.client = here.visitor("198.51.100.7").client

    async def tells(self, type: str, data: dict[str, Any], *, id: str) -> httpx.Response:
        """A check-in or a training."""
        event = {"specversion": "1.0", "type": f"twoway.{type}.v1", "id": id, "source": SOURCE,
                 "data": {"community": "riverside", **data}}
        return await self.sends(body=json.dumps(event).encode())

    async def sends(self, *, body: bytes | None = None, id: str = "a-1", source: str = SOURCE, secret: str | None = None,
                    kind: str = "application/cloudevents+json", **changes: Any) -> httpx.Response:
        data = {"community": "riverside", "consent": {"reference": "form 17"}, "scope": ["joined"], "email": "kim@example.org"}
        event = {"specversion": "1.0", "type": "twoway.referral.made.v1", "id": id, "source": source, "data": data | changes}
        body = json.dumps(event).encode() if body is None else body
        now = datetime.now(UTC)
        signature = Webhook(secret or self.secret).sign("msg_1", now, body.decode("utf-8", "replace"))
        return await self.client.post("/v1/events", content=body, headers={
            "content-type": kind, "webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature, "origin": "https://clinic.example", "sec-fetch-site": "cross-site"})

    async def asks(self, receipt: str, *, secret: str | None = None, signed: str | None = None) -> httpx.Response:
        now = datetime.now(UTC)
        signature = Webhook(secret or self.secret).sign(signed or receipt, now, "")
        return await self.client.get(f"/v1/receipts/{receipt}", headers={
            "webhook-id": signed or receipt, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature})

    async def status(self, receipt: str) -> dict[str, Any]:
        answer = await self.asks(receipt)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


async def _clinic(here: Site, name: str = "clinic", source: str = SOURCE) -> Clinic:
    secret = partners.new_secret()
    await partners.add(here.redis, here.host.vault, partners.Partner(
        name=name, source=source, community="riverside", added_ms=1, secrets=(partners.PartnerSecret(secret=secret),)))
    return Clinic(here, secret)


@pytest.fixture
async def clinic(here: Site) -> Clinic:
    return await _clinic(here)


async def _path(here: Site) -> str:
    """Where the invitation's link leads, as the notifier writes it."""
    referral = (await here.events("referral.made"))[-1]["referral"]
    return invitation_link(BASE, here.host.vault, referral).removeprefix(BASE)


async def test_a_signed_referral_becomes_one_event_whose_address_only_its_own_key_opens(here: Site, clinic: Clinic) -> None:
    answer = await clinic.sends()
    assert answer.status_code == 202
    body = answer.json()
    assert body["status_url"] == f"{BASE}/v1/receipts/{body['receipt']}"
    assert body["duplicate"] is False
    [made] = await here.events("referral.made")
    assert (made["partner"], made["scope"]) == ("clinic", ["joined"])
    inside = await here.opened(made["address"], Invitation)
    assert (inside.email, inside.consent) == ("kim@example.org", "form 17")
    assert await clinic.status(body["receipt"]) == {"receipt": body["receipt"], "status": "accepted"}
    assert await here.events("support.requested") == []


async def test_a_repetition_is_acknowledged_as_such_and_another_body_under_its_id_refused(here: Site, clinic: Clinic) -> None:
    first = (await clinic.sends()).json()
    again = await clinic.sends()
    assert again.status_code == 202
    assert again.json() == {**first, "duplicate": True}
    other = await clinic.sends(email="sam@example.org")
    assert (other.status_code, other.json()["pointer"]) == (409, "/id")
    assert other.headers["content-type"] == "application/problem+json"
    assert (await clinic.sends(id="a-2", email="sam@example.org")).json()["duplicate"] is False
    assert len(await here.events("referral.made")) == 2


async def test_a_repetition_long_after_the_log_forgot_the_id_invites_nobody_again(here: Site, clinic: Clinic) -> None:
    await clinic.sends()
    await here.settled()
    for key in [key async for key in here.redis.scan_iter("*:seen:*")]:
        await here.redis.delete(key)
    assert (await clinic.sends()).json()["duplicate"] is True
    assert len(await here.events("referral.made")) == 1


async def test_whatever_is_wrong_with_a_signature_is_401(here: Site, clinic: Clinic) -> None:
    other = await _clinic(here, "other", "https://other.example")
    answers = [await clinic.sends(secret=other.secret), await other.sends(source=SOURCE), await clinic.sends(source="urn:x"),
               await clinic.sends(body=b"{}", secret=partners.new_secret()),
               await clinic.client.post("/v1/events", content=b"{}", headers={"content-type": "application/cloudevents+json"})]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:twoway:problem:not_signed"
    assert await here.events("referral.made") == []


async def test_after_a_rotation_both_secrets_open_the_door_for_a_week(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        clinic, fresh = await _clinic(here), partners.new_secret()
        await partners.rotate(redis, here.host.vault, "clinic", fresh, now[0])
        assert (await clinic.sends(id="old")).status_code == 202
        assert (await clinic.sends(id="new", secret=fresh)).status_code == 202
        now[0] += partners.OVERLAP_MS
        assert (await clinic.sends(id="later")).status_code == 401
        assert (await clinic.sends(id="later", secret=fresh)).status_code == 202
        await partners.remove(redis, "clinic")
        assert (await clinic.sends(id="last", secret=fresh)).status_code == 401


async def test_a_partner_is_told_what_to_mend_and_nothing_is_kept(here: Site, clinic: Clinic) -> None:
    wrong = [(400, await clinic.sends(email="kim"), "/data/email"),
             (400, await clinic.sends(community="hillview"), "/data/community"),
             (400, await clinic.sends(phone="07700 900123"), "/data/phone"), (400, await clinic.sends(body=b"not json"), None),
             (400, await clinic.sends(body=b'{"a":1,"a":2}'), None), (415, await clinic.sends(kind="application/json"), None),
             (415, await clinic.sends(kind="application/cloudevents-batch+json"), None),
             (413, await clinic.sends(body=b"x" * 70_000), None)]
    for status, answer, pointer in wrong:
        assert (answer.status_code, answer.json().get("pointer")) == (status, pointer)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert "07700" not in answer.text
    assert (await clinic.client.get("/v1/events")).status_code == 405
    assert await here.events("referral.made") == []
    assert not await here.redis.exists(KEYS.path(P0, SERVICE))


async def test_an_invitation_taken_up_leads_to_the_form_and_its_use_destroys_the_address(here: Site, clinic: Clinic) -> None:
    receipt = (await clinic.sends()).json()["receipt"]
    await here.settled()
    path, visitor = await _path(here), here.visitor()
    await visitor.open(path)
    assert visitor.heading == "You are invited"
    await visitor.submit(path, button=("reply", "accept"))
    assert visitor.path == "/ask"
    assert "Thank you for taking up the invitation" in visitor.page.text
    await visitor.open("/ask/community")
    assert visitor.fields("/ask/community")["community"] == ["riverside"]
    await visitor.open("/ask/email")
    assert visitor.fields("/ask/email")["email"] == [""]
    assert await here.events("referral.used") == []
    await visitor.fills_in(**GOOD, email="kim@home.example")
    await visitor.submit("/ask/check")
    await here.settled()
    [used], [joined] = await here.events("referral.used"), await here.events("peer.joined")
    assert used["peer"] == joined["peer"]
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), used["referral"])
    assert (await clinic.status(receipt))["joined"] is True
    await visitor.open(path)
    assert visitor.status == 410
    assert (await clinic.sends()).json()["duplicate"] is True
    assert (await clinic.sends(email="sam@example.org")).status_code == 409
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), used["referral"])


async def test_a_receipt_never_tells_who_joined_unless_that_was_agreed(here: Site, clinic: Clinic) -> None:
    receipt = (await clinic.sends(scope=[])).json()["receipt"]
    await here.settled()
    visitor = here.visitor()
    await visitor.open(await _path(here))
    await visitor.submit(visitor.path, button=("reply", "accept"))
    await visitor.fills_in(**GOOD, email="kim@example.org")
    await visitor.submit("/ask/check")
    await here.settled()
    assert await clinic.status(receipt) == {"receipt": receipt, "status": "accepted"}
    for id in ("x", receipt[:-1] + ("0" if receipt[-1] != "0" else "1"), receipt.partition(".")[0]):
        answer = await clinic.asks(id)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:twoway:problem:unknown_receipt")


async def test_a_receipt_is_its_senders_alone(here: Site, clinic: Clinic) -> None:
    other = await _clinic(here, "other", "https://other.example")
    receipt = (await clinic.sends()).json()["receipt"]
    assert (await other.asks(receipt)).status_code == 404
    for answer in (await clinic.client.get(f"/v1/receipts/{receipt}"), await clinic.asks(receipt, signed="another"),
                   await clinic.asks(receipt, secret=partners.new_secret()), await clinic.client.get("/v1/receipts/%00")):
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:twoway:problem:not_signed")
    assert (await clinic.asks(receipt)).status_code == 200


async def test_a_receipt_opens_no_invitation(here: Site, clinic: Clinic) -> None:
    receipt = (await clinic.sends()).json()["receipt"]
    await here.settled()
    visitor = here.visitor()
    for token in (receipt, receipt.partition(".")[0], receipt.partition(".")[0] + "."):
        await visitor.open(f"/invitation/{token}")
        assert visitor.status == 410
        await visitor.post(f"/invitation/{token}", {"reply": "refuse"})
        assert visitor.status == 410
    assert await here.events("referral.refused") == []


async def test_an_invitation_declined_is_thanked_for_and_destroyed(here: Site, clinic: Clinic) -> None:
    await clinic.sends()
    await here.settled()
    path, visitor = await _path(here), here.visitor()
    await visitor.open(path)
    await visitor.submit(path, button=("reply", "refuse"))
    assert visitor.heading == "Thank you for letting us know"
    [declined] = await here.events("referral.refused")
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), declined["referral"])
    await visitor.open(path)
    assert visitor.status == 410


async def test_an_invitation_runs_out_after_thirty_days_and_its_address_is_destroyed(here: Site, clinic: Clinic) -> None:
    await clinic.sends()
    await here.settled()
    [made] = await here.events("referral.made")
    [(timer, due_ms)] = await here.redis.zrange(P0.timers, 0, -1, withscores=True)
    assert made["referral"].encode() in timer
    assert abs(due_ms - here.host.clock.now_ms() - LIVES_MS) < 60_000
    elapsed = TimerElapsed(service="gateway", what="referral_expiry", of=made["referral"], due_ms=int(due_ms))
    await here.says(elapsed, TimerElapsed(service="matcher", what="referral_expiry", of=made["referral"], due_ms=1))
    await here.says(elapsed)
    assert await here.events("referral.expired") == [{"referral": made["referral"]}]
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), made["referral"])
    row = REFERRALS.load(await here.redis.hget(REFERRALS.path(P0, SERVICE), made["referral"]))
    assert row.state == "expired"
    visitor = here.visitor()
    await visitor.open(await _path(here))
    assert visitor.status == 410


async def test_a_partner_that_sends_too_fast_is_told_when_to_come_back(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, posts_per_minute=2) as here:
        clinic = await _clinic(here)
        answers = [await clinic.sends(id=str(number)) for number in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[-1].headers["retry-after"] == "60"


async def test_while_redis_is_away_a_partner_is_told_so_as_a_machine_reads_it(
        server: Server, redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        clinic = await _clinic(here)
        receipt = (await clinic.sends()).json()["receipt"]
        server.stop()
        for answer in (await clinic.sends(), await clinic.asks(receipt)):
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["type"] == "urn:twoway:problem:away"
