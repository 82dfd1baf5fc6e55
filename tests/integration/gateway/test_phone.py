"""A number for text messages: theirs once its code was typed, for what they choose, and forgotten in one tap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from redis.asyncio import Redis

from shared.events import Address, Profile, SignInSecret
from tests.integration.gateway.site import Site, Visitor, site

PHONE, MESSAGES = "/me/phone", "/me/messages"
NUMBER = "+447700900123"


@pytest.fixture
async def texting(redis_url: str, redis: Redis, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(redis_url, redis, tmp_path, texts=True) as it:
        yield it


async def kim_of(here: Site) -> Visitor:
    await here.asks("kim@example.org")
    return await here.signed_in("kim@example.org")


async def gives(here: Site, kim: Visitor, number: str = "07700 900123") -> str:
    """The code that goes to it."""
    await kim.open(PHONE)
    await kim.submit(PHONE, number=number)
    given = (await here.events("address.given"))[-1]
    secret: SignInSecret = await here.opened(given["secret"], SignInSecret)
    return secret.code


async def profile(here: Site) -> Profile:
    opened: Profile = await here.opened((await here.events("peer.profile_changed"))[-1]["profile"], Profile)
    return opened


async def test_a_number_is_theirs_once_its_code_was_typed_and_then_they_choose_what_comes_there(texting: Site) -> None:
    kim = await kim_of(texting)
    await kim.open(MESSAGES)
    assert "by_text" not in kim.fields(MESSAGES)
    assert not any(each.attributes.get("name") == "by_text" for each in kim.page.all("input"))
    code = await gives(texting, kim)
    address: Address = await texting.opened((await texting.events("address.given"))[-1]["address"], Address)
    assert (address.email, address.phone) == ("", NUMBER)
    assert not await texting.events("peer.profile_changed")
    await kim.submit(f"{PHONE}/code", code=code)
    assert "Thank you. Choose below" in kim.page.text
    assert await profile(texting) == Profile(alias=(await profile(texting)).alias, email="kim@example.org", phone=NUMBER)
    await kim.submit(MESSAGES, by_text=["kind", "nudge"])
    assert (await texting.events("peer.preferences_changed"))[-1]["by_text"] == ["kind", "nudge"]
    await kim.open(MESSAGES)
    assert kim.fields(MESSAGES)["by_text"] == ["kind", "nudge"]


async def test_it_is_forgotten_in_one_tap_and_everything_comes_by_e_mail_again(texting: Site) -> None:
    kim = await kim_of(texting)
    code = await gives(texting, kim)
    await kim.submit(f"{PHONE}/code", code=code)
    await kim.submit(MESSAGES, by_text=["essential"])
    await kim.open(PHONE)
    assert NUMBER in kim.page.text
    await kim.submit(f"{PHONE}/remove")
    assert (await profile(texting)).phone == ""
    assert (await profile(texting)).email == "kim@example.org"
    assert (await texting.events("peer.preferences_changed"))[-1]["by_text"] == []
    await kim.open(PHONE)
    assert NUMBER not in kim.page.text


async def test_a_wrong_code_changes_nothing_and_too_many_end_it(texting: Site) -> None:
    kim = await kim_of(texting)
    code = await gives(texting, kim)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        await kim.submit(f"{PHONE}/code", code=wrong)
        assert (kim.status, kim.errors()) == (422, ["code"])
    await kim.submit(f"{PHONE}/code", code=code)
    assert kim.status == 422
    assert "Ask for a new code" in kim.page.text
    assert not await texting.events("peer.profile_changed")


async def test_what_is_no_mobile_number_is_told_of_and_nothing_is_sent(texting: Site) -> None:
    kim = await kim_of(texting)
    for number in ("", "abc", "020 7946 0000", "1" * 60, "07700 900123; 07700 900124"):
        await kim.open(PHONE)
        await kim.submit(PHONE, number=number)
        assert (kim.status, kim.errors()) == (422, ["number"]), number
        assert kim.has_urgent_help()
    assert not await texting.events("address.given")


async def test_one_number_gets_a_few_codes_an_hour_whoever_asks_for_them(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, texts=True, sign_ins_per_quarter=2) as here:
        kim = await kim_of(here)
        for _ in range(4):
            await gives(here, kim)
            assert kim.path == f"{PHONE}/code"
        assert len(await here.events("address.given")) == 2


async def test_a_form_sent_twice_sends_one_code(texting: Site) -> None:
    kim = await kim_of(texting)
    await kim.open(PHONE)
    fields = {**kim.fields(PHONE), "number": ["07700 900123"]}
    for _ in range(2):
        await kim.post(PHONE, fields)
    assert len(await texting.events("address.given")) == 1


async def test_without_text_messages_nobody_is_asked_for_a_number(here: Site) -> None:
    kim = await kim_of(here)
    await kim.open(MESSAGES)
    assert PHONE not in {each.attributes["href"] for each in kim.page.all("a")}


async def test_a_number_stands_in_no_key_and_on_no_log(texting: Site) -> None:
    kim = await kim_of(texting)
    await kim.submit(f"{PHONE}/code", code=await gives(texting, kim))
    kept = b"".join([key + (await texting.redis.dump(key) or b"") for key in await texting.redis.keys()])
    assert b"7700900123" not in kept
    assert b"07700" not in kept


async def test_a_name_and_a_number_given_at_the_same_moment_are_both_kept(texting: Site) -> None:
    kim = await kim_of(texting)
    code = await gives(texting, kim)
    await kim.open("/me/name")
    name = {**kim.fields("/me/name"), "first_name": "Kim"}
    await kim.open(f"{PHONE}/code")
    number = {**kim.fields(f"{PHONE}/code"), "code": code}
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    await asyncio.gather(*(kim.client.post(path, content=urlencode(fields, doseq=True), headers=form) for path, fields in (
        ("/me/name", name), (f"{PHONE}/code", number))))
    await texting.settled()
    assert ((await profile(texting)).first_name, (await profile(texting)).phone) == ("Kim", NUMBER)
