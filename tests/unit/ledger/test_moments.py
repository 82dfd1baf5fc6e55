from __future__ import annotations

from itertools import product

import pytest

from services.ledger.domain.entries import Transfer, moment, other_way
from services.ledger.domain.refusals import (
    AHEAD_MS,
    LATE_MS,
    OPERATOR,
    ORDER,
    Pair,
    Refusal,
    of_moment,
    of_other,
    of_putting_back,
    of_thanks,
    of_writer,
)
from shared.clock import DAY_MS
from shared.events import Correction, CountsChanged, Kind, MomentRecorded, MomentRefused, MomentReversed, Way
from tests.unit.ledger.book import Book, reason


@pytest.fixture
def book() -> Book:
    """Ada and Ben (a, b) are a pair, and so are Ben and Cleo (b, c)."""
    book = Book()
    book.forms("a", "b")
    book.forms("b", "c")
    return book


def test_a_moment_grows_what_one_gave_and_the_other_received_by_one(book: Book) -> None:
    recorded, of_giver, of_receiver = book.shares("a", "b", minutes=90)
    assert isinstance(recorded, MomentRecorded)
    assert (recorded.giver, recorded.receiver, recorded.kind) == ("a", "b", Kind.LISTENED)
    assert of_giver == CountsChanged(peer="a", given=1, received=0, given_26w=1, received_26w=0)
    assert of_receiver == CountsChanged(peer="b", given=0, received=1, given_26w=0, received_26w=1)


def test_a_moment_of_a_minute_counts_as_one_of_a_day(book: Book) -> None:
    book.shares("a", "b", minutes=1)
    book.shares("b", "a", minutes=1440)
    assert book.counts("a") == book.counts("b") == (1, 1)


def test_a_gesture_is_a_moment_that_its_giver_wrote_down(book: Book) -> None:
    recorded, *_ = book.sends("b", "a")
    assert isinstance(recorded, MomentRecorded)
    assert (recorded.kind, recorded.recorded_by) == (Kind.GESTURE, "b")
    assert book.counts("b") == (1, 0)


def test_counts_go_over_all_of_somebodys_pairs(book: Book) -> None:
    book.shares("a", "b")
    book.shares("c", "b")
    book.shares("b", "c")
    assert (book.counts("a"), book.counts("b"), book.counts("c")) == ((1, 0), (1, 2), (1, 1))


def test_a_gesture_after_the_pair_ended_reaches_nobody_and_so_is_no_moment(book: Book) -> None:
    """Another moment may still be written down late, for it happened; a gesture happens by arriving."""
    book.closes("ab")
    before = book.stored()
    assert reason(book.sends("a", "b")) == "pair_ended"
    assert book.stored() == before
    assert len(book.shares("a", "b")) == 3


@pytest.mark.parametrize("by", ["a", "b"])
def test_either_of_the_two_may_write_a_moment_down(book: Book, by: str) -> None:
    assert len(book.shares("a", "b", by=by)) == 3


def test_a_moment_is_written_down_late_but_not_later_than_thirty_days_after_the_pair_ended(book: Book) -> None:
    book.closes("ab")
    book.pass_time(days=30)
    assert len(book.shares("a", "b")) == 3
    book.pass_time(days=0.001)
    assert reason(book.shares("a", "b")) == "pair_ended"
    assert book.counts("a") == (1, 0)


def test_the_thirty_days_count_from_when_the_pair_was_first_closed(book: Book) -> None:
    book.closes("ab")
    book.pass_time(days=20)
    book.closes("ab")
    book.pass_time(days=11)
    assert reason(book.shares("a", "b")) == "pair_ended"


def test_a_refused_moment_changes_nothing(book: Book) -> None:
    before = book.stored()
    assert reason(book.shares("a", "c", pair="ab")) == "not_of_this_pair"
    assert reason(book.shares("a", "b", pair="unheard-of")) == "unknown_pair"
    assert book.stored() == before


