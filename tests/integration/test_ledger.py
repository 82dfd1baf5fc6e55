from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from services.ledger.app import build, table
from services.ledger.audit import findings, recount
from services.ledger.settings import LedgerSettings
from services.ledger.store import ACCOUNTS, BOOKS, HOLDERS, TABLES, snapshot
from shared.clock import Clock
from shared.events import (
    CheckinPosted,
    CheckinRecorded,
    CheckinRefused,
    ConsentGiven,
    ConsentWithdrawn,
    CountsChanged,
    EntrySetAside,
    Gesture,
    GestureSent,
    Kind,
    MomentCorrected,
    MomentPutBack,
    MomentRecorded,
    MomentRefused,
    MomentRememberedDifferently,
    MomentRestored,
    MomentReversed,
    MomentShared,
    MomentThanked,
    MomentUpheld,
    PairClosed,
    PairFormed,
    PeerLeft,
    Sealed,
    Told,
    TrainingCompleted,
    Way,
)
from shared.host import Host
from shared.programme import load
from shared.stream.rebuild import rebuild
from tests.integration.core.tally import Bench
from tests.integration.living import KEY_TEXT, P0, Living


class Book(Living):
    """The ledger, and people who give and receive. A pair is called by its two peers, in order."""

    def __init__(self, redis: Redis, redis_url: str) -> None:
        super().__init__(redis, "ledger")
        self._settings = LedgerSettings(key=SecretStr(KEY_TEXT), redis_url=SecretStr(redis_url))

    def host(self) -> Host:
        return build(self._settings, load())[1]

    async def forms(self, *pairs: str) -> None:
        await self.append(*[PairFormed(pair=pair, proposal=f"of {pair}", peers=(pair[0], pair[1])) for pair in pairs])

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Given and received by everyone who is there, as stored."""
        holders: Any = await self.redis.hgetall(P0.of("ledger", "holders"))
        accounts: Any = await self.redis.hgetall(P0.of("ledger", "accounts"))
        found = {}
        for peer, text in holders.items():
            if (id := HOLDERS.load(text).account) is not None:
                account = ACCOUNTS.load(accounts[ACCOUNTS.field_of(id)])
                found[peer.decode()] = (account.given, account.received)
        return found


def shared(moment: str, giver: str, receiver: str, **more: Any) -> MomentShared:
    fields = {"pair": "".join(sorted(giver + receiver)), "kind": Kind.LISTENED, "recorded_by": receiver} | more
    return MomentShared(moment=moment, giver=giver, receiver=receiver, **fields)


def tea(moment: str, giver: str, receiver: str) -> GestureSent:
    return GestureSent(moment=moment, pair="".join(sorted(giver + receiver)), giver=giver, receiver=receiver,
                       gesture=Gesture.CUP_OF_TEA)


def agreed(*peers: str) -> list[ConsentGiven]:
    return [ConsentGiven(peer=peer, wording=wording, version="1", partner="clinic")
            for peer in peers for wording in ("checkins", "training")]


def withdrawn(peer: str) -> ConsentWithdrawn:
    return ConsentWithdrawn(peer=peer, wording="checkins", partner="clinic")


def told(checkin: str, *peers: str, at_ms: int, kind: Kind = Kind.LISTENED,
         direction: Literal["gave", "received"] = "gave") -> CheckinRecorded:
    return CheckinRecorded(checkin=checkin, partner="clinic", peers=peers, moments=(Told(kind=kind, direction=direction),),
                           happened_ms=at_ms)


def soon_ms() -> int:
    """A little ahead, as a partner's clock may be: after a pair that is formed just now."""
    return Clock().now_ms() + 4 * 60 * 1000


def trained(peer: str) -> TrainingCompleted:
    return TrainingCompleted(training="t1", partner="clinic", peer=peer, about=Sealed("s1.c.sealed"))


@pytest.fixture
def book(redis: Redis, redis_url: str) -> Book:
    return Book(redis, redis_url)


async def test_moments_and_gestures_become_counts_and_a_correction_takes_them_back(book: Book) -> None:
    async with book.running(book.host()):
        await book.forms("ab")
        await book.append(shared("m1", "a", "b"), tea("m2", "b", "a"), shared("m3", "a", "b", recorded_by="a"))
        await book.append(MomentCorrected(moment="m1", peer="b"))
        await book.all_read()
    assert await book.counts() == {"a": (1, 1), "b": (1, 1)}
    assert [event.moment for event in await book.said(MomentRecorded)] == ["m1", "m2", "m3"]
    assert [event.moment for event in await book.said(MomentReversed)] == ["m1"]
    assert (await book.said(CountsChanged))[-2:] == [
        CountsChanged(peer="a", given=1, received=1, given_26w=1, received_26w=1),
        CountsChanged(peer="b", given=1, received=1, given_26w=1, received_26w=1)]
    assert await recount(book.redis, P0) == []


