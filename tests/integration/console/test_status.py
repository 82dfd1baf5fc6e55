from __future__ import annotations

from redis.asyncio import Redis

from services.matcher.store import REQUESTS
from services.notifier.store import NOT_THERE
from services.notifier.store import SERVICE as NOTIFIER
from shared.clock import DAY_MS
from shared.events import Answer, BreakKind, BreakStarted, ConcernRaised, FreeText, ProposalAnswered
from shared.stream.dead import DEAD, DeadLetter
from shared.stream.names import Partition
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import Loop


async def test_an_empty_system_has_nothing_and_nobody_running(twoway: Twoway) -> None:
    [status] = (await twoway("status", "--json", code=1)).json
    assert [reader["running"] for reader in status["readers"]] == [False] * 4
    assert {name: status[name] for name in (
        "requests", "waiting", "drafts", "proposals", "pairs", "dead_letters", "timers", "log_entries")} == {
        "requests": 0, "waiting": 0, "drafts": 0, "proposals": 0, "pairs": 0, "dead_letters": 0, "timers": 0, "log_entries": 0}


async def test_what_waits_and_what_is_under_way_is_counted_without_what_is_over(twoway: Twoway, loop: Loop) -> None:
    await loop.pair("ann", "ben")
    ended = await loop.pair("cat", "dan")
    await loop.leave(ended[0])
    await loop.person("eve")
    await loop.settle()
    [status] = (await twoway("status", "--json", code=1)).json
    assert (status["requests"], status["proposals"], status["pairs"]) == (4, 1, 1)
    assert status["waiting"] == 0, "two have a buddy, two a proposal"
    await loop.person("fay")
    await loop.settle()
    [status] = (await twoway("status", "--json", code=1)).json
    assert (status["requests"], status["waiting"]) == (5, 1)
    assert status["timers"] >= 1
    assert status["log_entries"] == await loop.redis.xlen(loop.partition.log)


async def test_whoever_has_waited_for_14_days_and_heard_of_nobody_is_told(twoway: Twoway, loop: Loop) -> None:
    ann, _ = await loop.person("ann"), await loop.person("ben")
    await loop.settle()
    await loop.say(ProposalAnswered(peer=ann, proposal=next(iter(await loop.rows("matcher", "proposals"))),
                                    answer=Answer.NOT_THIS_PERSON))
    *_, eve = [await loop.person(name, ways=()) for name in ("cat", "dan", "eve")]
    await loop.say(BreakStarted(peer=eve, kind=BreakKind.BREAK, until_ms=2**42))
    await loop.settle()
    assert (await twoway("status", "--json", code=1)).json[0]["unproposed_14_days"] == 0
    for days, unproposed in ((13.9, 0), (14, 2)):
        for id, row in (await loop.rows("matcher", "requests")).items():
            row = row.model_copy(update={"since_ms": loop.clock.now_ms() - round(days * DAY_MS)})
            await loop.redis.hset(REQUESTS.path(loop.partition, "matcher"), id, REQUESTS.dump(row))
        [status] = (await twoway("status", "--json", code=1)).json
        assert (status["waiting"], status["unproposed_14_days"]) == (5, unproposed), "ann and ben heard of somebody today"
    assert "5, 2 unproposed" in (await twoway("status", code=1)).out
    assert "twoway fairness" in (await twoway("status", code=1)).out


async def test_the_next_round_is_told_while_somebody_waits_with_a_place(twoway: Twoway, loop: Loop) -> None:
    await loop.person("ann")
    await loop.settle()
    [status] = (await twoway("status", "--json", code=1)).json
    due_s = status["next_round_s"]
    assert 0 < due_s <= 15 * 60
    assert status["rounds_under_way"] == 0
    assert "in 14 min" in (await twoway("status", code=1)).out


async def test_how_far_a_service_is_behind_is_told_in_entries_and_seconds(twoway: Twoway, loop: Loop) -> None:
    await loop.person("ann")
    await loop.settle("gateway")
    [status] = (await twoway("status", "--json", code=1)).json
    behind = {reader["service"]: reader for reader in status["readers"]}
    assert behind["gateway"]["lag_entries"] == 0
    assert behind["ledger"]["lag_entries"] == 3
    assert behind["ledger"]["lag_s"] > 0
    assert behind["ledger"]["cursor"] == "0-0"


async def test_a_service_runs_while_somebody_holds_its_place(twoway: Twoway, loop: Loop, redis: Redis) -> None:
    for service in ("gateway", "matcher", "ledger", "notifier"):
        await redis.set(loop.partition.lock(service), b"somebody", ex=60)
    [status] = (await twoway("status", "--json")).json
    assert all(reader["running"] for reader in status["readers"])


async def test_what_was_set_aside_and_open_concerns_are_pointed_to(twoway: Twoway, loop: Loop, redis: Redis) -> None:
    peer = await loop.person("ann")
    key = await redis.hget(loop.partition.keys, peer)
    text = loop.vault.seal(peer, key, FreeText(text="brambles"))
    await loop.say(ConcernRaised(concern="c0ffee", peer=peer, text=text))
    await loop.settle()
    letter = DeadLetter(service="ledger", entry="1-0", error="KeyError", tries=3, first_ms=1, last_ms=1, fields={})
    await redis.hset(loop.partition.dead, letter.id, DEAD.dump(letter))
    ran = await twoway("status", code=1)
    assert "dead-letters list" in ran.out
    assert "concerns list" in ran.out
    assert "brambles" not in ran.out


async def test_addresses_that_take_no_messages_are_counted(twoway: Twoway, redis: Redis) -> None:
    await redis.hset(NOT_THERE.path(Partition(0), NOTIFIER), mapping={"ann": b"1", "ben": b"1"})
    ran = await twoway("status", code=1)
    assert "People whose address takes no messages: 2." in ran.out
