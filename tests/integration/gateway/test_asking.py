"""From the form to the log: told when something is missing, kept when something breaks, sent once."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from console.server import Server
from services.gateway.domain.references import reference
from services.gateway.forwarding import SHOWN_WITHIN_S
from services.gateway.store import ADDRESSES, PEERS, SERVICE, Consented, PeerRow
from services.gateway.store.addresses import Addresses
from shared.events import ConsentGiven, Details, FreeText, PeerJoined, Profile
from shared.rows import KEYS
from shared.testing import until
from tests.integration.gateway.site import GOOD, P0, Site, site
from tests.unit.gateway.gallery import CHOOSY

FIRST = ["peer.joined", "consent.given", "peer.preferences_changed", "support.requested"]


async def _types(here: Site) -> list[str]:
    return [fields[b"type"].decode() for _, fields in await here.redis.xrange(P0.log)]


async def test_a_request_becomes_four_events_whose_content_only_its_own_key_opens(here: Site) -> None:
    visitor = await here.asks("kim@example.org", area="Harbourside", avoids=["grief"], times=["mon_morning"])
    assert await _types(here) == FIRST
    [joined], [asked] = await here.events("peer.joined"), await here.events("support.requested")
    assert reference(asked["request"]) in visitor.page.text
    profile, details = await here.opened(joined["profile"], Profile), await here.opened(asked["details"], Details)
    assert (profile.email, profile.language) == ("kim@example.org", "en")
    assert (details.seeks, details.avoids, details.area) == (("anxiety", "sleep"), ("grief",), "Harbourside")
    assert joined["peer"] == asked["peer"] == (await here.events("consent.given"))[0]["peer"]
    assert (await here.events("peer.preferences_changed"))[0]["quiet"] is None


@pytest.mark.parametrize(("note", "danger"), [
    ("I am a carer, and evenings are hard.", False), ("I don’t want to live any more.", True)])
async def test_a_note_waits_sealed_for_a_person_of_the_programme_and_words_of_danger_show_urgent_help_at_once(
        here: Site, note: str, danger: bool) -> None:
    visitor = here.visitor()
    await visitor.fills_in(**GOOD, email="kim@example.org", note=note)
    assert visitor.path == "/ask/check"
    assert ("116 123" in visitor.page.text) is danger
    assert note in visitor.page.text
    await visitor.submit("/ask/check")
    await here.settled()
    [raised], [asked] = await here.events("concern.raised"), await here.events("support.requested")
    assert (raised["about"], raised["danger"], raised["peer"]) == ("request", danger, asked["peer"])
    assert (await here.opened(raised["text"], FreeText)).text == note
    assert (await here.opened(asked["details"], Details)).note == note


async def test_a_concern_whose_words_suggest_danger_is_marked(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    for text in ("I am worried about my buddy.", "I want to die."):
        await kim.open("/me/concern")
        await kim.submit("/me/concern", text=text)
    assert [each["danger"] for each in await here.events("concern.raised")] == [False, True]


WISHES = {
    "newcomers": ["newcomer"], "age_band": "25_34", "facts-gender": "woman", "facts-talking": "",
    "meets_ages": ["25_34", "35_44"], "chosen_limits-gender": ["woman", "non_binary"], "prefers-talking": ["quiet"]}


async def test_what_people_say_of_themselves_and_whom_they_would_like_to_meet_goes_sealed_to_the_matching(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, programme=CHOOSY) as here:
        await here.asks("kim@example.org", **WISHES)
        [asked] = await here.events("support.requested")
        details = await here.opened(asked["details"], Details)
        assert (details.age_band, details.meets_ages, details.facts) == ("25_34", ("25_34", "35_44"), {"gender": "woman"})
        assert (details.chosen_limits, details.prefers) == ({"gender": ("woman", "non_binary")}, {"talking": ("quiet",)})
        assert (details.newcomer, details.welcomes_newcomers) == (True, False)
        kim = await here.signed_in("kim@example.org")
        for words in ("Which genders would you be comfortable with?", "Non-binary", "35 to 44", "Quietly, and pauses are fine"):
            assert words in kim.page.text


async def test_answers_about_people_are_kept_through_a_mistake_a_change_and_asking_anew(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, programme=CHOOSY) as here:
        visitor = here.visitor()
        await visitor.fills_in(**{**GOOD, **WISHES, "email": "kim@"})
        assert (visitor.status, visitor.errors()) == (422, ["email"])
        kept: dict[str, list[str]] = {}
        for step in ("newcomers", "you", "whom"):
            await visitor.open(f"/ask/{step}")
            kept |= visitor.fields(f"/ask/{step}")
        assert {name: kept[name] for name in WISHES} == {
            name: value if isinstance(value, list) else [value] for name, value in WISHES.items()}
        await visitor.fills_in(**GOOD, email="kim@example.org")
        assert visitor.path == "/ask/check", visitor.errors()
        assert "The fewer people that leaves" in visitor.page.text
        changes = {each.attributes["href"] for each in visitor.page.all("a")}
        assert {f"/ask/{each}" for each in ("whom?changing=yes#chosen_limits-gender", "you?changing=yes#facts-talking",
                                            "you?changing=yes#age_band", "newcomers?changing=yes#newcomers")} <= changes
        await visitor.changes("whom", **{"chosen_limits-gender": ["woman"]})
        assert visitor.path == "/ask/check"
        await visitor.submit("/ask/check")
        await here.settled()
        kim = await here.signed_in("kim@example.org")
        await kim.open("/me/withdraw")
        await kim.submit("/me/withdraw")
        await kim.fills_in(**{**GOOD, "prefers-talking": ["lively"], "age_band": "75_up"})
        await kim.submit("/ask/check")
        first, second = [await here.opened(each["details"], Details) for each in await here.events("support.requested")]
        assert (first.chosen_limits, first.age_band) == ({"gender": ("woman",)}, "25_34")
        assert (second.chosen_limits, second.prefers, second.age_band) == ({}, {"talking": ("lively",)}, "75_up")


async def test_a_limit_over_a_fact_that_allows_none_is_refused_once_and_is_then_no_longer_on_the_page(here: Site) -> None:
    visitor = here.visitor()
    await visitor.fills_in(**GOOD, email="kim@example.org", **{"facts-gender": "woman"})
    await visitor.post("/ask/whom", {"changing": "yes", "chosen_limits-gender": ["woman"]})
    assert visitor.errors() == ["chosen_limits"]
    assert visitor.page.by_id("chosen_limits") is not None
    await visitor.submit("/ask/whom")
    assert visitor.path == "/ask/check"
    assert "Which genders" not in visitor.page.text
    assert "Woman" in visitor.page.text


async def test_a_question_that_the_programme_has_dropped_still_shows_what_was_answered(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, programme=CHOOSY) as here:
        await here.asks("kim@example.org", **WISHES)
    bare = CHOOSY.model_copy(update={"facts": {}, "age_bands": {}})
    async with site(redis_url, redis, tmp_path, programme=bare) as here:
        text = (await here.signed_in("kim@example.org")).page.text
        assert "Ages you are comfortable with" in text
        for key in ("gender", "non_binary", "25_34", "talking"):
            assert key in text


async def test_a_limit_that_the_programme_drops_before_a_request_is_sent_is_told_and_not_dropped_in_silence(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, programme=CHOOSY) as here:
        visitor = here.visitor()
        await visitor.fills_in(**GOOD, **WISHES, email="kim@example.org")
        cookies = visitor.client.cookies
    async with site(redis_url, redis, tmp_path) as here:
        visitor = here.visitor()
        visitor.client.cookies = cookies
        await visitor.post("/ask/check", {})
        assert (visitor.path, visitor.errors()) == ("/ask/whom?changing=yes", ["chosen_limits"])
        await visitor.submit("/ask/whom")
        assert visitor.path == "/ask/check"
        assert await _types(here) == []


@pytest.mark.parametrize(("step", "answers", "told"), [
    ("community", {}, ["community"]), ("adult", {}, ["adult"]), ("seeks", {}, ["seeks"]), ("offers", {}, ["offers"]),
    ("ways", {"area": "Harbour & sons"}, ["ways"]), ("ways", {"ways": ["in_person"]}, ["area"]),
    ("languages", {}, ["languages"]), ("times", {"times": ["someday"]}, ["times"]),
    ("capacity", {"capacity": "9"}, ["capacity"]), ("alias", {}, ["alias"]),
    ("email", {"email": "kim@", "quiet": "usual"}, ["email"]), ("note", {"note": "x" * 1_001}, ["note"]),
    ("consent", {}, ["consent"])])
async def test_what_is_not_right_is_told_on_its_own_page_which_keeps_what_was_answered_and_stores_nothing(
        here: Site, step: str, answers: dict[str, Any], told: list[str]) -> None:
    visitor = here.visitor()
    await visitor.post(f"/ask/{step}", answers)
    assert (visitor.status, visitor.errors()) == (422, told)
    assert visitor.has_urgent_help()
    kept = visitor.fields(f"/ask/{step}")
    assert all(kept.get(name) == [value] for name, value in answers.items() if name in ("area", "email", "note"))
    assert await _types(here) == []
    assert not [key async for key in here.redis.scan_iter("twoway:gateway:draft:*")]


async def test_a_question_that_was_passed_over_is_come_back_to_before_anything_is_sent(here: Site) -> None:
    visitor = here.visitor()
    await visitor.post("/ask/seeks", {"seeks": ["sleep"]})
    await visitor.open("/ask/check")
    assert (visitor.path, visitor.errors()) == ("/ask/community", [])
    await visitor.fills_in(**GOOD, email="kim@example.org")
    assert visitor.path == "/ask/check"
    await visitor.submit("/ask/check")
    assert visitor.path == "/ask/sent"


async def test_other_names_are_shown_with_nothing_sent_or_kept(here: Site) -> None:
    visitor = here.visitor()
    await visitor.open("/ask/alias")
    names = visitor.names_offered()
    await visitor.submit("/ask/alias", button=("other_names", "yes"))
    others = visitor.names_offered()
    assert visitor.status == 200
    assert len(others) == 8
    assert others != names
    assert not visitor.errors()


async def test_what_was_answered_comes_back_for_a_change_and_then_to_the_check(here: Site) -> None:
    visitor = here.visitor()
    await visitor.fills_in(**GOOD, email="kim@example.org", area="Harbourside")
    assert visitor.heading == "Check your answers"
    assert {"Harbourside", "kim@example.org"} <= set(visitor.page.text.split())
    changes = [each.attributes["href"] for each in visitor.page.all("a") if each.attributes["href"].endswith("#area")]
    assert changes == ["/ask/ways?changing=yes#area"]
    await visitor.open(changes[0])
    assert visitor.fields("/ask/ways")["area"] == ["Harbourside"]
    await visitor.submit("/ask/ways", area="Hillside")
    assert visitor.path == "/ask/check"
    assert "Hillside" in visitor.page.text
    assert await _types(here) == []


async def test_the_same_form_sent_twice_or_ten_times_at_once_is_one_request(here: Site) -> None:
    visitor = here.visitor()
    await visitor.fills_in(**GOOD, email="kim@example.org")
    answers = await asyncio.gather(*(visitor.client.post("/ask/check", headers={
        "content-type": "application/x-www-form-urlencoded"}) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {303}
    await visitor.post("/ask/check", {})
    assert visitor.path == "/ask/sent"
    assert await _types(here) == FIRST


async def test_an_address_that_is_somebodys_already_gets_a_link_and_the_asker_sees_no_difference(here: Site) -> None:
    first = await here.asks("kim@example.org")
    second = await here.asks("KIM@example.org", seeks=["grief"])
    assert second.heading == first.heading
    assert await _types(here) == [*FIRST, "sign_in.requested"]
    asked = (await here.events("sign_in.requested"))[0]
    assert (asked["peer"], asked["by_form"]) == ((await here.events("peer.joined"))[0]["peer"], True)


async def test_what_the_page_says_after_sending_is_true_of_whoever_is_new_and_of_whoever_is_not(here: Site) -> None:
    seen = []
    for _ in range(2):
        visitor = await here.asks("kim@example.org")
        seen.append(re.sub(r"[A-Z]{4}-[A-Z]{4}", "", visitor.page.text))
    assert seen[0] == seen[1]
    assert "If you are new here" in seen[1]
    assert "this form was not kept" in seen[1]


async def test_a_reader_that_is_behind_does_not_tell_whether_an_address_is_known(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    await redis.set(P0.lock(SERVICE), "an instance that stands still")  # so nobody's cursor moves on
    async with site(redis_url, redis, tmp_path) as here:
        took = []
        for email in ("kim@example.org", "sam@example.org", "kim@example.org"):
            visitor = here.visitor()
            await visitor.fills_in(**GOOD, email=email)
            began = time.monotonic()
            answer = await visitor.client.post("/ask/check", headers={"content-type": "application/x-www-form-urlencoded"})
            took.append(time.monotonic() - began)
            assert answer.status_code == 303
            await visitor.open("/ask/sent")
            assert visitor.status == 200
        assert await _types(here) == [*FIRST, *FIRST, "sign_in.requested"]
        assert max(took) < SHOWN_WITHIN_S, "no page waits for the read model"


async def test_what_somebody_agreed_to_is_kept_with_its_wording_version_and_time_while_they_are_here(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    given: list[tuple[bytes, dict[bytes, bytes]]] = [
        entry for entry in await here.redis.xrange(P0.log) if entry[1][b"type"] == b"consent.given"]
    [(at, fields)] = given
    said = json.loads(fields[b"body"])

    async def row() -> PeerRow:
        return PEERS.load(await here.redis.hget(PEERS.path(P0, SERVICE), said["peer"]))
    first = Consented(wording=said["wording"], version=said["version"], at_ms=int(at.split(b"-")[0]))
    assert (await row()).consents == (first,)
    other = Consented(wording="a_wording_of_later", version="7", at_ms=0)
    await here.says(ConsentGiven(peer=said["peer"], wording=other.wording, version=other.version))
    await here.says(ConsentGiven(peer=said["peer"], wording=first.wording, version="2"))
    assert [(each.wording, each.version) for each in (await row()).consents] == [
        (other.wording, "7"), (first.wording, "2")]
    await kim.post("/me/leave", {"sure": "yes"})
    await here.settled()
    assert await here.redis.hget(PEERS.path(P0, SERVICE), said["peer"]) is None


async def test_whoever_asks_again_is_not_stopped_by_a_name_or_a_community_that_the_programme_has_dropped(here: Site) -> None:
    vault, peer = here.host.vault, "a" * 32
    key = vault.new_key(peer)
    await Addresses(here.redis, vault).claim(P0, "kim@example.org", peer, key)
    profile = vault.seal(peer, key, Profile(alias="Bygone Wyvern", email="kim@example.org"))
    await here.says(PeerJoined(peer=peer, community="bygone", profile=profile))
    kim = await here.signed_in("kim@example.org")
    await kim.fills_in(seeks=["grief"], offers=["forms"], ways=["letter"], languages=["en"], consent="yes")
    assert kim.path == "/ask/check", kim.errors()
    await kim.open("/ask/check")
    assert kim.heading == "Check your answers"
    await kim.submit("/ask/check")
    assert kim.heading == "Your request is with us"
    assert [each["community"] for each in await here.events("support.requested")] == ["bygone"]
    stranger = here.visitor()
    for field, value in (("community", "bygone"), ("alias", "Bygone Wyvern")):
        await stranger.post(f"/ask/{field}", {field: value})
        assert stranger.errors() == [field]


async def test_whoever_withdrew_and_asks_anew_from_their_page_is_told_that_it_is_in(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open("/me/withdraw")
    await kim.submit("/me/withdraw")
    await kim.fills_in(seeks=["grief"], offers=["forms"], ways=["letter"], languages=["en"], consent="yes")
    await kim.submit("/ask/check")
    assert kim.heading == "Your request is with us"
    assert reference((await here.events("support.requested"))[-1]["request"]) in kim.page.text
    assert "new here" not in kim.page.text


async def test_two_people_ask_from_one_device_one_after_the_other(here: Site) -> None:
    visitor = await here.asks("kim@example.org")
    await visitor.open("/ask/email")
    assert visitor.fields("/ask/email")["email"] == [""]
    await visitor.fills_in(**GOOD, email="sam@example.org")
    await visitor.submit("/ask/check")
    assert len({event["peer"] for event in await here.events("peer.joined")}) == 2


async def test_a_claim_whose_owner_never_joined_is_taken_over_once_it_is_old(here: Site) -> None:
    vault = here.host.vault  # what a process leaves behind that dies between claim and append
    addresses = Addresses(here.redis, vault)
    assert (await addresses.claim(P0, "kim@example.org", "ghost", vault.new_key("ghost"))).outcome == "ours"
    assert (await addresses.claim(P0, "kim@example.org", "peer", vault.new_key("peer"))).outcome == "other"
    [mark] = [key async for key in here.redis.scan_iter("*joining:*")]
    await here.redis.delete(mark)
    await here.asks("kim@example.org")
    assert await _types(here) == FIRST
    assert not await here.redis.hexists(KEYS.path(P0, SERVICE), "ghost")
    assert await here.redis.hlen(ADDRESSES.path(P0, SERVICE)) == 1


async def test_hostile_posts_are_answered_kindly_and_store_nothing(here: Site) -> None:
    visitor = here.visitor()
    await visitor.open("/ask/seeks")
    for body in (b"", b"&&&", b"=", b"alias=%00&email=%ff%fe&area=%E2%80%AE", b"seeks=" + b"x" * 60_000,
                 b"capacity=1&capacity=2&community=a&community=b", b"names=%ff&alias=<script>", "área=ü".encode("latin-1")):
        await visitor.post("/ask/seeks", body)
        assert visitor.status == 422
        assert visitor.errors()
        assert visitor.has_urgent_help()
        assert not visitor.page.all("script")
    for status, body in ((413, b"x" * 70_000), (400, b"&".join([b"a=1"] * 700))):
        await visitor.post("/ask/seeks", body)
        assert visitor.status == status
        assert visitor.has_urgent_help()
    await visitor.post("/ask/seeks", b"{}", **{"content-type": "application/json"})
    assert visitor.status == 400
    assert await _types(here) == []


async def test_a_post_from_another_site_changes_nothing(here: Site) -> None:
    visitor = here.visitor()
    await visitor.post("/ask/check", {}, **{"sec-fetch-site": "cross-site"})
    assert visitor.status == 403
    assert visitor.has_urgent_help()


async def test_nothing_to_check_without_a_draft(here: Site) -> None:
    visitor = here.visitor()
    for path in ("/ask/check", "/ask/sent"):
        await visitor.open(path)
        assert visitor.status == 404
    visitor.client.cookies.set("twoway_draft", "0" * 32)
    await visitor.post("/ask/check", {})
    assert visitor.status == 404


async def test_while_redis_is_away_pages_say_so_kindly_and_keep_the_answers(
        server: Server, redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        visitor = await here.asks("kim@example.org")
        await here.signed_in("kim@example.org", visitor)
        await visitor.open("/me/concern")
        server.stop()
        await visitor.submit("/me/concern", text="It was <late> & dark")
        assert visitor.status == 503
        assert visitor.fields("/me/concern")["text"] == ["It was <late> & dark"]
        assert visitor.has_urgent_help()
        asker = here.visitor()
        for path in ("/ask", "/ask/seeks"):
            await asker.open(path)
            assert asker.status == 200
        await asker.submit("/ask/seeks", seeks=["anxiety", "sleep"])
        assert asker.status == 503
        assert "all still on this page" in asker.page.text
        assert asker.fields("/ask/seeks")["seeks"] == ["anxiety", "sleep"]
        for path in ("/", "/urgent-help"):
            await asker.open(path)
            assert asker.status == 200
        await asker.open("/sign-in")
        await asker.submit("/sign-in", email="kim@example.org")
        assert (asker.status, asker.fields("/sign-in")["email"]) == (503, ["kim@example.org"])
        await visitor.open("/me")
        assert visitor.status == 503
        server.start()
        again = {"text": "It was <late> & dark", "form": "f" * 32}

        async def taken() -> bool:
            await visitor.post("/me/concern", again)
            return visitor.status == 200
        await until(taken, "the concern, sent again from the page")
        await visitor.post("/me/concern", again)
        await redis.connection_pool.disconnect()  # the test's own client keeps connections to the server that was
        await here.settled()
        assert len(await here.events("concern.raised")) == 1


async def test_two_tabs_lose_no_answer(here: Site) -> None:
    visitor = here.visitor()
    await visitor.post("/ask/adult", {"adult": "yes"})
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    answers = {"seeks": "sleep", "offers": "grief", "languages": "cy", "times": "mon_morning", "note": "Hello"}
    await asyncio.gather(*(visitor.client.post(f"/ask/{step}", content=f"{step}={value}", headers=form)
                           for step, value in answers.items()))
    for step, value in answers.items():
        await visitor.open(f"/ask/{step}")
        assert visitor.fields(f"/ask/{step}")[step] == [value]


async def test_an_old_page_posted_after_sending_begins_anew_and_the_reference_stays(here: Site) -> None:
    visitor = await here.asks("kim@example.org")
    sent = visitor.client.cookies["twoway_draft"]
    await visitor.post("/ask/seeks", {"seeks": ["grief"]})
    assert visitor.client.cookies["twoway_draft"] != sent
    visitor.client.cookies.clear()
    visitor.client.cookies.set("twoway_draft", sent)
    await visitor.open("/ask/sent")
    assert visitor.status == 200
    assert len(await here.events("support.requested")) == 1