def test_the_same_moment_counts_once_and_stays_as_it_was_written(book: Book) -> None:
    book.shares("a", "b", moment="m")
    before = book.stored()
    assert reason(book.shares("b", "a", moment="m")) == "already_recorded"
    assert reason(book.sends("a", "b", moment="m")) == "already_recorded"
    assert book.stored() == before


def test_a_reversal_takes_back_both_counts_and_leaves_the_entry_as_it_was(book: Book) -> None:
    book.shares("a", "b", by="b", moment="m")
    entry = book.stored()["transfers"]["m"]
    taken_back, of_giver, of_receiver = book.corrects("b", "m")
    assert taken_back == MomentReversed(moment="m", giver="a", receiver="b")
    assert of_giver == CountsChanged(peer="a", given=0, received=0, given_26w=0, received_26w=0)
    assert of_receiver == CountsChanged(peer="b", given=0, received=0, given_26w=0, received_26w=0)
    assert book.stored()["transfers"]["m"] == entry
    [reversal] = [each for each in book.snapshot().transfers.values() if each.reverses == "m"]
    assert len(book.snapshot().transfers) == 2
    assert reversal.kind is None
    assert reversal.recorded_by == book.snapshot().transfers["m"].recorded_by


def test_only_whoever_wrote_a_moment_down_can_take_it_back(book: Book) -> None:
    book.shares("a", "b", by="b", moment="m")
    book.sends("a", "b", moment="tea")
    assert reason(book.corrects("a", "m")) == "not_yours"
    assert reason(book.corrects("b", "tea")) == "not_yours"
    assert reason(book.corrects("nobody", "m")) == "not_yours"
    assert len(book.corrects("a", "tea")) == 3


def test_a_moment_is_taken_back_once(book: Book) -> None:
    book.shares("a", "b", moment="m")
    book.corrects("b", "m")
    before = book.stored()
    assert reason(book.corrects("b", "m")) == "already_reversed"
    assert book.stored() == before


def test_a_reversal_is_no_moment_that_could_be_taken_back(book: Book) -> None:
    book.shares("a", "b", moment="m")
    book.corrects("b", "m")
    [reversal] = [id for id, each in book.snapshot().transfers.items() if each.reverses]
    assert reason(book.corrects("b", reversal)) == "unknown_moment"
    assert reason(book.corrects("b", "unheard-of")) == "unknown_moment"


def test_a_refusal_is_told_to_whoever_asked(book: Book) -> None:
    [of_shared] = book.shares("a", "c", by="c", pair="ab")
    [of_gesture] = book.sends("a", "c")
    [of_correction] = book.corrects("a", "m")
    for refused, peer in ((of_shared, "c"), (of_gesture, "a"), (of_correction, "a")):
        assert isinstance(refused, MomentRefused)
        assert refused.peer == peer


# ── late, and both ways ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_moment_of_yesterday_in_a_pair_that_ended_yesterday_is_written_down_and_a_year_later_it_is_not(book: Book) -> None:
    book.pass_time(days=20)
    book.closes("ab")
    book.pass_time(days=1)
    [recorded, *_] = book.shares("a", "b", days=-1.2)
    assert isinstance(recorded, MomentRecorded)
    assert recorded.happened_ms == book.now_ms - round(1.2 * DAY_MS)
    book.pass_time(days=365)
    assert reason(book.shares("a", "b", days=-366)) == "pair_ended"


def test_a_moment_counts_in_the_week_in_which_it_happened_and_its_correction_takes_it_from_there(book: Book) -> None:
    book.pass_time(days=70)
    book.shares("a", "b", moment="m", days=-42)
    assert [window and window.given for window in (book.window("a", 4), book.window("a", 12))] == [None, 1]
    book.corrects("b", "m")
    assert book.window("a", 12) is None
    assert book.findings() == []


def test_nothing_happens_in_the_future_and_a_clock_that_is_a_little_ahead_means_now(book: Book) -> None:
    assert reason(book.shares("a", "b", days=0.01)) == "in_future"
    [recorded, *_] = book.shares("a", "b", days=0.003)
    assert isinstance(recorded, MomentRecorded)
    assert recorded.happened_ms == book.now_ms


