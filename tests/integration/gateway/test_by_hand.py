"""A coordinator acts for somebody who has no internet: asks, tells, answers and leaves for them, each recorded as such."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events import (
    Details,
    MessageIntended,
    MessageWithheld,
    PeerJoined,
    Profile,
    ProposalMade,
    Reason,
    Reasons,
)
from shared.events.notifier import MessageClass
from shared.rows import KEYS
from tests.integration.gateway.site import GOOD, P0, Site, Visitor
from tests.integration.gateway.test_desk import at_the_desk, words

THEIRS: dict[str, Any] = {name: value for name, value in GOOD.items() if name != "quiet"}


async def asked_for(here: Site, mara: Visitor, **changes: Any) -> str:
    await mara.open("/desk/ask")
    alias = next(each.attributes["value"] for each in mara.page.all("input") if each.attributes["name"] == "alias")
    await mara.submit("/desk/ask", **{**THEIRS, "alias": alias, **changes})
    assert mara.status == 200, mara.errors()
    await here.settled()
    return mara.path.split("/")[3].split("?")[0]


async def proposed(here: Site, peer: str, id: str = "p1") -> None:
    """Somebody who may fit, from the matcher."""
    other = here.host.clock.new_id()
    keys = KEYS.path(P0, "")
    await here.redis.hsetnx(keys, other, here.host.vault.new_key(other))  # type: ignore[misc]
    key: Any = await here.redis.hget(keys, other)
    told = Reasons(facts=(Reason(key="they_offer", values=("sleep",)),))
    await here.says(PeerJoined(peer=other, community="riverside",
                               profile=here.host.vault.seal(other, key, Profile(alias="Bright Fern", email="", language="en"))))
    own: Any = await here.redis.hget(keys, peer)
    reasons = here.host.vault.seal(peer, own, told), here.host.vault.seal(other, key, told)
    await here.says(ProposalMade(proposal=id, requests=("r1", "r2"), peers=(peer, other), reasons=reasons, benefit=1,
                                 lapses_ms=here.host.clock.now_ms() + 10**9))


async def test_who_has_no_internet_is_asked_for_with_the_consent_read_out_and_no_address(here: Site) -> None:
    mara = await at_the_desk(here)
    peer = await asked_for(here, mara, phone="+44 7700 900-123", leave="yes")
    assert "Read their reference out" in words(mara.page)
    assert "+447700900123" in words(mara.page)
    assert "A message may be left" in words(mara.page)
    [joined], [consent], [asked] = [await here.events(each) for each in ("peer.joined", "consent.given", "support.requested")]
    assert [each["by"] for each in (joined, consent, asked)] == ["coordinator"] * 3
    assert [each["peer"] for each in (joined, consent, asked)] == [peer] * 3
    profile = await here.opened(joined["profile"], Profile)
    assert (profile.email, profile.phone) == ("", "+447700900123")
    assert (await here.opened(asked["details"], Details)).seeks == ("anxiety", "sleep")


async def test_a_second_tap_asks_for_nobody_else(here: Site) -> None:
    mara = await at_the_desk(here)
    await mara.open("/desk/ask")
    alias = next(each.attributes["value"] for each in mara.page.all("input") if each.attributes["name"] == "alias")
    fields = {**mara.fields("/desk/ask"), **THEIRS, "alias": alias}
    for _ in range(2):
        await mara.post("/desk/ask", fields)
        await here.settled()
    assert [len(await here.events(each)) for each in ("peer.joined", "consent.given", "support.requested")] == [1, 1, 1]


async def test_what_is_missing_is_said_and_every_answer_stays(here: Site) -> None:
    mara = await at_the_desk(here)
    await mara.open("/desk/ask")
    await mara.submit("/desk/ask", **{**THEIRS, "consent": "", "phone": "07700", "alias": "Nobody Known"})
    assert (mara.status, mara.errors()) == (422, ["alias", "consent", "phone"])
    assert mara.fields("/desk/ask")["seeks"] == ["anxiety", "sleep"]
    assert await here.events("peer.joined") == []


async def test_what_we_would_write_waits_at_the_desk_until_it_was_told(here: Site) -> None:
    mara = await at_the_desk(here)
    peer = await asked_for(here, mara)
    now_ms = here.host.clock.now_ms()
    await here.says(MessageIntended(message="m1", to=peer, template="received", klass=MessageClass.ESSENTIAL,
                                    not_before_ms=now_ms, message_id="<1@x>"),
                    MessageWithheld(message="m1", to=peer, template="received", reason="no_address"))
    await mara.open("/desk")
    assert "to tell by telephone or letter: 1" in words(mara.page)
    await mara.open(f"/desk/people/{peer}")
    assert "We have your request, and look for someone." in words(mara.page)
    again = mara.fields(f"/desk/people/{peer}/told")
    for _ in range(2):
        await mara.post(f"/desk/people/{peer}/told", again)
    assert [each["peer"] for each in await here.events("peer.told")] == [peer]
    assert "To tell them: 0" in words(mara.page)
    await mara.open("/desk")
    assert "to tell by telephone or letter: 0" in words(mara.page)


@pytest.mark.parametrize("answer", ["yes", "not_now", "not_this_person", "someone_different"])
async def test_an_answer_is_given_for_them_once_and_recorded_as_a_coordinators(here: Site, answer: str) -> None:
    mara = await at_the_desk(here)
    peer = await asked_for(here, mara)
    await proposed(here, peer)
    await mara.open(f"/desk/people/{peer}")
    assert "Read out to them" in words(mara.page)
    for _ in range(2):
        await mara.post(f"/desk/people/{peer}/proposals/p1", {"answer": answer})
        assert mara.status == 200
    assert await here.events("proposal.answered") == [
        {"peer": peer, "proposal": "p1", "answer": answer, "by": "coordinator"}]


async def test_nobody_answers_tells_or_leaves_for_somebody_who_has_a_page_of_their_own(here: Site) -> None:
    await here.asks("kim@people.example")
    peer = (await here.events("peer.joined"))[0]["peer"]
    await proposed(here, peer)
    mara = await at_the_desk(here)
    await mara.open(f"/desk/people/{peer}")
    assert "Read out to them" not in words(mara.page)
    for what, fields in (("proposals/p1", {"answer": "yes"}), ("told", {"until": "1"}), ("leave", {"sure": "yes"})):
        await mara.post(f"/desk/people/{peer}/{what}", fields)
        assert mara.status == 404
    assert await here.events("proposal.answered") == await here.events("peer.told") == await here.events("peer.left") == []


async def test_they_can_leave_by_asking_a_coordinator(here: Site) -> None:
    mara = await at_the_desk(here)
    peer = await asked_for(here, mara)
    await mara.open(f"/desk/people/{peer}/leave")
    await mara.submit(f"/desk/people/{peer}/leave")
    assert mara.errors() == ["sure"]
    for _ in range(2):
        await mara.post(f"/desk/people/{peer}/leave", {"sure": "yes"})
        assert mara.path == "/desk?said=left"
    assert len(await here.events("peer.left")) == 1
    assert await here.redis.hget(KEYS.path(P0, ""), peer) is None  # type: ignore[misc]
