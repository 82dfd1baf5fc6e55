"""Any history of a small town adds up after every step: moments, second thoughts, breaks, endings, leavings, partners, replays.

Everything is held against a recount from the whole history, day by day, that knows nothing of how the ledger keeps its books.
A twin of the town hears the same, but of what partners tell the later part first and all of it twice; both end the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.ledger.domain.protection import Thresholds
from services.ledger.domain.refusals import FORMER
from services.ledger.domain.weeks import WINDOWS
from shared.clock import DAY_MS
from shared.events import (
    BreakEnded,
    BreakStarted,
    CheckinPosted,
    CheckinRecorded,
    Correction,
    CountsChanged,
    Event,
    Kind,
    MomentRecorded,
    MomentRememberedDifferently,
    MomentRestored,
    MomentReversed,
    MomentShared,
    PairClosed,
    PeerLeft,
    Told,
)
from tests.journeys.sizes import size
from tests.unit.ledger.book import Book

pytestmark = [pytest.mark.prove, pytest.mark.timeout(size(280, 1_800))]

SOON = Thresholds(times=2, more=2, weeks=1, newcomer_weeks=1, again_weeks=1, only_given=2, only_weeks=1)
"""So that people are found to give far more within histories as short as these."""

PEOPLE, TWO = "abcde", ("ab", "bc", "cd", "ad")
NAMES = st.sampled_from(PEOPLE)
PAIRS = st.sampled_from(TWO)
NEW = st.integers(0, 9).map(lambda n: f"m{n}")
WHICH = st.one_of(st.just(0), st.integers(0, 2), st.integers(0, 99))
"""One of the moments that were recorded by then, the latest first."""
SAID = st.sampled_from(["corrects", "corrects", "puts_back", "differs", "differs", "upholds", "keeps_apart", "thanks"])
WHO = st.sampled_from(["writer", "writer", "other", "other", "operator", "somebody"])
KINDS = st.sampled_from([Kind.LISTENED, Kind.SHARED_COPING])
WHEN = st.one_of(st.none(), st.floats(-1, 0), st.floats(-300, 0), st.floats(-300, -180), st.floats(-400, 1))
"""Days from now, or left open. Some of it is before the pair, and some ahead."""
TELLING = st.tuples(st.sampled_from([("a",), ("b",), ("a", "b"), ("b", "a"), ("c", "d")]), st.integers(-40, 0), KINDS,
                    st.sampled_from(["gave", "received", "both"]))

SAY_IT_AGAIN = (MomentShared, CheckinRecorded, MomentRememberedDifferently, PairClosed, PeerLeft)
"""What changes nothing when it comes twice, however much later."""

COUNTS = {"given", "received", "given_26w", "received_26w"}
FIGURES = COUNTS | {"happened_ms", "minutes"}
"""All that is a number in what the ledger says of anybody."""


class AnyHistory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book, self.twin = Book(SOON), Book(SOON)
        self.left: set[str] = set()
        self.seen = 0
        self.entries: dict[str, bytes] = {}

    def both(self, what: Callable[[Book], Any]) -> None:
        for book in (self.book, self.twin):
            what(book)

    def moment(self, which: int) -> str:
        recorded = self.book.every(MomentRecorded)
        return recorded[-1 - which % len(recorded)].moment if recorded else "unheard-of"

    def who(self, who: str, moment: str) -> str | None:
        """An operator is none."""
        for each in self.book.every(MomentRecorded):
            if each.moment == moment and who in ("writer", "other"):
                by = each.recorded_by or each.giver
                return by if who == "writer" else each.receiver if by == each.giver else each.giver
        return None if who == "operator" else "e"

    @initialize()
    def four_pairs_of_four_people_a_year_ago(self) -> None:
        for two in TWO:
            self.both(lambda book, two=two: book.forms(*two))  # type: ignore[misc]  # it is bound
        for peer in "abc":
            self.both(lambda book, peer=peer: book.agrees(peer))  # type: ignore[misc]
        self.both(lambda book: book.pass_time(365))

    # what people do

    @rule(pair=PAIRS, forth=st.booleans(), by_giver=st.booleans(), both_ways=st.booleans(), kind=KINDS, days=WHEN,
          moment=NEW)
    def shares(self, pair: str, forth: bool, by_giver: bool, both_ways: bool, kind: Kind, days: float | None,
               moment: str) -> None:
        giver, receiver = pair if forth else reversed(pair)
        self.both(lambda book: book.shares(giver, receiver, by=giver if by_giver else receiver, kind=kind, days=days,
                                           moment=moment, both_ways=both_ways))

    @rule(giver=NAMES, receiver=NAMES, by=NAMES, pair=st.sampled_from((*TWO, "ae")), moment=NEW)
    def shares_anything(self, giver: str, receiver: str, by: str, pair: str, moment: str) -> None:
        self.both(lambda book: book.shares(giver, receiver, by=by, pair=pair, moment=moment))

    @rule(pair=PAIRS, moment=NEW)
    def sends(self, pair: str, moment: str) -> None:
        self.both(lambda book: book.sends(pair[0], pair[1], moment=moment))

    @rule(said=st.lists(st.tuples(SAID, WHO), min_size=1, max_size=6), which=WHICH, reason=st.sampled_from(Correction))
    def is_spoken_of(self, said: list[tuple[str, str]], which: int, reason: Correction) -> None:
        """One moment, by several, one after the other: those who may and those who may not."""
        moment = self.moment(which)
        for what, who in said:
            peer = self.who(who, moment)
            if what == "corrects":
                self.both(lambda book, peer=peer: book.corrects(peer, moment, reason))  # type: ignore[misc]  # it is bound
            elif what == "thanks":
                self.both(lambda book, peer=peer: book.thanks(peer or "e", "a", moment))  # type: ignore[misc]
            else:
                by = peer if what in ("puts_back", "upholds") else peer or "e"
                self.both(lambda book, by=by, what=what: getattr(book, what)(by, moment))  # type: ignore[misc]

    @rule(pair=PAIRS)
    def ends(self, pair: str) -> None:
        self.both(lambda book: book.closes(pair))

    @rule(peer=st.sampled_from("abcdeeeeeeee"))
    def leaves(self, peer: str) -> None:
        self.both(lambda book: book.leaves(peer))
        self.left.add(peer)

    @rule(peer=NAMES, days=st.floats(0.5, 90))
    def rests(self, peer: str, days: float) -> None:
        self.both(lambda book: book.rests(peer, days))

    @rule(peer=NAMES)
    def returns(self, peer: str) -> None:
        self.both(lambda book: book.returns(peer))

    @rule(days=st.one_of(st.floats(0.1, 20), st.floats(20, 200)))
    def time_passes(self, days: float) -> None:
        self.both(lambda book: book.pass_time(days))

    # what partners tell, and what comes again

    @rule(tellings=st.lists(TELLING, min_size=1, max_size=3))
    def partners_tell(self, tellings: list[tuple[tuple[str, ...], int, Kind, Any]]) -> None:
        tell(self.book, tellings)
        tell(self.twin, [*tellings[::-1], *tellings])

    @precondition(lambda self: self.again())
    @rule(data=st.data())
    def the_same_comes_again(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.again()))
        before = self.book.stored()
        self.book.hear(event)
        assert self.book.stored() == before

    def again(self) -> list[Event]:
        taken = {each.moment for each in self.book.every(MomentRecorded)} | {
            each.checkin for each in self.book.every(CheckinPosted)}
        heard = [each for kind in SAY_IT_AGAIN for each in self.book.heard(kind)]
        return [each for each in heard if not isinstance(each, MomentShared) or each.moment in taken
                if not isinstance(each, CheckinRecorded) or each.checkin in taken
                if not isinstance(each, MomentRememberedDifferently) or each.moment in self.book.snapshot().memories]

    # what holds

    @invariant()
    def the_books_add_up(self) -> None:
        assert self.book.findings() == []

    @invariant()
    def counts_and_windows_are_those_of_the_whole_history_and_nobody_is_told_more(self) -> None:
        """What was given and what was received, ever and lately: never what is left of one less the other."""
        said, self.seen = self.book.said[self.seen:], len(self.book.said)
        for event in said:
            numbers = {name: value for name, value in event.model_dump().items() if type(value) in (int, float)}
            assert numbers.keys() <= FIGURES
            assert isinstance(event, CountsChanged) or not numbers.keys() & COUNTS
            assert all(value >= 0 for value in numbers.values())
        told = {event.peer: event for event in said if isinstance(event, CountsChanged)}
        moments = standing(self.book)
        for peer in sorted(set(PEOPLE) - self.left):
            ever, lately = recounted(moments, peer), recounted_windows(self.book, moments, peer)
            assert self.book.counts(peer) == ever
            assert windows(self.book, peer) == lately
            if peer in told:
                assert (told[peer].given_26w, told[peer].received_26w) == (lately[2] or (0, 0))
        assert not told.keys() & self.left

    @invariant()
    def no_entry_is_edited_or_deleted(self) -> None:
        now = self.book.stored()["transfers"]
        assert self.entries.items() <= now.items()
        self.entries = now

    @invariant()
    def in_whatever_order_partners_tell_the_books_are_the_same(self) -> None:
        one, two = self.book.snapshot(), self.twin.snapshot()
        plain = dict.fromkeys(("legs", "recorded_by", "minutes"))
        assert one.transfers.keys() == two.transfers.keys()
        for id, transfer in one.transfers.items():
            assert transfer._asdict() | plain == two.transfers[id]._asdict() | plain
        assert (one.corrections, one.memories, one.chains) == (two.corrections, two.memories, two.chains)
        for peer in set(PEOPLE) - self.left:
            assert windows(self.book, peer) == windows(self.twin, peer)
            assert self.book.counts(peer) == self.twin.counts(peer)

    def teardown(self) -> None:
        assert self.book.rebuilt() == self.book.stored()
        assert self.twin.findings() == []


def tell(book: Book, tellings: Sequence[tuple[tuple[str, ...], int, Kind, Any]]) -> None:
    for peers, days, kind, direction in tellings:
        book.tells(*peers, days=days, told=(Told(kind=kind, direction=direction),))


Moments = Sequence[tuple[int, MomentRecorded]]


def standing(book: Book) -> Moments:
    """From the events alone: what was recorded and is not taken back, each with its day."""
    moments: dict[str, tuple[int, MomentRecorded]] = {}
    back: set[str] = set()
    for at_ms, event in book.history():
        match event:
            case MomentRecorded():
                moments[event.moment] = (at_ms if event.happened_ms is None else event.happened_ms) // DAY_MS, event
            case MomentReversed():
                back.add(event.moment)
            case MomentRestored():
                back.remove(event.moment)
    return [each for id, each in moments.items() if id not in back]


def recounted(moments: Moments, name: str) -> tuple[int, int]:
    return sum(event.giver == name for _, event in moments), sum(event.receiver == name for _, event in moments)


def windows(book: Book, name: str) -> list[tuple[int, int] | None]:
    """Given and received over 4, 12 and 26 weeks, as the ledger keeps them."""
    found = (book.window(name, weeks) for weeks in WINDOWS)
    return [None if window is None else (window.given, window.received) for window in found]


def recounted_windows(book: Book, moments: Moments, name: str) -> list[tuple[int, int] | None]:
    """The same from the whole history, day by day."""
    rested: set[int] = set()
    for at_ms, event in book.history():
        today = at_ms // DAY_MS
        match event:
            case BreakStarted(peer=peer, until_ms=until_ms) if peer == name:
                rested = {day for day in rested if day <= today} | set(range(today, (until_ms - 1) // DAY_MS + 1))
            case BreakEnded(peer=peer) if peer == name:
                rested = {day for day in rested if day <= today}
    moments = [(day, event) for day, event in moments if name in (event.giver, event.receiver)]
    found: list[tuple[int, int] | None] = []
    for weeks in WINDOWS:
        day = book.now_ms // DAY_MS
        first = day - (day + 3) % 7
        for back in range(52):
            first = day - (day + 3) % 7 - 7 * back
            weeks -= len(rested & set(range(first, first + 7))) < 4
            if not weeks:
                break
        within = [event for day, event in moments if day >= first]
        given = sum(event.giver == name for event in within)
        found.append((given, len(within) - given) if within else None)
    return found


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=size(30, 1_000), stateful_step_count=30, deadline=None)


def test_a_former_peer_is_nobody_in_any_recount() -> None:
    """So that the recount above may leave them out: what they gave stays with the others."""
    book = Book()
    book.forms("a", "b")
    book.shares("a", "b")
    book.leaves("a")
    book.shares("a", "b")
    assert [event.giver for event in book.every(MomentRecorded)] == ["a", FORMER]
    assert recounted(standing(book), "b") == book.counts("b") == (0, 2)
