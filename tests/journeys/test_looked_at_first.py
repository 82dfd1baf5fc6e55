"""A coordinator looks first: what waits for their word, through real pages and the real command, wherever Twoway runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.journeys.conftest import Company
from tests.journeys.places import Place
from tests.journeys.someone import Someone
from tests.journeys.system import Up, up

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A whole system in which a coordinator looks at everything first."""
    with up(tmp_path_factory.mktemp("looked_at") / "data", TWOWAY_ASSIST="on") as system:
        yield system


@pytest.fixture
async def two(looked_at: Up) -> AsyncIterator[tuple[Someone, Someone]]:
    """Two people who fit, signed in, and nobody else who waits."""
    async with AsyncExitStack() as stack:
        count = sum(line["event.name"] == "peer.joined" for line in looked_at.lines())
        ann, ben = [await stack.enter_async_context(Someone(
            looked_at.url, f"{name}-{count}@people.example", seeks=[topic], offers=[other]))
            for name, topic, other in (("ann", "sleep", "grief"), ("ben", "grief", "sleep"))]
        for each in (ann, ben):
            await each.asks()
            await each.signs_in_by_link()
        yield ann, ben
        for each in (ann, ben):
            await each.leaves()


def waiting(system: Up, code: int = 1) -> list[dict[str, Any]]:
    ran = system.command("proposals", "list", "--json", check=False)
    assert ran.returncode == code, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


async def neither_knows(*people: Someone) -> None:
    for each in people:
        page = await each.me()
        assert page.forms_to("/me/proposals/") == []
        assert "We are looking for someone who fits" in page.text
        assert set(await each.messages()) == {"received", "sign_in"}


async def test_what_a_coordinator_approves_reaches_both_and_nothing_does_before(
        looked_at: Up, two: tuple[Someone, Someone]) -> None:
    ann, ben = two
    [found] = waiting(looked_at)
    assert sorted(one["alias"] for one in found["people"]) == sorted((ann.alias, ben.alias))
    await neither_knows(ann, ben)
    approved = looked_at.command("proposals", "approve", found["proposal"][:8], "--by", "M. R.")
    assert "goes to both" in approved.stdout
    await asyncio.gather(ann.gets("proposal"), ben.gets("proposal"))
    await ann.says("yes")
    await ben.says("yes")
    assert await ann.pair() == await ben.pair()
    assert waiting(looked_at, code=0) == []
    assert "Everything adds up." in looked_at.command("verify").stdout


async def test_what_a_coordinator_declines_nobody_ever_learns_of(looked_at: Up, two: tuple[Someone, Someone]) -> None:
    ann, ben = two
    before = [(await each.me()).text for each in (ann, ben)]
    [found] = waiting(looked_at)
    assert "Neither hears of it" in looked_at.command("proposals", "decline", found["proposal"]).stdout
    assert "Everything adds up." in looked_at.command("verify").stdout
    await neither_knows(ann, ben)
    assert [(await each.me()).text for each in (ann, ben)] == before


async def test_a_difficult_day_takes_back_what_waits_and_a_coordinator_sees_it_no_more(
        looked_at: Up, two: tuple[Someone, Someone]) -> None:
    ann, ben = two
    [found] = waiting(looked_at)
    await ann.browser.send((await ann.me()).form("/me/break"))
    await ann.sees("You are resting until")
    assert "Everything adds up." in looked_at.command("verify").stdout
    assert waiting(looked_at, code=0) == []
    await neither_knows(ben)
    late = looked_at.command("proposals", "approve", found["proposal"], check=False)
    assert late.returncode == 2
    assert "there is no suggestion" in late.stderr


async def test_two_who_can_only_meet_in_person_are_looked_at_first_where_nobody_else_is(place: Place, company: Company) -> None:
    ways = {"ways": ["in_person"], "area": "Leeds"}
    ann = await company.someone("ann", seeks="sleep", offers="grief", **ways)
    ben = await company.someone("ben", seeks="grief", offers="sleep", **ways)
    for each in (ann, ben):
        await each.asks()
        await each.signs_in_by_link()
    await neither_knows(ann, ben)
    [found] = [each for each in json.loads(place.command("proposals", "list", "--json", codes=(1,)).stdout)
               if {one["alias"] for one in each["people"]} == {ann.alias, ben.alias}]
    assert found["only_in_person"] is True
    assert "goes to both" in place.command("proposals", "approve", found["proposal"]).stdout
    await asyncio.gather(ann.gets("proposal"), ben.gets("proposal"))
