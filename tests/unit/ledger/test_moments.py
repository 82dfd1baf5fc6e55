from __future__ import annotations

from itertools import product

import pytest

from services.ledger.domain.entries import Transfer, moment
from services.ledger.domain.refusals import LATE_MS, Pair, of_correction, of_moment
from shared.events import CountsChanged, Kind, MomentRecorded, MomentRefused, MomentReversed
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


def test_a_reversal_can_not_be_reversed(book: Book) -> None:
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


# ── every refusal in its place: for each, what holds; the first that holds counts ────────────────────────────────────

OPEN, ENDED = Pair(peers=("a", "b")), Pair(peers=("a", "b"), closed_ms=1_000)
PEOPLE = {"same_person": ("a", "a", "a"), "not_of_this_pair": ("a", "c", "a"), "": ("a", "b", "a")}


@pytest.mark.parametrize(("people", "pair", "recorded", "late"), list(product(
    PEOPLE, (None, OPEN, ENDED), (False, True), (False, True))))
def test_a_moment_is_refused_for_the_first_of_its_reasons(people: str, pair: Pair | None, recorded: bool, late: bool) -> None:
    holds = [
        ("same_person", people == "same_person"),
        ("unknown_pair", pair is None),
        ("not_of_this_pair", people == "not_of_this_pair"),
        ("already_recorded", recorded),
        ("pair_ended", pair is ENDED and late),
    ]
    first = next((reason for reason, so in holds if so), None)
    at_ms = 1_000 + LATE_MS + (1 if late else 0)
    assert of_moment(*PEOPLE[people], pair, recorded, at_ms) == first


@pytest.mark.parametrize(("giver", "receiver", "by", "reason"), [
    ("a", "b", "c", "not_of_this_pair"), ("c", "b", "b", "not_of_this_pair"), ("b", "a", "a", None)])
def test_giver_receiver_and_writer_are_of_the_pair(giver: str, receiver: str, by: str, reason: str | None) -> None:
    assert of_moment(giver, receiver, by, OPEN, False, 0) == reason


WRITTEN = Transfer(legs=moment("A", "B"), at_ms=0, recorded_by="A")


@pytest.mark.parametrize(("account", "transfer", "reversed", "reason"), [
    (None, None, True, "unknown_moment"),
    ("A", WRITTEN.reversal("m", 1), True, "unknown_moment"),
    (None, WRITTEN, True, "not_yours"),
    ("B", WRITTEN, True, "not_yours"),
    ("A", WRITTEN, True, "already_reversed"),
    ("A", WRITTEN, False, None),
])
def test_a_correction_is_refused_for_the_first_of_its_reasons(
        account: str | None, transfer: Transfer | None, reversed: bool, reason: str | None) -> None:
    assert of_correction(account, transfer, reversed) == reason
