"""One tap from any message stops messages of its kind: by a person, by their mail provider, and never by a scanner."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from services.gateway.service import service
from services.gateway.store import PEERS, SERVICE
from shared.events import Frequency, PreferencesChanged, QuietHours
from shared.links import STOPPABLE, WHOLE_INVITATION, stop_link, stop_of, stop_token
from shared.sealing import Vault
from shared.stream.rebuild import rebuild
from tests.integration.gateway.site import BASE, P0, Site, Visitor, site

PREFERENCES = "/me/messages"
ONE_CLICK = "List-Unsubscribe=One-Click"


async def _kim(here: Site) -> str:
    await here.asks("kim@example.org")
    return str((await here.events("peer.joined"))[0]["peer"])


def _path(here: Site, to: str, what: str = "kind") -> str:
    return stop_link(BASE, here.host.vault, to, what).removeprefix(BASE)


def _provider(here: Site) -> httpx.AsyncClient:
    """A mail provider's machine: no cookies, no origin, follows no redirect (RFC 8058 §3.1)."""
    return here.visitor("198.51.100.7").client


async def _without(here: Site) -> list[Any]:
    """What each change of preferences says is stopped."""
    return [event["without"] for event in await here.events("peer.preferences_changed")]


@pytest.mark.parametrize("as_form", [True, False])
async def test_a_mail_provider_stops_a_kind_with_one_click(here: Site, as_form: bool) -> None:
    kim = await _kim(here)
    field, value = ONE_CLICK.split("=")
    body: dict[str, Any] = {"data": {field: value}} if as_form else {"files": {field: (None, value)}}
    answer = await _provider(here).post(_path(here, kim), **body)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert (await _without(here))[-1] == ["kind"]


async def test_a_mail_provider_whose_machine_sends_an_origin_of_its_own_is_let_through(here: Site) -> None:
    kim = await _kim(here)
    headers = {"origin": "https://mail.example", "sec-fetch-site": "cross-site"}
    assert (await _provider(here).post(_path(here, kim), data={"List-Unsubscribe": "One-Click"}, headers=headers)).is_success
    assert (await _without(here))[-1] == ["kind"]


async def test_a_scanner_that_follows_links_changes_nothing(here: Site) -> None:
    kim = await _kim(here)
    before = await here.redis.xlen(P0.log)
    scanner = _provider(here)
    for what in STOPPABLE:
        path = _path(here, kim, what)
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await scanner.request(method, path)
            assert "set-cookie" not in answer.headers
    for method in ("GET", "HEAD"):
        assert (await scanner.request(method, _path(here, kim))).status_code == 200
    assert await here.redis.xlen(P0.log) == before


async def test_a_person_sees_what_it_means_and_stops_with_a_button_whoever_is_signed_in_there(here: Site) -> None:
    kim = await _kim(here)
    await here.asks("sam@example.org")
    for visitor in (here.visitor(), await here.signed_in("sam@example.org")):
        path = _path(here, kim, "essential")
        await visitor.open(path)
        assert "still stands on your page, and nowhere else" in visitor.page.text
        assert visitor.has_urgent_help()
        await visitor.submit(path)
        assert (visitor.status, visitor.heading) == (200, "These messages are stopped")
    said = (await here.events("peer.preferences_changed"))[-1]
    assert (said["peer"], said["without"]) == (kim, ["essential"])


async def test_a_second_click_says_nothing_more_and_what_was_chosen_before_stays(here: Site) -> None:
    kim = await _kim(here)
    chosen = PreferencesChanged(peer=kim, quiet=QuietHours(start="20:00", end="10:00"), frequency=Frequency.WEEKLY,
                                without=("nudge",), language="cy", leave_messages=True)
    await here.says(chosen)
    for _ in range(3):
        assert (await _provider(here).post(_path(here, kim), data={"List-Unsubscribe": "One-Click"})).is_success
    said = (await here.events("peer.preferences_changed"))[-2:]
    assert PreferencesChanged(**said[0]) == chosen
    assert PreferencesChanged(**said[1]) == chosen.model_copy(update={"without": ("nudge", "kind")})


async def test_who_asked_for_them_again_stops_them_again_by_the_same_old_link(here: Site) -> None:
    kim = await _kim(here)
    for _ in range(2):
        assert (await _provider(here).post(_path(here, kim))).is_success
        await here.says(PreferencesChanged(peer=kim))
    assert [each for each in await _without(here) if each] == [["kind"], ["kind"]]


async def test_two_clicks_at_the_same_time_both_count(here: Site) -> None:
    kim = await _kim(here)
    provider = _provider(here)
    answers = await asyncio.gather(*(provider.post(_path(here, kim, what)) for what in ("essential", "kind", "nudge", "kind")))
    assert {each.status_code for each in answers} == {200}
    await here.settled()
    assert sorted((await _without(here))[-1]) == ["essential", "kind", "nudge"]


