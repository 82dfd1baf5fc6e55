from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from shared.events import Contact, Event
from shared.metrics import Metrics
from shared.rows import Rows
from shared.sealing import Vault
from shared.service import Entry, Later
from shared.stream.dead import DeadLetter, letters
from shared.stream.reader import Reader
from tests.integration.console.conftest import Twoway
from tests.integration.core.tally import KEY, P0, Bench, decide, hosted, service

Emitted = Iterable[Event | Later]


@dataclass
class Mendable:
    """A service that breaks on one peer until it is mended."""

    mended: bool = False

    def decide(self, rows: Rows, entry: Entry) -> Emitted:
        if entry.event.peer == "breaks" and not self.mended:
            raise ZeroDivisionError
        return decide(rows, entry)


async def set_aside(redis: Redis) -> tuple[Bench, Mendable, DeadLetter]:
    """A tally service that has set one entry aside, between two that went well."""
    mendable = Mendable()
    bench = Bench(redis, service(mendable.decide))
    await bench.left("ann", "breaks", "ben")
    await bench.read()
    [letter] = await letters(redis, P0)
    return bench, mendable, letter


@asynccontextmanager
async def running(redis: Redis, redis_url: str, mendable: Mendable) -> AsyncIterator[None]:
    reader = Reader(service(mendable.decide), P0, redis, Vault(KEY), Metrics())
    async with hosted(reader, redis_url, redis):
        yield


async def test_dead_letters_are_listed_with_what_they_are_and_why(twoway: Twoway, redis: Redis) -> None:
    _, _, letter = await set_aside(redis)
    ran = await twoway("dead-letters", "list", code=1)
    for word in (letter.id, "peer.left", "ZeroDivisionError"):
        assert word in ran.out
    [listed] = (await twoway("dead-letters", "list", "--json", code=1)).json
    assert (listed["id"], listed["tries"], listed["fields"]["body"]) == (letter.id, 3, {"peer": "breaks"})
    assert (await twoway("dead-letters", "show", letter.id)).json == listed


async def test_an_empty_list_is_a_good_end(twoway: Twoway) -> None:
    assert "No dead letters" in (await twoway("dead-letters", "list")).out


async def test_a_replayed_letter_takes_effect_once_the_cause_is_mended(
        twoway: Twoway, redis: Redis, redis_url: str) -> None:
    bench, mendable, letter = await set_aside(redis)
    mendable.mended = True
    async with running(redis, redis_url, mendable):
        assert "was taken" in (await twoway("dead-letters", "replay", letter.id)).out
    assert await letters(redis, P0) == []
    assert await bench.tallies() == {"ann": 1, "ben": 1, "breaks": 1}


async def test_a_letter_that_breaks_again_stays_one_letter_and_can_be_replayed_later(
        twoway: Twoway, redis: Redis, redis_url: str) -> None:
    bench, mendable, letter = await set_aside(redis)
    async with running(redis, redis_url, mendable):
        for _ in range(2):
            assert "stays a dead letter" in (await twoway("dead-letters", "replay", letter.id, code=1)).out
            [still] = await letters(redis, P0)
            assert (still.id, still.fields) == (letter.id, letter.fields)
        mendable.mended = True
        assert "was taken" in (await twoway("dead-letters", "replay", letter.id)).out
    assert await letters(redis, P0) == []
    assert (await bench.tallies())["breaks"] == 1


async def test_asking_twice_for_a_replay_is_asking_once(twoway: Twoway, redis: Redis) -> None:
    bench, mendable, letter = await set_aside(redis)
    first, second = await asyncio.gather(*(twoway("dead-letters", "replay", letter.id) for _ in range(2)))
    assert "when it runs again" in first.out
    assert "when it runs again" in second.out
    assert len(await bench.emitted("entry.replayed")) == 1
    mendable.mended = True
    await bench.read()
    assert (await bench.tallies())["breaks"] == 1
    assert await letters(redis, P0) == []


async def test_a_letter_is_let_go_only_when_that_is_said_twice(twoway: Twoway, redis: Redis) -> None:
    _, _, letter = await set_aside(redis)
    assert "--yes" in (await twoway("dead-letters", "drop", letter.id, code=2)).err
    assert await letters(redis, P0) == [letter]
    await twoway("dead-letters", "drop", letter.id, "--yes")
    assert await letters(redis, P0) == []


async def test_a_letter_that_is_not_there_is_said_to_be_so(twoway: Twoway) -> None:
    for words in (("show",), ("replay",), ("drop", "--yes")):
        ran = await twoway("dead-letters", *words[:1], "ledger:1-0", *words[1:], code=2)
        assert "there is no dead letter ledger:1-0" in ran.err
        assert len(ran.err.splitlines()) == 1


async def test_replaying_and_dropping_leave_their_lines_in_the_journal(twoway: Twoway, redis: Redis) -> None:
    _, _, letter = await set_aside(redis)
    await twoway("dead-letters", "drop", letter.id, "--yes")
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]
    assert [(line["event.name"], line["what"], line["entry"]) for line in lines] == [
        ("dead_letter.dropped", "tally", letter.entry)]


async def test_what_is_sealed_in_a_dead_letter_stays_unseen(twoway: Twoway, redis: Redis) -> None:
    vault = Vault(KEY)
    bench, _, _ = await set_aside(redis)
    sealed = vault.seal("ann", vault.new_key("ann"), Contact(text="brambles"))
    await redis.xadd(P0.log, {"type": "peer.left", "id": "odd", "body": json.dumps({"peer": 5, "was": sealed})})
    await bench.read()
    out = (await twoway("dead-letters", "list", "--json", code=1)).out
    assert "ValidationError" in out
    assert sealed not in out
    assert '"was": "sealed"' in out
