"""Groups that people chose to disclose, from a real log."""

from __future__ import annotations

import re

from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import Loop
from tests.integration.console.test_looking_back import tells_nothing_that_was_said


async def test_groups_that_people_disclosed_are_told_without_the_small_ones(twoway: Twoway, loop: Loop) -> None:
    for number in range(12):
        await loop.person(f"en{number}")
    for number in range(8):
        await loop.person(f"cy{number}", languages=("cy",), facts={"gender": "woman"})
    for number in range(2):
        await loop.person(f"ur{number}", languages=("ur",))
    await loop.settle()
    before = await loop.everything()
    ran = await twoway("fairness", "--by", "language", "--json")
    assert await loop.everything() == before
    assert ran.json["everybody"]["people"] == 22
    table = ran.json["by"]["language"]
    assert table["English"] | {"proposed": 1.0, "people": 12} == table["English"]
    assert list(table) == ["English", "all others"], "the eight would give the two away"
    assert table["all others"] == dict.fromkeys(table["English"], None)
    told = await twoway("fairness", "--by", "language")
    tells_nothing_that_was_said(told)
    assert "Cymraeg" not in told.out
    assert re.search(r"^ all others +too few to say *$", told.out, re.MULTILINE)
    by_default = (await twoway("fairness", "--json")).json["by"]
    assert list(by_default) == ["language", "age_band", "gender"]
    assert [group["people"] for group in by_default["gender"].values()] == [14, 8]


async def test_only_what_the_programme_may_look_at_is_told(twoway: Twoway, loop: Loop) -> None:
    await loop.person("ann", facts={"talking": "quiet"})
    await loop.settle()
    ran = await twoway("fairness", "--by", "talking", code=2)
    assert "groups by talking are not told" in ran.err
    assert len(ran.err.splitlines()) == 1


async def test_a_community_that_there_is_not_is_one_line_and_one_that_there_is_has_its_own_people(
        twoway: Twoway, loop: Loop) -> None:
    for name in ("ann", "ben", "cat", "dan", "eve"):
        await loop.person(name)
    await loop.settle()
    assert "there are riverside" in (await twoway("fairness", "--community", "elsewhere", code=2)).err
    assert (await twoway("fairness", "--community", "riverside", "--json")).json["everybody"]["people"] == 5


async def test_without_anybody_there_is_one_line(twoway: Twoway, loop: Loop) -> None:
    ran = await twoway("fairness", code=2)
    assert "neither the log nor the archive" in ran.err
    assert (len(ran.err.splitlines()), ran.out) == (1, "")


async def test_where_nobody_can_be_opened_there_is_one_line(twoway: Twoway, loop: Loop) -> None:
    await loop.leave(await loop.person("ann"))
    await loop.settle()
    ran = await twoway("fairness", code=2)
    assert "nobody who can be opened" in ran.err
    assert (len(ran.err.splitlines()), ran.out) == (1, "")
