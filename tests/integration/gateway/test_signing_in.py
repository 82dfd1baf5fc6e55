"""Coming in by a message: a link that is used once, a code that can be typed instead, the same answer for everybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.gateway.domain.signing_in import SECRET_LIVES_MS, SESSION_LIVES_MS, SESSION_RENEWED_AFTER_MS
from shared.clock import Clock
from shared.events import SignInSecret
from tests.integration.gateway.site import GOOD, Site, Visitor, site


async def _asked(here: Site, visitor: Visitor, email: str) -> SignInSecret:
    await visitor.open("/sign-in")
    await visitor.submit("/sign-in", email=email)
    assert visitor.path == "/sign-in/code"
    secret: SignInSecret = await here.opened((await here.events("sign_in.requested"))[-1]["secret"], SignInSecret)
    return secret


async def test_a_link_signs_in_once_and_only_by_its_button(here: Site) -> None:
    await here.asks("kim@example.org")
    secret = await _asked(here, here.visitor(), "kim@example.org")
    visitor = here.visitor()  # the message is read on another device
    for _ in range(3):  # a scanner that follows links spends nothing
        await visitor.open(f"/sign-in/{secret.token}")
        assert visitor.heading == "Go to your page"
    await visitor.submit(f"/sign-in/{secret.token}")
    assert visitor.heading == "Your page"
    other = here.visitor()
    await other.post(f"/sign-in/{secret.token}", {})
    assert other.status == 410
    assert other.has_urgent_help()
    await visitor.open("/me")
    assert visitor.heading == "Your page"


async def test_of_many_who_open_a_link_at_once_one_comes_in(here: Site) -> None:
    await here.asks("kim@example.org")
    secret = await _asked(here, here.visitor(), "kim@example.org")
    visitors = [here.visitor() for _ in range(8)]
    await asyncio.gather(*(visitor.post(f"/sign-in/{secret.token}", {}) for visitor in visitors))
    assert sorted(visitor.status for visitor in visitors) == [200] + [410] * 7


async def test_a_code_signs_in_where_it_was_asked_for_and_spends_the_link(here: Site) -> None:
    await here.asks("kim@example.org")
    visitor = here.visitor()
    secret = await _asked(here, visitor, "kim@example.org")
    elsewhere = here.visitor()
    await elsewhere.post("/sign-in/code", {"code": secret.code})
    assert elsewhere.status == 422
    await visitor.submit("/sign-in/code", code=f" {secret.code[:3]} {secret.code[3:]} ")
    assert visitor.heading == "Your page"
    await elsewhere.post(f"/sign-in/{secret.token}", {})
    assert elsewhere.status == 410


async def test_after_five_wrong_codes_the_right_one_is_spent_and_the_link_still_works(here: Site) -> None:
    await here.asks("kim@example.org")
    visitor = here.visitor()
    secret = await _asked(here, visitor, "kim@example.org")
    wrong = f"{(int(secret.code) + 1) % 1_000_000:06}"
    for _ in range(5):
        await visitor.submit("/sign-in/code", code=wrong)
        assert visitor.errors() == ["code"]
    await visitor.submit("/sign-in/code", code=secret.code)
    assert (visitor.status, visitor.errors()) == (422, ["code"])
    assert "This code can't be used any more" in visitor.page.text
    assert visitor.page.all("title")[0].text.startswith("Error: ")
    await visitor.post(f"/sign-in/{secret.token}", {})
    assert visitor.heading == "Your page"


async def test_nobody_can_tell_from_the_pages_whether_an_address_is_known(here: Site) -> None:
    await here.asks("kim@example.org")
    seen = []
    for email in ("kim@example.org", "nobody@example.org"):
        visitor = here.visitor()
        await visitor.open("/sign-in")
        await visitor.submit("/sign-in", email=email)
        answers = [(visitor.status, visitor.path, visitor.page.text)]
        for _ in range(7):
            await visitor.submit("/sign-in/code", code="000000")
            answers.append((visitor.status, visitor.path, visitor.page.text))
        seen.append(answers)
    assert seen[0] == seen[1]
    assert len(await here.events("sign_in.requested")) == 1


async def test_what_is_no_code_is_told_and_costs_no_try(here: Site) -> None:
    await here.asks("kim@example.org")
    visitor = here.visitor()
    secret = await _asked(here, visitor, "kim@example.org")
    for text in ("", "12345", "abcdef", "1234567", "\x00", "١٢٣٤٥٦", "9" * 500):
        await visitor.submit("/sign-in/code", code=text)
        assert (visitor.status, visitor.errors()) == (422, ["code"])
    await visitor.submit("/sign-in/code", code=secret.code)
    assert visitor.heading == "Your page"


async def test_a_link_that_is_no_link_is_a_kind_page(here: Site) -> None:
    visitor = here.visitor()
    for path in ("/sign-in/x", f"/sign-in/{'a' * 43}?a=b", "/sign-in/%00", "/sign-in/%F0%9F%92%A9"):
        await visitor.open(path)
        assert visitor.status in (200, 404)
        await visitor.post(path, {})
        assert visitor.status == 410


async def test_without_a_session_every_page_of_a_peer_leads_to_signing_in(here: Site) -> None:
    visitor = here.visitor()
    for cookie in ("", "0" * 32, "x", "%00"):
        visitor.client.cookies.set("twoway_session", cookie)
        for path in ("/me", "/me/break", "/me/leave", "/me/messages", "/me/concern", "/me/withdraw", "/me/pairs/x/moment",
                     "/me/story", "/me/story.csv", "/me/story.json", "/me/moments/x"):
            await visitor.open(path)
            assert visitor.path == "/sign-in"
        for path in ("/me/break", "/me/back", "/me/leave", "/me/proposals/x", "/me/pairs/x/gesture", "/me/moments/x/back",
                     "/me/refused/x", "/me/pulse"):
            await visitor.post(path, {})
            assert visitor.path == "/sign-in"
        visitor.client.cookies.clear()


async def test_signing_in_anew_changes_the_session_and_signing_out_ends_it(here: Site) -> None:
    await here.asks("kim@example.org")
    visitor = await here.signed_in("kim@example.org")
    before = visitor.client.cookies["twoway_session"]
    await here.signed_in("kim@example.org", visitor)
    assert visitor.client.cookies["twoway_session"] != before
    planted = here.visitor()
    planted.client.cookies.set("twoway_session", before)
    await planted.open("/me")
    assert planted.path == "/sign-in"
    await visitor.open("/me")
    session = visitor.client.cookies["twoway_session"]
    await visitor.submit("/sign-out")
    assert visitor.heading == "You are signed out"
    planted.client.cookies.set("twoway_session", session)
    await planted.open("/me")
    assert planted.path == "/sign-in"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_cookies_are_closed_to_scripts_and_other_sites_and_insist_on_https_where_there_is_one(
        redis_url: str, redis: Redis, tmp_path: Path, scheme: str) -> None:
    async with site(redis_url, redis, tmp_path, base_url=f"{scheme}://buddies.example.org") as here:
        await here.asks("kim@example.org")
        visitor = await here.signed_in("kim@example.org")
        await visitor.open("/sign-in")
        [asked] = (await visitor.client.post("/sign-in", data={"email": "kim@example.org"})).headers.get_list("set-cookie")
        gone = (await visitor.client.post("/sign-out", data={"form": ""})).headers.get_list("set-cookie")
        assert len(gone) == 3
        for cookie in (asked, *gone):
            name, *attributes = cookie.lower().split("; ")
            assert {"httponly", "samesite=lax", "path=/"} <= set(attributes)
            assert not [each for each in attributes if each.startswith("domain")]
            assert ("secure" in attributes) is name.startswith("__host-twoway_") is (scheme == "https")
        assert "strict-transport-security" in (await visitor.client.get("/")).headers or scheme == "http"


async def test_a_secret_holds_for_half_an_hour_and_a_session_for_thirty_days(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        await here.asks("kim@example.org")
        visitor = here.visitor()
        secret = await _asked(here, visitor, "kim@example.org")
        [link] = [key async for key in redis.scan_iter("twoway:gateway:sign-in-link:*")]
        assert 0 < await redis.pttl(link) <= SECRET_LIVES_MS
        [code] = [key async for key in redis.scan_iter("twoway:gateway:sign-in:*")]
        assert 0 < await redis.pttl(code) <= SECRET_LIVES_MS
        await visitor.post(f"/sign-in/{secret.token}", {})
        [session] = [key async for key in redis.scan_iter("twoway:gateway:session:*")]
        assert SECRET_LIVES_MS < await redis.pttl(session) <= SESSION_LIVES_MS


async def test_a_session_ends_thirty_days_after_the_last_visit_in_the_browser_too(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        await here.asks("kim@example.org")
        visitor = await here.signed_in("kim@example.org")
        session = visitor.client.cookies["twoway_session"]
        assert "set-cookie" not in (await visitor.client.get("/me")).headers, "once an hour is enough"
        for path in ("/me", "/ask", "/me/nowhere"):
            now[0] += SESSION_RENEWED_AFTER_MS
            answer = await visitor.client.get(path)
            if path == "/me/nowhere":
                assert "set-cookie" not in answer.headers, "nobody looked who it is"
                continue
            [cookie] = answer.headers.get_list("set-cookie")
            assert cookie.startswith(f"twoway_session={session};")
            assert f"max-age={SESSION_LIVES_MS // 1000};" in cookie.lower()


async def test_a_visit_that_renews_a_session_and_ends_it_leaves_no_cookie_behind(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        await here.asks("kim@example.org")
        visitor = await here.signed_in("kim@example.org")
        now[0] += SESSION_RENEWED_AFTER_MS
        await visitor.post("/me/leave", {"sure": "yes"})
        assert visitor.heading == "Goodbye, and thank you"
        assert "twoway_session" not in visitor.client.cookies


async def test_a_link_of_half_an_hour_ago_is_spent_even_if_redis_still_had_it(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        await here.asks("kim@example.org")
        visitor = here.visitor()
        secret = await _asked(here, visitor, "kim@example.org")
        now[0] += SECRET_LIVES_MS
        await visitor.submit("/sign-in/code", code=secret.code)
        assert (visitor.status, visitor.errors()) == (422, ["code"])
        await visitor.post(f"/sign-in/{secret.token}", {})
        assert visitor.status == 410


@pytest.mark.parametrize("limit", ["sign_ins_per_quarter", "sign_ins_per_day"])
async def test_one_address_is_sent_few_messages_and_nobody_is_told_that_it_was_enough(
        redis_url: str, redis: Redis, tmp_path: Path, limit: str) -> None:
    async with site(redis_url, redis, tmp_path, **{limit: 2}) as here:
        await here.asks("kim@example.org")
        seen = set()
        for number in range(4):
            visitor = here.visitor(f"192.0.2.{number}")
            await visitor.open("/sign-in")
            await visitor.submit("/sign-in", email="Kim@example.org")
            seen.add((visitor.status, visitor.path, visitor.page.text))
        assert len(seen) == 1
        assert len(await here.events("sign_in.requested")) == 2


async def test_what_was_refused_for_coming_too_fast_takes_nothing_from_the_day(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    for sent, quarter in ((2, 2), (4, 20)):  # the second gateway allows more at once, and counts the same day
        async with site(redis_url, redis, tmp_path, sign_ins_per_quarter=quarter, sign_ins_per_day=4) as here:
            if sent == 2:
                await here.asks("kim@example.org")
            for number in range(6):
                await here.visitor(f"192.0.2.{number}").post("/sign-in", {"email": "kim@example.org"})
            assert len(await here.events("sign_in.requested")) == sent


async def test_one_network_can_have_few_messages_sent_whether_the_addresses_are_known_or_not(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, sign_ins_per_hour=3) as here:
        await here.asks("kim@example.org")
        visitor = here.visitor()
        for email in ("kim@example.org", "nobody@example.org"):
            await visitor.post("/sign-in", {"email": email})
            assert visitor.status == 200
        for email in ("kim@example.org", "nobody@example.org"):
            await visitor.post("/sign-in", {"email": email})
            assert visitor.status == 429
            assert "about 60 minutes" in visitor.page.text
        await visitor.open("/ask")
        await visitor.fills_in(**GOOD, email="kim@example.org")
        await visitor.submit("/ask/check")
        assert visitor.status == 429
        await visitor.open("/ask/check")
        assert visitor.heading == "Check your answers", "nothing is lost"
        assert len(await here.events("sign_in.requested")) == 1
        other = here.visitor("192.0.2.10")
        await other.post("/sign-in", {"email": "kim@example.org"})
        assert other.status == 200


async def test_a_network_that_posts_too_often_sees_a_calm_page_and_always_urgent_help(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, posts_per_minute=3) as here:
        visitor = here.visitor("192.0.2.9")
        for _ in range(3):
            await visitor.post("/sign-in", {"email": "kim@example.org"})
            assert visitor.status == 200
        await visitor.post("/sign-in", {"email": "kim@example.org"})
        assert visitor.status == 429
        assert "116 123" in visitor.page.text
        assert "You have done nothing wrong" in visitor.page.text
        assert "about a minute, then" in visitor.page.text
        assert visitor.fields("/sign-in") == {"email": ["kim@example.org"]}
        typed = {"text": ["It began\nso"], "form": ["f" * 32]}
        await visitor.post("/me/concern", typed)
        assert (visitor.status, visitor.fields("/me/concern")) == (429, typed)
        assert [each for each in visitor.page.all("a") if "main" in each.inside and each.attributes["href"] == "/"]
        await visitor.open("/urgent-help")
        assert visitor.status == 200
        other = here.visitor("192.0.2.10")
        await other.post("/sign-in", {"email": "kim@example.org"})
        assert other.status == 200
        assert not [key async for key in redis.scan_iter("*192.0.2*")]