async def test_what_is_refused_is_said_with_its_reason_and_counted_nowhere(book: Book) -> None:
    async with book.running(book.host()):
        await book.append(shared("m1", "a", "b"))
        await book.forms("ab")
        await book.append(shared("m1", "a", "b"), shared("m1", "a", "b"), shared("m2", "a", "c", pair="ab"))
        await book.append(MomentCorrected(moment="m1", peer="a"), MomentCorrected(moment="m9", peer="a"))
        await book.all_read()
    assert [event.reason for event in await book.said(MomentRefused)] == [
        "unknown_pair", "already_recorded", "not_of_this_pair", "not_yours", "unknown_moment"]
    assert await book.counts() == {"a": (1, 0), "b": (0, 1)}
    assert await recount(book.redis, P0) == []


async def test_check_ins_in_one_batch_with_all_that_they_need_become_moments_once(book: Book) -> None:
    """The pair, the consent and the first of two equal check-ins come in the same batch as the check-in."""
    await book.forms("ab")
    at_ms = soon_ms()
    await book.append(*agreed("a", "b"), told("one", "a", at_ms=at_ms),
                      told("two", "b", "a", at_ms=at_ms, direction="received"), PeerLeft(peer="b"),
                      told("three", "a", at_ms=at_ms, kind=Kind.OTHER), told("four", "b", at_ms=at_ms))
    async with book.running(book.host()):
        await book.all_read()
    assert [event.checkin for event in await book.said(CheckinPosted)] == ["one", "three"]
    assert [(event.checkin, event.reason) for event in await book.said(CheckinRefused)] == [
        ("two", "already_recorded"), ("four", "unknown_reference")]
    assert await book.counts() == {"a": (2, 0)}
    assert await book.said(EntrySetAside) == []
    assert await recount(book.redis, P0) == []


async def test_a_backlog_of_everything_read_in_one_batch_adds_up(book: Book) -> None:
    """Entries of one batch that need what only an earlier one of it brought: accounts, moments, pairs."""
    await book.forms("ab", "bc")
    for n in range(60):
        await book.append(shared(f"m{n}", *("ab" if n % 2 else "ba")), tea(f"t{n}", "b", "c"))
    await book.append(*[MomentCorrected(moment=f"t{n}", peer="b") for n in range(10)])
    await book.append(PairClosed(pair="ab", peers=("a", "b"), reason="ended"), shared("late", "a", "b"), PeerLeft(peer="c"))
    async with book.running(book.host()):
        await book.all_read()
    assert await book.counts() == {"a": (31, 30), "b": (80, 31)}
    assert await book.said(EntrySetAside) == []
    assert await recount(book.redis, P0) == []


async def test_whatever_is_said_of_a_moment_in_the_batch_that_brings_it_is_heard(book: Book) -> None:
    """Corrections of corrections, other memories and the same moment again, each behind what it needs of the same batch."""
    await book.forms("ab")
    await book.append(shared("m1", "a", "b", both_ways=True), shared("m2", "a", "b", recorded_by="a"))
    for _ in range(3):
        await book.append(MomentCorrected(moment="m1", peer="b"), MomentPutBack(moment="m1", peer="b"))
    await book.append(MomentRememberedDifferently(moment="m1", peer="a"), MomentUpheld(moment="m1", peer="b"),
                      MomentRememberedDifferently(moment="m2", peer="b"), MomentCorrected(moment="m2", peer=None),
                      MomentThanked(moment="m2", pair="ab", peer="b", to="a"), MomentPutBack(moment="m2", peer="a"))
    async with book.running(book.host()):
        await book.all_read()
    assert [each.same_as for each in await book.said(MomentRecorded)] == [None, None, "m1"]
    assert len(await book.said(MomentRestored)) == 3
    assert [(each.moment, each.reason) for each in await book.said(MomentRefused)] == [
        ("m2", "already_reversed"), ("m2", "not_yours")]
    assert await book.counts() == {"a": (1, 1), "b": (1, 1)}
    assert await book.said(EntrySetAside) == []
    state = await snapshot(book.redis, P0)
    assert {id: each.upheld for id, each in state.memories.items()} == {"m1": "writer"}
    assert findings(state) == []


