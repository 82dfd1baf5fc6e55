"""A device that several people use, and pages that were left open on it."""

from __future__ import annotations

import pytest

from tests.integration.gateway.site import GOOD, Site, Visitor

AGAIN = {"seeks": ["hearing_voices"], "offers": ["forms"], "ways": ["letter"], "languages": ["cy"], "consent": "yes",
         "capacity": "1"}


async def _drafting(here: Site) -> Visitor:
    """Kim, who withdrew, has begun another request and not sent it."""
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open("/me/withdraw")
    await kim.submit("/me/withdraw")
    await kim.fills_in(**AGAIN)
    assert kim.path == "/ask/check"
    return kim


async def _drafts(here: Site) -> int:
    return len([key async for key in here.redis.scan_iter("twoway:gateway:draft:*")])


@pytest.mark.parametrize("page", ["/ask", "/ask/check"])
async def test_what_was_begun_and_not_sent_can_be_deleted_by_one_button(here: Site, page: str) -> None:
    kim = here.visitor()
    await kim.open("/ask")
    assert not _clears(kim), "there is nothing to delete yet"
    await kim.fills_in(**GOOD, email="kim@example.org")
    await kim.open(page)
    assert _clears(kim)
    await kim.submit("/ask/clear")
    assert kim.heading == "This page is cleared"
    assert "twoway_draft" not in kim.client.cookies
    assert await _drafts(here) == 0
    await kim.open("/ask/email")
    assert kim.fields("/ask/email")["email"] == [""]
    await kim.open("/ask/check")
    assert kim.status == 404
    assert "cookies" in kim.page.text
    await kim.post("/ask/clear", {})
    assert kim.status == 200


def _clears(visitor: Visitor) -> bool:
    return any(each.attributes["action"] == "/ask/clear" for each in visitor.page.all("form"))


@pytest.mark.parametrize("way", ["sign out", "leave"])
async def test_what_was_begun_goes_with_whoever_signs_out_or_leaves(here: Site, way: str) -> None:
    kim = await _drafting(here)
    assert await _drafts(here) == 2  # the one on the device from which they first asked was sent and holds ids alone
    if way == "leave":
        await kim.open("/me/leave")
        await kim.submit("/me/leave", sure="yes")
    else:
        await kim.open("/me")
        await kim.submit("/sign-out")
    assert "twoway_draft" not in kim.client.cookies
    assert await _drafts(here) == 1
    await kim.open("/ask/check")
    assert kim.status == 404
    await kim.open("/ask/seeks")
    assert kim.fields("/ask/seeks").get("seeks") is None


async def test_once_a_session_is_over_nobody_else_is_shown_what_was_begun_in_it(here: Site) -> None:
    kim = await _drafting(here)
    session = kim.client.cookies["twoway_session"]
    kim.client.cookies.delete("twoway_session")
    await kim.open("/ask/check")
    assert kim.path == "/sign-in"
    await kim.open("/ask/seeks")
    assert kim.fields("/ask/seeks").get("seeks") is None
    await kim.post("/ask/check", {})
    assert kim.path == "/sign-in"
    assert len(await here.events("support.requested")) == 1
    kim.client.cookies.set("twoway_session", session, domain="127.0.0.1", path="/")
    await kim.open("/ask/check")
    assert "Check your answers" in kim.heading


async def test_a_second_request_from_a_page_left_open_is_led_to_the_first_and_changes_nothing(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.post("/ask/seeks", AGAIN)
    assert kim.heading == "Your request is with us already"
    assert any(each.attributes["href"] == "/me" for each in kim.page.all("a") if "main" in each.inside)
    assert await _types(here) == 1


async def test_a_second_request_checked_before_the_first_was_sent_is_led_to_the_first(here: Site) -> None:
    kim = await _drafting(here)
    elsewhere = await here.signed_in("kim@example.org")
    await elsewhere.fills_in(**{**AGAIN, "seeks": ["grief"]})
    await elsewhere.submit("/ask/check")
    assert elsewhere.path == "/ask/sent"
    await kim.post("/ask/check", {})
    assert kim.heading == "Your request is with us already"
    assert await _types(here) == 2
    assert (await here.events("peer.preferences_changed"))[-1]["quiet"] is None
    await elsewhere.post("/ask/check", {})
    assert elsewhere.path == "/ask/sent"


async def _types(here: Site) -> int:
    """How many requests there are; every one brings its own consent."""
    counts = {len(await here.events(type)) for type in ("support.requested", "consent.given")}
    assert len(counts) == 1
    return counts.pop()


async def test_somebody_new_on_the_device_begins_with_an_empty_page(here: Site) -> None:
    kim = await _drafting(here)
    await kim.open("/me")
    await kim.submit("/sign-out")
    await kim.open("/ask")
    await kim.fills_in(**GOOD, email="sam@example.org")
    await kim.submit("/ask/check")
    assert kim.path == "/ask/sent"
    assert len(await here.events("peer.joined")) == 2
