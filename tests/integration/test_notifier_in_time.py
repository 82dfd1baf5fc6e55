"""What the notifier says because time went by, or holds until it has: on a real log, row by row as it loads them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.notifier.app import service
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.overlooked import overlooked
from services.notifier.store import CHECK_IN, NOTE, PAIRS, PEOPLE, READY, SERVICE, TABLES
from shared.clock import DAY_MS, Clock
from shared.events import (
    Gesture,
    GestureSent,
    Kind,
    MomentRecorded,
    PairFormed,
    PeerJoined,
    PreferencesChanged,
    Profile,
    QuietHours,
    RequestWaiting,
    TimerElapsed,
    WaitingCounted,
)
from shared.stream.append import fields
from shared.stream.rebuild import rebuild
from tests.integration.notifier_kit import P0, VAULT, Town, mail_server, notifier, plain, until

NEVER = QuietHours(start="00:00", end="23:59")


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


async def _sent(town: Town, template: str, count: int) -> bool:
    of = {event.message for _, event in await town.log("message.delivered") if event.template == template}
    return len(of) >= count


async def test_three_gestures_that_were_held_reach_the_mail_server_as_one_message(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ben", NEVER)
            for each in ("ann", "cat", "dan"):
                await town.person(each)
                await town.happens(PairFormed(pair=f"{each}'s", proposal="p", peers=(each, "ben")),
                                   GestureSent(moment=each, pair=f"{each}'s", giver=each, receiver="ben",
                                               gesture=Gesture.THINKING_OF_YOU))
            await until(lambda: _held(town, 6))
            await town.happens(PreferencesChanged(peer="ben", quiet=None))
            await until(lambda: _sent(town, "digest", 1))
            await until(lambda: _sent(town, "introduction", 6))
    kind = [each for each in server.to("ben@example.org") if each["Subject"] == "Something kind for you"]
    assert ["3 people thought of you." in plain(each) for each in kind] == [True]
    outcomes = await town.outcomes()
    assert sum(told == ["withheld put_together"] for told in outcomes.values()) == 3


async def _held(town: Town, count: int) -> bool:
    return len([event for _, event in await town.log("message.intended") if event.to == "ben"]) >= count


async def test_whoever_waits_is_told_for_how_long_and_a_rebuild_knows_when_they_hear_next(redis_url, redis, town, tmp_path):
    with mail_server() as server:
        async with notifier(redis_url, server.url) as host:
            await town.person("ann")
            await town.happens(RequestWaiting(request="r", peer="ann", since_ms=0))
            await until(lambda: _sent(town, "received", 1))
            row = PEOPLE.load(await redis.hget(PEOPLE.path(P0, SERVICE), "ann"))
            await town.happens(TimerElapsed(service=SERVICE, what=NOTE, of="ann", due_ms=row.note_due_ms - 1))
            await town.happens(TimerElapsed(service=SERVICE, what=NOTE, of="ann", due_ms=row.note_due_ms))
            await until(lambda: _sent(town, "waiting", 1))
            await town.all_ended(2)
            await until(lambda: _settled(redis, host))
        await _rebuilds_to_the_same(redis, host, tmp_path)
    assert [each["Subject"] for each in server.to("ann@example.org")] == ["We have what you sent", "How things stand"]


@pytest.mark.parametrize(("median_days", "said"), [(23, "About half of those who wait now have waited 3 weeks or more."),
                                                   (0, None), (5, None)])
async def test_a_note_on_the_wait_says_how_long_others_wait_unless_they_are_too_few(redis_url, redis, town, median_days, said):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(WaitingCounted(community="riverside", waiting=9, median_days=40),
                               WaitingCounted(community="riverside", waiting=9, median_days=median_days),
                               WaitingCounted(community="elsewhere", waiting=90, median_days=70),
                               RequestWaiting(request="r", peer="ann", since_ms=0))
            await until(lambda: _sent(town, "received", 1))
            row = PEOPLE.load(await redis.hget(PEOPLE.path(P0, SERVICE), "ann"))
            await town.happens(TimerElapsed(service=SERVICE, what=NOTE, of="ann", due_ms=row.note_due_ms))
            await town.all_ended(2)
    text = plain(server.to("ann@example.org")[-1])
    assert ("those who wait now" in text) is (said is not None)
    assert (said or "") in text


async def test_whoever_waited_before_there_were_notes_hears_of_it_after_a_rebuild_and_once(redis_url, redis, town, tmp_path):
    asked_ms = Clock().now_ms() - 40 * DAY_MS
    profile = VAULT.seal("ann", await town.key("ann"), Profile(alias="Calm River", email="ann@example.org"))
    for number, event in enumerate([PeerJoined(peer="ann", community="riverside", profile=profile),
                                    PreferencesChanged(peer="ann", quiet=None),
                                    RequestWaiting(request="r", peer="ann", since_ms=asked_ms)]):
        await redis.xadd(P0.log, _pairs(fields(event, f"e{number}", "", "")), id=f"{asked_ms}-{number}")
    await redis.hset(P0.cursor(SERVICE), mapping={"at": f"{asked_ms}-2", "read": 3})  # by a notifier that sent no notes
    await rebuild(service(Decisions(UTC, "example.org"), Due(), P0), P0, redis, VAULT, tmp_path)
    with mail_server() as server:
        for _ in range(2):  # a second start finds nobody
            async with notifier(redis_url, server.url) as host:
                await until(lambda: _sent(town, "waiting", 1))
                await until(lambda host=host: _settled(redis, host))
                assert [each async for each in overlooked(redis, P0, Clock().now_ms())] == []
    [note] = server.to("ann@example.org")
    assert "It has been 40 days." in plain(note).replace("\n", " ")
    assert PEOPLE.load(await redis.hget(PEOPLE.path(P0, SERVICE), "ann")).note_due_ms == asked_ms + 44 * DAY_MS
    assert await redis.zcard(P0.timers) == 1


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


async def test_check_ins_follow_contacts_and_rebuild_to_the_same_rows(redis_url, redis, town, tmp_path):
    with mail_server() as server:
        async with notifier(redis_url, server.url) as host:
            for each in ("ann", "ben"):
                await town.person(each)
            await town.happens(PairFormed(pair="pair", proposal="p", peers=("ann", "ben")), *(
                MomentRecorded(moment=each, pair="pair", giver="ann", receiver="ben", kind=Kind.LISTENED) for each in "abc"))

            async def known() -> int | None:
                text = await redis.hget(PAIRS.path(P0, SERVICE), "pair")
                return PAIRS.load(text).check_in_ms if text else None

            due_ms = await until(known)
            await town.happens(TimerElapsed(service=SERVICE, what=CHECK_IN, of="pair", due_ms=due_ms))
            await until(lambda: _said(town, "check_in_later", 2))
            await until(lambda: _sent(town, "introduction", 2))
            await until(lambda: _settled(redis, host))
        await _rebuilds_to_the_same(redis, host, tmp_path)
    assert await _said(town, "check_in", 2)


async def _said(town: Town, template: str, count: int) -> bool:
    found = [event for _, event in await town.log("message.intended", "message.withheld") if event.template == template]
    return len(found) >= count


async def _settled(redis: Redis, host: Any) -> bool:
    """Nothing is ready to be sent, and the reader has read all there is."""
    last: Any = await redis.xrevrange(P0.log, count=1)
    return not await redis.exists(READY.path(P0, SERVICE)) and last[0][0].decode() == host.readers[0].cursor


async def _rebuilds_to_the_same(redis: Redis, host: Any, folder: Path) -> None:
    before = await _rows(redis)
    assert before
    await rebuild(host.readers[0].service, P0, redis, VAULT, folder)
    assert await _rows(redis) == before


async def _rows(redis: Redis) -> dict[str, Any]:
    paths = [table.path(P0, SERVICE) for table in TABLES]
    return {path: rows for path in paths if (rows := await redis.hgetall(path))}
