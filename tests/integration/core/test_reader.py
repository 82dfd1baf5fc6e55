from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.events import EntryReplayed, Event, PeerLeft
from shared.rows import Rows
from shared.service import Entry, Later
from shared.stream.append import fields
from shared.stream.dead import letters
from shared.stream.write import Committer, Write, WrongType, check_types
from shared.testing import until
from shared.timers import Timekeeper
from tests.integration.core import tally
from tests.integration.core.tally import P0, Bench, service


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


async def test_an_entry_sees_what_earlier_entries_of_its_batch_did(bench: Bench) -> None:
    await bench.left("a", "b", "a", "a")
    await bench.read()
    assert await bench.tallies() == {"a": 3, "b": 1}
    assert len(await bench.emitted("counts.changed")) == 4


async def test_what_is_emitted_names_its_cause_and_carries_its_trace(bench: Bench, redis: Redis) -> None:
    await redis.xadd(P0.log, dict(zip(*[iter(fields(PeerLeft(peer="a"), "e1", "", "00-trace-1"))] * 2, strict=True)))
    await bench.read()
    [emitted] = await bench.emitted("counts.changed")
    assert emitted["cause"] == "e1"
    assert emitted["trace"] == "00-trace-1"
    assert len(emitted["id"]) == 32


async def test_a_write_from_a_believed_cursor_that_is_not_the_real_one_changes_nothing(redis: Redis) -> None:
    committer = Committer(redis, P0, "tally")
    for n in range(1, 8):
        await redis.xadd(P0.log, {"type": "weather.changed"}, id=f"{n}-0")
    assert await committer.commit("0-0", "1-0", "5-0", 5, Write()) is None
    write = Write(commands=[["HSET", P0.of("tally", "tallies"), "a", "{}"]])
    write.emit(PeerLeft(peer="a"), fields(PeerLeft(peer="a"), "e", "", ""))
    assert await committer.commit("0-0", "6-0", "7-0", 2, write) == "5-0"
    assert await redis.xlen(P0.log) == 7
    assert not await redis.exists(P0.of("tally", "tallies"))
    assert await committer.cursor() == "5-0"


@pytest.mark.parametrize(("begin", "end"), [
    ("2-0", "4-0"),  # two of it are behind the cursor already
    ("3-0", "4-0"),  # the cursor stands on it
    ("5-0", "6-0"),  # one between is not handled yet
    ("4-1", "6-0"),  # no such entry
    ("8-0", "8-0"),  # nor at the end
])
async def test_a_write_that_does_not_begin_with_the_next_entry_behind_the_cursor_changes_nothing(
        redis: Redis, begin: str, end: str) -> None:
    committer = Committer(redis, P0, "tally")
    for n in range(1, 7):
        await redis.xadd(P0.log, {"type": "weather.changed"}, id=f"{n}-0")
    assert await committer.commit("0-0", "1-0", "3-0", 3, Write()) is None
    write = Write(commands=[["HSET", P0.of("tally", "tallies"), "a", "{}"]])
    assert await committer.commit("3-0", begin, end, 2, write) == "3-0"
    assert not await redis.exists(P0.of("tally", "tallies"))
    assert await redis.hgetall(P0.cursor("tally")) == {b"at": b"3-0", b"read": b"3"}


async def test_what_is_trimmed_before_the_next_entry_is_no_reason_to_refuse_a_write(redis: Redis) -> None:
    committer = Committer(redis, P0, "tally")
    for n in range(1, 5):
        await redis.xadd(P0.log, {"type": "weather.changed"}, id=f"{n}-0")
    assert await committer.commit("0-0", "1-0", "2-0", 2, Write()) is None
    await redis.xtrim(P0.log, minid="3-0", approximate=False)
    assert await committer.commit("2-0", "3-0", "4-0", 2, Write()) is None


async def test_two_readers_that_both_believe_they_are_in_charge_do_everything_once(bench: Bench, redis: Redis) -> None:
    other = Bench(redis)
    await bench.left(*("abc" * 20))
    await bench.reader.begin()
    await other.reader.begin()
    for _ in range(12):
        await bench.read(count=7)
        await other.read(count=5)
    assert await bench.tallies() == {"a": 20, "b": 20, "c": 20}
    assert len(await bench.emitted("counts.changed")) == 60


