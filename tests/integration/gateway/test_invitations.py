"""What becomes of an invitation, whoever takes it up and wherever; and that nobody is invited against their wish."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.gateway.handlers.referrals import LIVES_MS
from services.gateway.store import INVITED, SERVICE
from services.gateway.store.invitations import INVITING_S, Invitations
from shared import partners
from shared.events import Address, Invitation, TimerElapsed
from shared.links import WHOLE_INVITATION, invitation_link, stop_link
from shared.rows import KEYS
from shared.stream.names import Partition
from shared.testing import until
from tests.integration.gateway.site import BASE, GOOD, P0, Site, Visitor, site
from tests.integration.gateway.test_partners import SOURCE, Clinic, _clinic

P1 = Partition(1)


@pytest.fixture
async def clinic(here: Site) -> Clinic:
    return await _clinic(here)


async def _invited(here: Site, clinic: Clinic, *, id: str = "a-1", email: str = "kim@example.org",
                   partition: Partition = P0) -> tuple[str, str]:
    """The referral, and where its invitation leads."""
    before = len(await here.events("referral.made", partition))
    assert (await clinic.sends(id=id, email=email)).status_code == 202
    made = (await here.events("referral.made", partition))[before:]
    assert len(made) == 1
    referral = made[0]["referral"]
    path = invitation_link(BASE, here.host.vault, referral).removeprefix(BASE)

    async def there() -> bool:
        await visitor.open(path)
        return visitor.status == 200
    visitor = here.visitor()
    await until(there, "the invitation")
    return referral, path


async def _accepts(visitor: Visitor, path: str) -> None:
    await visitor.open(path)
    await visitor.submit(path, button=("reply", "accept"))


async def _asks(visitor: Visitor, email: str, **changes: str) -> None:
    await visitor.fills_in(**{**GOOD, "email": email})
    for field, value in changes.items():
        await visitor.changes(field, **{field: value})
    assert visitor.path == "/ask/check"
    await visitor.submit("/ask/check")
    assert visitor.path == "/ask/sent"


async def _refuses(here: Site, path: str) -> None:
    visitor = here.visitor()
    await visitor.open(path)
    await visitor.submit(path, button=("reply", "refuse"))
    assert visitor.heading == "Thank you for letting us know"
    await here.settled()


async def test_a_peer_who_is_signed_in_uses_an_invitation_up_like_anybody(here: Site, clinic: Clinic) -> None:
    referral, path = await _invited(here, clinic, email="kim@work.example")
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open("/me/withdraw")
    await kim.submit("/me/withdraw")
    await _accepts(kim, path)
    await kim.fills_in(seeks=["grief"], offers=["forms"], ways=["letter"], languages=["cy"], consent="yes")
    await kim.submit("/ask/check")
    assert kim.path == "/ask/sent"
    await here.settled()
    [used], [joined] = await here.events("referral.used"), await here.events("peer.joined")
    assert used == {"referral": referral, "peer": joined["peer"], "agreed": []}
    assert len(await here.events("support.requested")) == 2
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), referral)


async def test_a_peer_whose_request_is_open_uses_an_invitation_up_by_accepting(here: Site, clinic: Clinic) -> None:
    referral, path = await _invited(here, clinic, email="kim@work.example")
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await _accepts(kim, path)
    assert kim.heading == "Your request is with us already"
    await here.settled()
    assert [each["referral"] for each in await here.events("referral.used")] == [referral]
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), referral)
    assert len(await here.events("support.requested")) == 1


async def test_one_link_in_two_browsers_loses_neither_request(here: Site, clinic: Clinic) -> None:
    referral, path = await _invited(here, clinic)
    one, other = here.visitor(), here.visitor()
    await _accepts(one, path)
    await _accepts(other, path)
    await _asks(one, "kim@example.org")
    await _asks(other, "kim@home.example")
    await other.post("/ask/check", {})
    await here.settled()
    assert len(await here.events("support.requested")) == len(await here.events("peer.joined")) == 2
    assert [each["referral"] for each in await here.events("referral.used")] == [referral]
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), referral)


async def test_whoever_picks_another_community_uses_the_invitation_up_where_it_lies(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, partitions=2) as here:
        await here.host.directory.partition_of("riverside")  # lies on the first partition, whoever comes first
        referral, path = await _invited(here, await _clinic(here))
        visitor = here.visitor()
        await _accepts(visitor, path)
        await _asks(visitor, "kim@example.org", community="hillview")

        async def gone() -> bool:
            return not await redis.hexists(KEYS.path(P0, SERVICE), referral)
        await until(gone, "the referral's key being destroyed")
        assert [each["referral"] for each in await here.events("referral.used")] == [referral]
        assert await here.events("referral.used", P1) == []
        assert len(await here.events("support.requested", P1)) == 1
        await visitor.open(path)
        assert visitor.status == 410


async def test_an_address_that_is_somebodys_already_uses_the_invitation_up_too(here: Site, clinic: Clinic) -> None:
    referral, path = await _invited(here, clinic, email="kim@work.example")
    await here.asks("kim@example.org")
    visitor = here.visitor()
    await _accepts(visitor, path)
    await _asks(visitor, "kim@example.org")
    await here.settled()
    [used], [joined] = await here.events("referral.used"), await here.events("peer.joined")
    assert used == {"referral": referral, "peer": joined["peer"], "agreed": []}


async def test_what_a_partner_says_of_the_consent_is_sealed_with_the_address(here: Site, clinic: Clinic) -> None:
    await clinic.sends(consent={"reference": "Jane Canary, 943 476 5919"})
    [made] = await here.events("referral.made")
    assert "consent" not in made
    assert (await here.opened(made["address"], Invitation)).consent == "Jane Canary, 943 476 5919"
    assert (await here.opened(made["address"], Address)).email == "kim@example.org"
    assert b"Canary" not in b"".join(part for _, fields in await here.redis.xrange(P0.log) for part in fields.values())


async def test_whoever_refused_is_never_invited_again_and_no_partner_learns_of_it(here: Site, clinic: Clinic) -> None:
    _, path = await _invited(here, clinic)
    await _refuses(here, path)
    first = await clinic.sends(id="a-2", email="Kim@Example.org")
    assert (first.status_code, first.json()["duplicate"]) == (202, False)
    again = await clinic.sends(id="a-2", email="Kim@Example.org")
    assert again.json() == {**first.json(), "duplicate": True}
    assert (await clinic.sends(id="a-2", email="sam@example.org")).status_code == 409
    receipt = first.json()["receipt"]
    assert await clinic.status(receipt) == {"receipt": receipt, "status": "accepted"}
    assert len(await here.events("referral.made")) == 1
    assert await here.redis.hlen(KEYS.path(P0, SERVICE)) == 0
    await _invited(here, clinic, id="a-3", email="sam@example.org")


async def test_a_refusal_holds_in_every_community_and_after_a_rebuild_of_nothing_but_the_log(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, partitions=2) as here:
        await here.host.directory.partition_of("riverside")
        clinic = await _clinic(here)
        secret = partners.new_secret()
        await partners.add(redis, here.host.vault, partners.Partner(
            name="hill", source=f"{SOURCE}/hill", community="hillview", added_ms=1,
            secrets=(partners.PartnerSecret(secret=secret),)))
        _, path = await _invited(here, clinic)
        await _refuses(here, path)
        hill = Clinic(here, secret)
        answer = await hill.sends(source=f"{SOURCE}/hill", community="hillview")
        assert (answer.status_code, answer.json()["duplicate"]) == (202, False)
        assert await here.events("referral.made", P1) == []


async def test_somebody_who_is_a_peer_already_is_not_invited(here: Site, clinic: Clinic) -> None:
    await here.asks("kim@example.org")
    answer = await clinic.sends(email="KIM@example.org")
    assert (answer.status_code, answer.json()["duplicate"]) == (202, False)
    assert (await clinic.sends(email="KIM@example.org")).json()["duplicate"] is True
    assert await clinic.status(answer.json()["receipt"]) == {"receipt": answer.json()["receipt"], "status": "accepted"}
    assert await here.events("referral.made") == []


async def test_an_address_has_one_open_invitation_at_a_time(here: Site, clinic: Clinic) -> None:
    referral, _ = await _invited(here, clinic)
    other = await _clinic(here, "other", "https://other.example")
    answers = await asyncio.gather(*(clinic.sends(id=f"b-{number}") for number in range(5)),
                                   other.sends(source="https://other.example"))
    assert {answer.status_code for answer in answers} == {202}
    assert len(await here.events("referral.made")) == 1
    await here.says(TimerElapsed(service="gateway", what="referral_expiry", of=referral, due_ms=LIVES_MS))
    assert await here.redis.hlen(INVITED.path(P0, SERVICE)) == 0
    await _invited(here, clinic, id="c-1")
    answers = await asyncio.gather(*(clinic.sends(id=f"d-{number}", email="sam@example.org") for number in range(5)))
    assert len(await here.events("referral.made")) == 3


async def test_an_invitation_is_stopped_for_good_by_the_one_click_of_its_message(here: Site, clinic: Clinic) -> None:
    referral, _ = await _invited(here, clinic)
    path = stop_link(BASE, here.host.vault, referral, WHOLE_INVITATION).removeprefix(BASE)
    provider = here.visitor()
    await provider.open(path)
    assert await here.events("referral.refused") == []
    for _ in range(2):
        await provider.post(path, {"List-Unsubscribe": "One-Click"}, origin="https://mail.example")
        assert (provider.status, provider.heading) == (200, "Thank you for letting us know")
    await here.settled()
    assert [each["referral"] for each in await here.events("referral.refused")] == [referral]
    await clinic.sends(id="b-1")
    assert len(await here.events("referral.made")) == 1, "who refused is not invited again"
    await provider.open(path)
    assert provider.status == 404


async def test_a_claim_for_an_invitation_that_never_came_is_taken_over_once_it_is_old(here: Site, clinic: Clinic) -> None:
    vault = here.host.vault  # what a process leaves behind that dies between claim and append
    invitations = Invitations(here.redis, vault)
    hash = vault.mac("address", b"kim@example.org")
    assert await invitations.claim(P0, hash, "ghost", vault.new_key("ghost")) is not None
    assert await invitations.claim(P0, hash, "referral", vault.new_key("referral")) is None
    [mark] = [key async for key in here.redis.scan_iter("*inviting:*")]
    assert 0 < await here.redis.ttl(mark) <= INVITING_S
    await here.redis.delete(mark)
    await _invited(here, clinic)
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), "ghost")
