"""Moments from the form to both people's stories: what each sees, what each may say of it, and what is kept in a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from services.gateway import catalogue
from services.gateway.service import service
from services.gateway.store import PEERS, PULSE_LIVES_MS, REFUSALS_MAX, SERVICE, TABLES
from services.gateway.store.stories import MOMENTS, PLACES, STORIES
from services.gateway.story import PAGE
from shared.clock import DAY_MS, Clock
from shared.events import (
    BreakEnded,
    BreakKind,
    BreakStarted,
    Correction,
    Event,
    GestureSent,
    Kind,
    MomentKeptApart,
    MomentRecorded,
    MomentRefused,
    MomentRememberedDifferently,
    MomentRestored,
    MomentReversed,
    MomentThanked,
    MomentUpheld,
    PairClosed,
    PeerLeft,
    PulseOffered,
)
from shared.stream.rebuild import rebuild
from tests.integration.gateway.site import P0, Site, Visitor, site
from tests.integration.gateway.test_my_page import Two
from tests.unit.gateway.html import Page

PAIR = "a" * 32
LONDON = ZoneInfo("Europe/London")


@asynccontextmanager
async def pair(here: Site) -> AsyncIterator[Two]:
    two = await Two.meet(here)
    await two.paired(PAIR)
    yield two


@pytest.fixture
async def two(here: Site) -> Two:
    met = await Two.meet(here)
    await met.paired(PAIR)
    return met


def recorded(two: Two, moment: str = "m", *, gave: int = 0, by: int = 0, **more: Any) -> MomentRecorded:
    """What the ledger says of a moment of the two: 0 is Kim, 1 is Sam."""
    giver, receiver = two.peers[gave], two.peers[1 - gave]
    about = {"kind": Kind.LISTENED, "recorded_by": two.peers[by], **more}
    return MomentRecorded(moment=moment, pair=PAIR, giver=giver, receiver=receiver, **about)


def reversal(two: Two, moment: str = "m", reason: Correction = Correction.MISTAKE) -> MomentReversed:
    return MomentReversed(moment=moment, giver=two.peers[0], receiver=two.peers[1], reason=reason)


def alias(visitor: Visitor) -> str:
    return next(each for each in visitor.page.all("strong")).text


def words(page: Page) -> str:
    return " ".join(page.text.split())


def acts(visitor: Visitor) -> set[str]:
    """What the page of a moment offers."""
    return {each.attributes[name].rsplit("/", 1)[1] for tag, name in (("form", "action"), ("a", "href"))
            for each in visitor.page.all(tag) if each.attributes[name].startswith("/me/moments/")}


async def seen(visitor: Visitor, moment: str = "m") -> str:
    await visitor.open(f"/me/moments/{moment}")
    return words(visitor.page)


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_moment_says_what_who_when_how_and_how_long_and_nothing_is_lost_on_an_error(here: Site, two: Two) -> None:
    path = f"/me/pairs/{PAIR}/moment"
    name = alias(two.sam)
    await two.kim.open(path)
    assert f"{name} gave this" in two.kim.page.text
    await two.kim.submit(path, minutes="half an hour", when="another", **{"happened-day": "31", "happened-month": "2"})
    assert two.kim.errors() == ["kind", "direction", "happened-year", "minutes"]
    kept = two.kim.fields(path)
    assert (kept["minutes"], kept["when"], kept["happened-day"]) == (["half an hour"], ["another"], ["31"])
    await two.kim.submit(path, direction="received", kind="listened", minutes="30", way="call", when="today",
                         **{"happened-day": "", "happened-month": ""})
    [shared] = await here.events("moment.shared")
    assert shared == {"moment": shared["moment"], "pair": PAIR, "giver": two.peers[1], "receiver": two.peers[0],
                      "kind": "listened", "recorded_by": two.peers[0], "minutes": 30, "way": "call", "both_ways": False,
                      "happened_ms": None}
    assert "Written down." in two.kim.page.text


async def test_both_of_us_is_one_event_and_the_same_page_sent_twice_is_one_moment(here: Site, two: Two) -> None:
    path = f"/me/pairs/{PAIR}/moment"
    await two.kim.open(path)
    page = {**two.kim.fields(path), "direction": "both", "kind": "shared_coping"}
    for _ in range(2):
        await two.kim.post(path, page)
    [shared] = await here.events("moment.shared")
    assert (shared["both_ways"], shared["giver"], shared["receiver"]) == (True, *two.peers)
    await two.kim.post(path, {**page, "kind": "other"})
    assert (two.kim.status, two.kim.heading) == (409, "This was sent already")


async def test_another_day_is_noon_of_that_day_where_the_programme_is_and_never_before_the_two_met(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = datetime(2026, 6, 20, 15, 0, tzinfo=UTC)
    moved = [timedelta(0)]
    clock = Clock(now_ms=lambda: int((now + moved[0]).timestamp() * 1000))
    async with site(redis_url, redis, tmp_path, clock) as here, pair(here) as two:
        entry = next(at for at, fields in await redis.xrange(P0.log) if fields[b"type"] == b"pair.formed")
        formed_ms = int(entry.partition(b"-")[0])  # the server's own time, whatever ours is
        formed = datetime.fromtimestamp(formed_ms / 1000, UTC).date()
        moved[0] = datetime.combine(formed + timedelta(days=3), datetime.min.time(), UTC) + timedelta(hours=15) - now
        two.kim = await here.signed_in("kim@example.org")
        path = f"/me/pairs/{PAIR}/moment"
        for day, happened in ((formed + timedelta(days=2), None), (formed, formed_ms)):
            await two.kim.open(path)
            await two.kim.submit(path, direction="gave", kind="other", when="another", **typed(day))
            shared = (await here.events("moment.shared"))[-1]["happened_ms"]
            assert datetime.fromtimestamp(shared / 1000, LONDON).date() == day
            assert happened is None or shared >= happened
        for day, told in ((formed - timedelta(days=1), "were not buddies yet"), (formed + timedelta(days=4), "still to come")):
            await two.kim.open(path)
            await two.kim.submit(path, direction="gave", kind="other", when="another", **typed(day))
            assert two.kim.errors() == ["happened-day"]
            assert told in two.kim.page.text
        assert len(await here.events("moment.shared")) == 2


async def test_what_is_written_down_late_says_of_which_time_and_on_which_day_it_was(here: Site, two: Two) -> None:
    await here.says(PairClosed(pair=PAIR, peers=two.peers, reason="ended"))
    path = f"/me/before/{PAIR}"
    await two.kim.open(path)
    assert "The two of you were buddies until " in words(two.kim.page)
    await two.kim.submit(path, direction="gave", kind="other")
    assert two.kim.errors() == ["happened-day"], "nobody was there for an earlier buddy today because a form begins so"
    await two.kim.submit(path, when="today")
    assert len(await here.events("moment.shared")) == 1


async def test_yesterday_of_two_who_met_today_is_a_problem_where_it_was_chosen(here: Site, two: Two) -> None:
    path = f"/me/pairs/{PAIR}/moment"
    await two.kim.open(path)
    await two.kim.submit(path, direction="gave", kind="other", when="yesterday")
    assert two.kim.errors() == ["when"]
    assert "The two of you were not buddies yet yesterday" in two.kim.page.text


def typed(day: date) -> dict[str, str]:
    return {"happened-day": str(day.day), "happened-month": str(day.month), "happened-year": str(day.year)}


# ── both stories ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_both_see_a_moment_in_plain_words_with_who_wrote_it_and_minutes_stay_with_the_writer(
        here: Site, two: Two) -> None:
    kim, sam = alias(two.kim), alias(two.sam)
    await here.says(recorded(two, minutes=40, way="call"))
    await two.kim.open("/me/story")
    assert f"You listened to {sam}" in two.kim.page.text
    assert ", in a call, about 40 minutes, you wrote this down." in words(two.kim.page)
    await two.sam.open("/me/story")
    assert f"{kim} listened to you" in two.sam.page.text
    assert f", in a call, {kim} wrote this down." in words(two.sam.page)
    for path in ("/me", "/me/story", "/me/moments/m", "/me/story.csv", "/me/story.json"):
        await two.sam.open(path)
        assert "40" not in two.sam.page.text.replace("4000", "")


async def test_what_was_sent_is_in_no_story_before_the_ledger_recorded_it(here: Site, two: Two) -> None:
    path = f"/me/pairs/{PAIR}/moment"
    await two.kim.open(path)
    await two.kim.submit(path, direction="gave", kind="listened")
    await two.kim.open("/me/story")
    assert "Nothing is recorded yet." in two.kim.page.text
    [shared] = await here.events("moment.shared")
    await here.says(recorded(two, shared["moment"]), recorded(two, shared["moment"]))
    await two.kim.open("/me/story")
    assert two.kim.page.text.count("You listened to") == 1 + words(two.kim.page).count("(You listened to")


async def test_a_story_stands_month_by_month_newest_first_and_tells_of_which_months_nothing_is_recorded(
        here: Site, two: Two) -> None:
    days = [datetime(2025, *each, tzinfo=UTC) for each in ((3, 31, 23, 30), (4, 9, 12), (9, 1, 12))]
    await here.says(*(recorded(two, f"m{number}", happened_ms=int(day.timestamp() * 1000)) for number, day in enumerate(days)))
    await two.kim.open("/me/story")
    headings = [each.text for each in two.kim.page.all("h2")]
    assert headings == ["September 2025", "April 2025", "A copy to keep"], "half past midnight of 1 April, in London"
    text = words(two.kim.page)
    assert "May 2025 to August 2025: nothing is recorded." in text
    assert text.index("October 2025 to") < text.index("September 2025 You")
    assert text.index("9 April 2025") < text.index("1 April 2025")


async def test_a_story_of_thousands_comes_in_pages_that_hold_each_moment_once(here: Site, two: Two) -> None:
    count, at_ms = 3 * PAGE + 7, int(datetime(2025, 1, 15, tzinfo=UTC).timestamp() * 1000)
    await here.says(*(recorded(two, f"m{number}", happened_ms=at_ms + number * DAY_MS // 3) for number in range(count)))
    found: list[str] = []
    path = "/me/story"
    while path:
        await two.kim.open(path)
        links = [each.attributes["href"] for each in two.kim.page.all("a")]
        page = [link.rsplit("/", 1)[1] for link in links if link.startswith("/me/moments/")]
        assert 0 < len(page) <= PAGE
        found += page
        path = next((link for link in links if "start=" in link), "")
    assert found == [f"m{number}" for number in reversed(range(count))]
    for strange in ("start=x", "start=2025-01.", "start=2025-01.99999999999", "start=2025-01.-1", "start=2025-%00.1"):
        await two.kim.open(f"/me/story?{strange}")
        assert two.kim.status == 200
    await two.kim.open("/me/story?start=1999-01.0")
    assert "Nothing is recorded before that." in two.kim.page.text


async def test_a_moment_costs_the_same_however_long_a_story_is(here: Site, two: Two) -> None:
    """What one moment writes: its own row, where it is, and how many each month has."""
    at_ms = int(datetime(2025, 1, 15, tzinfo=UTC).timestamp() * 1000)
    sizes = []
    for start in (0, 600):
        await here.says(*(recorded(two, f"m{start + number}", happened_ms=at_ms) for number in range(600)))
        rows = [await here.redis.hget(table.path(P0, SERVICE), id) for table, id in (
            (STORIES, PAIR), (PEERS, two.peers[0]))]
        sizes.append(sum(len(row) for row in rows))
    assert sizes[1] - sizes[0] <= 2, "a digit more"
    row = await here.redis.hget(MOMENTS.path(P0, SERVICE), f"{PAIR}:2025-01:1199")
    assert len(row) < 300


async def test_a_story_can_be_read_for_one_buddy_alone_and_an_earlier_buddy_has_no_name(here: Site, two: Two) -> None:
    sam = alias(two.sam)
    await here.says(recorded(two))
    await two.kim.open("/me")
    assert f"/me/story?pair={PAIR}" in {each.attributes["href"] for each in two.kim.page.all("a")}
    await two.kim.open(f"/me/story?pair={PAIR}")
    assert two.kim.heading == f"Your story with {sam}"
    await here.says(PairClosed(pair=PAIR, peers=two.peers, reason="ended"))
    for path in ("/me", "/me/story", f"/me/story?pair={PAIR}", "/me/moments/m", "/me/story.csv", "/me/story.json"):
        await two.kim.open(path)
        assert two.kim.status == 200
        assert sam not in two.kim.page.text
    await two.kim.open("/me/story")
    assert "You listened to an earlier buddy" in two.kim.page.text
    for strange in ("b" * 32, "x", "%00"):
        await two.kim.open(f"/me/story?pair={strange}")
        assert two.kim.status == 404


async def test_a_stranger_sees_nothing_of_a_moment_and_can_say_nothing_of_it(here: Site, two: Two) -> None:
    await here.says(recorded(two))
    await here.asks("lee@example.org")
    lee = await here.signed_in("lee@example.org")
    for path in ("/me/moments/m", "/me/moments/m/differently", f"/me/story?pair={PAIR}"):
        await lee.open(path)
        assert lee.status == 404
    for act in ("back", "thank", "differently", "keep", "same", "apart", "again", "elsewhere"):
        await lee.post(f"/me/moments/m/{act}", {})
        assert lee.status == 404
    nobody = here.visitor()
    for path in ("/me/story", "/me/story.csv", "/me/story.json", "/me/moments/m"):
        await nobody.open(path)
        assert nobody.path == "/sign-in"


# ── what each may say ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_other_thanks_once_and_both_see_it(here: Site, two: Two) -> None:
    sam = alias(two.sam)
    await here.says(recorded(two))
    await seen(two.kim)
    assert acts(two.kim) == {"back"}
    await seen(two.sam)
    assert acts(two.sam) == {"thank", "differently"}
    for _ in range(2):
        await two.sam.post("/me/moments/m/thank", {})
    assert await here.events("moment.thanked") == [{"moment": "m", "pair": PAIR, "peer": two.peers[1], "to": two.peers[0]}]
    assert "You said thank you for this." in await seen(two.sam)
    assert acts(two.sam) == {"differently"}
    assert f"{sam} says thank you for this." in await seen(two.kim)
    await two.kim.post("/me/moments/m/thank", {})
    assert (two.kim.status, two.kim.heading) == (409, "There is nothing to do here any more")
    assert len(await here.events("moment.thanked")) == 1


async def test_thanks_wait_among_the_kind_words_on_the_page_however_long_ago_the_moment_was(here: Site, two: Two) -> None:
    sam = alias(two.sam)
    old_ms = int(datetime(2025, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
    await here.says(recorded(two, "old", happened_ms=old_ms), *(recorded(two, f"m{number}") for number in range(5)))
    for _ in range(2):
        await two.sam.post("/me/moments/old/thank", {})
    await two.look()
    assert words(two.kim.page).count(f"“Thank you for a moment you shared” from {sam}") == 1
    assert "/me/moments/old" in {each.attributes["href"] for each in two.kim.page.all("a")}
    assert "Thank you for a moment" not in two.sam.page.text
    await two.kim.post(f"/me/pairs/{PAIR}/block", {})
    await two.kim.open("/me")
    assert "Thank you for a moment" not in two.kim.page.text
    await here.says(MomentThanked(moment="m1", pair=PAIR, peer=two.peers[1], to=two.peers[0]))
    await two.kim.open("/me")
    assert "Thank you for a moment" not in two.kim.page.text, "nothing kind comes of whoever was blocked"


async def test_nobody_is_thanked_over_a_pair_that_has_ended(here: Site, two: Two) -> None:
    await here.says(recorded(two))
    await two.sam.post(f"/me/pairs/{PAIR}/end", {"ending": "agreed"})
    await seen(two.sam)
    assert acts(two.sam) == {"differently"}
    await two.sam.post("/me/moments/m/thank", {})
    assert two.sam.status == 409
    assert not await here.events("moment.thanked")


async def test_who_remembers_differently_reads_what_follows_first_and_the_writer_keeps_it_or_takes_it_back(
        here: Site, two: Two) -> None:
    await here.says(recorded(two, "m"), recorded(two, "n"))
    for moment, act in (("m", "keep"), ("n", "back")):
        await two.sam.open(f"/me/moments/{moment}")
        await two.sam.open(f"/me/moments/{moment}/differently")
        assert "neither has to be wrong" in two.sam.page.text
        await two.sam.submit(f"/me/moments/{moment}/differently")
        assert "You remember this differently." in await seen(two.sam, moment)
        assert acts(two.sam) == {"thank"}
        await two.kim.open("/me")
        assert "remembers this differently." in two.kim.page.text
        await seen(two.kim, moment)
        assert acts(two.kim) == {"back", "keep"}
        await two.kim.submit(f"/me/moments/{moment}/{act}")
    kim, sam = two.peers
    assert await here.events("moment.remembered_differently") == [{"moment": each, "peer": sam} for each in "mn"]
    assert await here.events("moment.upheld") == [{"moment": "m", "peer": kim}]
    assert await here.events("moment.corrected") == [{"moment": "n", "peer": kim, "reason": "agreed"}]
    await here.says(reversal(two, "n", Correction.AGREED))
    for visitor in (two.kim, two.sam):
        assert "It stays as it is written." in await seen(visitor, "m")
        assert "Taken back: the two of you remember it differently." in await seen(visitor, "n")
    await two.kim.open("/me")
    assert "Say how it was" not in two.kim.page.text, "nothing is asked any more"
    await two.sam.open("/me/moments/m/differently")
    assert two.sam.path == "/me/moments/m", "once is enough"


async def test_of_a_pair_that_has_ended_it_is_not_promised_that_the_other_sees_it_or_answers(here: Site, two: Two) -> None:
    kim = alias(two.kim)
    await here.says(recorded(two))
    await two.sam.open("/me/moments/m/differently")
    assert f"{kim} sees it, and may take the moment back" in words(two.sam.page)
    await here.says(PairClosed(pair=PAIR, peers=two.peers, reason="blocked"))
    await two.sam.open("/me/moments/m/differently")
    assert "sees it, and may" not in words(two.sam.page)
    await two.sam.submit("/me/moments/m/differently")
    assert "both your stories" not in two.sam.page.text


async def test_an_operators_word_settles_it_too_and_only_they_put_back_what_they_took_back(here: Site, two: Two) -> None:
    await here.says(recorded(two, "m"), recorded(two, "n"), MomentRememberedDifferently(moment="m", peer=two.peers[1]),
                    MomentUpheld(moment="m", peer=None), reversal(two, "n", Correction.OPERATOR))
    assert "It stays as it is written." in await seen(two.kim, "m")
    assert "Taken back by a person of the programme." in await seen(two.kim, "n")
    assert acts(two.kim) == set()
    await two.kim.post("/me/moments/n/again", {})
    assert two.kim.status == 409


async def test_what_was_taken_back_is_put_back_and_taken_back_again_each_time_an_event(here: Site, two: Two) -> None:
    await here.says(recorded(two))
    for turn in range(3):
        await seen(two.kim)
        for _ in range(2):
            await two.kim.post("/me/moments/m/back", {})
        assert len(await here.events("moment.corrected")) == turn + 1
        await here.says(reversal(two))
        assert acts_of(await two.kim.open("/me/moments/m")) == {"again"}
        await seen(two.sam)
        assert acts(two.sam) == set()
        await two.kim.submit("/me/moments/m/again")
        assert len(await here.events("moment.put_back")) == turn + 1
        await here.says(MomentRestored(moment="m", giver=two.peers[0], receiver=two.peers[1]))
    assert "Taken back" not in await seen(two.sam)


def acts_of(page: Page) -> set[str]:
    return {each.attributes["action"].rsplit("/", 1)[1] for each in page.all("form")
            if each.attributes["action"].startswith("/me/moments/")}


async def test_what_may_be_the_same_moment_is_offered_to_whoever_wrote_it_later(here: Site, two: Two) -> None:
    await here.says(recorded(two, "m"), recorded(two, "n", by=1, same_as="m"), recorded(two, "k", by=1, same_as="m"))
    await two.sam.open("/me")
    assert two.sam.page.text.count("This may be the same moment that") >= 2
    await two.kim.open("/me")
    assert "This may be the same moment" not in two.kim.page.text
    text = await seen(two.sam, "n")
    assert "The other one, which may be the same:" in text
    assert acts(two.sam) == {"back", "same", "apart"}
    await two.sam.submit("/me/moments/n/same")
    assert await here.events("moment.corrected") == [{"moment": "n", "peer": two.peers[1], "reason": "same_moment"}]
    await here.says(reversal(two, "n", Correction.SAME_MOMENT))
    assert "Taken back: it was written down twice." in await seen(two.kim, "n")
    await two.sam.open("/me/moments/k")
    await two.sam.submit("/me/moments/k/apart")
    assert await here.events("moment.kept_apart") == [{"moment": "k", "peer": two.peers[1]}]
    await two.sam.open("/me")
    assert "This may be the same moment" not in two.sam.page.text


async def test_the_same_moment_is_no_question_once_the_others_was_taken_back(here: Site, two: Two) -> None:
    await here.says(recorded(two, "m"), recorded(two, "n", by=1, same_as="m"), reversal(two, "m"))
    await seen(two.sam, "n")
    assert acts(two.sam) == {"back"}
    await two.sam.open("/me")
    assert "may be the same" not in two.sam.page.text


async def test_a_gesture_is_in_both_stories_and_is_only_thanked_for(here: Site, two: Two) -> None:
    await here.says(recorded(two, kind=Kind.GESTURE))
    await seen(two.kim)
    assert acts(two.kim) == set()
    assert "sent you a kind word" in await seen(two.sam)
    assert acts(two.sam) == {"thank"}


async def test_what_somebody_who_was_blocked_says_asks_nothing_on_the_page_of_whoever_blocked(here: Site, two: Two) -> None:
    await here.says(recorded(two))
    await two.kim.post(f"/me/pairs/{PAIR}/block", {})
    await two.sam.post("/me/moments/m/differently", {})
    assert len(await here.events("moment.remembered_differently")) == 1
    for path in ("/me", "/me/story", "/me/moments/m"):
        await two.kim.open(path)
        assert "differently" not in two.kim.page.text
    assert acts(two.kim) == {"back"}


async def test_what_somebody_who_was_blocked_writes_down_late_is_in_the_story_and_not_on_the_page_of_whoever_blocked(
        here: Site, two: Two) -> None:
    await here.says(recorded(two))
    await two.kim.post(f"/me/pairs/{PAIR}/block", {})
    await here.says(PairClosed(pair=PAIR, peers=two.peers, reason="blocked"), recorded(two, "late", gave=1, by=1))
    await two.look()
    assert "An earlier buddy listened" not in two.kim.page.text
    assert "You listened to an earlier buddy" in two.sam.page.text, "as after any other ending"
    await two.kim.open("/me/story")
    assert "An earlier buddy listened to you" in two.kim.page.text


async def test_nobody_is_asked_about_a_pair_that_ended_more_than_thirty_days_ago(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    later_ms = 0
    clock = Clock(now_ms=lambda: Clock().now_ms() + later_ms)
    async with site(redis_url, redis, tmp_path, clock) as here, pair(here) as two:
        await here.says(recorded(two), MomentRememberedDifferently(moment="m", peer=two.peers[1]),
                        PairClosed(pair=PAIR, peers=two.peers, reason="ended"))
        for days, asked in ((29, True), (31, False)):
            later_ms = days * DAY_MS
            two.kim = await here.signed_in("kim@example.org")
            assert ("Say how it was" in two.kim.page.text) == asked
            await seen(two.kim)
            assert acts(two.kim) == ({"back", "keep"} if asked else {"back"})


async def test_words_from_the_wrong_side_change_nothing(here: Site, two: Two) -> None:
    kim, sam = two.peers
    await here.says(recorded(two, same_as="other"))
    before = await here.redis.hgetall(MOMENTS.path(P0, SERVICE))
    wrong: tuple[Event, ...] = (
        MomentThanked(moment="m", pair=PAIR, peer=kim, to=sam), MomentRememberedDifferently(moment="m", peer=kim),
        MomentUpheld(moment="m", peer=kim), MomentKeptApart(moment="m", peer=sam),
        MomentThanked(moment="m", pair=PAIR, peer="z" * 32, to=sam), MomentRememberedDifferently(moment="none", peer=sam),
        reversal(two, "none"))
    await here.says(*wrong)
    assert await here.redis.hgetall(MOMENTS.path(P0, SERVICE)) == before


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────

REASONS = ("unknown_pair", "not_of_this_pair", "same_person", "in_future", "before_pair", "pair_ended", "unknown_moment",
           "not_yours", "already_recorded", "already_reversed", "not_reversed")
WORDS = catalogue.load().words["refused"]


async def test_every_refusal_says_in_plain_words_what_it_was_and_what_to_do_and_is_cleared_away(here: Site, two: Two) -> None:
    path = f"/me/pairs/{PAIR}/moment"
    for reason in REASONS:
        await two.kim.open(path)
        await two.kim.submit(path, direction="gave", kind="practical_help")
        moment = (await here.events("moment.shared"))[-1]["moment"]
        await here.says(MomentRefused(moment=moment, peer=two.peers[0], reason=reason))
        await two.kim.open("/me")
        text = words(two.kim.page)
        assert "(practical help, such as with a form or a letter) changed nothing." in text
        assert WORDS[reason] in text
        await two.kim.submit(f"/me/refused/{moment}")
        assert "changed nothing" not in two.kim.page.text
        await two.kim.post(f"/me/refused/{moment}", {})
        assert two.kim.path == "/me?said=cleared"
    assert len(await here.events("refusal.cleared")) == len(REASONS)


async def test_a_refusal_is_told_to_whose_doing_it_was_and_to_nobody_of_an_operators(here: Site, two: Two) -> None:
    await here.says(recorded(two), MomentRefused(moment="m", peer=two.peers[0], reason="already_reversed"),
                    MomentRefused(moment="m", peer=None, reason="already_reversed"),
                    MomentRefused(moment="nothing known", peer=two.peers[0], reason="unknown_moment"))
    await two.look()
    assert "said of a moment of" in two.kim.page.text
    assert "(listening) changed nothing. It was taken back already." in words(two.kim.page)
    assert "/me/moments/m" in {each.attributes["href"] for each in two.kim.page.all("a") if "See that moment" in each.text}
    assert "Something that you sent on" in two.kim.page.text
    assert "changed nothing" not in two.sam.page.text
    await here.says(*(MomentRefused(moment=f"r{number}", peer=two.peers[0], reason="not_yours") for number in range(30)))
    await two.kim.open("/me")
    assert two.kim.page.text.count("Clear this away") == REFUSALS_MAX


# ── the pulse ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_pulse_is_asked_for_once_is_gone_with_the_answer_and_its_answer_rests_in_no_row(here: Site, two: Two) -> None:
    question = "Have you felt listened to lately?"
    await two.kim.open("/me")
    assert question not in two.kim.page.text
    await two.kim.post("/me/pulse", {"listened": "yes"})
    assert two.kim.status == 409
    await here.says(PulseOffered(peer=two.peers[0]))
    await two.look()
    assert question in two.kim.page.text
    assert question not in two.sam.page.text
    await two.kim.post("/me/pulse", {"listened": "very"})
    assert two.kim.status == 400
    await two.kim.open("/me")
    page = two.kim.fields("/me/pulse")
    await two.kim.submit("/me/pulse", button=("listened", "partly"))
    assert await here.events("pulse.answered") == [{"peer": two.peers[0], "listened": "partly"}]
    assert question not in two.kim.page.text
    await two.kim.post("/me/pulse", {**page, "listened": "no"})
    assert len(await here.events("pulse.answered")) == 1
    assert b"partly" not in await here.redis.hget(PEERS.path(P0, SERVICE), two.peers[0])


async def test_the_pulse_rests_on_a_break_and_goes_by_itself_after_four_weeks(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    later_ms = 0
    clock = Clock(now_ms=lambda: Clock().now_ms() + later_ms)
    async with site(redis_url, redis, tmp_path, clock) as here, pair(here) as two:
        kim, now_ms = two.peers[0], here.host.clock.now_ms()
        await here.says(PulseOffered(peer=kim), BreakStarted(peer=kim, kind=BreakKind.BREAK, until_ms=now_ms + DAY_MS))
        for events, after_ms, asked in (((), 0, False), ((BreakEnded(peer=kim),), 0, True),
                                        ((), PULSE_LIVES_MS - DAY_MS, True), ((), PULSE_LIVES_MS + DAY_MS, False)):
            if events:
                await here.says(*events)
            later_ms = after_ms
            two.kim = await here.signed_in("kim@example.org")
            assert ("Have you felt listened to lately?" in two.kim.page.text) == asked


# ── a file to keep ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_whole_story_is_kept_as_a_file_for_a_spreadsheet_or_a_program(here: Site, two: Two) -> None:
    at_ms = int(datetime(2025, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)
    await here.says(*(recorded(two, f"m{number}", happened_ms=at_ms + number) for number in range(PAGE + 5)),
                    recorded(two, "own", gave=1, minutes=25, way="letter", happened_ms=at_ms - DAY_MS), reversal(two, "own"))
    answer = await two.kim.client.get("/me/story.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-story.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == PAGE + 6
    name = alias(two.sam)
    assert rows[-1] == {
        "Day": "2025-05-31", "What happened": f"{name} listened to you", "Gave or received": "received", "Kind": "Listening",
        "With": name, "In touch": "by letter", "Minutes": "25", "Who told of it": "you wrote this down",
        "Since then": "Taken back: it was not so.", "Reference": "own"}
    answer = await two.kim.client.get("/me/story.json")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-story.json"'
    told = json.loads(answer.content)["moments"]
    assert [each["moment"] for each in told] == [each["Reference"] for each in rows]
    assert told[-1]["taken_back"] is True
    assert (told[-1]["direction"], told[-1]["kind"], told[-1]["minutes"]) == ("received", "listened", 25)


# ── leaving, and making it again ─────────────────────────────────────────────────────────────────────────────────────


async def test_who_leaves_is_nobody_in_the_others_story_and_where_both_have_left_nothing_stays(here: Site, two: Two) -> None:
    kim, sam = two.peers
    name = alias(two.kim)
    await here.says(recorded(two, "m"), recorded(two, "n", by=1), MomentRememberedDifferently(moment="n", peer=kim))
    await here.says(PeerLeft(peer=kim))
    rows = [await here.redis.hgetall(table.path(P0, SERVICE)) for table in (STORIES, MOMENTS, PLACES)]
    assert kim not in str(rows)
    await two.sam.open("/me/story")
    assert "An earlier buddy listened to you" in two.sam.page.text
    assert name not in two.sam.page.text
    await seen(two.sam, "n")
    assert acts(two.sam) == {"back", "keep"}
    await here.says(PairClosed(pair=PAIR, peers=two.peers, reason="left"),
                    MomentRecorded(moment="late", pair=PAIR, giver="former", receiver=sam, kind=Kind.OTHER, recorded_by=sam),
                    recorded(two, "later still"))
    await two.sam.open("/me/story")
    assert "An earlier buddy was there for you" in two.sam.page.text
    assert kim not in str(await here.redis.hgetall(STORIES.path(P0, SERVICE)))
    await here.says(PeerLeft(peer=sam), recorded(two, "after all"))
    for table in (STORIES, MOMENTS, PLACES):
        assert await here.redis.hlen(table.path(P0, SERVICE)) == 0


async def test_stories_refusals_and_questions_are_made_again_from_the_log_byte_for_byte(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here, pair(here) as two:
        await here.asks("lou@example.org")
        lou = (await here.events("peer.joined"))[-1]["peer"]
        kim, sam = two.peers
        path = f"/me/pairs/{PAIR}/moment"
        await two.kim.open(path)
        await two.kim.submit(path, direction="both", kind="listened", minutes="5")
        await here.says(
            recorded(two, "m"), recorded(two, "n", by=1, same_as="m", happened_ms=1_700_000_000_000), recorded(two, "k"),
            MomentThanked(moment="m", pair=PAIR, peer=sam, to=kim), MomentRememberedDifferently(moment="k", peer=sam),
            reversal(two, "m"), MomentRestored(moment="m", giver=kim, receiver=sam), MomentKeptApart(moment="n", peer=sam),
            GestureSent(moment="g", pair=PAIR, giver=kim, receiver=sam, gesture="i_hear_you"),
            MomentRefused(moment="g", peer=kim, reason="pair_ended"), MomentRefused(moment="n", peer=sam, reason="not_yours"),
            PulseOffered(peer=kim),
            MomentRecorded(moment="x", pair="c" * 32, giver=lou, receiver=sam, kind=Kind.OTHER, recorded_by=sam),
            PeerLeft(peer=lou))
        await two.sam.open("/me")
        await two.sam.submit("/me/refused/n")
        vault = here.host.vault
    paths = [table.path(P0, SERVICE) for table in TABLES]
    before = {path: await redis.hgetall(path) for path in paths}
    assert len(before[MOMENTS.path(P0, SERVICE)]) == 4
    await redis.delete(*(table.path(P0, SERVICE) for table in TABLES if table.derived))
    await rebuild(service(P0, tmp_path), P0, redis, vault, tmp_path)
    assert {path: await redis.hgetall(path) for path in paths} == before
