"""Another e-mail address: given, proven, and theirs alone; nothing lost in the middle, and nobody's page taken away."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from console.server import Server
from services.gateway.service import service
from services.gateway.store import ADDRESS_NEXT, ADDRESS_OF, ADDRESSES, PEERS, SERVICE
from services.gateway.store.addresses import Addresses
from shared.clock import Clock
from shared.events import Address, Profile, ProfileChanged, SignInSecret
from shared.stream.rebuild import rebuild
from shared.testing import until
from tests.integration.core.proxy import wire
from tests.integration.gateway.site import P0, Site, Visitor, site

PATH, CODE = "/me/address", "/me/address/code"
OLD, NEW = "kim@example.org", "kim.new@example.org"
MINUTE_MS = 60_000
UNLIMITED = {"posts_per_minute": 10_000, "sign_ins_per_hour": 10_000, "sign_ins_per_quarter": 1_000, "sign_ins_per_day": 1_000}


async def kim_of(here: Site) -> tuple[Visitor, str]:
    await here.asks(OLD)
    return await here.signed_in(OLD), (await here.events("peer.joined"))[-1]["peer"]


async def gives(kim: Visitor, email: str = NEW) -> None:
    await kim.open(PATH)
    await kim.submit(PATH, email=email)


async def secret(here: Site) -> SignInSecret:
    """What the latest message to a new address bears."""
    opened: SignInSecret = await here.opened((await here.events("address.given"))[-1]["secret"], SignInSecret)
    return opened


async def types(kim: Visitor, code: str) -> None:
    await kim.open(CODE)
    await kim.submit(CODE, code=code)


async def written_to(here: Site, peer: str) -> str:
    row = PEERS.load(await here.redis.hget(PEERS.path(P0, SERVICE), peer))  # type: ignore[arg-type]  # it is there
    return str((await here.opened(row.profile, Profile)).email)


async def index(here: Site) -> tuple[dict[bytes, bytes], dict[bytes, bytes], dict[bytes, bytes]]:
    """Address → peer, peer → address, peer → reserved address."""
    first, second, third = [await here.redis.hgetall(each.path(P0, SERVICE)) for each in (ADDRESSES, ADDRESS_OF, ADDRESS_NEXT)]
    return first, second, third


def rows_of(here: Site, peer: str, email: str) -> tuple[dict[bytes, bytes], dict[bytes, bytes], dict[bytes, bytes]]:
    """The index when this address, and no other, is this peer's."""
    hash = Addresses(here.redis, here.host.vault).hash(email).encode()
    return {hash: peer.encode()}, {peer.encode(): hash}, {}


async def asked_to_sign_in(here: Site, email: str) -> list[str]:
    before = len(await here.events("sign_in.requested"))
    visitor = here.visitor()
    await visitor.open("/sign-in")
    await visitor.submit("/sign-in", email=email)
    return [each["peer"] for each in (await here.events("sign_in.requested"))[before:]]


@pytest.mark.parametrize("by", ["code", "link"])
async def test_an_address_that_was_proven_is_theirs_and_the_one_before_is_nobodys(here: Site, by: str) -> None:
    kim, peer = await kim_of(here)
    await kim.open("/me/messages")
    assert PATH in [each.attributes["href"] for each in kim.page.all("a")]
    await gives(kim)
    assert (kim.path, kim.has_urgent_help()) == (CODE, True)
    assert await written_to(here, peer) == OLD
    told = await secret(here)
    if by == "code":
        await types(kim, told.code)
    else:
        await kim.open(f"{PATH}/{told.token}")
        assert kim.has_urgent_help()
        assert await written_to(here, peer) == OLD, "opening it changes nothing"
        await kim.submit(f"{PATH}/{told.token}")
    assert (kim.path, "new address" in kim.page.text) == ("/me?said=address", True)
    assert await written_to(here, peer) == NEW
    assert await index(here) == rows_of(here, peer, NEW)
    [changed] = await here.events("address.changed")
    assert (await here.opened(changed["before"], Address)).email == OLD
    assert await asked_to_sign_in(here, OLD) == []
    assert await asked_to_sign_in(here, NEW.upper()) == [peer]
    await kim.open(PATH)
    assert NEW in kim.page.text


async def test_everything_else_of_the_profile_stays_and_nothing_readable_is_on_the_log(here: Site) -> None:
    kim, peer = await kim_of(here)
    profile = await here.opened((await here.events("peer.joined"))[0]["profile"], Profile)
    key: Any = await here.redis.hget(P0.keys, peer)
    named = profile.model_copy(update={"first_name": "Kim", "phone": "+447700900123"})
    await here.says(ProfileChanged(peer=peer, profile=here.host.vault.seal(peer, key, named)))
    await gives(kim)
    told = await secret(here)
    await types(kim, told.code)
    changed = (await here.events("peer.profile_changed"))[-1]
    assert await here.opened(changed["profile"], Profile) == named.model_copy(update={"email": NEW})
    everything = repr([await here.redis.dump(each) for each in await here.redis.keys()] + await here.redis.xrange(P0.log))
    for private in (OLD, NEW, told.code, told.token):
        assert private not in everything


