from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from console.server import Server
from services.matcher.app import table
from services.matcher.audit import audit
from services.matcher.memory import Memory
from services.matcher.store import TABLES
from shared.events import (
    Answer,
    BreakKind,
    BreakStarted,
    Ending,
    EntrySetAside,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerLeft,
    ProposalAnswered,
    ProposalApproved,
    ProposalDeclined,
    ProposalDiscarded,
    ProposalDrafted,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    Reasons,
    RequestRefused,
    RequestWaiting,
    Sealed,
    WaitingCounted,
    Way,
)
from tests.integration.core.tally import Bench
from tests.integration.living import P0
from tests.integration.matcher_town import Town


@pytest.fixture
def town(redis: Redis, redis_url: str) -> Town:
    return Town(redis, redis_url)


async def test_two_ask_are_proposed_say_yes_and_are_a_pair(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada")
        await town.asks("ben")
        await town.answers(("ada", Answer.YES), ("ben", Answer.YES))
    assert await town.types() == [
        "support.requested", "request.waiting", "round.scheduled", "support.requested", "request.waiting", "proposal.made",
        "proposal.answered", "proposal.answered", "pair.formed"]
    assert await audit(town.redis, P0) == []


async def test_each_side_can_open_its_own_reasons_and_nobody_elses(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
    [made] = await town.said(ProposalMade)
    for peer, sealed in zip(made.peers, made.reasons, strict=True):
        key: Any = await town.redis.hget(P0.keys, peer)
        opened = town.vault.open(sealed, key, Reasons)
        assert isinstance(opened, Reasons)
        assert [fact.key for fact in opened.facts] == ["they_offer", "you_offer", "you_both_connect_by"]


async def test_an_unanswered_proposal_lapses_through_the_timekeeper(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
        await town.answers(("ada", Answer.YES))
        await town.everything_due()
        await town.all_read()
        [lapsed] = await town.said(ProposalLapsed)
        assert lapsed.said_yes == ("ada",)
        await town.asks("cleo")
    assert (await town.proposed())[1:] == [{"ada", "cleo"}]
    assert await audit(town.redis, P0) == []


async def test_who_waits_and_who_is_reserved_is_known_after_a_restart(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben", "cleo")
    async with town.running(town.host()):
        await town.asks("dan")
        await town.asks("eve")
    assert await town.proposed() == [{"ada", "ben"}, {"cleo", "dan"}]
    assert await audit(town.redis, P0) == []


async def test_whom_somebody_would_be_comfortable_with_is_kept_to_after_a_restart_too(town: Town) -> None:
    limits: dict[str, Any] = {"meets_ages": ("25_34",), "chosen_limits": {"gender": ("woman",)}}
    async with town.running(town.host()):
        await town.asks("ada", **limits)
        await town.asks("ben", age_band="25_34", facts={"gender": "man"}, languages=("cy",))
    async with town.running(town.host()):
        await town.asks("cleo", age_band="65_74", facts={"gender": "woman"}, languages=("en", "cy"), meets_ages=("65_74",))
        await town.asks("dan")
        assert await town.proposed() == []
        await town.asks("eve", age_band="25_34", facts={"gender": "woman"}, **limits)
        assert await town.proposed() == []
        await town.asks("fay", age_band="25_34", facts={"gender": "woman"}, prefers={"gender": ("woman",)})
    [made] = await town.said(ProposalMade)
    assert set(made.peers) == {"eve", "fay"}
    assert await audit(town.redis, P0) == []


async def test_a_backlog_read_in_one_batch_leads_to_the_same_as_one_by_one(town: Town) -> None:
    names = [f"p{n:03}" for n in range(201)]
    requests = [await town.request(name) for name in names]
    await town.append(*requests, PeerBlocked(peer="p000", blocked="p001"))
    async with town.running(town.host()):
        await town.all_read()
    assert await town.proposed() == [{a, b} for n, (a, b) in enumerate(pairwise(names)) if n % 2 == 0] + [
        {"p000", "p200"}]
    assert await town.said(EntrySetAside) == []
    assert await audit(town.redis, P0) == []


async def test_what_happens_to_a_proposal_in_the_batch_that_made_it_counts(town: Town) -> None:
    await town.append(await town.request("ada"), await town.request("ben"), await town.request("cleo", capacity=2))
    await town.append(BreakStarted(peer="ada", kind=BreakKind.DIFFICULT_DAY, until_ms=2**45))
    async with town.running(town.host()):
        await town.all_read()
    assert await town.proposed() == [{"ada", "ben"}, {"ben", "cleo"}]
    assert [event.reason for event in await town.said(ProposalWithdrawn)] == ["break"]
    assert await town.said(EntrySetAside) == []
    assert await audit(town.redis, P0) == []


async def test_a_standby_takes_over_with_a_pool_of_its_own(town: Town) -> None:
    first, second = town.host(), town.host()
    async with town.running(second):
        async with town.running(first):
            await town.asks("ada", "ben", "cleo")
        await town.asks("dan", "eve")
        await town.answers(("dan", Answer.YES))
    assert await town.proposed() == [{"ada", "ben"}, {"cleo", "dan"}]
    assert await audit(town.redis, P0) == []


async def test_nothing_is_proposed_twice_when_another_instance_was_first(town: Town) -> None:
    """Ours decides on a pool that another instance has already changed: refused, warmed again, decided anew."""
    ours, other = (Bench(town.redis, table(Memory(town.vault), town.settings.policy)) for _ in range(2))
    await ours.reader.begin()
    for names in (("ada", "ben", "cleo"), ("dan", "eve")):
        await town.append(*[await town.request(name) for name in names])
        await other.read()
        await ours.read()
        assert ours.reader.cursor == other.reader.cursor
    await ours.read()
    assert await town.proposed() == [{"ada", "ben"}, {"cleo", "dan"}]
    assert len(await town.said(RequestWaiting)) == 5
    assert await audit(town.redis, P0) == []


async def test_the_pool_is_right_again_after_the_server_was_killed(town: Town, server: Server) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben", "cleo")
        server.kill()
        server.start()
        await town.redis.connection_pool.disconnect()
        await town.asks("dan")
        await town.asks("eve")
        assert await town.proposed() == [{"ada", "ben"}, {"cleo", "dan"}]
        assert await audit(town.redis, P0) == []


async def test_a_request_that_can_not_be_opened_is_refused_and_one_that_is_damaged_set_aside(town: Town) -> None:
    gone, damaged, good = [await town.request(name) for name in ("gone", "damaged", "good")]
    await town.redis.hdel(P0.keys, "gone")
    await town.append(gone, damaged.model_copy(update={"details": Sealed("s1.damaged.AAAA")}), good)
    async with town.running(town.host()):
        await town.all_read()
    assert [(event.peer, event.reason) for event in await town.said(RequestRefused)] == [("gone", "unreadable")]
    assert [event.error for event in await town.said(EntrySetAside)] == ["BrokenSeal"]
    assert [event.peer for event in await town.said(RequestWaiting)] == ["good"]
    assert await audit(town.redis, P0) == []


async def test_whoever_left_a_moment_ago_may_be_proposed_until_the_matcher_reads_of_it_and_then_the_other_is_free_at_once(
        town: Town) -> None:
    """The pool is in memory and can't know that a key was destroyed meanwhile; the notifier tells nobody of such a proposal."""
    async with town.running(town.host()):
        await town.asks("ada")
        await town.asks("ben", languages=("cy",))
        await town.append(await town.request("cleo"), PeerLeft(peer="ada"), await town.request("dan"))
        await town.all_read()
    assert await town.proposed() == [{"ada", "cleo"}, {"cleo", "dan"}]
    [withdrawn] = await town.said(ProposalWithdrawn)
    assert (set(withdrawn.peers), withdrawn.said_yes, withdrawn.reason) == ({"ada", "cleo"}, (), "left")
    assert await audit(town.redis, P0) == []


async def test_whoever_is_found_to_have_no_key_any_more_is_not_proposed(town: Town) -> None:
    """A key that the batch has loaded is looked at: here because they asked once more before they left."""
    bench = Bench(town.redis, table(Memory(town.vault), town.settings.policy))
    await bench.reader.begin()
    ada = await town.request("ada")
    await town.append(ada)
    await bench.read()
    await town.append(await town.request("cleo"), ada.model_copy(update={"request": "once more"}))
    await town.redis.hdel(P0.keys, "ada")
    await bench.read()
    await town.append(await town.request("dan"), PeerLeft(peer="ada"))
    await bench.read()
    assert await town.proposed() == [{"cleo", "dan"}]
    assert await town.said(EntrySetAside) == []
    assert await audit(town.redis, P0) == []


async def test_no_topic_of_anybody_is_readable_anywhere_on_the_server(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
        await town.answers(("ada", Answer.YES), ("ben", Answer.YES))
    everything = b""
    async for key in town.redis.scan_iter():
        everything += await town.redis.dump(key) or b""
        if await town.redis.type(key) == b"hash":
            everything += repr(await town.redis.hgetall(key)).encode()
    everything += repr(await town.redis.xrange(P0.log)).encode()
    assert b"r-ada" in everything
    assert b"canary" not in everything


async def test_what_waits_for_a_coordinator_goes_when_somebody_rests_or_nobody_looks(redis: Redis, redis_url: str) -> None:
    """Each of them has an open proposal and something that waits."""
    town = Town(redis, redis_url, assist=True)
    async with town.running(town.host()):
        await town.asks("ada", "ben", capacity=2)
        for drafted in await town.said(ProposalDrafted):
            await town.append(ProposalApproved(proposal=drafted.proposal))
        await town.asks("cleo", "dan", capacity=1)
        assert sorted(sorted(draft.peers) for draft in await town.said(ProposalDrafted)) == [
            ["ada", "ben"], ["ada", "cleo"], ["ben", "dan"]]
        await town.answers(("ada", Answer.NOT_NOW))
        assert [event.reason for event in await town.said(ProposalDiscarded)] == ["rest"]
        await town.everything_due()
        await town.all_read()
        assert "ran_out" in {event.reason for event in await town.said(ProposalDiscarded)}
        assert await audit(town.redis, P0) == []
    assert await town.said(EntrySetAside) == []


async def live_through_everything(town: Town) -> None:
    """Somebody declines, breaks, blocks, ends, lapses and leaves; a coordinator approves one, and has others to look at."""
    await town.asks("ada", "ben", "cleo", "dan", "eve", "fay", "gus", capacity=2)
    await town.answers(("ada", Answer.YES), ("ben", Answer.NOT_NOW), ("cleo", Answer.NOT_THIS_PERSON))
    await town.append(BreakStarted(peer="dan", kind=BreakKind.BREAK, until_ms=2**45))
    await town.append(PeerBlocked(peer="eve", blocked="fay"))
    await town.all_read()
    for made in await town.said(ProposalMade):
        await town.append(*[ProposalAnswered(peer=peer, proposal=made.proposal, answer=Answer.YES) for peer in made.peers])
    await town.all_read()
    first, *_ = await town.said(PairFormed)
    await town.append(PairEnded(peer=first.peers[0], pair=first.pair, ending=Ending.SAFETY))
    await town.all_read()
    await town.append(PeerLeft(peer="ada"), PeerLeft(peer="cleo"))
    await town.asks("hal", "ivy")
    await town.everything_due()
    await town.all_read()
    for names in (("joy", "kim"), ("lee", "mo"), ("nan", "oz")):
        await town.asks(*names, ways=(Way.IN_PERSON,), area="Silvermoor")
    approved, declined, _waiting = await town.said(ProposalDrafted)
    await town.append(ProposalApproved(proposal=approved.proposal), ProposalDeclined(proposal=declined.proposal))
    await town.all_read()


async def test_the_matchers_state_made_again_from_the_log_is_the_same_to_the_byte(
        town: Town, tmp_path: Path) -> None:
    """Though two have left with their keys, and whatever the code would decide today: a rebuild decides nothing."""
    async with town.running(town.host()):
        await live_through_everything(town)
    assert await town.said(PairClosed)
    assert await town.said(ProposalLapsed)
    assert all((await town.stored([each.name for each in TABLES])).values())
    entries = await town.redis.xlen(P0.log)
    await town.comes_out_of_the_log_again(tmp_path)
    assert await town.redis.xlen(P0.log) == entries
    assert await audit(town.redis, P0) == []


async def test_who_waits_is_counted_by_what_the_programmes_file_lets_be_looked_at(town: Town, tmp_path: Path) -> None:
    """As a week is over, by the timekeeper; and a rebuild knows when the next one is."""
    said: dict[str, Any] = {"offers": (), "age_band": "25_34", "facts": {"gender": "woman", "talking": "quiet"}}
    async with town.running(town.host()):
        for number in range(15):
            await town.append(await town.request(f"p{number}", seeks=("forms",) if number < 10 else ("sleep",), **said))
        await town.all_read()
        assert await town.said(WaitingCounted) == []
        await town.everything_due()
        await town.all_read()
    [counted] = await town.said(WaitingCounted)
    assert (counted.community, counted.waiting, counted.unproposed_14_days, counted.practical) == ("riverside", 15, 0, 10)
    assert [(each.fact, each.value, each.people) for each in counted.groups] == [
        ("gender", "woman", 15), ("age_band", "25_34", 15), ("language", "en", 15)]
    assert await audit(town.redis, P0) == []
    await town.comes_out_of_the_log_again(tmp_path)
