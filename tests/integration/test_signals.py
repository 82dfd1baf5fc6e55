"""A small town's half year through the ledger on a real server, and every signal that it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from services.ledger.app import build, table
from services.ledger.audit import recount
from services.ledger.domain.signals import Attention
from services.ledger.domain.weeks import week_of
from services.ledger.reckoning import Ref, reckon, result
from services.ledger.settings import LedgerSettings
from services.ledger.signals.weekly import begins_ms
from services.ledger.store import COMMUNITIES, SIGNALS, TABLES, Community, of_week
from shared.clock import DAY_MS, derived_id, packed_id
from shared.events import (
    Answer,
    BreakKind,
    BreakStarted,
    ConcernClosed,
    ConcernRaised,
    ConsentGiven,
    Ending,
    EntrySetAside,
    Event,
    Gesture,
    GestureSent,
    GroupWaiting,
    Kind,
    Listened,
    MomentCorrected,
    MomentRememberedDifferently,
    MomentShared,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerJoined,
    PeerLeft,
    ProposalAnswered,
    ProposalMade,
    PulseAnswered,
    PulseOffered,
    Sealed,
    Signal,
    SignalsComputed,
    SignalsIntended,
    TrainingCompleted,
    WaitingCounted,
    Way,
)
from shared.host import Host
from shared.programme import load
from shared.stream.append import fields
from shared.stream.rebuild import rebuild
from shared.testing import until
from tests.integration.core.tally import Bench
from tests.integration.living import KEY_TEXT, P0, Living

SEAL = Sealed("s1.a.sealed")
START_MS = begins_ms(3700) + DAY_MS
"""A Tuesday in 2040: entries that the server itself gives an id stand at the time of the last one before them."""


class Town:
    """The ledger's reader, on a log whose time a test turns."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.now_ms, self._count = redis, START_MS, 0
        self._bench = Bench(redis, table())

    async def hears(self, *events: Event) -> None:
        for event in events:
            self._count += 1
            await self._append(event, f"event-{self._count}")
        await self._read()

    async def _append(self, event: Event, id: str) -> None:
        flat: list[Any] = fields(event, id, "", "")
        await self.redis.xadd(P0.log, dict(zip(flat[::2], flat[1::2], strict=True)), id=f"{self.now_ms}-*")

    async def _read(self) -> None:
        """To the end, its own events included."""
        while True:
            before = self._bench.reader.cursor
            await self._bench.read()
            if self._bench.reader.cursor == before:
                return

    async def passes(self, days: float) -> None:
        """Turns the clock; what was asked for meanwhile comes at its time, and each week that is over is reckoned."""
        until_ms = self.now_ms + round(days * DAY_MS)
        while timers := await self.redis.zrangebyscore(P0.timers, 0, until_ms, start=0, num=1, withscores=True):
            [(member, due_ms)] = timers
            self.now_ms = max(self.now_ms, int(due_ms))
            flat = orjson.loads(member)
            await self.redis.zrem(P0.timers, member)
            await self.redis.xadd(P0.log, dict(zip(flat[::2], flat[1::2], strict=True)), id=f"{self.now_ms}-*")
            await self._read()
            await self._reckon()
        self.now_ms = until_ms

    async def _reckon(self) -> None:
        for community, row in (await self.communities()).items():
            for week in row.under_way:
                computed = await reckon(self.redis, Ref(P0, community, week), Attention())
                await self._append(computed, result(computed).id)
        await self._read()

    async def communities(self) -> dict[str, Community]:
        texts: Any = await self.redis.hgetall(P0.of("ledger", "communities"))
        return COMMUNITIES.load_all(texts)

    async def monday(self, *counted: WaitingCounted) -> dict[str, Signal]:
        """Lets the week end, as which it is counted who waits; returns its signals by name, for the community that everybody
        here is of."""
        week = week_of(self.now_ms)
        await self.passes((begins_ms(week + 1) - self.now_ms) / DAY_MS)
        await self.hears(*counted)
        await self.passes(0.5)
        text: Any = await self.redis.hget(P0.of("ledger", "signals"), f"riverside:{week}")
        return {each.name: each for each in SIGNALS.load(text).signals}

    async def stored(self) -> dict[str, Any]:
        return {each.name: await self.redis.hgetall(P0.of("ledger", each.name)) for each in TABLES}

    async def said(self, kind: type[Event]) -> list[Any]:
        entries: Any = await self.redis.xrange(P0.log)
        return [kind.model_validate_json(found[b"body"]) for _, found in entries if found[b"type"] == kind.type.encode()]


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


def peer(n: int) -> str:
    return derived_id("peer", str(n))


