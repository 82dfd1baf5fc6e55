"""Looking back at a real log: what another policy would have done. Nothing is changed by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.events import Answer, ProposalAnswered
from shared.stream.archive import archive_and_trim
from tests.integration.console.conftest import Ran, Twoway
from tests.integration.console.loop import SECRETS, Loop


async def lived_in(loop: Loop) -> None:
    """Ann and Ben are a pair, which the archive alone tells of; of Cat and Dan, Cat has left; Eve and Fay wait for each other's
    word; Gus fits nobody."""
    await loop.pair("ann", "ben")
    await archive_and_trim(loop.redis, loop.partition, loop.data, loop.clock.now_ms() + 1)
    cat, _, _ = await loop.pair("cat", "dan")
    await loop.leave(cat)
    await loop.person("gus", languages=("ur",))
    eve = await loop.person("eve")
    await loop.settle()
    [proposal] = await loop.rows("matcher", "proposals", only=lambda row: row.peers and eve in row.peers)
    await loop.say(ProposalAnswered(peer=eve, proposal=proposal, answer=Answer.NOT_NOW))
    await loop.person("fay")
    await loop.settle()


def tells_nothing_that_was_said(ran: Ran) -> None:
    assert not any(word in ran.out + ran.err for word in (*SECRETS, "sleep", "stress", "riverside"))


async def test_the_last_weeks_are_replayed_beside_what_was_and_nothing_is_changed(
        twoway: Twoway, loop: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    before = await loop.everything()
    weights = tmp_path / "weights.toml"
    weights.write_text('[mutual]\npoints = 5000\nwhy = "a little less"\n', "utf-8")
    ran = await twoway("match", "--replay", "--weights", str(weights), "--json")
    tells_nothing_that_was_said(ran)
    assert await loop.everything() == before
    assert (ran.json["weeks"], ran.json["closed"]) == (4, 1)
    columns = ran.json["columns"]
    assert list(columns) == ["as it was", "now", "new"]
    assert {name: column["requests"] for name, column in columns.items()} == {"as it was": 6, "now": 6, "new": 6}
    was = columns["as it was"]
    assert (was["pairs"], was["without_proposal"], was["repeats"]) == (2, 1, 0)
    assert columns["now"]["proposals"] == columns["new"]["proposals"]
    told = await twoway("match", "--replay", "--dial", "better")
    tells_nothing_that_was_said(told)
    assert "Left out: 1 requests of people who left" in told.out
    assert "Nothing was changed" in told.out


async def test_what_if_says_when_people_are_made_up_because_too_few_asked(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    ran = await twoway("match", "--what-if", "--weeks", "2", "--json")
    assert (ran.json["made_up"], ran.json["own"]) == (200, 6)
    sooner, balanced, better = (ran.json["columns"][dial] for dial in ("sooner", "balanced", "better"))
    assert sooner["wait_median_days"] < balanced["wait_median_days"] < better["wait_median_days"]
    assert sooner["two_way"] < balanced["two_way"] < better["two_way"]
    assert "Only 6 requests of your own" in (await twoway("match", "--what-if", "--weeks", "2")).out


async def test_what_if_goes_by_the_programmes_own_arrivals_where_there_are_fifty(twoway: Twoway, loop: Loop) -> None:
    for number in range(50):
        await loop.person(f"p{number}")
    await loop.settle()
    ran = await twoway("match", "--what-if", "--json")
    assert ran.json["made_up"] == 0
    assert [column["proposals"] for column in ran.json["columns"].values()] == [25, 25, 0], "a full match is worth 7,400"


@pytest.mark.parametrize("words", [("match", "--replay", "--dial", "sooner"), ("match", "--what-if")])
async def test_without_anybody_there_is_one_line(twoway: Twoway, loop: Loop, words: tuple[str, ...]) -> None:
    ran = await twoway(*words, code=2)
    assert "neither the log nor the archive" in ran.err
    assert (len(ran.err.splitlines()), ran.out) == (1, "")


@pytest.mark.parametrize("words", [("match", "--replay", "--dial", "sooner")])
async def test_where_nobody_can_be_opened_there_is_one_line(twoway: Twoway, loop: Loop, words: tuple[str, ...]) -> None:
    await loop.leave(await loop.person("ann"))
    await loop.settle()
    ran = await twoway(*words, code=2)
    assert "nobody who can be opened" in ran.err
    assert (len(ran.err.splitlines()), ran.out) == (1, "")