async def test_a_batch_that_does_not_follow_the_cursor_is_left_for_reading_again(bench: Bench, redis: Redis) -> None:
    await bench.left("a", "b", "c")
    await bench.reader.begin()
    entries: Any = await redis.xrange(P0.log)
    whole = bench.reader.decoder.batch([at for at, _ in entries], [f for _, f in entries])
    assert await bench.reader.handle(whole.after(1)) == "0-0"  # one before it was not handled yet
    assert await bench.reader.handle(whole.first(2)) == whole.ids[1]
    assert await bench.reader.handle(whole) == whole.ids[1]  # two of it were handled already
    assert await bench.reader.handle(whole.after(2)) == whole.cursor
    assert await bench.tallies() == {"a": 1, "b": 1, "c": 1}


async def test_entries_that_cannot_be_parsed_are_set_aside_and_their_neighbours_handled(bench: Bench, redis: Redis) -> None:
    await bench.left("a")
    broken: list[dict[Any, Any]] = [
        {"type": "peer.left", "v": "1", "id": "x1", "body": "{"},
        {"type": "peer.left", "v": "1", "id": "x2", "body": '{"peer": 7}'},
        {"type": "peer.left", "v": "one", "id": "x3", "body": '{"peer": "a"}'},
        {"type": "peer.left", "v": "1", "body": '{"peer": "no id"}'},
        {"type": "peer.left", "v": "1", "id": b"\xff\xfe", "body": b"\xff"},
        {"type": "peer.left"},
    ]
    for entry in broken:
        await redis.xadd(P0.log, entry)
    await bench.left("b")
    await bench.read()
    assert await bench.tallies() == {"a": 1, "b": 1}
    assert [letter.error for letter in await letters(redis, P0)] == [
        "ValidationError", "ValidationError", "ValueError", "KeyError", "UnicodeDecodeError", "KeyError"]
    assert len(await bench.emitted("entry.set_aside")) == 6


async def test_an_unknown_type_is_skipped_and_counted(bench: Bench, redis: Redis) -> None:
    await redis.xadd(P0.log, {"type": "weather.changed", "id": "w", "body": "{"})
    await redis.xadd(P0.log, {"no": "type"})
    await bench.left("a")
    await bench.read()
    assert await bench.tallies() == {"a": 1}
    assert b'twoway_entries_unknown_total{service="tally"} 2.0' in bench.metrics.text()
    assert await letters(redis, P0) == []