def pair(n: int) -> str:
    """The pair of two neighbours in the numbering, an even one and the next."""
    return derived_id("pair", str(n - n % 2))


def joins(*numbers: int) -> list[Event]:
    return [PeerJoined(peer=peer(n), community="riverside", profile=SEAL) for n in numbers]


def forms(*numbers: int) -> list[Event]:
    return [PairFormed(pair=pair(n), proposal=f"of {n}", peers=(peer(n), peer(n + 1))) for n in numbers]


def proposed(*numbers: int) -> list[Event]:
    return [ProposalMade(proposal=f"of {n}", requests=("r", "s"), peers=(peer(n), peer(n + 1)), reasons=(SEAL, SEAL),
                         benefit=1, lapses_ms=1) for n in numbers]


def gives(n: int, moment: str, kind: Kind = Kind.LISTENED, way: Way | None = None) -> Event:
    return MomentShared(moment=derived_id(moment, str(n)), pair=pair(n), giver=peer(n), receiver=peer(n ^ 1), kind=kind,
                        recorded_by=peer(n), way=way)


def ends(n: int, ending: Ending) -> list[Event]:
    return [PairEnded(peer=peer(n), pair=pair(n), ending=ending),
            PairClosed(pair=pair(n), peers=(peer(n), peer(n + 1)), reason="ended")]


def trained(n: int) -> list[Event]:
    return [ConsentGiven(peer=peer(n), wording="training", version="1", partner="clinic"),
            TrainingCompleted(training="t1", partner="clinic", peer=peer(n), about=SEAL)]


def told(signals: dict[str, Signal], name: str) -> tuple[Any, ...]:
    each = signals[name]
    return each.numerator, each.denominator, each.value, each.state


def parts(signals: dict[str, Signal], name: str) -> dict[str, int | None]:
    return {part.key: part.numerator for part in signals[name].parts}


async def test_every_signal_of_a_small_town(town: Town) -> None:
    """60 people in 30 pairs; 12 of them help one way only, some rest, some pairs end, one person leaves."""
    await town.hears(*joins(*range(60)), *(each for n in range(6) for each in trained(n)))
    await town.passes(10)
    await town.hears(*proposed(*range(0, 60, 2)))
    await town.passes(5)
    await town.hears(*forms(*range(0, 60, 2)))
    await town.passes(3)
    for n in range(0, 36, 2):  # both give; the first of each twice
        await town.hears(gives(n, "one", way=Way.CALL), gives(n + 1, "two", Kind.SHARED_COPING, Way.IN_PERSON))
        await town.hears(gives(n, "three", Kind.PRACTICAL_HELP))
    await town.hears(*(gives(n, "one", Kind.OTHER) for n in range(36, 60, 2)))
    await town.hears(*(PulseAnswered(peer=peer(n), listened=Listened.YES if n < 14 else Listened.NO) for n in range(20)))
    await town.passes(7)
    await town.hears(*(BreakStarted(peer=peer(n), kind=BreakKind.BREAK, until_ms=town.now_ms + 6 * DAY_MS)
                       for n in range(0, 20, 2)))
    await town.hears(*(ProposalAnswered(peer=peer(n), proposal="p", answer=Answer.NOT_NOW) for n in range(1, 11, 2)))
    await town.hears(*(ConcernRaised(concern=f"c{n}", peer=peer(n), text=SEAL) for n in range(5)))
    await town.passes(1.5)
    await town.hears(*(ConcernClosed(concern=f"c{n}") for n in range(4)))
    await town.passes(6)
    await town.hears(*(GestureSent(moment=derived_id("tea", str(n)), pair=pair(n), giver=peer(n), receiver=peer(n + 1),
                                   gesture=Gesture.CUP_OF_TEA) for n in range(0, 10, 2)))
    await town.hears(*(each for n in range(10, 20, 2) for each in ends(n, Ending.AGREED)))
    await town.hears(*(each for n in range(20, 30, 2) for each in ends(n, Ending.SAFETY)))
    await town.hears(PeerBlocked(peer=peer(20), blocked=peer(21)), PeerLeft(peer=peer(59)))
    signals = await town.monday(
        WaitingCounted(community="riverside", waiting=20, median_days=5, practical=6, practical_oldest_days=22,
                       groups=(GroupWaiting(fact="language", value="cy", people=5, median_days=11),)))
    assert told(signals, "gave_and_received") == (36, 59, 0.61, "fine")
    assert told(signals, "giving_by_top_tenth") == (15 + 2, 71, 0.239, "fine")
    assert told(signals, "returned_through_network") == (36, 71, 0.507, "fine")
    assert told(signals, "kinds") == (5, 8, 5.0, "fine")
    assert parts(signals, "kinds") == {"listened": 18, "shared_experience": 0, "shared_coping": 18, "practical_help": 18,
                                       "gesture": 5, "sat_together": 0, "welcomed_newcomer": 0, "other": 12}
    assert told(signals, "giving_by_way") == (41, 71, 0.577, "fine")
    assert parts(signals, "giving_by_way") == {"message": 5, "call": 18, "in_person": 18, "letter": 0, "not_said": 30}
    assert told(signals, "breaks_and_not_now") == (15, 59, 0.254, "fine")
    assert parts(signals, "breaks_and_not_now") == {"break": 10, "difficult_day": 0, "not_now": 5}
    assert told(signals, "pairs_through_breaks") == (5, 10, 0.5, "look")
    assert told(signals, "returns") == (0, None, 0.0, "fine")
    assert told(signals, "felt_listened_to") == (14, 20, 0.7, "fine")
    assert told(signals, "pulse_answers") == (20, 36, 0.556, "fine")
    assert told(signals, "newcomers_first_proposal") == (60, 60, 10.0, "fine")
    assert told(signals, "newcomers_first_hello") == (60, 60, 18.0, "fine")
    assert told(signals, "newcomers_first_giving") == (48, 60, 18.0, "fine")
    assert told(signals, "training") == (6, 59, 0.102, "fine")
    assert told(signals, "practical_help") == (6, 20, 22.0, "look")
    assert told(signals, "waiting_by_group") == (20, None, 5.0, "look")
    assert parts(signals, "waiting_by_group") == {"language:cy": 5}
    assert told(signals, "blocks_and_concerns") == (6, 30, 20.0, "look")
    assert told(signals, "concern_look_hours") == (None, None, 36.0, "look")  # beside five the one block would be told
    assert told(signals, "endings") == (5, 10, 0.5, "look")
    assert parts(signals, "endings") == {"agreed": 5, "one_side": 0, "moved_on": 0, "left": 0, "safety": 5, "blocked": 0}
    assert told(signals, "chains") == (0, 71, 0.0, "fine")
    assert await recount(town.redis, P0) == []
    assert await town.said(EntrySetAside) == []


