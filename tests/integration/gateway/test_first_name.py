"""A first name: seen by a buddy once both said yes, for as long as they are buddies, and by nobody else (rule 13)."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.domain.first_names import FIRST_NAME_MAX, is_first_name
from shared.events import Ending, Gesture, GestureSent, PairClosed, PairEnded, PeerLeft, Profile
from tests.integration.gateway.site import Site, Visitor
from tests.integration.gateway.test_my_page import Two

PATH, NAME = "/me/name", "Zoë-Canary"


@pytest.mark.parametrize("name", ["Zoë", "Jean-Luc", "O’Shea", "मीरा", "محمد", "J. R.", "Anne Marie"])
def test_any_script_has_names(name: str) -> None:
    assert is_first_name(name)


@pytest.mark.parametrize("name", ["", "07700 900123", "kim@example.org", "-kim", "call me: 5", "x" * (FIRST_NAME_MAX + 1),
                                  "<b>", "👋"])
def test_what_says_something_else_than_a_name_is_none(name: str) -> None:
    assert not is_first_name(name)


async def named(visitor: Visitor, name: str = NAME) -> None:
    await visitor.open(PATH)
    await visitor.submit(PATH, first_name=name)
    assert visitor.path == "/me?said=named", visitor.errors()


async def profile(here: Site) -> Any:
    return await here.opened((await here.events("peer.profile_changed"))[-1]["profile"], Profile)


async def test_a_name_is_nobodys_to_see_before_both_said_yes_and_the_buddys_after(here: Site) -> None:
    two = await Two.meet(here)
    await two.proposed()
    await two.look()
    before = two.sam.page.text
    await named(two.kim)
    assert f"Your buddies see your first name, {NAME}" in two.kim.page.text
    await two.sam.open("/me")
    assert two.sam.page.text == before
    await two.paired()
    assert NAME in two.sam.page.text
    assert (await profile(here)).email == "kim@example.org"


async def test_a_change_shows_and_an_empty_name_gives_the_alias_back(here: Site) -> None:
    two = await Two.meet(here)
    await named(two.kim)
    await two.paired()
    alias = (await profile(here)).alias
    await two.sam.open("/me")
    assert (NAME in two.sam.page.text, alias in two.sam.page.text) == (True, False)
    await named(two.kim, "")
    await two.sam.open("/me")
    assert (NAME in two.sam.page.text, alias in two.sam.page.text) == (False, True)


@pytest.mark.parametrize("how", ["ended", "left"])
async def test_when_they_are_buddies_no_more_the_name_is_nowhere_however_it_came(here: Site, how: str) -> None:
    two = await Two.meet(here)
    await named(two.kim)
    pair = await two.paired()
    kim, sam = two.peers
    await here.says(GestureSent(moment="m" * 32, pair=pair, giver=kim, receiver=sam, gesture=Gesture.CUP_OF_TEA))
    await here.says(PeerLeft(peer=kim) if how == "left" else PairEnded(peer=kim, pair=pair, ending=Ending.AGREED))
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="left" if how == "left" else "ended", by=kim))
    for path in ("/me", "/me/story", "/me/inbox"):
        await two.sam.open(path)
        assert NAME not in two.sam.page.text


async def test_what_is_no_name_is_told_kept_in_the_form_and_saved_nowhere(here: Site) -> None:
    await here.asks("kim@example.org")
    kim = await here.signed_in("kim@example.org")
    await kim.open(PATH)
    await kim.submit(PATH, first_name="07700 900123")
    assert (kim.status, kim.errors()) == (422, ["first_name"])
    assert kim.fields(PATH)["first_name"] == ["07700 900123"]
    assert await here.events("peer.profile_changed") == []
