"""Choices that can be made otherwise later: an answer, the messages; and what the other one learns of none of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.gateway.store import PEERS, SERVICE
from shared.clock import DAY_MS, Clock
from shared.events import AnswerRefused, MomentRefused, PairClosed, ProposalWithdrawn
from tests.integration.gateway.site import P0, Site, site
from tests.integration.gateway.test_my_page import Two

NEUTRAL = "an earlier buddy"


@pytest.mark.parametrize("answer", ["not_now", "not_this_person", "someone_different"])
async def test_after_a_yes_somebody_may_rather_not_after_all(here: Site, answer: str) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    path = f"/me/proposals/{proposal}"
    await two.kim.open(path)
    assert two.kim.path == "/me"  # nothing to think over before a yes
    await two.kim.submit(path, button=("answer", "yes"))
    assert not [each for each in two.kim.page.all("button") if each.attributes.get("name") == "answer"]
    [link] = [each for each in two.kim.page.all("a") if each.attributes["href"] == path]
    await two.kim.open(link.attributes["href"])
    offered = [each.attributes["value"] for each in two.kim.page.all("button") if each.attributes.get("name") == "answer"]
    assert offered == ["not_now", "not_this_person", "someone_different"]
    await two.kim.submit(path, button=("answer", answer))
    assert two.kim.path == "/me?said=answer"
    assert [each["answer"] for each in await here.events("proposal.answered")] == ["yes", answer]
    assert "may fit" not in two.kim.page.text
    await two.kim.post(path, {"answer": "yes"})
    assert two.kim.heading == "This one isn't open any more"
    stranger = two.sam
    await stranger.open("/me/proposals/" + "0" * 32)
    assert stranger.status == 404


async def test_a_proposal_goes_for_good_only_when_the_matcher_says_so(here: Site) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    await two.look()
    await two.kim.submit(f"/me/proposals/{proposal}", button=("answer", "yes"))
    await two.kim.post(f"/me/proposals/{proposal}", {"answer": "not_now"})
    assert "may fit" not in two.kim.page.text
    await here.says(AnswerRefused(proposal=proposal, peer=two.peers[0], reason="already_answered"))
    await two.kim.open("/me")
    assert "You said yes" in two.kim.page.text
    await here.says(ProposalWithdrawn(proposal=proposal, peers=two.peers, reason="answered"))
    await two.look()
    for visitor in (two.kim, two.sam):
        assert "may fit" not in visitor.page.text
    row = PEERS.load(await here.redis.hget(PEERS.path(P0, SERVICE), two.peers[0]))
    assert (row.proposals, row.said_yes, row.set_aside) == ((), (), ())


async def test_leaving_and_ending_look_the_same_to_the_other(here: Site) -> None:
    two = await Two.meet(here)
    seen = []
    for pair, reason in (("a" * 32, "ended"), ("b" * 32, "left")):
        await two.paired(pair)
        await two.kim.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "thank_you"))
        await two.sam.open("/me")
        alias = two.kim.page.all("strong")[0].text
        assert f"from {alias}" in " ".join(two.sam.page.text.split())
        if reason == "ended":
            await two.kim.post(f"/me/pairs/{pair}/end", {"ending": "moved_on"})
        else:
            await two.kim.post("/me/leave", {"sure": "yes"})
            await two.sam.open("/me")
            assert alias not in two.sam.page.text
            assert "former" not in two.sam.page.text
            await two.sam.open(f"/me/pairs/{pair}/moment")
            assert two.sam.status == 404
        await here.says(PairClosed(pair=pair, peers=two.peers, reason=reason))
        await two.sam.open("/me")
        assert f"from {NEUTRAL}" in " ".join(two.sam.page.text.split())
        assert alias not in two.sam.page.text
        seen.append({" ".join(each.text.split()) for each in two.sam.page.all("h2", "p", "li")})
    assert seen[0] == seen[1]


async def test_a_moment_from_before_can_be_written_down_for_thirty_days(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    now = [1_795_000_000_000]
    async with site(redis_url, redis, tmp_path, Clock(now_ms=lambda: now[0])) as here:
        two = await Two.meet(here)
        pair = await two.paired()
        alias = two.kim.page.all("strong")[0].text
        await two.kim.post(f"/me/pairs/{pair}/end", {"ending": "agreed"})
        await here.says(PairClosed(pair=pair, peers=two.peers, reason="ended"))
        rows = [PEERS.load(await redis.hget(PEERS.path(P0, SERVICE), peer)) for peer in two.peers]
        ends = sorted(row.before[0].until_ms for row in rows)
        now[0] = ends[0] - 1
        two.kim, two.sam = await here.signed_in("kim@example.org"), await here.signed_in("sam@example.org")
        path = f"/me/before/{pair}"
        for visitor in (two.kim, two.sam):
            assert "Write down a moment from before" in visitor.page.text
        await two.sam.open(path)
        assert alias not in two.sam.page.text
        await two.sam.submit(path)
        assert two.sam.errors() == ["kind", "direction", "happened-day"]
        await two.sam.submit(path, direction="received", kind="listened", when="today")
        [shared] = await here.events("moment.shared")
        assert (shared["pair"], shared["giver"], shared["receiver"], shared["recorded_by"]) == (pair, *two.peers, two.peers[1])
        await here.says(MomentRefused(moment=shared["moment"], peer=two.peers[1], reason="pair_ended"))
        now[0] = ends[1]
        await two.sam.open("/me")
        assert "from before" not in two.sam.page.text
        await two.sam.post(path, {"direction": "gave", "kind": "listened"})
        assert two.sam.status == 404
        assert len(await here.events("moment.shared")) == 1


async def test_nothing_leads_back_from_a_block_for_whoever_blocked(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.kim.post(f"/me/pairs/{pair}/block", {})
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="blocked"))
    await two.look()
    assert "from before" not in two.kim.page.text
    assert "from before" in two.sam.page.text  # as after any other ending
    rows = [PEERS.load(await here.redis.hget(PEERS.path(P0, SERVICE), peer)) for peer in two.peers]
    assert [len(row.before) for row in rows] == [0, 1]
    assert abs(rows[1].before[0].until_ms - here.host.clock.now_ms() - 30 * DAY_MS) < 60_000