async def test_the_town_a_half_year_later_has_returned_and_its_training_is_held_against_the_window_before(town: Town) -> None:
    await town.hears(*joins(*range(20)), *forms(*range(0, 20, 2)), *(each for n in range(10) for each in trained(n)))
    await town.hears(*(gives(n, "one") for n in range(20)))
    assert told(await town.monday(), "training") == (10, 20, 0.5, "fine")
    await town.passes(24 * 7)
    await town.hears(*joins(*range(20, 30)), *forms(*range(20, 30, 2)))
    await town.hears(*(gives(n, "two") for n in range(30)))
    await town.passes(7)
    later = await town.monday()
    assert told(later, "training") == (10, 30, 0.333, "look")
    assert later["training"].attention == 0.5
    assert told(later, "returns") == (20, None, 20.0, "fine")
    assert later["pairs_through_breaks"].state == later["practical_help"].state == "too_few"


async def test_who_waited_weeks_ago_is_not_said_to_wait(town: Town) -> None:
    await town.hears(*joins(0))
    waiting = await town.monday(WaitingCounted(community="riverside", waiting=9, median_days=30, practical=9,
                                               practical_oldest_days=40))
    assert (waiting["practical_help"].state, waiting["waiting_by_group"].numerator) == ("look", 9)
    nobody = await town.monday(WaitingCounted(community="riverside", waiting=0))
    assert (nobody["practical_help"].state, nobody["waiting_by_group"].numerator) == ("too_few", 0)
    await town.monday()
    assert (await town.monday())["waiting_by_group"].state == "too_few"  # nobody has counted since that week began


async def test_what_the_town_is_made_again_from_the_log_is_the_same_to_the_byte(town: Town, tmp_path: Path) -> None:
    await town.hears(*joins(*range(8)), *trained(1), *proposed(0, 2), *forms(0, 2, 4, 6))
    await town.hears(*(gives(n, moment) for n in range(8) for moment in ("one", "two")))
    await town.hears(*(PulseAnswered(peer=event.peer, listened=Listened.SKIP) for event in await town.said(PulseOffered)))
    await town.hears(ConcernRaised(concern="c", peer=peer(1), text=SEAL), ConcernRaised(concern="d", peer=peer(1), text=SEAL))
    await town.hears(BreakStarted(peer=peer(0), kind=BreakKind.BREAK, until_ms=town.now_ms + DAY_MS))
    await town.monday()
    await town.hears(MomentCorrected(moment=derived_id("two", "7"), peer=peer(7)),
                     MomentRememberedDifferently(moment=derived_id("one", "7"), peer=peer(6)))
    await town.hears(ConcernClosed(concern="c"), *ends(2, Ending.MOVED_ON), PeerLeft(peer=peer(4)), gives(1, "three"))
    await town.hears(WaitingCounted(community="riverside", waiting=9))
    await town.monday()
    before = await town.stored()
    assert {name for name, rows in before.items() if not rows} <= {"corrections", "memories"}
    await town.redis.delete(*(P0.of("ledger", each.name) for each in TABLES))
    await rebuild(table(), P0, town.redis, Bench(town.redis).vault, tmp_path)
    assert await town.stored() == before