def test_the_day_on_which_a_pair_began_is_its_first_wherever_people_live_and_nothing_was_before_it(book: Book) -> None:
    book.pass_time(days=3)
    assert len(book.shares("a", "b", days=-3.9)) == 3
    assert reason(book.shares("a", "b", days=-4)) == "before_pair"


def test_where_both_gave_two_moments_name_each_other_and_each_count_is_told_once(book: Book) -> None:
    first, second, *told = book.shares("a", "b", moment="m", both_ways=True, minutes=60, way=Way.CALL, days=-0.5)
    assert isinstance(first, MomentRecorded)
    assert isinstance(second, MomentRecorded)
    assert (first.giver, first.receiver, first.minutes, first.linked) == ("a", "b", 60, second.moment)
    assert (second.giver, second.receiver, second.minutes, second.linked) == ("b", "a", None, "m")
    assert first.way == second.way == Way.CALL
    assert first.happened_ms == second.happened_ms == book.now_ms - DAY_MS // 2
    assert told == [CountsChanged(peer="a", given=1, received=1, given_26w=1, received_26w=1),
                    CountsChanged(peer="b", given=1, received=1, given_26w=1, received_26w=1)]
    assert second.moment == other_way("m")
    assert book.chains() == [2], "two who help each other are no chain"
    assert book.findings() == []


def test_of_two_linked_moments_each_can_be_taken_back_for_itself(book: Book) -> None:
    book.shares("a", "b", moment="m", both_ways=True)
    book.corrects("b", other_way("m"))
    assert (book.counts("a"), book.counts("b")) == ((1, 0), (0, 1))
    book.corrects("b", "m")
    assert (book.counts("a"), book.counts("b")) == ((0, 0), (0, 0))
    assert book.findings() == []


def test_a_moment_both_ways_is_recorded_once_in_either_of_its_parts(book: Book) -> None:
    book.shares("a", "b", moment="m", both_ways=True)
    before = book.stored()
    for id, both in (("m", True), ("m", False), (other_way("m"), False)):
        assert reason(book.shares("a", "b", moment=id, both_ways=both)) == "already_recorded"
    assert book.stored() == before


def test_both_ways_with_somebody_who_left_goes_against_nobody_twice(book: Book) -> None:
    book.leaves("a")
    first, second, told = book.shares("a", "b", both_ways=True)
    assert isinstance(first, MomentRecorded)
    assert isinstance(second, MomentRecorded)
    assert (first.giver, first.receiver, second.giver, second.receiver) == ("former", "b", "b", "former")
    assert told == CountsChanged(peer="b", given=1, received=1, given_26w=1, received_26w=1)
    assert book.findings() == []


def test_what_is_written_down_late_goes_on_with_no_chain_that_may_have_come_after_it(book: Book) -> None:
    """A length may be too small, and never too great."""
    book.pass_time(days=5)  # the Monday after the book's first day, a Wednesday
    book.shares("a", "b")
    book.shares("b", "c", days=-0.1)
    assert book.chains() == [2], "it may have been before Ada helped Ben"
    book.shares("b", "c")
    assert book.chains() == [2, 1]
    book.pass_time(days=7)
    book.shares("b", "c", days=-0.1)
    assert book.chains() == [0, 1], "last week was before it, whatever the hour"
    book.shares("b", "c", days=-13)
    assert book.findings() == []
    assert book.rebuilt() == book.stored()


# ── every refusal in its place: for each, what holds; the first that holds counts ────────────────────────────────────

CLOSED_MS = 1_000
OPEN, ENDED = Pair(peers=("a", "b"), formed_ms=0), Pair(peers=("a", "b"), formed_ms=0, closed_ms=CLOSED_MS)
PEOPLE = {"same_person": ("a", "a", "a"), "not_of_this_pair": ("a", "c", "a"), "": ("a", "b", "a")}


def first_of(*holds: tuple[Refusal, bool]) -> Refusal | None:
    """The first that holds, in the one order that there is."""
    return min((reason for reason, so in holds if so), key=ORDER.index, default=None)


