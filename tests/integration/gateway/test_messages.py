"""What messages somebody would like: the form, what it puts on the log, and that nothing they chose is ever lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from services.gateway import catalogue
from shared.events import Frequency, PreferencesChanged, QuietHours
from shared.programme import Programme, load
from tests.integration.gateway.site import Site, Visitor, site

PATH = "/me/messages"
BILINGUAL = load().model_copy(update={"message_languages": ("en", "cy")})


async def kim_of(here: Site, quiet: str = "usual") -> tuple[Visitor, str]:
    await here.asks("kim@example.org", quiet=quiet)
    return await here.signed_in("kim@example.org"), (await here.events("peer.joined"))[-1]["peer"]


async def shown(kim: Visitor) -> dict[str, list[str]]:
    await kim.open(PATH)
    return {name: values for name, values in kim.fields(PATH).items() if name not in ("form", "seen")}


async def saved(here: Site) -> dict[str, Any]:
    return (await here.events("peer.preferences_changed"))[-1]


@pytest.mark.parametrize(("asked", "hours"), [("usual", "usual"), ("any", "any")])
async def test_the_form_begins_with_what_was_chosen_when_asking(here: Site, asked: str, hours: str) -> None:
    kim, _ = await kim_of(here, asked)
    assert await shown(kim) == {
        "write": ["yes"], "kinds": ["essential", "kind", "nudge"], "frequency": ["as_it_happens"], "hours": [hours],
        "quiet_from": [""], "quiet_until": [""], "zone": ["Europe/London"]}


async def test_everything_that_can_be_chosen_is_told_and_shows_again(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, programme=BILINGUAL) as here:
        kim, peer = await kim_of(here)
        await kim.open(PATH)
        assert kim.fields(PATH)["language"] == ["en"]
        answers = {"write": ["yes"], "kinds": ["essential", "nudge"], "frequency": ["weekly"], "hours": ["own"],
                   "quiet_from": ["22:00"], "quiet_until": ["07:00"], "zone": ["Europe/Warsaw"], "language": ["cy"],
                   "leave": ["yes"]}
        await kim.submit(PATH, **answers)
        assert (kim.path, "Saved." in kim.page.text) == ("/me?said=done", True)
        assert await saved(here) == {
            "peer": peer, "quiet": {"start": "22:00", "end": "07:00", "zone": "Europe/Warsaw"}, "stopped": False,
            "frequency": "weekly", "without": ["kind"], "language": "cy", "leave_messages": True, "zone": None, "by_text": []}
        assert await shown(kim) == answers


async def test_no_messages_at_all_keeps_every_other_choice_for_another_day(here: Site) -> None:
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    await kim.submit(PATH, hours="own", quiet_from="20:00", quiet_until="10:00", frequency="daily")
    before = await shown(kim)
    await kim.submit(PATH, write="no")
    assert "we do not write to you" in kim.page.text
    assert ((await saved(here))["stopped"], (await saved(here))["quiet"]["start"]) == (True, "20:00")
    assert await shown(kim) == {**before, "write": ["no"]}
    await kim.submit(PATH, write="yes")
    assert await shown(kim) == before
    await kim.open("/me")
    assert "we do not write to you" not in kim.page.text


async def test_a_zone_of_ones_own_outlives_any_hour_is_fine(here: Site) -> None:
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    await kim.submit(PATH, hours="any", zone="Asia/Karachi")
    assert ((await saved(here))["quiet"], (await saved(here))["zone"]) == (None, "Asia/Karachi")
    assert (await shown(kim))["zone"] == ["Asia/Karachi"]
    await kim.submit(PATH, hours="usual")
    assert (await saved(here))["quiet"] == {"start": "21:00", "end": "09:00", "zone": "Asia/Karachi"}


async def test_the_programmes_zone_is_no_zone_of_ones_own(here: Site) -> None:
    """So whoever stays with it moves with the programme."""
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    await kim.submit(PATH, frequency="daily")
    assert ((await saved(here))["quiet"]["zone"], (await saved(here))["zone"]) == (None, None)


async def test_what_is_not_offered_any_more_stays_with_whoever_has_it(here: Site) -> None:
    kim, peer = await kim_of(here)
    hours = QuietHours(start="22:30", end="07:15", zone="America/Lima")
    await here.says(PreferencesChanged(peer=peer, quiet=hours, language="cy", frequency=Frequency.DAILY))
    before = await shown(kim)
    assert (before["quiet_from"], before["quiet_until"], before["zone"]) == (["22:30"], ["07:15"], ["America/Lima"])
    await kim.submit(PATH, leave="yes")
    assert (await saved(here))["quiet"] == {"start": "22:30", "end": "07:15", "zone": "America/Lima"}
    assert ((await saved(here))["language"], (await saved(here))["leave_messages"]) == ("cy", True)


async def test_hours_of_ones_own_are_left_behind_by_choosing_others(here: Site) -> None:
    kim, peer = await kim_of(here)
    await here.says(PreferencesChanged(peer=peer, quiet=QuietHours(start="22:00", end="07:00")))
    await kim.open(PATH)
    await kim.submit(PATH, hours="usual")
    assert (await saved(here))["quiet"] == {"start": "21:00", "end": "09:00", "zone": None}
    assert ((await shown(kim))["hours"], (await shown(kim))["quiet_from"]) == (["usual"], [""])


@pytest.mark.parametrize(("answers", "errors"), [
    ({"hours": "own"}, ["quiet_from", "quiet_until"]),
    ({"hours": "own", "quiet_from": "22:00"}, ["quiet_until"]),
    ({"hours": "own", "quiet_from": "22:00", "quiet_until": "22:00"}, ["quiet_until"]),
    ({"quiet_from": "22:00", "quiet_until": "07:00"}, ["quiet_from", "quiet_until"]),
    ({"hours": "any", "quiet_until": "07:00"}, ["quiet_until"]),
    ({"hours": "own", "quiet_from": "25:00", "quiet_until": "07:00"}, ["quiet_from"]),
    ({"zone": "Europe/Nowhere"}, ["zone"]),
    ({"zone": "../../etc/passwd"}, ["zone"]),
    ({"zone": []}, ["zone"]),
    ({"kinds": "sign_in"}, ["kinds"]),
    ({"frequency": "hourly"}, ["frequency"]),
    ({"language": "cy"}, ["language"]),
    ({"write": []}, ["write"]),
])
async def test_what_cannot_be_taken_is_told_beside_its_field_and_nothing_is_lost(
        here: Site, answers: dict[str, Any], errors: list[str]) -> None:
    kim, _ = await kim_of(here)
    before = await saved(here)
    await kim.open(PATH)
    await kim.submit(PATH, **{"leave": "yes", "frequency": "weekly", "kinds": ["kind"], **answers})
    assert (kim.status, kim.errors()) == (422, errors)
    kept = kim.fields(PATH)
    assert kept["leave"] == ["yes"]
    if not {"frequency", "kinds"} & set(answers):
        assert (kept["frequency"], kept["kinds"]) == (["weekly"], ["kind"])
    if answers.get("quiet_until") == "07:00":
        assert kept["quiet_until"] == ["07:00"]
    assert await saved(here) == before


async def test_the_page_says_what_each_kind_is_before_it_is_stopped_and_every_kind_can_be(here: Site) -> None:
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    for kind in catalogue.load().words["messages"]["kinds"]:
        box = next(each for each in kim.page.all("input") if each.attributes.get("value") == kind)
        means = kim.page.by_id(box.attributes["aria-describedby"])
        assert means is not None
        assert "Without them it" in means.text
    await kim.submit(PATH, kinds=[])
    assert (await saved(here))["without"] == ["essential", "kind", "nudge"]
    await kim.open("/me")
    assert "we do not write to you" in kim.page.text


async def test_the_same_form_sent_twice_is_one_choice(here: Site) -> None:
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    fields = {**kim.fields(PATH), "frequency": ["daily"]}
    before = len(await here.events("peer.preferences_changed"))
    for _ in range(2):
        await kim.post(PATH, fields)
    assert len(await here.events("peer.preferences_changed")) == before + 1


async def test_asking_again_asks_nothing_of_messages_and_changes_nothing_about_them(here: Site) -> None:
    kim, peer = await kim_of(here)
    hours = QuietHours(start="22:00", end="07:00")
    await here.says(PreferencesChanged(peer=peer, quiet=hours, stopped=True, without=("kind",)))
    before = await shown(kim)
    await kim.open("/me/withdraw")
    await kim.submit("/me/withdraw")
    await kim.open("/ask/email")
    assert kim.status == 404
    await kim.fills_in(seeks=["grief"], offers=["forms"], ways=["letter"], languages=["cy"], consent="yes")
    assert kim.path == "/ask/check"
    assert "When we may write" not in kim.page.text
    await kim.submit("/ask/check")
    assert len(await here.events("support.requested")) == 2
    assert len(await here.events("peer.preferences_changed")) == 2
    assert await shown(kim) == before


async def test_each_zone_is_offered_once_and_there_is_one_the_programmes_first(here: Site) -> None:
    kim, _ = await kim_of(here)
    await kim.open(PATH)
    offered = [each.attributes["value"] for each in kim.page.all("option") if "/" in each.attributes["value"]]
    assert offered[0] == here.host.programme.time_zone
    assert len(offered) == len(set(offered)) > 40
    assert [ZoneInfo(each) for each in offered]


async def test_a_programme_anywhere_has_its_own_zone_in_the_list(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    programme = Programme.model_validate({**load().model_dump(), "time_zone": "Pacific/Chatham"})
    async with site(redis_url, redis, tmp_path, programme=programme) as here:
        kim, _ = await kim_of(here)
        assert (await shown(kim))["zone"] == ["Pacific/Chatham"]
        await kim.submit(PATH, frequency="weekly")
        assert ((await saved(here))["quiet"]["zone"], (await saved(here))["frequency"]) == (None, "weekly")