async def test_a_count_that_differs_from_the_books_is_named(town: Town) -> None:
    await town.hears(*joins(*range(4)), *forms(0, 2), *(gives(n, "one") for n in range(4)))
    await town.monday()
    await town.hears(gives(0, "two"))
    assert await recount(town.redis, P0) == []
    week, row = week_of(START_MS), (await town.communities())["riverside"]
    await town.redis.hset(P0.of("ledger", "communities"), "riverside", COMMUNITIES.dump(row.model_copy(update={"pairs": 3})))
    await town.redis.hset(P0.of("ledger", "tallies"), of_week("riverside", week), b'{"counts":{"kind:listened":5}}')
    assert await recount(town.redis, P0) == [
        ("signal_counts_differ_from_entries", f"riverside:{week}"), ("open_pairs_differ_from_pairs", "riverside")]


async def test_no_row_leads_back_to_whoever_left(town: Town) -> None:
    await town.hears(*joins(*range(4)), *proposed(0), *forms(0, 2), *(gives(n, "one") for n in range(4)), *trained(0))
    await town.hears(ConcernRaised(concern="c", peer=peer(0), text=SEAL), gives(0, "two"), gives(0, "three"))
    counts = (await town.communities())["riverside"].counts
    await town.hears(PeerLeft(peer=peer(0)))
    rows = await town.stored()
    gone = rows.pop("left")
    assert peer(0).encode() in gone  # so that nothing of theirs begins anew
    everything = {name: b" ".join([*texts, *texts.values()]) for name, texts in rows.items()}
    assert [name for name, text in everything.items() if peer(0).encode() in text or packed_id(peer(0)) in text] == []
    assert (await town.communities())["riverside"].counts == counts


# ── the worker, where the ledger runs ────────────────────────────────────────────────────────────────────────────────


class Week(Living):
    """A ledger whose first week is about to be over."""

    def __init__(self, redis: Redis, redis_url: str) -> None:
        super().__init__(redis, "ledger")
        self._settings = LedgerSettings(key=SecretStr(KEY_TEXT), redis_url=SecretStr(redis_url))

    def host(self) -> Host:
        return build(self._settings, load())[1]

    async def lived(self) -> None:
        await self.append(*joins(*range(12)), *forms(*range(0, 12, 2)), *(gives(n, "one") for n in range(12)))

    async def computed(self) -> None:
        await until(lambda: self._kept(), "the week's signals being kept", within_s=30)

    async def _kept(self) -> bool:
        return bool(await self.redis.hlen(P0.of("ledger", "signals")))


@pytest.fixture
def week(redis: Redis, redis_url: str) -> Week:
    return Week(redis, redis_url)


async def test_a_week_that_is_over_is_reckoned_and_kept(week: Week) -> None:
    async with week.running(week.host()):
        await week.lived()
        await week.all_read()
        await week.everything_due()
        await week.computed()
    [intended], [computed] = await week.said(SignalsIntended), await week.said(SignalsComputed)
    assert (computed.community, computed.week) == (intended.community, intended.week) == ("riverside", intended.week)
    assert [each.name for each in computed.signals if each.state == "too_few"]


async def test_a_week_whose_worker_was_killed_is_reckoned_by_whoever_reads_next_and_once(week: Week) -> None:
    """It was intended, and nobody lived to reckon it."""
    await week.lived()
    bench = Bench(week.redis, table())
    await bench.read()
    timers: Any = await week.redis.zrange(P0.timers, 0, -1)
    flat = orjson.loads(timers[0])
    await week.redis.delete(P0.timers)
    await week.redis.xadd(P0.log, dict(zip(flat[::2], flat[1::2], strict=True)))
    await bench.read()
    assert len(await week.said(SignalsIntended)) == 1
    async with week.running(week.host(), week.host()):
        await week.computed()
        await week.all_read()
    assert len(await week.said(SignalsComputed)) == 1
