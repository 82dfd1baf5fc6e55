"""The inbox that always works: what messages tell stands in it, sent or not, and nothing that nobody is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.gateway import catalogue
from services.gateway.handlers.inboxes import UNTOLD
from services.gateway.service import service
from services.gateway.store import PEERS, SERVICE, TABLES
from services.gateway.store.inboxes import INBOXES, KEPT_MAX
from services.notifier.domain.messages import Template
from shared.clock import DAY_MS, Clock
from shared.events import (
    BreakKind,
    BreakStarted,
    Kind,
    MessageBounced,
    MessageClass,
    MessageDelivered,
    MessageFailed,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    MomentRecorded,
    MomentThanked,
    PairClosed,
    PeerLeft,
)
from shared.stream.rebuild import rebuild
from tests.integration.gateway.site import P0, Site, Visitor, site
from tests.integration.gateway.test_my_page import Two

TOLD: dict[str, str] = catalogue.load().words["inbox"]["told"]
FAILED: str = catalogue.load().words["inbox"]["failed"]
PATH = "/me/inbox"


def intended(to: str, template: str, message: str = "m", not_before_ms: int = 0) -> MessageIntended:
    return MessageIntended(message=message, to=to, template=template, klass=MessageClass.ESSENTIAL, message_id=f"<{message}@x>",
                           not_before_ms=not_before_ms)


def withheld(to: str, template: str, reason: str, message: str = "m", due_ms: int | None = None) -> MessageWithheld:
    return MessageWithheld(message=message, to=to, template=template, reason=reason, due_ms=due_ms)


async def shown(visitor: Visitor) -> list[str]:
    """What stands in the inbox, in its order, without the days."""
    await visitor.open(PATH)
    return [each.text for each in visitor.page.all("p") if "tw-told" in each.attributes["class"]
            and "govuk-body-s" not in each.attributes["class"]]


def test_every_message_there_is_has_its_words() -> None:
    told = {each for each in Template if each not in UNTOLD and not each.startswith("gesture_")}
    assert told <= TOLD.keys()


async def test_an_inbox_lists_what_messages_told_in_words_newest_first(here: Site) -> None:
    two = await Two.meet(here)
    kim, now_ms = two.peers[0], here.host.clock.now_ms()
    assert await shown(two.kim) == []
    assert "Nothing is in it yet" in two.kim.page.text
    pair = await two.paired()
    alias = two.sam.page.all("strong")[0].text
    for event in (intended(kim, "received", "a"), intended(kim, "proposal", "b", now_ms + DAY_MS),
                  withheld(kim, "introduction", "stopped", "c", now_ms)):
        await here.says(event)
    await two.sam.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "cup_of_tea"))
    await here.says(intended(kim, "gesture_cup_of_tea", "d"), intended(kim, "sign_in", "e"), intended(kim, "digest", "f"))
    kind, sam = Kind.LISTENED, two.peers[1]
    await here.says(MomentRecorded(moment="m", pair=pair, giver=kim, receiver=sam, kind=kind, recorded_by=kim))
    await here.says(MomentThanked(moment="m", pair=pair, peer=sam, to=kim), intended(kim, "thanked", "h"))
    await here.says(intended(kim, "of_a_later_version", "g"))
    assert await shown(two.kim) == [
        "There was news for you. What is open now stands on your page.",
        f"“Thank you for a moment you shared” from {alias}", f"“A cup of tea for you” from {alias}",
        TOLD["introduction"], TOLD["proposal"], TOLD["received"]]
    assert await shown(two.sam) == []
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="left"))
    assert "“A cup of tea for you” from an earlier buddy" in await shown(two.kim)


@pytest.mark.parametrize("reason", ["stopped", "break", "cap", "late", "only_needed", "put_together"])
async def test_what_is_so_though_no_message_says_it_stays(here: Site, reason: str) -> None:
    two = await Two.meet(here)
    await here.says(intended(two.peers[0], "received"), withheld(two.peers[0], "received", reason))
    assert await shown(two.kim) == [TOLD["received"]]


@pytest.mark.parametrize("reason", ["no_longer_open", "pair_ended", "taken_back", "request_resumed", "no_longer_waiting"])
async def test_what_is_not_so_any_more_is_told_nowhere(here: Site, reason: str) -> None:
    two = await Two.meet(here)
    await here.says(intended(two.peers[0], "received", "a"), intended(two.peers[0], "proposal"))
    assert await shown(two.kim) == [TOLD["proposal"], TOLD["received"]]
    await here.says(withheld(two.peers[0], "proposal", reason))
    assert await shown(two.kim) == [TOLD["received"]]


async def test_that_something_is_not_going_ahead_shows_from_the_morning_on_and_earlier_when_it_may_go_earlier(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        two = await Two.meet(here)
        kim = two.peers[0]
        await here.says(intended(kim, "not_going_ahead", "a", now[0] + DAY_MS), intended(kim, "check_in", "b", now[0] + DAY_MS))
        assert await shown(two.kim) == []
        await here.says(MessageHeld(message="a", to=kim, template="not_going_ahead", until_ms=now[0] + DAY_MS // 2))
        now[0] += DAY_MS // 2
        assert await shown(two.kim) == [TOLD["not_going_ahead"]]
        await here.says(MessageHeld(message="a", to=kim, template="not_going_ahead", until_ms=now[0] + DAY_MS))
        now[0] += DAY_MS // 2
        assert sorted(await shown(two.kim)) == sorted([TOLD["not_going_ahead"], TOLD["check_in"]])


async def test_no_nudge_shows_while_a_break_lasts(here: Site) -> None:
    two = await Two.meet(here)
    kim, now_ms = two.peers[0], here.host.clock.now_ms()
    await here.says(intended(kim, "rest_or_ask", "a", now_ms - 1), intended(kim, "received", "b", now_ms - 1),
                    BreakStarted(peer=kim, kind=BreakKind.BREAK, until_ms=now_ms + DAY_MS))
    assert await shown(two.kim) == [TOLD["received"]]


async def test_a_message_that_could_not_reach_somebody_is_told_on_their_page_until_one_does(here: Site) -> None:
    two = await Two.meet(here)
    kim = two.peers[0]
    await here.says(intended(kim, "proposal"), MessageFailed(message="m", to=kim, template="proposal", reason="refused"))
    await two.kim.open("/me")
    assert "could not reach you" in two.kim.page.text
    assert [each.attributes["href"] for each in two.kim.page.all("a") if each.attributes["href"] == PATH]
    assert await shown(two.kim) == [TOLD["proposal"]]
    assert FAILED in two.kim.page.text
    await two.sam.open("/me")
    assert "could not reach you" not in two.sam.page.text
    await here.says(MessageDelivered(message="n", to=kim, template="sign_in"))
    await two.kim.open("/me")
    assert "could not reach you" not in two.kim.page.text
    await two.kim.open(PATH)
    assert FAILED in two.kim.page.text


async def test_a_message_that_was_taken_over_and_came_back_is_told_as_one_that_failed(here: Site) -> None:
    two = await Two.meet(here)
    kim = two.peers[0]
    await here.says(intended(kim, "proposal"), MessageDelivered(message="m", to=kim, template="proposal"))
    assert (await shown(two.kim), FAILED in two.kim.page.text) == ([TOLD["proposal"]], False)
    await here.says(MessageBounced(message="m", to=kim, intended_ms=0, status="5.1.1", no_such_address=True),
                    MessageBounced(message="n", to="nobody", intended_ms=0))
    assert (await shown(two.kim), FAILED in two.kim.page.text) == ([TOLD["proposal"]], True)
    await two.kim.open("/me")
    assert "could not reach you" in two.kim.page.text


async def test_a_message_that_may_have_arrived_is_not_said_to_have_failed(here: Site) -> None:
    two = await Two.meet(here)
    await here.says(intended(two.peers[0], "received"),
                    MessageFailed(message="m", to=two.peers[0], template="received", reason="interrupted"))
    await two.kim.open("/me")
    assert "could not reach you" not in two.kim.page.text
    assert await shown(two.kim) == [TOLD["received"]]
    assert FAILED not in two.kim.page.text


async def test_that_a_message_failed_is_not_said_for_ever(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        await here.asks("kim@example.org")
        peer = (await here.events("peer.joined"))[-1]["peer"]
        await here.says(MessageFailed(message="m", to=peer, template="sign_in", reason="refused"))
        row = PEERS.load(await redis.hget(PEERS.path(P0, SERVICE), peer))
        for after_ms, told in ((28 * DAY_MS - 1, True), (28 * DAY_MS, False)):
            now[0] = row.unreached_ms + after_ms
            kim = await here.signed_in("kim@example.org")
            assert ("could not reach you" in kim.page.text) is told


async def test_whoever_stopped_all_messages_is_told_so_there(here: Site) -> None:
    two = await Two.meet(here)
    await two.kim.open("/me/messages")
    await two.kim.submit("/me/messages", write="no")
    await here.says(withheld(two.peers[0], "waiting", "stopped", due_ms=here.host.clock.now_ms()))
    assert await shown(two.kim) == [TOLD["waiting"]]
    assert "What we would have told you stands here" in two.kim.page.text


async def test_an_inbox_keeps_the_latest_only_and_goes_with_whoever_leaves(here: Site) -> None:
    two = await Two.meet(here)
    kim = two.peers[0]
    await here.says(*(intended(kim, "received", f"m{number}") for number in range(KEPT_MAX + 1)))
    await here.says(intended("nobody", "received"))
    row = INBOXES.load(await here.redis.hget(INBOXES.path(P0, SERVICE), kim))
    assert (len(row.items), row.items[0].message) == (KEPT_MAX, f"m{KEPT_MAX}")
    await here.says(PeerLeft(peer=kim), intended(kim, "proposal", "late"),
                    MessageFailed(message="late", to=kim, template="proposal", reason="refused"))
    assert await here.redis.hkeys(INBOXES.path(P0, SERVICE)) == []


async def test_inboxes_and_preferences_are_made_again_from_the_log_byte_for_byte(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        two = await Two.meet(here)
        kim, sam = two.peers
        await two.kim.open("/me/messages")
        await two.kim.submit("/me/messages", hours="own", quiet_from="22:00", quiet_until="07:00", zone="Asia/Dhaka",
                             frequency="weekly", kinds=["essential"], leave="yes")
        await here.says(
            intended(kim, "received", "a"), intended(kim, "proposal", "b"), withheld(kim, "proposal", "no_longer_open", "b"),
            intended(sam, "not_going_ahead", "c", 1), MessageHeld(message="c", to=sam, template="not_going_ahead", until_ms=0),
            MessageFailed(message="a", to=kim, template="received", reason="refused"),
            MessageFailed(message="d", to=sam, template="sign_in", reason="refused"),
            MessageDelivered(message="e", to=sam, template="sign_in"))
        vault = here.host.vault
    paths = [table.path(P0, SERVICE) for table in TABLES]
    before: dict[str, Any] = {path: await redis.hgetall(path) for path in paths}
    assert len(before[INBOXES.path(P0, SERVICE)]) == 2
    rows = {peer: PEERS.load(before[PEERS.path(P0, SERVICE)][peer.encode()]) for peer in (kim, sam)}
    assert (rows[kim].unreached_ms > 0, rows[sam].unreached_ms, rows[kim].without) == (True, 0, ("kind", "nudge"))
    await redis.delete(*(table.path(P0, SERVICE) for table in TABLES if table.derived))
    await rebuild(service(P0, tmp_path), P0, redis, vault, tmp_path)
    assert {path: await redis.hgetall(path) for path in paths} == before
