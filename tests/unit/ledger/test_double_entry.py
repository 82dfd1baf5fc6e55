"""Whatever is written down, taken back and left behind: it adds up after every step."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.domain.entries import Account, Transfer, moment, sum_of
from services.ledger.domain.protection import Thresholds
from services.ledger.domain.weeks import WINDOWS
from shared.clock import DAY_MS
from shared.events import BreakEnded, BreakStarted, CountsChanged, MomentRecorded, MomentReversed
from tests.unit.ledger.book import Book

NAMES = st.sampled_from("abcde")
PAIRS = ("ab", "bc", "cd", "ad")
MOMENTS = st.integers(0, 12).map(lambda n: f"m{n}")
MOMENT = st.tuples(st.just("shares"), st.sampled_from(PAIRS), st.booleans(), st.booleans(), MOMENTS)
STEPS = st.lists(st.one_of(
    MOMENT, MOMENT, MOMENT,
    st.tuples(st.just("any"), NAMES, NAMES, NAMES, st.sampled_from((*PAIRS, "ae")), MOMENTS),
    st.tuples(st.just("sends"), st.sampled_from(PAIRS), MOMENTS),
    st.tuples(st.just("corrects"), NAMES, MOMENTS),
    st.tuples(st.just("corrects"), NAMES, MOMENTS),
    st.tuples(st.just("closes"), st.sampled_from(PAIRS)),
    st.tuples(st.just("leaves"), NAMES),
    st.tuples(st.just("rests"), NAMES, st.floats(0.5, 90)),
    st.tuples(st.just("returns"), NAMES),
    st.tuples(st.just("pass_time"), st.floats(1, 40)),
    st.tuples(st.just("pass_time"), st.floats(30, 300)),
), min_size=5, max_size=40)


SOON = Thresholds(times=2, more=2, weeks=1, newcomer_weeks=1, again_weeks=1, only_given=2, only_weeks=1)
"""So that people are found to give far more within histories as short as these."""


def play(book: Book, step: tuple[Any, ...]) -> None:
    match step:
        case "shares", pair, forth, by_giver, id:
            giver, receiver = pair if forth else pair[::-1]
            book.shares(giver, receiver, by=giver if by_giver else receiver, moment=id)
        case "any", giver, receiver, by, pair, id:
            book.shares(giver, receiver, by=by, pair=pair, moment=id)
        case "sends", pair, id:
            book.sends(pair[0], pair[1], moment=id)
        case what, *how:
            getattr(book, what)(*how)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_given_and_received_add_up_after_every_step(steps: list[tuple[Any, ...]]) -> None:
    book, left = Book(SOON), set[str]()
    for pair in PAIRS:
        book.forms(*pair)
    for step in steps:
        entries, said = book.stored()["transfers"], len(book.said)
        play(book, step)
        for told in (event for event in book.said[said:] if isinstance(event, CountsChanged)):
            assert (told.given_26w, told.received_26w) == (recounted_windows(book, told.peer)[2] or (0, 0))
        left |= {step[1]} if step[0] == "leaves" else set()
        assert book.findings() == []
        for name in set("abcde") - left:
            assert windows(book, name) == recounted_windows(book, name)
        assert entries.items() <= book.stored()["transfers"].items(), "an entry was edited or deleted"
    assert book.rebuilt() == book.stored()
    for name in set("abcde") - left:
        assert book.counts(name) == recounted(book, name)


def recounted(book: Book, name: str) -> tuple[int, int]:
    """From the events alone: what was recorded and not reversed."""
    standing = {event.moment: event for event in book.every(MomentRecorded)}
    for event in book.every(MomentReversed):
        del standing[event.moment]
    return (sum(event.giver == name for event in standing.values()), sum(event.receiver == name for event in standing.values()))


def windows(book: Book, name: str) -> list[tuple[int, int] | None]:
    """Given and received over 4, 12 and 26 weeks, as the ledger keeps them."""
    found = (book.window(name, weeks) for weeks in WINDOWS)
    return [None if window is None else (window.given, window.received) for window in found]


def recounted_windows(book: Book, name: str) -> list[tuple[int, int] | None]:
    """The same from the whole history, day by day."""
    rested: set[int] = set()
    standing: dict[str, tuple[int, MomentRecorded]] = {}
    for at_ms, event in book.history():
        today = at_ms // DAY_MS
        match event:
            case BreakStarted(peer=peer, until_ms=until_ms) if peer == name:
                rested = {day for day in rested if day <= today} | set(range(today, (until_ms - 1) // DAY_MS + 1))
            case BreakEnded(peer=peer) if peer == name:
                rested = {day for day in rested if day <= today}
            case MomentRecorded():
                standing[event.moment] = today, event
            case MomentReversed():
                del standing[event.moment]
    found: list[tuple[int, int] | None] = []
    for weeks in WINDOWS:
        day = book.now_ms // DAY_MS
        first = day - (day + 3) % 7
        for back in range(52):
            first = day - (day + 3) % 7 - 7 * back
            weeks -= len(rested & set(range(first, first + 7))) < 4
            if not weeks:
                break
        moments = [event for day, event in standing.values() if day >= first and name in (event.giver, event.receiver)]
        given = sum(event.giver == name for event in moments)
        found.append((given, len(moments) - given) if moments else None)
    return found


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1), st.booleans())))
def test_transfers_and_their_reversals_sum_to_zero_over_all_accounts(moments: list[tuple[str, str, bool]]) -> None:
    accounts: dict[str, Account] = {}
    for giver, receiver, taken_back in moments:
        transfer = Transfer(legs=moment(giver, receiver), at_ms=0, recorded_by=giver)
        for each in (transfer, transfer.reversal("m", 1)) if taken_back else (transfer,):
            assert sum_of(each.legs) == 0
            for leg in each.legs:
                accounts[leg.account] = accounts.get(leg.account, Account()).posted(
                    leg.given, leg.received, transfer.kind, 0)
    assert sum_of(accounts.values()) == 0
    assert sum(account.given for account in accounts.values()) == sum(not taken_back for *_, taken_back in moments)
