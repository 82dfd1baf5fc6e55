"""A request that is said anew: the place in the queue stays, and only what is still true of it stays open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.matcher.audit import audit
from services.matcher.store import REQUESTS
from shared.events import Answer, PairFormed, ProposalAnswered, ProposalMade, ProposalWithdrawn, SupportChanged
from tests.integration.living import P0
from tests.integration.matcher_town import MUTUAL, Town

SLEEP, GRIEF, OTHER = "sleep-canary", "grief-canary", "other-canary"


@pytest.fixture
def town(redis: Redis, redis_url: str) -> Town:
    return Town(redis, redis_url)


async def changes(town: Town, peer: str, capacity: int = 1, **fields: Any) -> None:
    key = await town.key_for(peer)
    details = town.vault.seal(peer, key, MUTUAL.model_copy(update=fields))
    await town.append(SupportChanged(peer=peer, request=f"r-{peer}", details=details, capacity=capacity))
    await town.all_read()


async def since_ms(town: Town, peer: str) -> int:
    text: Any = await town.redis.hget(REQUESTS.path(P0, "matcher"), f"r-{peer}")
    return REQUESTS.load(text).since_ms


async def test_somebody_for_whom_nobody_was_is_found_by_what_they_say_anew_and_keeps_their_place(
        town: Town, tmp_path: Path) -> None:
    async with town.running(town.host()):
        await town.asks("ada", seeks=(OTHER,))
        await town.asks("ben")
        assert await town.proposed() == []
        before = await since_ms(town, "ada")
        await changes(town, "ada")
        assert await town.proposed() == [{"ada", "ben"}]
        assert await since_ms(town, "ada") == before
        await town.answers(("ada", Answer.YES), ("ben", Answer.YES))
        assert len(await town.said(PairFormed)) == 1
    assert await audit(town.redis, P0) == []
    await town.comes_out_of_the_log_again(tmp_path)


async def test_an_open_proposal_that_does_not_fit_any_more_closes_and_both_are_free(town: Town, tmp_path: Path) -> None:
    """The one who changed it knows, so only the other who said yes hears of it next morning."""
    async with town.running(town.host()):
        await town.asks("ada", "ben")
        await town.answers(("ben", Answer.YES))
        await changes(town, "ada", seeks=(OTHER,))
        [withdrawn] = await town.said(ProposalWithdrawn)
        assert (withdrawn.said_yes, withdrawn.reason) == (("ben",), "request_withdrawn")
        await town.asks("cyd")
        assert (await town.proposed())[-1] == {"ben", "cyd"}
    assert await audit(town.redis, P0) == []
    await town.comes_out_of_the_log_again(tmp_path)


@pytest.mark.parametrize("fields", [{"offers": (GRIEF,)}, {"showable": ()}])
async def test_one_closes_when_what_the_other_was_told_is_not_so_any_more(town: Town, fields: dict[str, Any]) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
        await changes(town, "ada", **fields)
        [withdrawn] = await town.said(ProposalWithdrawn)
        first, *again = await town.said(ProposalMade)
        assert withdrawn.proposal == first.proposal
        assert withdrawn.proposal not in [each.proposal for each in again]  # with reasons that are so, where it is good enough
    assert await audit(town.redis, P0) == []


async def test_what_still_fits_stays_open(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada", "ben")
        await changes(town, "ada", times=("mon_morning",), seeks=(SLEEP, GRIEF, OTHER))
        assert await town.said(ProposalWithdrawn) == []
        await town.answers(("ada", Answer.YES), ("ben", Answer.YES))
        assert len(await town.said(PairFormed)) == 1
    assert await audit(town.redis, P0) == []


async def test_fewer_places_close_what_is_too_much_and_end_no_pair_and_more_places_are_used(
        town: Town, tmp_path: Path) -> None:
    async with town.running(town.host()):
        await town.append(await town.request("ada", capacity=2))
        await town.all_read()
        await town.asks("ben", "cyd")
        made = {next(iter({*each.peers} - {"ada"})): each.proposal for each in await town.said(ProposalMade)}
        assert made.keys() == {"ben", "cyd"}
        await town.append(*[ProposalAnswered(peer=peer, proposal=made["ben"], answer=Answer.YES) for peer in ("ada", "ben")])
        await town.all_read()
        await changes(town, "ada", capacity=1)
        assert [each.proposal for each in await town.said(ProposalWithdrawn)] == [made["cyd"]]
        assert len(await town.said(PairFormed)) == 1
        assert await audit(town.redis, P0) == []
        await changes(town, "ada", capacity=2)
        assert (await town.proposed())[-1] == {"ada", "cyd"}
    assert await audit(town.redis, P0) == []
    await town.comes_out_of_the_log_again(tmp_path)


async def test_a_request_that_is_somebody_elses_or_is_none_is_not_changed(town: Town) -> None:
    async with town.running(town.host()):
        await town.asks("ada", seeks=(OTHER,))
        await town.asks("ben")
        sealed = (await town.request("ben")).details
        await town.append(SupportChanged(peer="ben", request="r-ada", details=sealed),
                          SupportChanged(peer="ben", request="r-nobody", details=sealed))
        await town.all_read()
        assert await town.proposed() == []
    assert await audit(town.redis, P0) == []
