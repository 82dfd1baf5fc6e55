"""The coordinators' desk, through its pages: who gets in, what is seen, what is written down, what comes of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from services.gateway.domain.references import reference
from services.gateway.store.coordinators import IDLE_MS, SESSION_LIVES_MS, Coordinators
from shared.clock import DAY_MS
from shared.events import (
    ConcernRaised,
    FreeText,
    Kind,
    MessageFailed,
    MomentRecorded,
    MomentRememberedDifferently,
    PairFormed,
    PeerLeft,
    PeerSuspended,
    ProposalDiscarded,
    ProposalDrafted,
    ProposalMade,
    Reason,
    Reasons,
    RequestWaiting,
    SignalsComputed,
)
from shared.journal import FILE
from shared.report import facts
from shared.report import page as report_page
from shared.report import words as words_of_report
from shared.report.weeks import Reckoned, Week
from shared.rows import KEYS
from tests.integration.gateway.site import P0, Site, Visitor, site
from tests.unit.console.reckoned import town
from tests.unit.gateway.html import Page

TEXT = "Brambles near Silvermoor were mentioned."
TOKEN = "t" * 43


async def invited(here: Site, name: str = "mara", token: str = TOKEN) -> str:
    coordinators = Coordinators(here.redis, here.host.vault)
    await coordinators.invite(name, here.host.clock.new_id(), token, here.host.clock.now_ms())
    return f"/desk/in/{token}"


async def at_the_desk(here: Site, name: str = "mara", token: str = TOKEN) -> Visitor:
    visitor, link = here.visitor(), await invited(here, name, token)
    await visitor.open(link)
    await visitor.submit(link)
    assert (visitor.status, visitor.path) == (200, "/desk")
    return visitor


async def peer_of(here: Site, place: int = 0) -> str:
    peer: str = (await here.events("peer.joined"))[place]["peer"]
    return peer


async def concern(here: Site, peer: str, id: str = "c0ffee", **more: Any) -> None:
    key: Any = await here.redis.hget(KEYS.path(P0, ""), peer)
    await here.says(ConcernRaised(concern=id, peer=peer, text=here.host.vault.seal(peer, key, FreeText(text=TEXT)), **more))


async def drafted(here: Site, id: str = "d1") -> tuple[str, str]:
    """A suggestion of the first two who asked."""
    first, second = await peer_of(here), await peer_of(here, 1)
    requests = [each["request"] for each in await here.events("support.requested")]
    keys = [await here.redis.hget(KEYS.path(P0, ""), peer) for peer in (first, second)]  # type: ignore[misc]
    told = [here.host.vault.seal(peer, key, Reasons(facts=(Reason(key="they_offer", values=("sleep",)),)))
            for peer, key in zip((first, second), keys, strict=True)]
    now_ms = here.host.clock.now_ms()
    await here.says(ProposalDrafted(
        proposal=id, requests=(requests[0], requests[1]), peers=(first, second), reasons=(told[0], told[1]), benefit=1, step=0,
        runs_out_ms=now_ms + 7 * DAY_MS))
    return first, second


def journal(data: Path) -> list[tuple[str, str, str, str]]:
    lines = [json.loads(line) for line in (data / FILE).read_text("utf-8").splitlines()]
    return [(each["event.name"], each["operator"], each["what"], each.get("of", "")) for each in lines]


def words(page: Page) -> str:
    return " ".join(each.text for each in page.elements if each.tag in ("h1", "h2", "h3", "p", "a", "strong", "dd"))


@pytest.fixture
async def here(redis_url: str, redis: Redis, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(redis_url, redis, tmp_path, posts_per_minute=10_000) as it:
        yield it


PAGES = ("/desk", "/desk/concerns/c0ffee", "/desk/proposals/d1", "/desk/moments/m1", "/desk/people/{peer}", f"/desk/in/{TOKEN}")


@pytest.mark.parametrize("path", PAGES)
async def test_who_was_not_let_in_finds_the_same_page_as_anywhere_that_is_not_there(here: Site, path: str) -> None:
    stranger = await here.asks("kim@people.example")
    peer = await peer_of(here)
    await concern(here, peer)
    unknown = await stranger.open("/no-such-page")
    page = await stranger.open(path.format(peer=peer))
    assert stranger.status == 404
    assert [each.text for each in page.all("h1", "p", "a")] == [each.text for each in unknown.all("h1", "p", "a")]
    await stranger.post(path.format(peer=peer), {})
    assert stranger.status in (404, 405)


async def test_a_peers_session_is_none_here_and_a_coordinators_none_there(here: Site) -> None:
    await here.asks("kim@people.example")
    kim = await here.signed_in("kim@people.example")
    await kim.open("/desk")
    assert kim.status == 404
    mara = await at_the_desk(here)
    await mara.open("/me")
    assert mara.path == "/sign-in"


async def test_a_link_is_spent_by_the_button_and_not_by_looking_at_it(here: Site) -> None:
    link = await invited(here)
    scanner, mara, later = here.visitor(), here.visitor(), here.visitor()
    await scanner.open(link)
    assert scanner.status == 200
    await mara.open(link)
    await mara.submit(link)
    assert mara.path == "/desk"
    await later.open(link)
    assert later.status == 404
    await later.post(link, {})
    assert later.status == 404


async def test_a_newer_link_closes_the_one_before_and_removing_somebody_ends_their_session_at_once(here: Site) -> None:
    mara = await at_the_desk(here)
    old, new = await invited(here, token="o" * 43), await invited(here, token="n" * 43)
    stranger = here.visitor()
    await stranger.open(old)
    assert stranger.status == 404
    await mara.open("/desk")
    assert mara.status == 200
    await Coordinators(here.redis, here.host.vault).remove("mara")
    await mara.open("/desk")
    assert mara.status == 404
    await stranger.open(new)
    assert stranger.status == 404
    await invited(here, token="a" * 43)
    await mara.open("/desk")
    assert mara.status == 404, "let in again is let in anew"


async def test_a_session_ends_after_an_idle_hour_and_with_its_day(here: Site) -> None:
    coordinators = Coordinators(here.redis, here.host.vault)
    await invited(here)
    now_ms = here.host.clock.now_ms()
    mara = await coordinators.by_link(TOKEN, now_ms)
    assert mara is not None
    await coordinators.begin("s", mara, now_ms)
    [key] = [each async for each in here.redis.scan_iter("twoway:gateway:desk-session:*")]
    assert 0 < await here.redis.pttl(key) <= IDLE_MS
    assert await coordinators.find("s", now_ms + SESSION_LIVES_MS - 1_000) == "mara"
    assert await here.redis.pttl(key) <= 1_000
    assert await coordinators.find("s", now_ms + SESSION_LIVES_MS) is None


async def test_the_cookie_is_the_desks_own_and_strict(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, base_url="https://buddies.example.org") as here:
        link, client = await invited(here), here.visitor().client
        answer = await client.post(link, content=b"", headers={
            "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"})
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("__host-twoway_desk=")
        assert all(part in cookie for part in ("httponly", "secure", "samesite=strict", "path=/", f"max-age={8 * 3600}"))


@pytest.mark.parametrize(("setting", "address", "status"), [
    ("off", "10.0.0.1", 404), ("near", "192.168.1.9", 200), ("near", "8.8.8.8", 404), ("anywhere", "8.8.8.8", 200)])
async def test_from_where_the_desk_can_be_opened_is_a_setting(
        redis_url: str, redis: Redis, tmp_path: Path, setting: str, address: str, status: int) -> None:
    async with site(redis_url, redis, tmp_path, desk=setting) as here:
        visitor, link = here.visitor(address), await invited(here)
        await visitor.open(link)
        assert visitor.status == status


async def test_leaving_the_desk_closes_it_in_this_browser(here: Site) -> None:
    mara = await at_the_desk(here)
    await mara.submit("/desk/out")
    assert mara.heading == "You have left the desk"
    await mara.open("/desk")
    assert mara.status == 404


async def test_a_post_from_elsewhere_is_refused(here: Site) -> None:
    await here.asks("kim@people.example")
    await concern(here, await peer_of(here))
    mara = await at_the_desk(here)
    await mara.post("/desk/concerns/c0ffee/close", {}, **{"sec-fetch-site": "cross-site"})
    assert mara.status == 403
    assert await here.events("concern.closed") == []


async def test_concerns_wait_with_danger_first_and_not_a_word_of_what_they_say(here: Site) -> None:
    await here.asks("kim@people.example")
    peer = await peer_of(here)
    await concern(here, peer, "c1")
    await concern(here, peer, "c2", about="request", danger=True)
    mara = await at_the_desk(here)
    links = [each.attributes["href"] for each in mara.page.all("a") if "/concerns/" in each.attributes["href"]]
    assert links == ["/desk/concerns/c2", "/desk/concerns/c1"]
    assert "Its words suggest danger" in words(mara.page)
    assert "Brambles" not in words(mara.page)
    await mara.open("/desk/concerns/c1")
    assert "Brambles" not in words(mara.page)
    assert "please leave no message" in words(mara.page)
    assert "999" in words(mara.page)


async def test_the_words_open_upon_a_tap_which_is_written_down_without_them(here: Site, tmp_path: Path) -> None:
    await here.asks("kim@people.example")
    await concern(here, await peer_of(here))
    mara = await at_the_desk(here)
    await mara.open("/desk/concerns/c0ffee")
    await mara.submit("/desk/concerns/c0ffee")
    assert TEXT in words(mara.page)
    assert journal(tmp_path) == [
        ("desk.viewed", "mara", "signed_in", ""), ("desk.viewed", "mara", "home", ""),
        ("desk.viewed", "mara", "concern", "c0ffee"), ("desk.viewed", "mara", "concern_text", "c0ffee")]
    assert "Brambles" not in (tmp_path / FILE).read_text("utf-8")


async def test_without_a_journal_to_write_in_nothing_is_opened_and_nothing_done(here: Site, tmp_path: Path) -> None:
    await here.asks("kim@people.example")
    await concern(here, await peer_of(here))
    mara = await at_the_desk(here)
    (tmp_path / FILE).rename(tmp_path / "elsewhere")
    (tmp_path / FILE).mkdir()
    for path in ("/desk/concerns/c0ffee", "/desk/concerns/c0ffee/close"):
        await mara.post(path, {})
        assert mara.status == 503
        assert "Brambles" not in words(mara.page)
    assert await here.events("concern.closed") == []


async def test_a_concern_is_closed_once_however_often_it_is_tapped(here: Site) -> None:
    await here.asks("kim@people.example")
    await concern(here, await peer_of(here))
    mara = await at_the_desk(here)
    await mara.open("/desk/concerns/c0ffee")
    for _ in range(2):
        await mara.post("/desk/concerns/c0ffee/close", {})
        assert mara.path == "/desk?said=closed"
    assert len(await here.events("concern.closed")) == 1
    assert "Concerns and notes: 0" in words(mara.page)


async def test_a_suggestion_is_shown_with_both_sides_and_decided_once(here: Site) -> None:
    for email in ("kim@people.example", "lee@people.example"):
        await here.asks(email)
    await drafted(here)
    mara = await at_the_desk(here)
    assert "Suggestions to look at before they go out: 1" in words(mara.page)
    await mara.open("/desk/proposals/d1")
    assert "Would read" in words(mara.page)
    await mara.submit("/desk/proposals/d1")
    assert (mara.status, mara.errors()) == (422, ["decision"])
    await mara.submit("/desk/proposals/d1", decision="approve")
    assert mara.path == "/desk?said=approve"
    await mara.post("/desk/proposals/d1", {"decision": "decline"})
    assert mara.heading == "This suggestion waits no more"
    assert await here.events("proposal.approved") == [{"proposal": "d1"}]
    assert await here.events("proposal.declined") == []


async def test_what_waits_for_a_coordinator_is_on_neither_ones_page(here: Site) -> None:
    for email in ("kim@people.example", "lee@people.example"):
        await here.asks(email)
    await drafted(here)
    kim = await here.signed_in("kim@people.example")
    assert "may fit" not in words(kim.page)


@pytest.mark.parametrize("end", ["made", "discarded"])
async def test_a_suggestion_leaves_the_desk_when_the_matcher_says_what_came_of_it(here: Site, end: str) -> None:
    for email in ("kim@people.example", "lee@people.example"):
        await here.asks(email)
    peers = await drafted(here)
    [said] = await here.events("proposal.drafted")
    if end == "made":
        await here.says(ProposalMade(proposal="d1", requests=said["requests"], peers=peers, reasons=said["reasons"], benefit=1,
                                     lapses_ms=said["runs_out_ms"]))
    else:
        await here.says(ProposalDiscarded(proposal="d1", peers=peers, reason="ran_out"))
    mara = await at_the_desk(here)
    assert "Suggestions to look at before they go out: 0" in words(mara.page)
    await mara.open("/desk/proposals/d1")
    assert (mara.status, mara.heading) == (404, "This suggestion waits no more")


async def test_somebody_is_found_by_the_reference_that_they_read_out(here: Site) -> None:
    await here.asks("kim@people.example")
    [asked] = await here.events("support.requested")
    mara = await at_the_desk(here)
    typed = reference(asked["request"]).lower().replace("-", " ")
    await mara.submit("/desk/find", reference=typed)
    assert mara.path == f"/desk/people/{asked['peer']}"
    assert "Feeling anxious or worried" in words(mara.page)
    assert "kim@people.example" not in words(mara.page)


@pytest.mark.parametrize(("typed", "problem"), [("", "Type the reference"), ("AEIO-UAEI", "has 8 letters"),
                                                ("BBBB-BBBB", "Nobody has an open request")])
async def test_a_reference_that_is_nobodys_says_what_to_do(here: Site, typed: str, problem: str) -> None:
    mara = await at_the_desk(here)
    await mara.submit("/desk/find", reference=typed)
    assert mara.status == 422
    assert mara.errors() == ["reference"]
    assert any(problem in each.text for each in mara.page.all("a"))


async def test_somebody_is_suspended_and_restored_once_each_and_told_so_on_their_page(here: Site, tmp_path: Path) -> None:
    await here.asks("kim@people.example")
    peer = await peer_of(here)
    mara = await at_the_desk(here)
    await mara.open(f"/desk/people/{peer}")
    again = mara.fields(f"/desk/people/{peer}/suspend")
    await mara.submit(f"/desk/people/{peer}/suspend")
    await mara.post(f"/desk/people/{peer}/suspend", again)
    assert await here.events("peer.suspended") == [{"peer": peer}]
    assert "Nothing new is suggested to them" in words(mara.page)
    kim = await here.signed_in("kim@people.example")
    assert "has asked us to suggest no one new to you for now" in words(kim.page)
    assert "We are looking for someone who fits" not in words(kim.page)
    await mara.submit(f"/desk/people/{peer}/restore")
    assert await here.events("peer.restored") == [{"peer": peer}]
    await kim.open("/me")
    assert "suggest no one new" not in words(kim.page)
    acts = [each for each in journal(tmp_path) if each[0] == "desk.acted"]
    assert acts == [("desk.acted", "mara", "person_suspended", peer), ("desk.acted", "mara", "person_restored", peer)]


async def test_a_request_is_withdrawn_for_somebody_once(here: Site) -> None:
    await here.asks("kim@people.example")
    [asked] = await here.events("support.requested")
    mara = await at_the_desk(here)
    await mara.open(f"/desk/people/{asked['peer']}")
    for _ in range(2):
        await mara.post(f"/desk/people/{asked['peer']}/withdraw", {})
    assert len(await here.events("support.withdrawn")) == 1
    assert "They ask for nobody at the moment" in words(mara.page)


async def test_a_pair_is_ended_for_one_of_the_two_and_only_their_own(here: Site) -> None:
    for email in ("kim@people.example", "lee@people.example", "max@people.example"):
        await here.asks(email)
    kim, lee, other = [await peer_of(here, place) for place in range(3)]
    await here.says(PairFormed(pair="pair1", proposal="p1", peers=(kim, lee)))
    mara = await at_the_desk(here)
    await mara.open(f"/desk/people/{other}/pairs/pair1")
    assert mara.status == 404
    path = f"/desk/people/{kim}/pairs/pair1"
    await mara.open(path)
    await mara.submit(path)
    assert mara.errors() == ["ending"]
    again = mara.fields(path) | {"ending": ["one_side"]}
    for _ in range(2):
        await mara.post(path, again)
        assert mara.path == f"/desk/people/{kim}?said=ended"
    [ended] = await here.events("pair.ended")
    assert (ended["peer"], ended["pair"], ended["ending"]) == (kim, "pair1", "one_side")


@pytest.mark.parametrize(("decision", "event"), [("uphold", "moment.upheld"), ("correct", "moment.corrected")])
async def test_a_moment_remembered_differently_is_settled_once(here: Site, decision: str, event: str) -> None:
    for email in ("kim@people.example", "lee@people.example"):
        await here.asks(email)
    kim, lee = await peer_of(here), await peer_of(here, 1)
    await here.says(PairFormed(pair="pair1", proposal="p1", peers=(kim, lee)))
    await here.says(MomentRecorded(moment="m1", pair="pair1", giver=kim, receiver=lee, kind=Kind.LISTENED, recorded_by=kim),
                    MomentRememberedDifferently(moment="m1", peer=lee))
    mara = await at_the_desk(here)
    assert "Moments that two people remember differently: 1" in words(mara.page)
    await mara.open("/desk/moments/m1")
    await mara.submit("/desk/moments/m1", decision=decision)
    assert mara.path == f"/desk?said={decision}"
    [said] = await here.events(event)
    assert said["moment"] == "m1"
    assert said["peer"] is None


@pytest.mark.parametrize(("days", "waits"), [(13, False), (15, True)])
async def test_who_waited_for_two_weeks_and_heard_of_nobody_is_on_the_first_page(here: Site, days: int, waits: bool) -> None:
    await here.asks("kim@people.example")
    [asked] = await here.events("support.requested")
    since_ms = here.host.clock.now_ms() - days * DAY_MS
    await here.says(RequestWaiting(request=asked["request"], peer=asked["peer"], since_ms=since_ms))
    mara = await at_the_desk(here)
    assert f"nobody was suggested for 14 days: {int(waits)}" in words(mara.page)
    if waits:
        await here.says(PeerSuspended(peer=asked["peer"]))
        await mara.open("/desk")
        assert "nobody was suggested for 14 days: 0" in words(mara.page)


async def test_whom_a_message_could_not_reach_is_on_the_first_page(here: Site) -> None:
    await here.asks("kim@people.example")
    await here.says(MessageFailed(message="m1", to=await peer_of(here), template="received", reason="550"))
    mara = await at_the_desk(here)
    assert "whom our messages do not reach: 1" in words(mara.page)


async def test_what_somebody_wrote_goes_with_them(here: Site) -> None:
    await here.asks("kim@people.example")
    peer = await peer_of(here)
    await concern(here, peer)
    await here.says(PeerLeft(peer=peer))
    mara = await at_the_desk(here)
    assert "somebody who has left" in words(mara.page)
    await mara.post("/desk/concerns/c0ffee", {})
    assert "went with them" in words(mara.page)
    await mara.open(f"/desk/people/{peer}")
    assert mara.status == 404


async def test_the_report_is_handed_over_as_the_file_that_the_command_writes(here: Site) -> None:
    await here.asks("kim@people.example")
    mara = await at_the_desk(here)
    await mara.open("/desk/report")
    await mara.submit("/desk/report", community="riverside")
    assert (mara.status, mara.errors()) == (422, ["community"])
    week = (here.host.clock.now_ms() // DAY_MS + 3) // 7 - 1
    for back in (2, 0):
        await here.says(SignalsComputed(community="riverside", week=week - back, signals=tuple(town(back))))
    answer = await mara.client.post("/desk/report", content=b"community=riverside&weeks=12", headers={
        "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="riverside-20')
    wanted = Reckoned("riverside", tuple(
        Week(week - back, {} if back == 1 else {each.name: each for each in town(back)}) for back in (2, 1, 0)))
    said, programme = words_of_report.read(), here.host.programme
    today = datetime.fromtimestamp(here.host.clock.now_ms() / 1000, ZoneInfo(programme.time_zone)).date()
    assert answer.text == report_page.html(facts.report(wanted, programme, said), said, today, 3)
