"""Check-ins become moments, as far as people agreed to it, and end in the same books in whatever order they come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.refusals import LATE_MS
from shared.clock import DAY_MS
from shared.events import (
    CheckinPosted,
    CheckinRefused,
    ConsentGiven,
    ConsentWithdrawn,
    CountsChanged,
    Event,
    GivingUnreturned,
    Kind,
    MomentRecorded,
    PairFormed,
    ReceivingUnrecorded,
    Sealed,
    Told,
    TrainingCompleted,
    TrainingNoted,
    TrainingRefused,
)
from tests.unit.ledger.book import LISTENED, Book, reason

ABOUT = Sealed("s1.a.sealed")


class Clinic(Book):
    """A ledger to which a partner tells of people. The pair of a and b was formed on the first day; it is the tenth."""

    def __init__(self, *agreed: str, paired: bool = True) -> None:
        super().__init__()
        for peer in agreed:
            self.agrees(peer)
        if paired:
            self.forms("a", "b")
        self.pass_time(9)

    def takes_back(self, peer: str, wording: str = "checkins") -> None:
        assert self.hear(ConsentWithdrawn(peer=peer, wording=wording, partner="clinic")) == []

    def trained(self, peer: str | None, training: str = "t1") -> Event:
        [said] = self.hear(TrainingCompleted(training=training, partner="clinic", peer=peer, about=ABOUT if peer else None))
        return said


def refusal(said: list[Event]) -> str:
    [refused] = said
    assert isinstance(refused, CheckinRefused)
    return refused.reason


def test_a_check_in_becomes_a_moment_of_the_day_it_happened_with_its_source() -> None:
    book = Clinic("a")
    moment, *told, posted = book.tells("a", days=-2)
    assert isinstance(moment, MomentRecorded)
    assert (moment.pair, moment.giver, moment.receiver, moment.recorded_by) == ("ab", "a", "b", "a")
    assert told == [CountsChanged(peer="a", given=1, received=0, given_26w=1, received_26w=0),
                    CountsChanged(peer="b", given=0, received=1, given_26w=0, received_26w=1)]
    assert isinstance(posted, CheckinPosted)
    assert (posted.checkin, posted.partner, posted.peers) == ("check-in 1", "clinic", ("a",))
    transfer = book.snapshot().transfers[moment.moment]
    assert (transfer.source, transfer.at_ms) == ("partner", book.now_ms - 2 * DAY_MS)
    assert book.findings() == []


def test_a_check_in_counts_in_the_week_in_which_it_happened_however_late_it_comes() -> None:
    book = Clinic("a")
    book.pass_time(14)
    book.tells("a", days=-15)
    assert (book.counts("a"), book.window("a", 1)) == ((1, 0), None)
    found = book.window("a", 4)
    assert found is not None
    assert found.given == 1
    assert book.findings() == []


def test_where_both_gave_there_are_two_moments_and_each_count_is_told_once() -> None:
    book = Clinic("a")
    said = book.tells("a", told=(Told(kind=Kind.SHARED_COPING, direction="both"),
                                 Told(kind=Kind.PRACTICAL_HELP, direction="received", minutes=30)))
    moments = [each for each in said if isinstance(each, MomentRecorded)]
    assert [(each.kind, each.giver, each.minutes) for each in moments] == [
        ("shared_coping", "a", None), ("shared_coping", "b", None), ("practical_help", "b", 30)]
    assert [each for each in said if isinstance(each, CountsChanged)] == [
        CountsChanged(peer="a", given=1, received=2, given_26w=1, received_26w=2),
        CountsChanged(peer="b", given=2, received=1, given_26w=2, received_26w=1)]
    assert book.findings() == []


def test_the_person_named_may_take_a_moment_back_and_telling_of_it_again_does_not_bring_it_back() -> None:
    book = Clinic("a", "b")
    happened = book.now_ms
    moment = book.every(MomentRecorded)[0].moment if book.tells("a", "b") else ""
    assert reason(book.corrects("b", moment)) == "not_yours"
    book.corrects("a", moment)
    assert (book.counts("a"), book.counts("b")) == ((0, 0), (0, 0))
    assert refusal(book.tells("a", "b", at_ms=happened)) == "already_recorded"


TWO = [("agree", "a"), ("agree", "b")]


@pytest.mark.parametrize(("before", "peers", "days", "expected"), [
    ([], ("a",), 0, "no_consent"),
    ([("agree", "a")], ("a", "b"), 0, "no_consent"),
    ([("agree", "a"), ("take back", "a")], ("a",), 0, "no_consent"),
    ([("agree", "a"), ("take back", "a"), ("agree", "a")], ("a",), 0, None),
    ([("agree to training", "a")], ("a",), 0, "no_consent"),
    (TWO, (None,), 0, "unknown_reference"),
    (TWO, ("a", None), 0, "unknown_reference"),
    ([*TWO, ("leave", "a")], ("a",), 0, "unknown_reference"),
    ([*TWO, ("leave", "b")], ("a", "b"), 0, "unknown_reference"),
    ([*TWO, ("leave", "b")], ("a",), 0, None),
    (TWO, ("a", "a"), 0, "same_person"),
    (TWO, ("a",), 1, "in_future"),
    (TWO, ("a",), 4 / 24 / 60, None),
    (TWO, ("a",), 6 / 24 / 60, "in_future"),
    (TWO, ("a",), -8.9, None),
    (TWO, ("a",), -9, None),
    (TWO, ("a",), -9.1, "before_pair"),
    ([*TWO, ("days", 30)], ("a",), -30, None),
    ([*TWO, ("days", 30)], ("a",), -30.1, "too_long_ago"),
    ([*TWO, ("agree", "c"), ("days", 30)], ("a", "c"), -30.1, "too_long_ago"),
    ([("agree", "c")], ("c",), 0, "no_such_pair"),
    ([*TWO, ("agree", "c")], ("a", "c"), 0, "no_such_pair"),
    ([*TWO, ("end", "ab"), ("days", 1)], ("a",), -1.5, None),
    ([*TWO, ("end", "ab"), ("days", 1)], ("a", "b"), 0, None),
    ([*TWO, ("end", "ab"), ("days", 29.9)], ("a", "b"), 0, None),
    ([*TWO, ("end", "ab"), ("days", 30.1)], ("a", "b"), -29.5, "pair_ended"),
    ([*TWO, ("end", "ab"), ("days", 365)], ("a",), -1, "pair_ended"),
    ([*TWO, ("pair", "ac")], ("a",), 0, "which_pair"),
    ([*TWO, ("pair", "ac")], ("a", "b"), 0, None),
    ([*TWO, ("pair", "ac")], ("b",), 0, None),
    ([*TWO, ("pair", "ac"), ("end", "ac"), ("days", 1)], ("a",), 0, "which_pair"),
    ([*TWO, ("pair", "ac"), ("end", "ac"), ("days", 29.9)], ("a",), 0, "which_pair"),
    ([*TWO, ("pair", "ac"), ("end", "ac"), ("days", 30.1)], ("a",), 0, None),
    ([*TWO, ("pair", "ac"), ("days", 1), ("end", "ac"), ("end", "ab"), ("pair", "ad")], ("a",), 0, "which_pair"),
    ([*TWO, ("pair", "ac"), ("days", 1), ("leave", "b"), ("end", "ab"), ("days", 1)], ("a",), 0, "which_pair"),
    ([*TWO, ("end", "ab"), ("days", 2), ("pair", "ac"), ("days", 2)], ("a",), 0, None),
    ([*TWO, ("end", "ab"), ("days", 2), ("pair", "ac"), ("days", 2)], ("a",), -5, None),
    ([*TWO, ("pair", "ac"), ("days", 1), ("end", "ab"), ("days", 31)], ("a",), -31.5, "too_long_ago"),
    ([*TWO, ("pair", "ac"), ("days", 1), ("end", "ab"), ("days", 31)], ("a", "b"), -29.5, "pair_ended"),
    ([*TWO, ("pair", "ac"), ("days", 1), ("end", "ab"), ("days", 31)], ("a",), -1, None),
    ([*TWO, ("end", "ab"), ("days", 1), ("again", "ab"), ("days", 1), ("end", "ab again"), ("days", 1)],
     ("a", "b"), -0.5, None),
])
def test_every_check_in_is_taken_or_refused_with_the_first_reason_that_holds(
        before: list[tuple[str, Any]], peers: tuple[str | None, ...], days: float, expected: str | None) -> None:
    book = Clinic()
    for what, of in before:
        {"again": lambda of: book.hear(PairFormed(pair=f"{of} again", proposal="another", peers=(of[0], of[1]))),
         "agree": book.agrees, "take back": book.takes_back, "leave": book.leaves, "end": book.closes,
         "days": book.pass_time, "pair": lambda of: book.forms(of[0], of[1]),
         "agree to training": lambda of: book.agrees(of, "training")}[what](of)
    stored = book.stored()
    said = book.tells(*peers, days=days)
    if expected is None:
        assert [type(each) for each in said if isinstance(each, MomentRecorded | CheckinPosted)] == [
            MomentRecorded, CheckinPosted]
    else:
        assert refusal(said) == expected
        assert book.stored() == stored, "a refusal changes nothing"
    assert book.findings() == []
    assert book.rebuilt() == book.stored()


def test_giving_that_a_partner_tells_of_protects_the_giver_as_their_own_word_does() -> None:
    """Once a check-in, however many moments it tells of; and the other of the two, who only received, is not asked."""
    book = Clinic("a")
    for _ in range(13):
        book.tells("a", told=(*LISTENED, Told(kind=Kind.SAT_TOGETHER, direction="gave")))
        book.pass_time(7)
    assert book.every(ReceivingUnrecorded) == [ReceivingUnrecorded(peer="a")]
    assert book.every(GivingUnreturned) == [GivingUnreturned(peer="a")]
    assert book.rebuilt() == book.stored()
    assert book.findings() == []


def test_what_one_partner_may_tell_of_another_may_not() -> None:
    book = Clinic("a")
    assert refusal(book.tells("a", partner="college")) == "no_consent"


def test_a_check_in_of_a_person_whose_buddy_left_goes_against_nobody() -> None:
    book = Clinic("a")
    book.tells("a", days=-1)
    book.leaves("b")
    said = book.tells("a", told=(Told(kind=Kind.SAT_TOGETHER, direction="received"),))
    assert [(each.giver, each.receiver) for each in said if isinstance(each, MomentRecorded)] == [("former", "a")]
    assert book.counts("a") == (1, 1)
    assert book.findings() == []


def test_a_check_in_that_comes_after_the_pair_it_meant_is_forgotten_goes_to_no_other_pair() -> None:
    book = Clinic("a")
    book.forms("a", "c")
    happened = book.now_ms
    book.pass_time(1)
    book.leaves("b")
    book.closes("ab", "left")
    book.pass_time(31)
    assert set(book.snapshot().pairs) == {"ac"}
    assert refusal(book.tells("a", at_ms=happened)) == "too_long_ago"


def test_the_same_told_under_another_id_or_from_the_other_side_is_the_same_moment() -> None:
    book = Clinic("a", "b")
    happened = book.now_ms - DAY_MS
    book.tells("a", "b", at_ms=happened)
    mirrored = (Told(kind=Kind.LISTENED, direction="received"),)
    for peers, told in ((("a", "b"), LISTENED), (("a",), LISTENED), (("b", "a"), mirrored), (("b",), mirrored)):
        assert refusal(book.tells(*peers, told=told, at_ms=happened)) == "already_recorded"
    more = book.tells("a", told=(*LISTENED, Told(kind=Kind.OTHER, direction="gave")), at_ms=happened)
    assert [each.kind for each in more if isinstance(each, MomentRecorded)] == ["other"], "only what is new is added"
    assert book.counts("a") == (2, 0)


def test_who_agreed_to_what_is_forgotten_when_they_leave() -> None:
    book = Clinic("a", "b")
    book.trained("a")
    book.leaves("a")
    assert set(book.snapshot().agreements) == {"b"}
    book.hear(ConsentGiven(peer="a", wording="checkins", version="1", partner="clinic"))
    assert set(book.snapshot().agreements) == {"b"}, "a late entry brings nothing back"


def test_training_is_noted_once_and_only_with_consent() -> None:
    book = Clinic("a")
    assert book.trained("a") == TrainingRefused(training="t1", partner="clinic", reason="no_consent")
    book.agrees("a", "training")
    assert book.trained("a") == TrainingNoted(training="t1", partner="clinic", peer="a", about=ABOUT)
    assert book.trained("a") == TrainingRefused(training="t1", partner="clinic", reason="already_noted")
    book.takes_back("a", "training")
    assert book.trained("a", "t2") == TrainingRefused(training="t2", partner="clinic", reason="no_consent")
    assert book.trained(None) == TrainingRefused(training="t1", partner="clinic", reason="unknown_reference")
    assert book.rebuilt() == book.stored()


TELLING = st.tuples(st.sampled_from([("a",), ("b",), ("a", "b"), ("b", "a")]), st.sampled_from([-8, -2, -1]),
                    st.lists(st.tuples(st.sampled_from(["listened", "other"]), st.sampled_from(["gave", "received", "both"])),
                             min_size=1, max_size=2, unique_by=lambda each: each[0]))


@given(st.data())
def test_in_whatever_order_and_however_often_check_ins_come_the_books_end_the_same(data: st.DataObject) -> None:
    tellings = data.draw(st.lists(TELLING, max_size=6))
    again = data.draw(st.lists(st.sampled_from(tellings), max_size=4)) if tellings else []
    books = []
    for order in (tellings, data.draw(st.permutations([*tellings, *again]))):
        book = Clinic("a", "b")
        for peers, days, told in order:
            book.tells(*peers, days=days, told=tuple(Told(kind=Kind(kind), direction=way) for kind, way in told))
        assert book.findings() == []
        assert book.rebuilt() == book.stored()
        books.append(book)
    one, two = ({id: transfer._asdict() | {"legs": None, "recorded_by": None} for id, transfer in
                 book.snapshot().transfers.items()} for book in books)
    assert one == two
    for peer in "ab":
        assert books[0].counts(peer) == books[1].counts(peer)
        assert [books[0].window(peer, weeks) for weeks in (1, 2, 4)] == [books[1].window(peer, weeks) for weeks in (1, 2, 4)]


def test_the_time_that_late_moments_have_is_the_same_for_check_ins() -> None:
    book = Clinic("a")
    book.closes("ab")
    happened = book.now_ms + DAY_MS
    book.pass_time(LATE_MS / DAY_MS)
    assert isinstance(book.tells("a", at_ms=happened)[-1], CheckinPosted)
    book.now_ms += 1
    assert refusal(book.tells("a", at_ms=happened, told=(Told(kind=Kind.OTHER, direction="gave"),))) == "pair_ended"


STEP = st.one_of(
    st.tuples(st.just("agrees"), st.sampled_from("abc")), st.tuples(st.just("takes_back"), st.sampled_from("abc")),
    st.tuples(st.just("tells"), TELLING), st.tuples(st.just("tells"), TELLING),
    st.tuples(st.just("corrects"), st.integers(0, 5)),
    st.tuples(st.just("closes"), st.sampled_from(["ab", "bc"])), st.tuples(st.just("leaves"), st.sampled_from("abc")),
    st.tuples(st.just("pass_time"), st.sampled_from([0.1, 3, 31])), st.tuples(st.just("trained"), st.sampled_from("abc")))


@given(st.lists(STEP, max_size=25))
def test_whatever_happens_around_check_ins_the_books_add_up_and_can_be_made_again(steps: list[tuple[str, Any]]) -> None:
    book = Clinic("a", "b", "c")
    book.forms("b", "c")
    for what, of in steps:
        if what == "tells":
            peers, days, told = of
            book.tells(*peers, days=days, told=tuple(Told(kind=Kind(kind), direction=way) for kind, way in told))
        elif what == "corrects":
            recorded = book.every(MomentRecorded)
            for each in recorded[of:of + 1]:
                book.corrects(each.recorded_by or "", each.moment)
        else:
            getattr(book, what)(of)
    assert book.findings() == []
    assert book.rebuilt() == book.stored()
    assert not book.snapshot().agreements.keys() & book.snapshot().left.keys()
