from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from shared.events import PeerLeft, SignInRequested
from shared.sealing import Vault
from shared.stream.append import Appender, Input, OtherBody
from shared.stream.directory import Directory
from shared.stream.names import Partition
from tests.integration.core.tally import KEY, P0


@pytest.fixture
def appender(redis: Redis) -> Appender:
    return Appender(redis, Vault(KEY))


async def test_the_same_event_sent_again_gets_the_first_entrys_place(appender: Appender, redis: Redis) -> None:
    [first] = await appender.append(P0, [Input(PeerLeft(peer="a"), "e1")])
    [again] = await appender.append(P0, [Input(PeerLeft(peer="a"), "e1")])
    assert first.fresh
    assert not again.fresh
    assert again.entry == first.entry
    assert await redis.xlen(P0.log) == 1


async def test_the_same_id_with_another_body_is_refused_and_changes_nothing(appender: Appender, redis: Redis) -> None:
    await appender.append(P0, [Input(PeerLeft(peer="a"), "e1")])
    with pytest.raises(OtherBody) as refusal:
        await appender.append(P0, [Input(PeerLeft(peer="c"), "e2"), Input(PeerLeft(peer="b"), "e1")])
    assert refusal.value.event_id == "e1"
    assert await redis.xlen(P0.log) == 1
    assert not await redis.exists(P0.seen("e2"))


async def test_an_event_sealed_anew_is_still_the_same_event(appender: Appender) -> None:
    vault = Vault(KEY)
    key = vault.new_key("a")
    sealed = [vault.seal("a", key, PeerLeft(peer="secret")) for _ in range(2)]
    assert sealed[0] != sealed[1]
    [first] = await appender.append(P0, [Input(SignInRequested(peer="a", secret=sealed[0]), "e1", clear=b"secret")])
    [again] = await appender.append(P0, [Input(SignInRequested(peer="a", secret=sealed[1]), "e1", clear=b"secret")])
    assert again.entry == first.entry
    with pytest.raises(OtherBody):
        await appender.append(P0, [Input(SignInRequested(peer="a", secret=sealed[1]), "e1", clear=b"other")])


async def test_a_hundred_at_once_put_one_entry_on_the_log(appender: Appender, redis: Redis) -> None:
    places = await asyncio.gather(*(appender.append(P0, [Input(PeerLeft(peer="a"), "e1")]) for _ in range(100)))
    assert sum(place.fresh for [place] in places) == 1
    assert len({place.entry for [place] in places}) == 1
    assert await redis.xlen(P0.log) == 1


async def test_several_events_enter_together_and_in_order(appender: Appender, redis: Redis) -> None:
    await appender.append(P0, [Input(PeerLeft(peer=name), f"e-{name}") for name in "abc"], trace="t")
    entries = await redis.xrange(P0.log)
    assert [fields[b"id"] for _, fields in entries or []] == [b"e-a", b"e-b", b"e-c"]


async def test_a_community_keeps_the_partition_it_was_given_when_partitions_are_added(redis: Redis) -> None:
    assert await Directory(redis, 1).partition_of("riverside") == Partition(0)
    grown = Directory(redis, 3)
    assert await grown.partition_of("riverside") == Partition(0)
    assert {(await grown.partition_of(name)).number for name in ("hillview", "lakeside")} == {1, 2}