async def test_a_form_sent_twice_or_at_once_is_one_message_and_one_change(here: Site) -> None:
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    fields = {**kim.fields(PATH), "email": NEW}
    await asyncio.gather(*(kim.client.post(PATH, data=fields) for _ in range(3)))
    assert len(await here.events("address.given")) == 1
    told = await secret(here)
    await kim.open(CODE)
    answers = await asyncio.gather(*(kim.client.post(CODE, data={**kim.fields(CODE), "code": told.code}) for _ in range(3)))
    assert {each.headers["location"] for each in answers} == {"/me?said=address"}
    await types(kim, told.code)
    assert kim.path == "/me?said=address"
    await here.settled()
    assert (len(await here.events("address.changed")), len(await here.events("peer.profile_changed"))) == (1, 1)


async def test_an_address_of_somebody_else_looks_the_same_and_that_somebody_is_told_kindly(here: Site) -> None:
    kim, _ = await kim_of(here)
    await here.asks("sam@example.org")
    sam = (await here.events("peer.joined"))[-1]["peer"]
    await gives(kim)
    free = (kim.status, kim.path, kim.page.text)
    await gives(kim, "SAM@example.org")
    assert (kim.status, kim.path, kim.page.text) == free
    assert len(await here.events("address.given")) == 1
    asked = (await here.events("sign_in.requested"))[-1]
    assert (asked["peer"], asked["by_other"]) == (sam, True)
    for code in ("000000", "123456"):
        await types(kim, code)
        assert (kim.status, kim.errors()) == (422, ["code"])
    link = await here.opened(asked["secret"], SignInSecret)
    visitor = here.visitor()
    await visitor.open(f"/sign-in/{link.token}")
    await visitor.submit(f"/sign-in/{link.token}")
    assert visitor.path == "/me"


async def test_an_address_that_somebody_takes_meanwhile_stays_theirs(here: Site) -> None:
    kim, peer = await kim_of(here)
    await gives(kim)
    told = await secret(here)
    await here.asks(NEW)
    await types(kim, told.code)
    assert (kim.status, kim.heading) == (410, "This link can't be used any more")
    assert await written_to(here, peer) == OLD
    assert await asked_to_sign_in(here, OLD) == [peer]


async def test_whoever_is_not_signed_in_as_the_one_who_gave_it_changes_nothing_with_the_link(here: Site) -> None:
    kim, peer = await kim_of(here)
    await gives(kim)
    told = await secret(here)
    stranger = here.visitor()
    await stranger.open(f"{PATH}/{told.token}")
    assert (stranger.status, stranger.heading) == (403, "This link works where you are signed in")
    assert stranger.has_urgent_help()
    await stranger.post(f"{PATH}/{told.token}", {})
    assert stranger.status == 403
    await here.asks("sam@example.org")
    sam = await here.signed_in("sam@example.org")
    await sam.post(f"{PATH}/{told.token}", {})
    assert sam.status == 410
    await types(sam, told.code)
    assert sam.status == 422
    for path in (PATH, CODE):
        await stranger.open(path)
        assert stranger.path == "/sign-in"
    assert await written_to(here, peer) == OLD


async def test_five_wrong_codes_are_the_end_of_it_and_the_latest_message_is_the_one_that_counts(here: Site) -> None:
    kim, peer = await kim_of(here)
    await gives(kim)
    first = await secret(here)
    await gives(kim, "another@example.org")
    await types(kim, first.code)
    assert (kim.status, await written_to(here, peer)) == (422, OLD)
    latest = await secret(here)
    wrong = f"{(int(latest.code) + 1) % 10**6:06}"
    for _ in range(4):
        await types(kim, wrong)
    await types(kim, latest.code)
    assert "can't be used any more" in kim.page.text
    await kim.post(f"{PATH}/{first.token}", {})
    assert kim.status == 410
    await kim.post(f"{PATH}/{latest.token}", {})
    assert await written_to(here, peer) == "another@example.org"


