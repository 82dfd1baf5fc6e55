"""What the two have not settled an operator settles: from the console to both counts, on a real server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from shared.events import Kind, MomentCorrected, MomentPutBack, MomentRememberedDifferently, MomentShared, MomentUpheld
from shared.testing import until
from tests.integration.console.conftest import Ran, Twoway
from tests.integration.console.loop import SECRETS, Loop


async def disputed(loop: Loop) -> tuple[str, str, str]:
    """Ann wrote down that she gave to Ben, who remembers it differently: both, and the moment."""
    ann, ben, pair = await loop.pair("ann", "ben")
    moment = await loop.moment(pair, ann, ben)
    await loop.say(MomentRememberedDifferently(moment=moment, peer=ben))
    await loop.settle()
    return ann, ben, moment


async def while_it_runs(loop: Loop, ran: Any) -> Ran:
    """The command, while every service reads."""
    await loop.redis.set(loop.partition.lock("ledger"), b"somebody", ex=60)
    task = asyncio.ensure_future(ran)

    async def told() -> bool:
        await loop.settle()
        return task.done()
    await until(told, "the command's word")
    await loop.redis.delete(loop.partition.lock("ledger"))
    found: Ran = task.result()
    return found


async def counts(loop: Loop, *peers: str) -> list[tuple[int, int]]:
    rows = await loop.rows("gateway", "peers")
    return [(rows[peer].given, rows[peer].received) for peer in peers]


def noted(twoway: Twoway) -> list[tuple[str, str, str]]:
    lines = [json.loads(each) for each in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]
    return [(line["event.name"], line["moment"], line["operator"]) for line in lines]


async def test_the_list_says_what_and_since_when_and_nothing_of_whose_it_is(twoway: Twoway, loop: Loop) -> None:
    assert "Nothing is remembered differently" in (await twoway("moments", "list")).out
    ann, ben, moment = await disputed(loop)
    ran, listed = await twoway("moments", "list", code=1), await twoway("moments", "list", "--json", code=1)
    for out in (ran.out, listed.out):
        assert moment in out
        assert not any(word in out for word in (ann, ben, *SECRETS))
    [found] = listed.json
    assert (found["kind"], found["upheld"]) == ("listened", None)
    assert found["since_ms"] <= loop.clock.now_ms()
    assert found["day"] in ran.out


async def test_what_its_writer_upheld_is_still_on_the_list(twoway: Twoway, loop: Loop) -> None:
    ann, _, moment = await disputed(loop)
    await loop.say(MomentUpheld(moment=moment, peer=ann))
    await loop.settle()
    [found] = (await twoway("moments", "list", "--json", code=1)).json
    assert found["upheld"] == "writer"


async def test_what_the_two_settled_is_off_the_list(twoway: Twoway, loop: Loop) -> None:
    ann, _, moment = await disputed(loop)
    await loop.say(MomentCorrected(moment=moment, peer=ann))
    await loop.settle()
    assert (await twoway("moments", "list", "--upheld", "--json")).json == []


async def test_an_operator_takes_a_moment_back_and_puts_it_back_as_often_as_it_takes(twoway: Twoway, loop: Loop) -> None:
    ann, ben, moment = await disputed(loop)
    for _ in range(2):
        ran = await while_it_runs(loop, twoway("moments", "correct", moment[:8], "--by", "M. R."))
        assert f"{moment} is taken back." in ran.out
        assert await counts(loop, ann, ben) == [(0, 0), (0, 0)]
        assert "taken back already" in (await twoway("moments", "correct", moment)).out
        ran = await while_it_runs(loop, twoway("moments", "put-back", moment[:8]))
        assert f"{moment} stands again." in ran.out
        assert await counts(loop, ann, ben) == [(1, 0), (0, 1)]
        assert "stands already" in (await twoway("moments", "put-back", moment)).out
    assert noted(twoway) == [("moment.corrected", moment, "M. R."), ("moment.put_back", moment, "")] * 2
    assert (await twoway("verify", "--json")).json[0]["findings"] == []


async def test_said_twice_before_the_ledger_reads_it_is_said_once(twoway: Twoway, loop: Loop) -> None:
    _, _, moment = await disputed(loop)
    for _ in range(2):
        assert "when it runs again" in (await twoway("moments", "correct", moment)).out
    before: Any = await loop.redis.xlen(loop.partition.log)
    await loop.settle()
    entries: Any = await loop.redis.xrange(loop.partition.log)
    said = [fields[b"type"] for _, fields in entries[before - 1:]]
    assert said.count(b"moment.corrected") == 1
    assert said.count(b"moment.reversed") == 1
    assert said.count(b"moment.refused") == 0


async def test_what_an_operator_upheld_stands_and_is_off_the_list(twoway: Twoway, loop: Loop) -> None:
    ann, ben, moment = await disputed(loop)
    ran = await while_it_runs(loop, twoway("moments", "uphold", moment[:8]))
    assert f"{moment} stands as it was written down." in ran.out
    assert await counts(loop, ann, ben) == [(1, 0), (0, 1)]
    assert (await twoway("moments", "list", "--json")).json == []
    [found] = (await twoway("moments", "list", "--upheld", "--json")).json
    assert found["upheld"] == "operator"
    assert "upheld already" in (await twoway("moments", "uphold", moment)).out


async def test_what_is_said_too_late_is_told_with_what_became_of_it(twoway: Twoway, loop: Loop) -> None:
    """Ann took it back, and put it back, while the operator's word was on its way."""
    ann, _, moment = await disputed(loop)
    await loop.say(MomentCorrected(moment=moment, peer=ann))
    assert "is otherwise by now" in (await late(loop, twoway, "uphold", moment, code=1)).out
    await loop.say(MomentPutBack(moment=moment, peer=ann))
    await loop.settle()
    assert "nobody remembers" in (await twoway("moments", "uphold", moment, code=2)).err


