"""A few ready words at an end: chosen by whoever ends it, seen by the other with the notice, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.gateway import catalogue
from services.gateway.service import service
from services.gateway.store import PEERS, SERVICE
from shared.clock import DAY_MS
from shared.events import Ending, MessageClass, MessageIntended, MessageWithheld, PairClosed, PeerBlocked
from shared.stream.rebuild import rebuild
from tests.integration.gateway.site import P0, Site
from tests.integration.gateway.test_download import downloaded
from tests.integration.gateway.test_my_page import Two

WORDS = catalogue.load().words["closing_notes"]


async def ends(two: Two, pair: str, note: str = "thank_you", ending: str = "moved_on") -> None:
    await two.kim.open(f"/me/pairs/{pair}/end")
    await two.kim.submit(f"/me/pairs/{pair}/end", ending=ending, note=note)
    await two.here.says(PairClosed(pair=pair, peers=two.peers, reason="ended", by=two.peers[0]))


def notice(two: Two, pair: str, from_ms: int) -> MessageIntended:
    return MessageIntended(message="n", to=two.peers[1], template="not_going_ahead", klass=MessageClass.ESSENTIAL,
                           message_id="<n@x>", not_before_ms=from_ms, about=pair)


async def test_the_other_sees_it_with_the_notice_and_not_before(here: Site, redis: Redis, tmp_path: Path) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    now_ms = here.host.clock.now_ms()
    await ends(two, pair)
    assert (await here.events("pair.ended"))[0]["note"] == "thank_you"
    await two.look()
    assert WORDS["thank_you"] not in two.sam.page.text + two.kim.page.text
    await here.says(notice(two, pair, now_ms + DAY_MS))
    _, held = await downloaded(two.sam)
    await two.look()
    assert WORDS["thank_you"] not in two.sam.page.text
    assert "thank_you" not in str(held)
    await here.says(notice(two, pair, now_ms).model_copy(update={"message": "m"}))
    await two.look()
    assert WORDS["thank_you"] not in two.sam.page.text  # it goes with the first notice of this pair alone
    before = await redis.hgetall(PEERS.path(P0, SERVICE))
    await rebuild(service(P0, tmp_path), P0, redis, here.host.vault, tmp_path)
    assert await redis.hgetall(PEERS.path(P0, SERVICE)) == before


@pytest.mark.parametrize("how", ["message", "page alone"])
async def test_it_shows_from_the_morning_on_by_message_or_not(here: Site, how: str) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await ends(two, pair, "take_care")
    told = notice(two, pair, here.host.clock.now_ms())
    await here.says(told if how == "message" else MessageWithheld(
        message="n", to=told.to, template=told.template, reason="stopped", due_ms=told.not_before_ms, about=pair))
    await two.look()
    assert WORDS["take_care"] in two.sam.page.text
    assert "this one is not going ahead" in two.sam.page.text
    for other in ("moved", "Things have changed"):
        assert other not in two.sam.page.text
    _, held = await downloaded(two.sam)
    assert {"closing": "take_care"} in held["now"]["buddies"]


async def test_without_words_and_where_it_did_not_feel_safe_nothing_is_passed_on(here: Site) -> None:
    two = await Two.meet(here)
    await ends(two, await two.paired(), "glad_we_met", Ending.SAFETY)
    [ended] = await here.events("pair.ended")
    assert ended["note"] is None


async def test_whoever_blocks_them_reads_no_word_of_theirs(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await ends(two, pair)
    await here.says(notice(two, pair, here.host.clock.now_ms()))
    await here.says(PeerBlocked(peer=two.peers[1], blocked=two.peers[0]))
    await two.look()
    assert "this one is not going ahead" in two.sam.page.text
    assert WORDS["thank_you"] not in two.sam.page.text


async def test_a_sentence_of_ones_own_is_none(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.kim.open(f"/me/pairs/{pair}/end")
    await two.kim.submit(f"/me/pairs/{pair}/end", ending="agreed", note="call me")
    assert (two.kim.status, two.kim.errors()) == (422, ["note"])
    assert await here.events("pair.ended") == []
