"""A request that is said anew on its own page: what was said stands in the form, and the place in the queue stays."""

from __future__ import annotations

import pytest

from services.gateway import changing
from services.gateway.posted import Posted
from shared.events import Details, Way
from tests.integration.gateway.site import GOOD, Site
from tests.integration.gateway.test_my_page import Two

PATH = "/me/request/change"


def test_the_form_shows_all_that_a_request_says() -> None:
    said = Details(seeks=("sleep",), offers=("listening",), ways=(Way.CALL,), area="Hill End", facts={"gender": "woman"},
                   prefers={"talking": ("quiet",)}, newcomer=True, note="nobody is shown this")
    shown = changing.shown(said, 2)
    assert isinstance(shown, Posted)
    assert (shown.first("seeks"), shown.first("ways"), shown.first("area")) == ("sleep", "call", "Hill End")
    assert (shown.first("facts-gender"), shown.first("prefers-talking"), shown.first("newcomers")) == (
        "woman", "quiet", "newcomer")
    assert shown.first("capacity") == "2"
    assert "nobody is shown this" not in str(shown)


async def test_what_was_said_stands_in_the_form_and_saving_it_unchanged_changes_nothing(here: Site) -> None:
    await here.asks("kim@example.org", ways=["in_person"], area="Hill End", newcomers="newcomer", capacity="2")
    kim = await here.signed_in("kim@example.org")
    [asked] = await here.events("support.requested")
    await kim.open(PATH)
    await kim.submit(PATH)
    assert kim.path == "/me?said=changed", kim.errors()
    [changed] = await here.events("support.changed")
    assert (changed["peer"], changed["request"], changed["capacity"]) == (asked["peer"], asked["request"], 2)
    assert await here.opened(changed["details"], Details) == await here.opened(asked["details"], Details)


async def test_a_change_shows_at_once_under_the_same_reference_and_day(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    before = kim.page.text
    await kim.open(PATH)
    await kim.submit(PATH, seeks=["loneliness"], capacity="3")
    assert "you keep your place" in kim.page.text
    assert "You would like support with: Feeling alone" in kim.page.text
    reference = before.split("Reference ")[1][:9]
    assert f"Reference {reference}" in kim.page.text


async def test_a_mistake_is_told_keeps_the_answers_and_changes_nothing(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open(PATH)
    fields = {**kim.fields(PATH), "seeks": ["nonsense"], "area": ["Hill End"]}
    await kim.post(PATH, fields)
    assert (kim.status, kim.errors()) == (422, ["seeks"])
    assert "Hill End" in str(kim.fields(PATH))
    assert kim.has_urgent_help()
    assert await here.events("support.changed") == []


async def test_the_same_page_sent_twice_is_one_change(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open(PATH)
    fields = kim.fields(PATH)
    await kim.post(PATH, fields)
    await kim.post(PATH, fields)
    assert len(await here.events("support.changed")) == 1


@pytest.mark.parametrize("way", ["open", "post"])
async def test_without_a_request_there_is_nothing_to_change(here: Site, way: str) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open("/me/withdraw")
    await kim.submit("/me/withdraw")
    await (kim.open(PATH) if way == "open" else kim.post(PATH, {**GOOD, "form": "f"}))
    assert kim.status in (200, 303)
    assert await here.events("support.changed") == []


async def test_nobody_elses_page_is_another_for_a_change(here: Site) -> None:
    two = await Two.meet(here)
    await two.paired()
    before = two.sam.page.text
    await two.kim.open(PATH)
    await two.kim.submit(PATH, seeks=["anxiety"], area="Hill End canary")
    await two.sam.open("/me")
    assert two.sam.page.text == before
