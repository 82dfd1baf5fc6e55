from __future__ import annotations

import json

import pytest

from shared.journal import FILE
from tests.integration.console.conftest import Twoway


async def test_a_link_is_printed_by_itself_and_noted_without_its_secret(twoway: Twoway) -> None:
    ran = await twoway("desk", "invite", "mara")
    [link] = ran.out.splitlines()
    base, _, token = link.rpartition("/desk/in/")
    assert base.startswith("http")
    assert len(token) == 43
    assert token not in ran.err
    [line] = [json.loads(each) for each in (twoway.data / FILE).read_text("utf-8").splitlines()]
    assert (line["event.name"], line["operator"]) == ("desk.invited", "mara")
    assert token not in json.dumps(line)


async def test_the_list_names_who_may_sit_there_and_no_link(twoway: Twoway) -> None:
    assert "Nobody yet" in (await twoway("desk", "list")).out
    token = (await twoway("desk", "invite", "mara")).out.strip().rpartition("/")[2]
    ran = await twoway("desk", "list")
    assert "mara" in ran.out
    assert token not in ran.out
    [told] = (await twoway("desk", "list", "--json")).json
    assert told["name"] == "mara"


async def test_who_was_removed_is_on_the_list_no_more(twoway: Twoway) -> None:
    await twoway("desk", "invite", "mara")
    await twoway("desk", "remove", "mara")
    assert (await twoway("desk", "list", "--json")).json == []
    assert "there is no coordinator mara" in (await twoway("desk", "remove", "mara", code=2)).err


@pytest.mark.parametrize("name", ["Mara", "m", "mara@people.example", "mara b", "a" * 21])
async def test_what_is_no_short_name_lets_nobody_in(twoway: Twoway, name: str) -> None:
    assert "small letters" in (await twoway("desk", "invite", name, code=2)).err
    assert (await twoway("desk", "list", "--json")).json == []
