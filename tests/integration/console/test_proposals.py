"""A coordinator looks first, from the console to both pages and both mailboxes, on a real server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.events import BreakKind, BreakStarted, ProposalApproved, Way
from shared.stream.names import Partition
from tests.integration.console.conftest import Ran, Twoway
from tests.integration.console.loop import SECRETS, Loop


@pytest.fixture
def loop(redis: Redis, tmp_path: Path) -> Loop:
    """A system in which a coordinator looks first."""
    return Loop(redis, tmp_path / "data", assist=True)


async def two(loop: Loop, **said: Any) -> tuple[str, str, str]:
    """Two people who fit, and what waits for a coordinator."""
    before = await loop.rows("matcher", "drafts")
    ann, ben = [await loop.person(loop.clock.new_id(), **said) for _ in range(2)]
    await loop.settle()
    [proposal] = (await loop.rows("matcher", "drafts")).keys() - before.keys()
    return ann, ben, proposal


async def while_it_runs(loop: Loop, ran: Any, from_then_on: str = "") -> Ran:
    """The command, while every service reads; from an event of that type on, where one is named."""
    await loop.redis.set(loop.partition.lock("matcher"), b"somebody", ex=60)
    task = asyncio.ensure_future(ran)
    while from_then_on and not task.done() and from_then_on not in await types(loop):
        await asyncio.sleep(0.01)
    while not task.done():
        await loop.settle()
        await asyncio.sleep(0.01)
    await loop.redis.delete(loop.partition.lock("matcher"))
    found: Ran = task.result()
    return found


async def types(loop: Loop) -> list[str]:
    entries: Any = await loop.redis.xrange(loop.partition.log)
    return [fields[b"type"].decode() for _, fields in entries]


async def told(loop: Loop, peer: str) -> list[str]:
    """What messages there were for this person, by template."""
    entries: Any = await loop.redis.xrange(loop.partition.log)
    bodies = [json.loads(fields[b"body"]) for _, fields in entries if fields[b"type"] == b"message.intended"]
    return [body["template"] for body in bodies if body["to"] == peer]


async def page_of(loop: Loop, peer: str) -> Any:
    [row] = (await loop.rows("gateway", "peers", only=lambda row: True)).keys() & {peer}
    return (await loop.rows("gateway", "peers"))[row]


def noted(twoway: Twoway) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]


async def test_neither_hears_or_sees_anything_before_it_is_approved_and_both_do_then(twoway: Twoway, loop: Loop) -> None:
    ann, ben, proposal = await two(loop)
    pages = [await page_of(loop, peer) for peer in (ann, ben)]
    assert [page.proposals for page in pages] == [(), ()]
    assert [await told(loop, peer) for peer in (ann, ben)] == [["received"], ["received"]]
    ran = await while_it_runs(loop, twoway("proposals", "approve", proposal, "--by", "M. R."))
    assert "goes to both" in ran.out
    assert [(await page_of(loop, peer)).proposals for peer in (ann, ben)] == [(proposal,), (proposal,)]
    assert [await told(loop, peer) for peer in (ann, ben)] == [["received", "proposal"], ["received", "proposal"]]
    assert "Everything adds up." in (await while_it_runs(loop, twoway("verify"))).out


async def test_a_decline_reaches_nobody_and_changes_no_page(twoway: Twoway, loop: Loop) -> None:
    ann, ben, proposal = await two(loop)
    pages = [await page_of(loop, peer) for peer in (ann, ben)]
    requests = await loop.rows("matcher", "requests")
    ran = await while_it_runs(loop, twoway("proposals", "decline", proposal))
    assert "kept apart for 90 days" in ran.out
    assert [await page_of(loop, peer) for peer in (ann, ben)] == pages
    assert [await told(loop, peer) for peer in (ann, ben)] == [["received"], ["received"]]
    assert await loop.rows("matcher", "requests") == requests, "both keep the time they have waited"
    assert (await twoway("proposals", "list", "--json")).json == []
    assert (await while_it_runs(loop, twoway("verify", "--json"))).json[0]["findings"] == []


async def test_declined_for_ever_says_so(twoway: Twoway, loop: Loop) -> None:
    ann, ben, proposal = await two(loop)
    ran = await while_it_runs(loop, twoway("proposals", "decline", proposal[:8], "--for-ever"))
    assert "kept apart for ever" in ran.out
    peers = await loop.rows("matcher", "peers")
    assert (peers[ann].apart, peers[ben].apart) == ({ben: None}, {ann: None})


async def test_the_list_shows_what_it_takes_to_decide_and_leaves_a_line_without_it(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop, seeks=("grief",), offers=("grief", "sleep"), ways=(Way.IN_PERSON,), age_band="55_64")
    ran = await twoway("proposals", "list", code=1)
    for words in (proposal, "ONLY IN PERSON", "Riverside", "Quillbank Oak", "Silvermoor", "Losing someone", "Sleep",
                  "Meeting in person", "55 to 64",
                  "They could offer support with something you are looking for: Losing someone", "has waited", "benefit"):
        assert words in ran.out
    assert "brambles" not in ran.out, "an address is nobody's business here"
    [line] = noted(twoway)
    assert (line["event.name"], line["count"]) == ("proposals.shown", 1)
    for secret in (*SECRETS, "grief"):
        assert secret not in json.dumps(line) + ran.err


async def test_the_list_for_programs_has_the_figures_and_the_keys(twoway: Twoway, loop: Loop) -> None:
    ann, ben, proposal = await two(loop)
    [found] = (await twoway("proposals", "list", "--json", code=1)).json
    assert (found["proposal"], found["community"], found["only_in_person"]) == (proposal, "riverside", False)
    assert found["runs_out_ms"] - found["since_ms"] == 7 * 24 * 60 * 60 * 1000
    assert found["benefit"] > 6000
    people = {one["peer"]: one for one in found["people"]}  # who asked in the same millisecond stands in either order
    assert people.keys() == {ann, ben}
    assert people[ann]["seeks"] == ["sleep", "stress"]
    assert people[ann]["reasons"][0] == {"key": "they_offer", "values": ["sleep", "stress"]}


async def test_the_list_of_one_community_has_no_other(twoway: Twoway, loop: Loop) -> None:
    await two(loop)
    assert (await twoway("proposals", "list", "--community", "hillview", "--json")).json == []
    assert len((await twoway("proposals", "list", "--community", "riverside", "--json", code=1)).json) == 1
    await loop.redis.hset("twoway:directory", "harbour", "0")
    assert "riverside, hillview, harbour" in (await twoway("proposals", "list", "--community", "nowhere", code=2)).err


async def test_without_a_journal_to_write_in_nothing_is_opened_and_nothing_decided(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop)
    (twoway.data / "operators.jsonl").mkdir(parents=True)
    for words in (("list",), ("approve", proposal), ("decline", proposal)):
        ran = await twoway("proposals", *words, code=2)
        assert "journal" in ran.err
        assert "Quillbank" not in ran.out + ran.err
    await loop.settle()
    assert list(await loop.rows("matcher", "drafts")) == [proposal]


async def test_who_decided_stands_in_the_journal_and_nowhere_on_the_log(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop)
    await twoway("proposals", "approve", proposal, "--by", "Marguerite")
    [line] = noted(twoway)
    assert (line["event.name"], line["proposal"], line["operator"]) == ("proposal.approved", proposal, "Marguerite")
    await loop.settle()
    assert "Marguerite" not in repr(await loop.everything())
    assert "letters" in (await twoway("proposals", "approve", proposal, "--by", "x" * 41, code=2)).err


async def test_approved_while_no_matcher_runs_it_goes_out_once_one_does(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop)
    for _ in range(2):
        ran = await twoway("proposals", "approve", proposal)
        assert "when it runs again" in ran.out
    assert "approved already" in (await twoway("proposals", "decline", proposal, code=2)).err
    await loop.settle()
    [row] = (await loop.rows("matcher", "proposals")).values()
    assert row.peers is not None


@pytest.mark.parametrize("first", ["approve", "decline"])
@pytest.mark.parametrize("then", ["approve", "decline"])
async def test_what_was_decided_is_decided(twoway: Twoway, loop: Loop, first: str, then: str) -> None:
    _, _, proposal = await two(loop)
    await while_it_runs(loop, twoway("proposals", first, proposal))
    before = await loop.redis.xlen(loop.partition.log)
    ran = await twoway("proposals", then, proposal, code=2)
    assert "already" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert await loop.redis.xlen(loop.partition.log) == before


async def test_declined_for_a_while_and_then_for_ever_is_refused(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop)
    await twoway("proposals", "decline", proposal)
    assert "--for-ever" in (await twoway("proposals", "decline", proposal, "--for-ever", code=2)).err


async def test_one_slip_among_several_decides_nothing(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop)
    for wrong in ("deadbeefdeadbeef", proposal[:7], ""):
        ran = await twoway("proposals", "approve", proposal, wrong, code=2)
        assert "there is no suggestion" in ran.err
    await loop.settle()
    assert list(await loop.rows("matcher", "drafts")) == [proposal]


async def test_several_are_approved_at_once(twoway: Twoway, loop: Loop) -> None:
    waiting = [(await two(loop))[2] for _ in range(3)]
    ran = await while_it_runs(loop, twoway("proposals", "approve", *waiting))
    assert ran.out.count("goes to both") == 3
    assert await loop.rows("matcher", "drafts") == {}


async def test_what_no_longer_fits_when_it_is_approved_goes_to_nobody(twoway: Twoway, loop: Loop) -> None:
    """Approved while a break that takes it back is on its way to the matcher."""
    ann, ben, proposal = await two(loop)
    await loop.say(BreakStarted(peer=ann, kind=BreakKind.DIFFICULT_DAY, until_ms=loop.clock.now_ms() + 86_400_000))
    await twoway("proposals", "approve", proposal)
    await loop.settle()
    assert await loop.rows("matcher", "proposals") == {}
    assert [await told(loop, peer) for peer in (ann, ben)] == [["received"], ["received"]]
    assert "approved already" in (await twoway("proposals", "approve", proposal, code=2)).err


async def test_approved_and_declined_by_two_at_once_the_first_on_the_log_counts(twoway: Twoway, loop: Loop) -> None:
    _, _, proposal = await two(loop)
    await loop.say(ProposalApproved(proposal=proposal), "somebody else's")
    ran = await while_it_runs(loop, twoway("proposals", "decline", proposal, code=1), "proposal.declined")
    assert "went to both" in ran.out
    assert "decision.refused" in await types(loop)


async def test_who_has_left_is_not_shown_any_more(twoway: Twoway, loop: Loop) -> None:
    ann, *_ = await two(loop)
    await loop.redis.hdel(Partition(0).keys, ann)
    ran = await twoway("proposals", "list", code=1)
    assert "has left" in ran.out
    await loop.leave(ann)
    assert (await twoway("proposals", "list")).out == "No suggestion waits for a coordinator.\n"


async def test_the_status_says_how_many_wait_and_for_how_long(twoway: Twoway, loop: Loop) -> None:
    await two(loop)
    [status] = (await twoway("status", "--json", code=1)).json
    assert (status["drafts"], status["proposals"], status["waiting"]) == (1, 0, 0)
    assert 0 <= status["oldest_draft_s"] < 60
    out = (await twoway("status", code=1)).out
    assert "1, for 0" in out
    assert "twoway proposals list" in out


async def test_rebuilt_from_the_log_what_waits_still_waits(twoway: Twoway, loop: Loop) -> None:
    _, _, approved = await two(loop)
    _, _, declined = await two(loop)
    await two(loop)
    await twoway("proposals", "approve", approved)
    await twoway("proposals", "decline", declined)
    await loop.settle()
    before = {name: await loop.rows("matcher", name) for name in ("drafts", "peers", "proposals", "requests")}
    assert len(before["drafts"]) == 1
    await loop.redis.delete(loop.partition.of("matcher", "drafts"))
    await twoway("rebuild", "matcher")
    assert {name: await loop.rows("matcher", name) for name in before} == before


async def test_a_decline_of_what_waits_no_more_says_that_it_keeps_nobody_apart(twoway: Twoway, loop: Loop) -> None:
    """Declined while a break that takes it back is on its way to the matcher."""
    ann, _, proposal = await two(loop)
    await loop.say(BreakStarted(peer=ann, kind=BreakKind.DIFFICULT_DAY, until_ms=loop.clock.now_ms() + 86_400_000))
    ran = await while_it_runs(loop, twoway("proposals", "decline", proposal, "--for-ever", code=1), "proposal.declined")
    assert "NOT kept apart" in ran.out
