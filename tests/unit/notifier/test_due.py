"""What waits in memory to be sent: each message once, links to sign in first, and never more than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from services.notifier.due import Due, Ref
from shared.stream.names import Partition

P0 = Partition(0)


def ref(message: object) -> Ref:
    return Ref(P0, str(message))


async def taken(due: Due, count: int) -> list[str]:
    async with asyncio.timeout(10):
        return [(await due.take()).message for _ in range(count)]


async def stored(messages: Iterable[object]) -> AsyncIterator[Ref]:
    for each in messages:
        yield ref(each)


async def test_messages_are_taken_in_their_order_and_each_once():
    due = Due()
    for each in ("a", "b", "a", "c"):
        assert due.offer(ref(each))
    assert len(due) == 3
    assert await taken(due, 3) == ["a", "b", "c"]


async def test_what_comes_first_goes_before_all_that_wait_though_there_is_no_room():
    due = Due(room=2)
    for each in ("a", "b"):
        due.offer(ref(each))
    assert due.offer(ref("link to sign in"), first=True)
    assert await taken(due, 3) == ["link to sign in", "a", "b"]


async def test_what_is_put_off_comes_in_its_time_and_holds_nobody_up():
    due = Due()
    due.offer(ref("later"), 0.02)
    assert due.offer(ref("later")), "it waits already"
    due.offer(ref("now"))
    assert await taken(due, 2) == ["now", "later"]


async def test_each_of_several_takers_gets_another_one():
    due = Due()
    takers = [asyncio.create_task(due.take()) for _ in range(3)]
    for number in range(3):
        due.offer(ref(number))
    async with asyncio.timeout(10):
        assert {each.message for each in await asyncio.gather(*takers)} == {"0", "1", "2"}


async def test_what_there_is_no_room_for_is_fetched_once_there_is_and_no_more_at_a_time_than_there_is_room_for():
    due, ready, most = Due(room=10), list(range(100)), 0
    assert [due.offer(ref(each)) for each in ready] == [True] * 10 + [False] * 90
    async with asyncio.timeout(10):
        await due.missed()
    fetching, sent = asyncio.create_task(due.fetch(stored(ready))), set[str]()
    while len(sent) < 100:
        most = max(most, len(due))
        sent |= set(await taken(due, 1))
    await fetching
    assert most <= 10
    assert len(due) <= 10, "those that were taken before the table was looked through come twice: whoever takes them looks"


async def test_a_fetch_that_fails_is_to_be_done_again():
    async def breaks() -> AsyncIterator[Ref]:
        yield ref("a")
        raise ConnectionError
    due = Due(room=1)
    due.offer(ref("b"))
    due.offer(ref("c"))
    await taken(due, 1)
    with pytest.raises(ConnectionError):
        await due.fetch(breaks())
    async with asyncio.timeout(10):
        await due.missed()