async def late(loop: Loop, twoway: Twoway, *words: str, code: int) -> Ran:
    """The command, whose services read nothing before it has said its word."""
    await loop.redis.set(loop.partition.lock("ledger"), b"somebody", ex=60)
    before: Any = await loop.redis.xlen(loop.partition.log)
    task = asyncio.ensure_future(twoway("moments", *words, code=code))

    async def told() -> bool:
        if await loop.redis.xlen(loop.partition.log) > before:
            await loop.settle()
        return task.done()
    await until(told, "the command's word")
    return task.result()


@pytest.mark.parametrize(("words", "says"), [
    (("correct", "unheard-of"), "there is no moment unheard-of"),
    (("uphold", "0" * 32), "there is no moment"),
    (("put-back", ""), "there is no moment"),
    (("correct", "0" * 32, "--by", "a\nb"), "--by takes"),
])
async def test_what_can_not_be_done_is_said_and_nothing_is_noted(
        twoway: Twoway, loop: Loop, words: tuple[str, ...], says: str) -> None:
    before: Any = await loop.redis.xlen(loop.partition.log)
    assert says in (await twoway("moments", *words, code=2)).err
    assert await loop.redis.xlen(loop.partition.log) == before
    assert not (twoway.data / "operators.jsonl").exists()


async def test_nothing_to_uphold_is_told_with_what_to_do_instead(twoway: Twoway, loop: Loop) -> None:
    ann, ben, moment = await disputed(loop)
    await while_it_runs(loop, twoway("moments", "correct", moment))
    assert "put-back" in (await twoway("moments", "uphold", moment, code=2)).err
    pair = next(iter(await loop.rows("gateway", "pairs")))
    other = loop.clock.new_id()
    await loop.say(MomentShared(moment=other, pair=pair, giver=ann, receiver=ben, kind=Kind.OTHER, recorded_by=ann))
    await loop.settle()
    assert "nobody remembers" in (await twoway("moments", "uphold", other, code=2)).err


async def test_without_a_journal_to_write_in_nothing_is_decided(twoway: Twoway, loop: Loop) -> None:
    _, _, moment = await disputed(loop)
    (twoway.data / "operators.jsonl").mkdir(parents=True)
    before: Any = await loop.redis.xlen(loop.partition.log)
    assert "journal" in (await twoway("moments", "correct", moment, code=2)).err
    assert await loop.redis.xlen(loop.partition.log) == before