@pytest.mark.parametrize(("people", "pair", "recorded", "late", "when"), list(product(
    PEOPLE, (None, OPEN, ENDED), (False, True), (False, True), ("now", "in_future", "before_pair"))))
def test_a_moment_is_refused_for_the_first_of_its_reasons(
        people: str, pair: Pair | None, recorded: bool, late: bool, when: str) -> None:
    at_ms = CLOSED_MS + LATE_MS + (1 if late else 0)
    happened_ms = {"now": at_ms, "in_future": at_ms + AHEAD_MS + 1, "before_pair": -DAY_MS}[when]
    assert of_moment(*PEOPLE[people], pair, recorded, happened_ms, at_ms) == first_of(
        ("unknown_pair", pair is None), ("not_of_this_pair", people == "not_of_this_pair"),
        ("same_person", people == "same_person"), ("in_future", when == "in_future"), ("before_pair", when == "before_pair"),
        ("already_recorded", recorded), ("pair_ended", pair is ENDED and late))


@pytest.mark.parametrize(("giver", "receiver", "by", "reason"), [
    ("a", "b", "c", "not_of_this_pair"), ("c", "b", "b", "not_of_this_pair"), ("b", "a", "a", None)])
def test_giver_receiver_and_writer_are_of_the_pair(giver: str, receiver: str, by: str, reason: str | None) -> None:
    assert of_moment(giver, receiver, by, OPEN, False, 0, 0) == reason


WRITTEN = Transfer(legs=moment("A", "B"), at_ms=0, recorded_by="A")
BY_PEER = WRITTEN.reversal("m", 1, Correction.AGREED)
BY_OPERATOR = WRITTEN.reversal("m", 1, Correction.OPERATOR)
MOMENTS = (None, BY_PEER, WRITTEN)
"""No such moment, a reversal, a moment that A wrote down."""
ACCOUNTS = (None, "A", "B", "C", OPERATOR)


@pytest.mark.parametrize(("account", "transfer", "taken_back"), list(product(ACCOUNTS, MOMENTS, (False, True))))
def test_what_is_said_of_a_moment_is_refused_for_the_first_of_its_reasons(
        account: str | None, transfer: Transfer | None, taken_back: bool) -> None:
    unknown = ("unknown_moment", transfer is not WRITTEN)
    assert of_writer(account, transfer, taken_back) == first_of(
        unknown, ("not_yours", account not in ("A", OPERATOR)), ("already_reversed", taken_back))
    assert of_other(account, transfer, taken_back) == first_of(
        unknown, ("not_yours", account != "B"), ("already_reversed", taken_back))


@pytest.mark.parametrize(("account", "transfer", "reversal"), list(product(ACCOUNTS, MOMENTS, (None, BY_PEER, BY_OPERATOR))))
def test_whoever_took_a_moment_back_may_put_it_back_or_an_operator(
        account: str | None, transfer: Transfer | None, reversal: Transfer | None) -> None:
    theirs = (OPERATOR,) if reversal is BY_OPERATOR else ("A", OPERATOR)
    assert of_putting_back(account, transfer, reversal) == first_of(
        ("unknown_moment", transfer is not WRITTEN), ("not_yours", account not in theirs),
        ("not_reversed", reversal is None))


@pytest.mark.parametrize(("to", "pair", "account", "thanked", "transfer", "taken_back"), list(product(
    "abc", (None, OPEN, ENDED), ("A", "B"), ("A", "C"), MOMENTS, (False, True))))
def test_thanks_are_refused_for_the_first_of_their_reasons(  # `b` thanks
        to: str, pair: Pair | None, account: str, thanked: str, transfer: Transfer | None, taken_back: bool) -> None:
    assert of_thanks("b", to, pair, account, thanked, transfer, taken_back) == first_of(
        ("unknown_pair", pair is None), ("not_of_this_pair", to == "c"), ("same_person", to == "b"),
        ("unknown_moment", transfer is not WRITTEN), ("not_yours", account != "B" or (thanked != "A" and not taken_back)),
        ("already_reversed", taken_back), ("pair_ended", pair is ENDED))
