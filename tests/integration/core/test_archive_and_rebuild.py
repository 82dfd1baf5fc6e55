from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared import SERVICES
from shared.clock import DAY_MS
from shared.events import CountsChanged
from shared.service import Entry, Service
from shared.stream.archive import Archive, UnknownArchive, archive_and_trim, archivist
from shared.stream.rebuild import Incomplete, history, rebuild
from tests.integration.core import tally
from tests.integration.core.tally import P0, Bench, service

FAR = 2**52


async def everyone_has_read_to(redis: Redis, entry: str) -> None:
    for name in SERVICES:
        await redis.hset(P0.cursor(name), "at", entry)


async def test_nothing_that_a_service_has_not_passed_is_trimmed(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    places = await bench.left("a", "b", "c", "d")
    assert await archive_and_trim(redis, P0, tmp_path, FAR) == 0
    await everyone_has_read_to(redis, places[3])
    await redis.hset(P0.cursor("notifier"), "at", places[1])
    assert await archive_and_trim(redis, P0, tmp_path, FAR) == 2
    assert await redis.xlen(P0.log) == 2
    assert [at for at, _ in Archive(tmp_path, P0).read()] == places[:2]


async def test_what_is_younger_than_the_retention_stays(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    [place] = await bench.left("a")
    await everyone_has_read_to(redis, place)
    now_ms = int(place.split("-")[0])
    assert await archive_and_trim(redis, P0, tmp_path, now_ms - 30 * DAY_MS) == 0
    assert await redis.xlen(P0.log) == 1


async def test_archive_and_log_together_are_the_whole_history_once(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    places = await bench.left("a", "b", "c")
    await everyone_has_read_to(redis, places[1])
    await archive_and_trim(redis, P0, tmp_path, FAR)
    assert [at async for at, _ in history(redis, P0, tmp_path)] == places


@pytest.mark.parametrize("torn", [0, 15])
async def test_what_a_crashed_run_left_behind_is_written_again_and_stands_once(
        redis: Redis, tmp_path: Path, torn: int) -> None:
    bench = Bench(redis)
    places = await bench.left("a", "b", "c", "d")
    await everyone_has_read_to(redis, places[1])
    await archive_and_trim(redis, P0, tmp_path, FAR)
    [path] = (tmp_path / "archive" / "p0").iterdir()
    good = path.stat().st_size
    Archive(tmp_path, P0).write([(places[2], {"type": "peer.left"})])  # crashed before Redis remembered it
    path.write_bytes(path.read_bytes()[: good + torn] if torn else path.read_bytes())
    assert [at async for at, _ in history(redis, P0, tmp_path)] == places
    await everyone_has_read_to(redis, places[3])
    await archive_and_trim(redis, P0, tmp_path, FAR)
    assert [at for at, _ in Archive(tmp_path, P0).read()] == places


async def test_a_service_started_over_from_archive_and_log_is_the_same_to_the_byte(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    places = await bench.left(*"abcab", "later-x")
    await bench.read()
    await everyone_has_read_to(redis, places[2])
    await archive_and_trim(redis, P0, tmp_path, FAR)
    before: Any = await redis.hgetall(P0.of("tally", "tallies"))
    log_before = await redis.xlen(P0.log)
    await redis.delete(P0.of("tally", "tallies"))

    changed = service(decide=counts_by_tens)
    assert await rebuild(changed, P0, redis, bench.vault, tmp_path) == 6
    assert await redis.hgetall(P0.of("tally", "tallies")) == before
    assert await redis.xlen(P0.log) == log_before


def counts_by_tens(_rows: Any, entry: Entry) -> Any:
    yield CountsChanged(peer=entry.event.peer, given=10, received=10)


async def test_an_entry_that_was_set_aside_stays_aside_in_a_rebuild_until_it_is_replayed(redis: Redis, tmp_path: Path) -> None:
    def breaks(rows: Any, entry: Entry) -> Any:
        raise RuntimeError

    broken = Bench(redis, service(breaks))
    await broken.left("a")
    await broken.read()
    mended: Service = service()
    assert await rebuild(mended, P0, redis, broken.vault, tmp_path) == 0
    assert await broken.tallies() == {}
    await tally.Bench(redis).left("b")
    bench = Bench(redis)
    await bench.read()
    assert await rebuild(mended, P0, redis, bench.vault, tmp_path) == 1
    assert await bench.tallies() == {"b": 1}


async def test_a_rebuild_without_the_whole_history_is_refused_and_replaces_nothing(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    places = await bench.left("a", "b", "c")
    await bench.read()
    await everyone_has_read_to(redis, places[1])
    await archive_and_trim(redis, P0, tmp_path, FAR)
    with pytest.raises(Incomplete, match="look for the missing archive"):
        await rebuild(service(), P0, redis, bench.vault, tmp_path / "another folder")
    assert await bench.tallies() == {"a": 1, "b": 1, "c": 1}
    assert await rebuild(service(), P0, redis, bench.vault, tmp_path) == 3


async def test_an_event_that_came_again_after_its_id_was_forgotten_is_rebuilt_as_it_was_decided(
        redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    await bench.left("a")
    await bench.read()
    await redis.delete(*[key async for key in redis.scan_iter("*:seen:*")])
    await redis.xadd(P0.log, {"type": "peer.left", "v": "1", "id": "event-0-a", "body": '{"peer":"a"}'})
    await bench.left("b")
    await bench.read()
    before = await bench.tallies()
    await rebuild(service(), P0, redis, bench.vault, tmp_path)
    assert await bench.tallies() == before == {"a": 2, "b": 1}


async def test_an_archive_that_this_redis_knows_nothing_of_is_left_as_it_is(redis: Redis, tmp_path: Path) -> None:
    Archive(tmp_path, P0).write([("1-0", {"type": "a"})])
    bench = Bench(redis)
    [place] = await bench.left("a")
    await everyone_has_read_to(redis, place)
    with pytest.raises(UnknownArchive, match="move them away"):
        await archive_and_trim(redis, P0, tmp_path, FAR)
    assert [at for at, _ in Archive(tmp_path, P0).read()] == ["1-0"]
    assert await redis.xlen(P0.log) == 1


async def test_a_ledger_with_another_folder_is_refused_and_costs_the_archive_nothing(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    places = await bench.left(*"abcdef")
    await everyone_has_read_to(redis, places[3])
    assert await archive_and_trim(redis, P0, tmp_path / "one", FAR) == 4
    await everyone_has_read_to(redis, places[5])
    (tmp_path / "short" / "archive" / "p0").mkdir(parents=True)
    [path] = (tmp_path / "one" / "archive" / "p0").iterdir()
    (tmp_path / "short" / "archive" / "p0" / path.name).write_bytes(path.read_bytes()[:-1])
    for other in ("not mounted", "short"):
        with pytest.raises(UnknownArchive) as refused:
            await archive_and_trim(redis, P0, tmp_path / other, FAR)
        assert refused.value.reason == "missing_files"
        assert await redis.xlen(P0.log) == 2
    assert await archive_and_trim(redis, P0, tmp_path / "one", FAR) == 2
    assert [at for at, _ in Archive(tmp_path / "one", P0).read()] == places


async def test_an_archivist_that_was_paused_moves_no_mark_back_and_trims_nothing(redis: Redis, tmp_path: Path) -> None:
    """It stands still between its look at the log and its write, while another does all there is to do."""
    bench = Bench(redis)
    places = await bench.left(*"abcd")
    await everyone_has_read_to(redis, places[1])
    paused, go_on = asyncio.Event(), asyncio.Event()

    class Pausing(Redis):
        async def xrange(self, *args: Any, **more: Any) -> Any:
            found = await super().xrange(*args, **more)
            paused.set()
            await go_on.wait()
            return found

    slow = Pausing(connection_pool=redis.connection_pool)
    late = asyncio.create_task(archive_and_trim(slow, P0, tmp_path, FAR))
    await paused.wait()
    await everyone_has_read_to(redis, places[2])
    assert await archive_and_trim(redis, P0, tmp_path, FAR) == 3
    mark = await redis.hgetall(P0.archived)
    go_on.set()
    assert await late == 0
    assert await redis.hgetall(P0.archived) == mark
    await everyone_has_read_to(redis, places[3])
    assert await archive_and_trim(redis, P0, tmp_path, FAR) == 1
    assert [at for at, _ in Archive(tmp_path, P0).read()] == places


async def test_an_archive_whose_last_day_has_expired_goes_on(redis: Redis, tmp_path: Path) -> None:
    bench = Bench(redis)
    [place] = await bench.left("a")
    await everyone_has_read_to(redis, place)
    years_later_ms = int(place.split("-")[0]) + 1000 * DAY_MS
    assert await archivist(redis, [P0], tmp_path, years_later_ms, 30, 24) == 1
    assert not Archive(tmp_path, P0).exists
    [place] = await bench.left("b")
    await everyone_has_read_to(redis, place)
    assert await archivist(redis, [P0], tmp_path, years_later_ms, 30, 2400) == 1
    assert [at for at, _ in Archive(tmp_path, P0).read()] == [place]
