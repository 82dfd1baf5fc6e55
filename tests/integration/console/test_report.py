"""`twoway report` from the ledger's own rows: what it writes, and what it says when it can't."""

from __future__ import annotations

import csv
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.ledger.domain.weeks import week_of
from services.ledger.store import SERVICE, SIGNALS
from shared.report.weeks import last_day
from shared.stream.names import DIRECTORY, Partition
from tests.integration.console.conftest import Twoway
from tests.unit.console.reckoned import rows


def week_over() -> int:
    return week_of(time.time_ns() // 1_000_000) - 1


async def reckon(redis: Redis, texts: dict[str, bytes], community: str = "riverside", partition: int = 0) -> None:
    """As the ledger would have, week after week."""
    await redis.hset(DIRECTORY, community, str(partition))
    if texts:
        await redis.hset(SIGNALS.path(Partition(partition), SERVICE), mapping=texts)  # type: ignore[arg-type]  # str to bytes


async def everything(redis: Redis) -> dict[bytes, Any]:
    return {key: await redis.dump(key) for key in await redis.keys()}


def one_line(err: str) -> str:
    assert len(err.splitlines()) == 1
    assert err.startswith("twoway: ")
    return err


async def test_the_page_json_and_csv_are_written_and_nothing_is_changed(twoway: Twoway, redis: Redis, tmp_path: Path) -> None:
    await reckon(redis, rows(week_over()))
    await twoway("report", "--community", "riverside")  # a first command notes what installation this is
    before = await everything(redis)
    html, json, lines = (tmp_path / name for name in ("report.html", "report.json", "report.csv"))
    ran = await twoway("report", "--community", "riverside", "--weeks", "26", "--out", str(html), "--json", str(json),
                       "--csv", str(lines))
    assert await everything(redis) == before
    assert "2 worth a look, 13 fine, 5 only told" in ran.out
    page = html.read_text("utf-8")
    assert "Does support go both ways at Riverside?" in page
    assert "26 weeks, up to Sunday" in page
    assert last_day(week_over()).isoformat() in json.read_text("utf-8")
    found = list(csv.DictReader(io.StringIO(lines.read_text("utf-8"))))
    assert len({line["week_ends"] for line in found}) == 26
    assert sorted(name for name in os.listdir(tmp_path) if "report" in name) == ["report.csv", "report.html", "report.json"]


async def test_weeks_are_twelve_unless_said_and_never_more_than_there_are(twoway: Twoway, redis: Redis) -> None:
    await reckon(redis, rows(week_over(), 20))
    for weeks, told in (((), 12), (("--weeks", "1"), 1), (("--weeks", "52"), 20)):
        ran = await twoway("report", "--community", "riverside", *weeks, "--json", "-")
        assert len(ran.json["weeks"]) == told
        assert ran.json["weeks"][-1]["week_ends"] == last_day(week_over()).isoformat()


async def test_without_a_file_the_latest_week_is_shown(twoway: Twoway, redis: Redis) -> None:
    await reckon(redis, rows(week_over()))
    ran = await twoway("report", "--community", "riverside")
    assert "67 both gave and received" in ran.out
    assert "Worth a look" in ran.out
    assert "Giving by the tenth who give most" in ran.out


async def test_a_week_that_was_left_out_is_a_gap_and_another_communitys_weeks_are_not_ours(
        twoway: Twoway, redis: Redis) -> None:
    texts = rows(week_over(), 4)
    del texts[f"riverside:{week_over() - 1}"]
    await reckon(redis, texts | rows(week_over() + 9, 30, "riverside-two"))
    ran = await twoway("report", "--community", "riverside", "--json", "-")
    assert [len(week["signals"]) for week in ran.json["weeks"]] == [20, 20, 0, 20]


async def test_a_ledger_that_reckoned_nothing_lately_is_told_of(twoway: Twoway, redis: Redis, tmp_path: Path) -> None:
    await reckon(redis, rows(week_over() - 3))
    await twoway("report", "--community", "riverside", "--out", str(tmp_path / "late.html"))
    assert "Nothing was reckoned after that week" in (tmp_path / "late.html").read_text("utf-8")


async def test_a_community_lives_on_its_own_partition(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    twoway = Twoway(redis_url, tmp_path / "data", partitions=2)
    await reckon(redis, rows(week_over(), 2, "hillview"), "hillview", partition=1)
    assert (await twoway("report", "--community", "hillview", "--json", "-")).json["community"] == "hillview"


async def test_a_community_that_there_is_not_is_told_with_those_that_there_are(twoway: Twoway, redis: Redis) -> None:
    await reckon(redis, rows(week_over(), 2, "old_town"), "old_town")
    for words in (("--community", "elsewhere"), ()):
        assert "there are riverside, hillview, old_town" in one_line((await twoway("report", *words, code=2)).err)


async def test_without_signals_it_says_when_the_first_come(twoway: Twoway, redis: Redis) -> None:
    await reckon(redis, {})
    assert "the first come on Monday" in one_line((await twoway("report", "--community", "riverside", code=2)).err)
    assert "nobody of hillview has asked" in one_line((await twoway("report", "--community", "hillview", code=2)).err)


@pytest.mark.parametrize("weeks", ["0", "53", "-1", "some"])
async def test_weeks_are_from_one_to_fifty_two(twoway: Twoway, redis: Redis, weeks: str) -> None:
    await reckon(redis, rows(week_over()))
    assert "--weeks" in (await twoway("report", "--community", "riverside", "--weeks", weeks, code=2)).err


async def test_what_can_t_be_written_is_told_and_then_nothing_is(twoway: Twoway, redis: Redis, tmp_path: Path) -> None:
    await reckon(redis, rows(week_over()))
    (tmp_path / "folder").mkdir()
    (tmp_path / "kept.html").write_text("last year's", "utf-8")
    nowhere = str(tmp_path / "nowhere" / "report.csv")
    for words, reason in (
            (("--csv", nowhere), "there is no such folder"),
            (("--json", str(tmp_path / "folder")), "is a folder"),
            (("--csv", str(tmp_path / "kept.html")), "name the same file"),
            (("--csv", f"{tmp_path}/{'x' * 300}"), "can't be written")):
        ran = await twoway("report", "--community", "riverside", "--out", str(tmp_path / "kept.html"), *words, code=2)
        assert reason in one_line(ran.err)
        assert (tmp_path / "kept.html").read_text("utf-8") == "last year's"
        assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]
    ran = await twoway("report", "--community", "riverside", "--json", "-", "--csv", "-", code=2)
    assert "only one of" in one_line(ran.err)