async def test_every_moment_counts_once_when_two_instances_take_turns(book: Book) -> None:
    one, two = (Bench(book.redis, table()) for _ in range(2))
    await one.reader.begin()
    await two.reader.begin()
    await book.forms("ab")
    for n in range(20):
        await book.append(shared(f"m{n}", "a", "b"), tea(f"t{n}", "b", "a"))
        await (one if n % 3 else two).read()
        await (two if n % 2 else one).read()
    await one.read()
    await two.read()
    assert await book.counts() == {"a": (20, 20), "b": (20, 20)}
    assert len(await book.said(MomentRecorded)) == 40
    assert await recount(book.redis, P0) == []


async def test_counts_go_on_after_a_restart_and_the_ledger_stays_whole_when_somebody_leaves(book: Book) -> None:
    async with book.running(book.host()):
        await book.forms("ab", "bc")
        await book.append(shared("m1", "a", "b"), shared("m2", "c", "b"))
        await book.all_read()
    async with book.running(book.host()):
        await book.append(PeerLeft(peer="a"), shared("m3", "b", "c"), MomentCorrected(moment="m1", peer="b"))
        await book.all_read()
    assert await book.counts() == {"b": (1, 1), "c": (1, 1)}
    assert [(event.giver, event.receiver) for event in await book.said(MomentReversed)] == [("former", "b")]
    assert await recount(book.redis, P0) == []


async def test_moments_with_somebody_who_left_are_written_down_for_thirty_days_and_then_nothing_leads_to_them(
        book: Book) -> None:
    await book.forms("ab", "bc")
    await book.append(PeerLeft(peer="a"), shared("m1", "a", "b"), PairClosed(pair="ab", peers=("a", "b"), reason="left"))
    await book.append(shared("m2", "b", "a", recorded_by="b"), tea("m3", "b", "c"), MomentCorrected(moment="m1", peer="b"))
    async with book.running(book.host()):  # all of it in one batch
        await book.all_read()
        assert await book.counts() == {"b": (2, 0), "c": (0, 1)}
        assert [(each.giver, each.receiver) for each in await book.said(MomentRecorded)] == [
            ("former", "b"), ("b", "former"), ("b", "c")]
        await book.everything_due()
        await book.all_read()
        await book.append(shared("m4", "a", "b"))
        await book.all_read()
    assert [each.reason for each in await book.said(MomentRefused)] == ["unknown_pair"]
    assert set((await book.stored(["pairs"]))["pairs"]) == {b"bc"}
    assert await recount(book.redis, P0) == []


async def test_the_ledgers_state_made_again_from_the_log_is_the_same_to_the_byte(book: Book, tmp_path: Path) -> None:
    names = [each.name for each in TABLES]
    async with book.running(book.host()):
        await book.forms("ab", "bc", "cd")
        await book.append(shared("m1", "a", "b", minutes=30), tea("m2", "b", "c"), shared("m3", "c", "d"), tea("m4", "d", "c"))
        await book.append(MomentCorrected(moment="m3", peer="d"), PairClosed(pair="cd", peers=("c", "d"), reason="ended"))
        await book.append(PeerLeft(peer="a"), shared("m5", "c", "d"), shared("m5", "c", "d"), PeerLeft(peer="d"))
        await book.append(shared("m6", "a", "b"), shared("m7", "d", "c"))
        await book.append(shared("m8", "b", "c", both_ways=True), MomentCorrected(moment="m8", peer="c"),
                          MomentPutBack(moment="m8", peer="c"), MomentRememberedDifferently(moment="m8", peer="b"),
                          shared("m9", "b", "c", recorded_by="b", way=Way.CALL))
        at_ms = soon_ms()
        await book.append(*agreed("b", "c", "d"), told("one", "b", "c", at_ms=at_ms), told("two", "b", "c", at_ms=at_ms),
                          trained("c"), withdrawn("b"), told("three", "b", at_ms=at_ms))
        await book.all_read()
    before = await book.stored(names)
    assert all(before[each.name] for each in BOOKS)
    for name in names:
        await book.redis.delete(P0.of("ledger", name))
    await rebuild(table(), P0, book.redis, book.vault, tmp_path)
    assert await book.stored(names) == before
    assert await recount(book.redis, P0) == []