async def test_a_form_that_was_opened_before_a_stop_takes_nothing_of_it_back(here: Site) -> None:
    kim = await _kim(here)
    visitor = await here.signed_in("kim@example.org")
    await visitor.open(PREFERENCES)
    assert (await _provider(here).post(_path(here, kim, "kind"))).is_success
    await here.settled()
    await visitor.submit(PREFERENCES, frequency="weekly", kinds=["essential", "kind"])  # nudges unticked
    said = (await here.events("peer.preferences_changed"))[-1]
    assert (said["frequency"], sorted(said["without"])) == ("weekly", ["kind", "nudge"])


async def test_whoever_sees_that_it_is_stopped_can_tick_it_again(here: Site) -> None:
    kim = await _kim(here)
    visitor = await here.signed_in("kim@example.org")
    assert (await _provider(here).post(_path(here, kim, "kind"))).is_success
    await visitor.open(PREFERENCES)
    await visitor.submit(PREFERENCES, kinds=["essential", "kind", "nudge"])
    assert (await _without(here))[-1] == []


async def test_a_form_and_a_click_at_the_same_moment_both_count(here: Site) -> None:
    kim = await _kim(here)
    visitor, provider = await here.signed_in("kim@example.org"), _provider(here)
    for _ in range(10):
        await here.says(PreferencesChanged(peer=kim))
        await visitor.open(PREFERENCES)
        await asyncio.gather(visitor.submit(PREFERENCES, frequency="weekly", kinds=["essential", "kind"]),
                             provider.post(_path(here, kim, "kind")))
        await here.settled()
        said = (await here.events("peer.preferences_changed"))[-1]
        assert (said["frequency"], sorted(said["without"])) == ("weekly", ["kind", "nudge"])


@pytest.mark.parametrize("seen", ["", "x" * 400, "kind,kind,<b>", "sign_in"])
async def test_what_a_form_says_that_it_showed_is_not_believed_beyond_the_kinds_there_are(here: Site, seen: str) -> None:
    await _kim(here)
    visitor = await here.signed_in("kim@example.org")
    await visitor.open(PREFERENCES)
    await visitor.submit(PREFERENCES, seen=seen, kinds=["essential", "nudge"])
    assert set((await _without(here))[-1]) <= {"kind"}


@pytest.mark.parametrize("token", ["x", "x.y", "." * 40, "%00", "é.ü", "a" * 2_000, "0" * 32 + "." + "0" * 32])
async def test_a_token_that_is_not_ours_gets_a_kind_page_and_changes_nothing(here: Site, token: str) -> None:
    await _kim(here)
    before = await here.redis.xlen(P0.log)
    visitor = here.visitor()
    for open_it in (visitor.open(f"/stop/{token}"), visitor.post(f"/stop/{token}", {"List-Unsubscribe": "One-Click"})):
        await open_it
        assert (visitor.status, visitor.heading) == (404, "There is nothing to stop here")
        assert visitor.has_urgent_help()
    assert await here.redis.xlen(P0.log) == before


async def test_a_token_of_somebody_who_has_left_is_like_one_that_never_was(here: Site) -> None:
    kim = await _kim(here)
    path = _path(here, kim)
    visitor = await here.signed_in("kim@example.org")
    await visitor.post("/me/leave", {"sure": "yes"})
    await here.settled()
    before = await here.redis.xlen(P0.log)
    gone, never = here.visitor(), here.visitor()
    for open_it in (Visitor.open, _posts):
        await open_it(gone, path)
        await open_it(never, "/stop/x")
        assert (gone.status, gone.page.text) == (never.status, never.page.text)
    assert await here.redis.xlen(P0.log) == before


async def _posts(visitor: Visitor, path: str) -> None:
    await visitor.post(path, {"List-Unsubscribe": "One-Click"})


async def test_a_body_that_is_far_too_long_is_refused(here: Site) -> None:
    kim = await _kim(here)
    assert (await _provider(here).post(_path(here, kim), content=b"x" * 5_000)).status_code == 413
    assert not any(await _without(here))


async def test_what_was_stopped_is_there_after_a_rebuild(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        kim = await _kim(here)
        assert (await _provider(here).post(_path(here, kim))).is_success
        await here.settled()
        vault = here.host.vault
    before = await redis.hgetall(PEERS.path(P0, SERVICE))
    assert PEERS.load(before[kim.encode()]).without == ("kind",)
    await redis.delete(PEERS.path(P0, SERVICE))
    await rebuild(service(P0, tmp_path), P0, redis, vault, tmp_path)
    assert await redis.hgetall(PEERS.path(P0, SERVICE)) == before


def test_a_token_names_one_person_and_one_thing_and_shows_which_to_the_installation_alone() -> None:
    vault, other = Vault(bytes(range(32))), Vault(bytes(32))
    tokens = {what: stop_token(vault, "0123", what) for what in STOPPABLE}
    assert len(set(tokens.values())) == len(STOPPABLE)
    for what, token in tokens.items():
        assert stop_of(vault, token) == ("0123", what)
        assert stop_of(other, token) is None
        assert stop_of(vault, token.replace("0123", "0124")) is None
        assert what not in token
    assert WHOLE_INVITATION in tokens
