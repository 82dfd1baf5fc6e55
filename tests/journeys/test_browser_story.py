"""What two people wrote down, in a real browser without JavaScript: the form, both stories, and what each may say of it."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from shared.clock import DAY_MS
from shared.events import Event, Kind, MomentRecorded, MomentRefused, PulseOffered
from shared.sealing import Vault, parse_key
from shared.stream.append import Appender, Input
from shared.stream.names import Partition
from tests.journeys.system import Up, up
from tests.journeys.test_browser import asks, comes, sees, signs_in
from tests.journeys.window import WIDTHS, Looks, Window, chromium

P0 = Partition(0)
LATEST_MS = 1_795_000_000_000

pytestmark = [pytest.mark.browser, pytest.mark.prove]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("story") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def looks(system: Up) -> Iterator[Looks]:
    with chromium() as browser:
        yield Looks(browser, system.url)


@pytest.fixture(scope="module")
def people(looks: Looks) -> tuple[Window, Window]:
    """Two buddies, each on their own page: one on a telephone, one at a desk."""
    phone, desk = Window(looks, WIDTHS[0]), Window(looks, WIDTHS[1])
    asks(phone, "hal@people.example", "sleep", "grief")
    asks(desk, "ivy@people.example", "grief", "sleep")
    for person, email in ((phone, "hal@people.example"), (desk, "ivy@people.example")):
        signs_in(person, email)
        sees(person, "Someone who may fit")
        person.clicks("Yes, introduce us")
    for person in (phone, desk):
        sees(person, "Your buddy")
    return phone, desk


@pytest.fixture(autouse=True)
def whole(looks: Looks) -> Iterator[None]:
    """Fails the test for whatever was wrong on a page that it came to."""
    yield
    problems, looks.problems = looks.problems, []
    assert problems == []


def text(page: Page) -> str:
    return page.locator("main").inner_text()


def pair_of(system: Up) -> dict[str, Any]:
    with Redis.from_url(system.running.redis_url) as redis:
        entries: Any = redis.xrange(P0.log)
    formed: dict[str, Any] = next(json.loads(fields[b"body"]) for _, fields in entries if fields[b"type"] == b"pair.formed")
    return formed


def says(system: Up, *events: Event) -> None:
    """What the ledger would say. In a thread of its own: the browser has an event loop in this one."""
    key_file = system.running.key_file
    assert key_file is not None
    vault = Vault(parse_key(key_file.read_text()))

    async def appended() -> None:
        async with AsyncRedis.from_url(system.running.redis_url) as redis:
            await Appender(redis, vault).append(P0, [Input(event, secrets.token_hex(16)) for event in events])
    thread = threading.Thread(target=lambda: asyncio.run(appended()))
    thread.start()
    thread.join()


def test_a_moment_of_another_day_is_asked_for_in_three_fields_and_nothing_is_lost_on_an_error(
        people: tuple[Window, Window]) -> None:
    phone, desk = people
    phone.clicks("Write down a moment of support")
    phone.ticks(direction="received", when="another")
    phone.types(minutes="half an hour", **{"happened-day": "31", "happened-month": "2", "happened-year": "2026"})
    phone.presses("Write it down")
    page = phone.look("moment-with-problems")
    assert page.title().startswith("Error: ")
    for link in page.locator(".govuk-error-summary a").all():
        field = page.locator(str(link.get_attribute("href")))
        assert field.count() == 1
        assert link.inner_text() in page.locator(".govuk-form-group--error").filter(has=field).last.inner_text()
    assert page.locator("[name='happened-day']").input_value() == "31"
    assert phone.checked("when") == ["another"]
    phone.ticks(kind="listened", when="today", way="call")
    phone.types(minutes="25", **{"happened-day": "", "happened-month": "", "happened-year": ""})
    phone.presses("Write it down")
    assert "Written down." in phone.text
    comes(desk, lambda: "You listened to" in text(desk.opens("/me/story")))


def test_both_read_it_in_their_story_and_say_of_it_what_each_may(people: tuple[Window, Window]) -> None:
    phone, desk = people
    phone.opens("/me/story")
    assert "listened to you" in text(phone.look("story"))
    desk.opens("/me/story")
    desk.clicks("Say thank you, or something else")
    desk.look("one-moment")
    desk.presses("Thank you for this")
    phone.opens("/me")
    assert "says thank you for this." in text(phone.look("me-thanked"))
    desk.opens("/me/story")
    desk.clicks("Say something about it")
    desk.clicks("I remember it differently")
    desk.look("differently")
    desk.clicks("Say that I remember it differently")
    phone.opens("/me")
    phone.look("me-asked")
    phone.clicks("Say how it was")
    phone.look("one-moment-asked")
    phone.presses("Keep it as it is")
    desk.opens("/me/story")
    assert "It stays as it is written." in text(desk.look("story-settled"))


def test_a_question_and_what_was_not_taken_stand_on_the_page_until_they_are_answered_or_cleared_away(
        system: Up, people: tuple[Window, Window]) -> None:
    phone, _ = people
    for peer in pair_of(system)["peers"]:
        says(system, PulseOffered(peer=peer), MomentRefused(moment=secrets.token_hex(16), peer=peer, reason="in_future"))
    sees(phone, "Have you felt listened to lately?")
    assert "changed nothing. Its day is still to come" in text(phone.look("me-with-a-pulse-and-a-refusal"))
    phone.clicks("Partly")
    assert "Have you felt" not in phone.text
    phone.clicks("Clear this away")
    assert "changed nothing" not in phone.text


def test_a_long_story_comes_in_pages_and_can_be_kept(system: Up, people: tuple[Window, Window]) -> None:
    _, desk = people
    formed = pair_of(system)
    kinds, peers = tuple(Kind), formed["peers"]
    says(system, *(MomentRecorded(
        moment=secrets.token_hex(16), pair=formed["pair"], giver=peers[number % 2], receiver=peers[1 - number % 2],
        kind=kinds[number % len(kinds)], recorded_by=peers[number % 3 % 2], happened_ms=LATEST_MS - number * 5 * DAY_MS)
        for number in range(80)))
    comes(desk, lambda: "feel welcome" in text(desk.opens("/me/story")))
    desk.look("story-long")
    desk.clicks("What was before that")
    desk.look("story-before-that")
    desk.clicks("The newest")
    desk.opens("/me")
    desk.clicks("Your story with")
    desk.look("story-of-a-pair")
    with desk.page.expect_download() as kept:
        desk.page.locator("a", has_text="For a spreadsheet").click()
    assert kept.value.suggested_filename == "my-story.csv"
    assert len(kept.value.path().read_text("utf-8-sig").splitlines()) == 82