def breaks_on(bad: str) -> Any:
    def decide(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
        if entry.event.peer == bad:
            raise RuntimeError("words that somebody wrote")
        return tally.decide(rows, entry)

    return decide


async def test_an_entry_whose_handling_fails_three_times_is_set_aside_and_the_reader_goes_on(redis: Redis) -> None:
    bench = Bench(redis, service(breaks_on("bad")))
    await bench.left("a", "bad", "b", "bad", "a")
    await bench.read()
    assert await bench.tallies() == {"a": 2, "b": 1}
    found = await letters(redis, P0)
    assert [(letter.error, letter.tries) for letter in found] == [("RuntimeError", 3)] * 2
    assert "words that somebody wrote" not in str(found)


async def test_a_replayed_dead_letter_is_handled_once_by_its_service_and_is_gone(redis: Redis) -> None:
    broken = Bench(redis, service(breaks_on("bad")))
    await broken.left("bad")
    await broken.read()
    [letter] = await letters(redis, P0)

    mended = Bench(redis)
    for other in ("tally", "somebody else"):
        event = EntryReplayed(service=other, entry=letter.entry, fields=letter.fields)
        await redis.xadd(P0.log, dict(zip(*[iter(fields(event, f"replay-{other}", "", ""))] * 2, strict=True)))
    await mended.read()
    assert await mended.tallies() == {"bad": 1}
    assert await letters(redis, P0) == []


async def test_a_dead_letter_tells_when_it_was_last_tried(redis: Redis) -> None:
    async def replay(entry: str, fields_of: dict[str, str]) -> str:
        event = EntryReplayed(service="tally", entry=entry, fields=fields_of)
        given = dict(zip(*[iter(fields(event, f"replay-{entry}", "", ""))] * 2, strict=True))
        return (await redis.xadd(P0.log, given, id=f"{int(entry.split('-')[0]) + 1_000_000}-*")).decode()

    bench = Bench(redis, service(breaks_on("bad")))
    [broken] = await bench.left("bad")
    unreadable = (await redis.xadd(P0.log, {"type": "peer.left", "v": "1", "id": "x1", "body": "{"})).decode()
    await bench.read()
    first = [int(entry.split("-")[0]) for entry in (broken, unreadable)]
    assert [(each.first_ms, each.last_ms) for each in await letters(redis, P0)] == [(at, at) for at in first]
    last = [int((await replay(each.entry, each.fields)).split("-")[0]) for each in await letters(redis, P0)]
    await bench.read()
    assert [(each.first_ms, each.last_ms) for each in await letters(redis, P0)] == list(zip(first, last, strict=True))


async def test_a_newer_version_of_a_known_type_stops_the_reader_before_it(bench: Bench, redis: Redis) -> None:
    await bench.left("a")
    await redis.xadd(P0.log, {"type": "peer.left", "v": "2", "id": "n", "body": '{"peer": "n"}'})
    await bench.left("b")
    await bench.read()
    await bench.read()
    assert await bench.tallies() == {"a": 1}
    assert "newer than this code" in (bench.reader.stopped or "")
    assert await letters(redis, P0) == []


def in_parts(bad: str = "", **more: Any) -> tally.Service:
    """Each entry needs a row that only the one before it makes known; `bad` raises."""
    def needs_own_row_unless_new(rows: Rows, event: Any) -> Iterable[Any]:
        yield tally.TALLIES, "pointer"
        if (pointer := rows.get(tally.TALLIES, "pointer") if rows.has(tally.TALLIES, "pointer") else None) is not None:
            yield tally.TALLIES, f"at-{pointer.n}"

    def decide(rows: Rows, entry: Entry) -> Iterable[Event | Later]:
        pointer = rows.get(tally.TALLIES, "pointer")
        if pointer is not None:
            rows.get(tally.TALLIES, f"at-{pointer.n}")
        if entry.event.peer == bad:
            raise RuntimeError
        yield tally.CountsChanged(peer="pointer", given=(pointer.n if pointer else 0) + 1, received=0)

    return tally.Service(name="tally", tables=[tally.TALLIES], own={tally.CountsChanged: tally.count},
                         inputs={PeerLeft: tally.Handling(needs_own_row_unless_new, decide)}, **more)


async def test_a_row_that_only_an_earlier_entry_makes_known_is_loaded_after_that_entrys_commit(redis: Redis) -> None:
    bench = Bench(redis, in_parts())
    await bench.left(*"abcde")
    await bench.read()
    assert await bench.tallies() == {"pointer": 5}


async def test_an_entry_that_fails_after_the_first_part_of_its_batch_is_set_aside_and_that_part_is_done_once(
        redis: Redis) -> None:
    bench = Bench(redis, in_parts("bad"))
    await bench.left("a", "b", "bad", "c")
    await redis.xadd(P0.log, {"type": "weather.changed"})
    await bench.read(count=5)
    assert await bench.tallies() == {"pointer": 3}
    assert await redis.hget(P0.cursor("tally"), "read") == b"5"
    emitted = [each["id"] for each in await bench.emitted("counts.changed")]
    assert len(emitted) == len(set(emitted)) == 3
    assert [letter.error for letter in await letters(redis, P0)] == ["RuntimeError"]


@pytest.mark.parametrize("made", [service, in_parts], ids=["whole", "in parts"])
async def test_what_breaks_after_the_commit_is_no_reason_to_take_the_batch_again(redis: Redis, made: Any) -> None:
    def breaks(_events: Any) -> None:
        raise RuntimeError

    bench = Bench(redis, made(after_commit=breaks))
    await bench.left("a", "b", "c")
    await bench.read()
    await bench.left("d")
    await bench.read(count=4)
    assert sum((await bench.tallies()).values()) == 4
    assert len(await bench.emitted("counts.changed")) == 4
    assert await letters(redis, P0) == []
    assert b"overtaken_total{" not in bench.metrics.text()


async def test_a_timer_comes_to_the_log_once_it_is_due_and_only_once(bench: Bench, redis: Redis) -> None:
    await bench.left("later-a", "later-b", "now")
    await bench.read()
    assert await redis.zcard(P0.timers) == 2
    keepers = [Timekeeper(redis, P0), Timekeeper(redis, P0)]

    async def moved() -> bool:
        for keeper in keepers:
            await keeper.move_due()
        return not await redis.zcard(P0.timers)

    await until(moved)
    elapsed = await bench.emitted("timer.elapsed")
    assert len(elapsed) == 2
    entries: Any = await redis.xrange(P0.log)
    due = [(at, f) for at, f in entries if f[b"type"] == b"timer.elapsed"]
    assert all(int(at.split(b"-")[0]) >= int(f[b"body"].split(b'"due_ms":')[1].rstrip(b"}")) for at, f in due)


async def test_a_key_of_another_type_is_told_before_anything_is_written(redis: Redis) -> None:
    await redis.set(P0.of("tally", "tallies"), "somebody's string")
    with pytest.raises(WrongType, match="tallies is a string, not a hash"):
        await check_types(redis, [P0.of("tally", "tallies")], P0, "tally")