async def test_after_half_an_hour_neither_link_nor_code_is_good(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [Clock().now_ms()]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        kim, peer = await kim_of(here)
        await gives(kim)
        told = await secret(here)
        now[0] += 30 * MINUTE_MS
        await types(kim, told.code)
        assert kim.status == 422
        await kim.post(f"{PATH}/{told.token}", {})
        assert kim.status == 410
        assert await written_to(here, peer) == OLD


async def test_one_address_is_not_written_to_without_end_and_no_page_tells(here: Site) -> None:
    kim, _ = await kim_of(here)
    for _ in range(8):
        await gives(kim)
        assert (kim.status, kim.path) == (200, CODE)
    assert len(await here.events("address.given")) == 5
    await types(kim, (await secret(here)).code)
    assert kim.path == "/me?said=address", "the latest that was sent is still good"


async def test_neither_one_network_nor_one_person_writes_to_many(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, sign_ins_per_hour=7) as here:
        kim, _ = await kim_of(here)  # which takes two of the seven
        for number in range(5):
            await gives(kim, f"kim{number}@example.org")
            assert kim.path == CODE
        await gives(kim, "kim5@example.org")
        assert (kim.status, kim.has_urgent_help()) == (429, True)
        kim.client = await elsewhere(here, kim)
        await gives(kim, "kim6@example.org")
        assert kim.path == CODE
        assert len(await here.events("address.given")) == 5


async def elsewhere(here: Site, visitor: Visitor) -> httpx.AsyncClient:
    """The same browser on another line."""
    moved = here.visitor("203.0.113.9").client
    moved.cookies = visitor.client.cookies
    return moved


@pytest.mark.parametrize("email", [
    "", "x", "a@b\r\nBcc: c@d.example", "kim@example.org", " KIM@example.org ", "k" * 300 + "@example.org"])
async def test_what_is_no_other_address_is_told_beside_the_field(here: Site, email: str) -> None:
    kim, _ = await kim_of(here)
    await gives(kim, email)
    assert (kim.status, kim.errors()) == (422, ["email"])
    assert await here.events("address.given") == []


async def test_where_answers_of_redis_are_lost_in_the_middle_the_same_sent_again_does_all_of_it_once(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    """Three scripts of ten lose their answers, the readers' included; a person presses "send it again" until it is done."""
    choose, losing = random.Random(5), [False]
    async with (wire(redis_url, lambda: losing[0] and choose.random() < 0.3) as line,
                site(line.url, redis, tmp_path, **UNLIMITED) as here):
        kim, peer = await kim_of(here)
        for number in range(1, 6):
            email = f"kim{number}@example.org"
            await kim.open(PATH)
            fields = {**kim.fields(PATH), "email": [email]}
            losing[0] = True
            await until_done(kim, PATH, fields)
            losing[0] = False
            told = await secret(here)
            losing[0] = True
            await until_done(kim, CODE, {"code": [told.code]})
            losing[0] = False
            await here.settled()
            assert await index(here) == rows_of(here, peer, email)
            assert await written_to(here, peer) == email
            counts = [len(await here.events(each)) for each in ("address.given", "address.changed", "peer.profile_changed")]
            assert counts == [number] * 3
        assert line.lost > 10


async def until_done(kim: Visitor, path: str, fields: dict[str, list[str]]) -> None:
    async def done() -> bool:
        answer = await kim.client.post(path, data=fields)
        assert answer.status_code in (303, 503), answer.text
        return answer.status_code == 303
    await until(done, f"{path}, sent again until it is taken")


async def test_while_redis_is_away_what_was_typed_stays_on_the_page(
        server: Server, redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        kim, _ = await kim_of(here)
        await kim.open(PATH)
        server.stop()
        await kim.submit(PATH, email=NEW)
        assert (kim.status, kim.fields(PATH)["email"]) == (503, [NEW])
        assert kim.has_urgent_help()
        server.start()
        await until_done(kim, PATH, kim.fields(PATH))


async def test_whoever_leaves_in_the_middle_leaves_no_address(here: Site) -> None:
    kim, peer = await kim_of(here)
    assert await Addresses(here.redis, here.host.vault).reserve(P0, NEW, peer)
    await kim.open("/me/leave")
    await kim.submit("/me/leave", sure="yes")
    await here.settled()
    assert await index(here) == ({}, {}, {})


async def test_a_link_to_sign_in_that_was_sent_to_the_address_before_is_as_good_as_spent(here: Site) -> None:
    kim, peer = await kim_of(here)
    assert await asked_to_sign_in(here, OLD) == [peer]
    link = await here.opened((await here.events("sign_in.requested"))[-1]["secret"], SignInSecret)
    await gives(kim)
    await types(kim, (await secret(here)).code)
    somebody = here.visitor()
    await somebody.post(f"/sign-in/{link.token}", {})
    assert (somebody.status, somebody.heading) == (410, "This link can't be used any more")
    await somebody.open("/me")
    assert somebody.path == "/sign-in"
    await kim.open("/me")
    assert kim.path == "/me", "whoever was signed in stays so"
    assert await here.signed_in(NEW)


async def test_a_rebuild_keeps_index_and_profile_as_they_are(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        kim, peer = await kim_of(here)
        await gives(kim)
        await types(kim, (await secret(here)).code)
        vault, before, was = here.host.vault, await redis.hgetall(PEERS.path(P0, SERVICE)), await index(here)
        assert was == rows_of(here, peer, NEW)
    await redis.delete(PEERS.path(P0, SERVICE))
    await rebuild(service(P0, tmp_path), P0, redis, vault, tmp_path)
    assert await redis.hgetall(PEERS.path(P0, SERVICE)) == before
    assert await index(here) == was
