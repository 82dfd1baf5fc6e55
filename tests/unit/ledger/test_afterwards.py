"""What people and operators say of a moment once it is written down, and what each of them may."""

from __future__ import annotations

import pytest

from services.ledger.domain.corrections import OtherMemory
from services.ledger.domain.weeks import week_of
from shared.clock import DAY_MS
from shared.events import Correction, CountsChanged, Kind, MomentRefused, MomentRestored, MomentReversed, PairFormed
from tests.unit.ledger.book import Book, reason


@pytest.fixture
def book() -> Book:
    """Ada gave to Ben, who wrote it down (m), and sent him a cup of tea (tea)."""
    book = Book()
    book.forms("a", "b")
    book.forms("b", "c")
    book.shares("a", "b", by="b", moment="m")
    book.sends("a", "b", moment="tea")
    return book


# ── taken back and put back ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_taken_back_can_be_put_back_and_both_counts_are_as_they_were(book: Book) -> None:
    book.corrects("b", "m")
    restored, of_giver, of_receiver = book.puts_back("b", "m")
    assert restored == MomentRestored(moment="m", giver="a", receiver="b")
    assert of_giver == CountsChanged(peer="a", given=2, received=0, given_26w=2, received_26w=0)
    assert of_receiver == CountsChanged(peer="b", given=0, received=2, given_26w=0, received_26w=2)
    assert book.findings() == []


def test_a_correction_of_a_correction_and_of_that_goes_on_as_often_as_people_change_their_minds(book: Book) -> None:
    before = book.stored()["transfers"]
    for times in range(1, 21):
        said = book.corrects("b", "m") if times % 2 else book.puts_back("b", "m")
        assert [type(each) for each in said] == [MomentReversed if times % 2 else MomentRestored, CountsChanged, CountsChanged]
        assert book.counts("a") == (2 - times % 2, 0)
        assert book.chains() == [2 - times % 2]
        assert book.findings() == []
        after = book.stored()["transfers"]
        assert len(after) == len(before) + 1
        assert before.items() <= after.items(), "an entry was edited or deleted"
        before = after
    assert book.rebuilt() == book.stored()


def test_put_back_late_a_moment_stands_in_the_week_in_which_it_happened(book: Book) -> None:
    then = week_of(book.now_ms)
    book.corrects("b", "m")
    book.pass_time(days=70)
    book.puts_back("b", "m")
    assert book.window("a", 4) is None
    [account] = [each for each in book.snapshot().accounts.values() if each.holder == "a"]
    assert (account.latest, account.weeks) == (then, "gl")
    assert book.findings() == []


def test_what_stands_is_put_back_by_nobody(book: Book) -> None:
    before = book.stored()
    assert reason(book.puts_back("b", "m")) == "not_reversed"
    assert reason(book.puts_back(None, "m")) == "not_reversed"
    assert reason(book.puts_back("a", "m")) == "not_yours"
    assert reason(book.puts_back("b", "unheard-of")) == "unknown_moment"
    assert book.stored() == before


def test_an_operator_takes_any_moment_back_and_only_an_operator_puts_that_back(book: Book) -> None:
    [taken_back, *_] = book.corrects(None, "m")
    assert taken_back == MomentReversed(moment="m", giver="a", receiver="b", reason=Correction.OPERATOR)
    assert reason(book.puts_back("b", "m")) == "not_yours"
    assert len(book.puts_back(None, "m")) == 3
    assert len(book.corrects("b", "m")) == 3, "whoever wrote it down may still take it back"
    assert len(book.puts_back("b", "m")) == 3
    assert book.findings() == []


def test_a_correction_bears_the_reason_that_was_given_but_an_operators_is_theirs_alone(book: Book) -> None:
    assert book.corrects("b", "m", Correction.SAME_MOMENT)[0] == MomentReversed(
        moment="m", giver="a", receiver="b", reason=Correction.SAME_MOMENT)
    book.puts_back("b", "m")
    assert book.corrects("b", "m", Correction.OPERATOR)[0] == MomentReversed(moment="m", giver="a", receiver="b")
    assert len(book.puts_back("b", "m")) == 3


def test_an_operators_refusal_is_told_to_nobody(book: Book) -> None:
    assert book.corrects(None, "unheard-of") == [
        MomentRefused(moment="unheard-of", peer=None, reason="unknown_moment")]


def test_what_a_former_peer_wrote_down_an_operator_can_take_back_and_put_back(book: Book) -> None:
    book.leaves("b")
    assert book.corrects(None, "m")[0] == MomentReversed(
        moment="m", giver="a", receiver="former", reason=Correction.OPERATOR)
    assert book.puts_back(None, "m")[0] == MomentRestored(moment="m", giver="a", receiver="former")
    assert book.findings() == []


# ── remembered differently ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_other_remembers_differently_stands_and_is_noted(book: Book) -> None:
    assert book.differs("a", "m") == []
    assert book.snapshot().memories == {"m": OtherMemory(since_ms=book.now_ms)}
    assert (book.counts("a"), book.counts("b")) == ((2, 0), (0, 2))


def test_said_twice_it_is_said_once(book: Book) -> None:
    book.differs("a", "m")
    before = book.stored()
    book.pass_time(days=1)
    assert book.differs("a", "m") == []
    assert book.stored() == before


@pytest.mark.parametrize(("peer", "moment", "why"), [
    ("b", "m", "not_yours"),  # who wrote it down takes it back instead
    ("c", "m", "not_yours"), ("nobody", "m", "not_yours"), ("a", "tea", "not_yours"), ("a", "unheard-of", "unknown_moment")])
def test_only_the_other_of_the_two_can_remember_a_moment_differently(book: Book, peer: str, moment: str, why: str) -> None:
    before = book.stored()
    assert reason(book.differs(peer, moment)) == why
    assert book.stored() == before


def test_taken_back_by_agreement_nothing_is_left_to_settle(book: Book) -> None:
    book.differs("a", "m")
    assert book.corrects("b", "m", Correction.AGREED)[0] == MomentReversed(
        moment="m", giver="a", receiver="b", reason=Correction.AGREED)
    assert book.snapshot().memories == {}
    assert reason(book.differs("a", "m")) == "already_reversed"
    book.puts_back("b", "m")
    book.differs("a", "m")
    assert set(book.snapshot().memories) == {"m"}, "put back it can be remembered differently again"
    assert book.findings() == []


def test_who_wrote_it_down_may_uphold_it_and_an_operator_has_the_last_word(book: Book) -> None:
    book.differs("a", "m")
    since_ms = book.now_ms
    assert book.upholds("b", "m") == []
    assert book.snapshot().memories["m"] == OtherMemory(since_ms=since_ms, upheld="writer")
    assert book.upholds(None, "m") == []
    assert book.upholds("b", "m") == []
    book.differs("a", "m")
    assert book.snapshot().memories["m"] == OtherMemory(since_ms=since_ms, upheld="operator")


def test_only_whoever_wrote_a_moment_down_or_an_operator_can_uphold_it(book: Book) -> None:
    book.differs("a", "m")
    before = book.stored()
    assert reason(book.upholds("a", "m")) == "not_yours"
    assert reason(book.upholds(None, "unheard-of")) == "unknown_moment"
    assert book.stored() == before
    book.corrects("b", "m")
    assert reason(book.upholds("b", "m")) == "already_reversed"


def test_to_uphold_what_nobody_remembers_differently_changes_nothing(book: Book) -> None:
    before = book.stored()
    assert book.upholds("b", "m") == book.upholds(None, "m") == []
    assert book.stored() == before


def test_of_another_memory_nothing_leads_back_to_either_once_they_have_left() -> None:
    book = Book()
    book.hear(PairFormed(pair="p", proposal="q", peers=("peer-ada", "peer-cleo")))
    book.shares("peer-ada", "peer-cleo", pair="p", moment="m", both_ways=True)
    book.shares("peer-ada", "peer-cleo", by="peer-ada", pair="p", moment="n")
    book.differs("peer-ada", "m")
    book.thanks("peer-ada", "peer-cleo", "m", pair="p")
    book.leaves("peer-ada")
    assert "peer-ada" not in repr({table: rows for table, rows in book.stored().items() if table != "left"})
    assert (set(book.snapshot().memories), book.snapshot().pairs["p"].recent) == ({"m"}, ())
    book.leaves("peer-cleo")
    assert "peer-cleo" not in repr({table: rows for table, rows in book.stored().items() if table != "left"})
    assert book.findings() == []


# ── the same moment ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_that_two_moments_are_two_changes_nothing_and_only_whoever_wrote_it_says_so(book: Book) -> None:
    book.shares("a", "b", by="a", moment="n")
    before = book.stored()
    assert book.keeps_apart("a", "n") == []
    assert reason(book.keeps_apart("b", "n")) == "not_yours"
    assert reason(book.keeps_apart("a", "unheard-of")) == "unknown_moment"
    assert book.stored() == before


# ── thanks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_thanks_count_nothing_and_stand_nowhere_in_the_books(book: Book) -> None:
    before = book.stored()
    assert book.thanks("a", "b", "m") == book.thanks("b", "a", "tea") == []
    assert book.stored() == before


@pytest.mark.parametrize(("peer", "to", "moment", "pair", "why"), [
    ("a", "b", "m", "unheard-of", "unknown_pair"),
    ("c", "b", "m", "ab", "not_of_this_pair"),
    ("a", "a", "m", "ab", "same_person"),
    ("a", "b", "unheard-of", "ab", "unknown_moment"),
    ("b", "a", "m", "ab", "not_yours"),  # who wrote it down
    ("c", "b", "m", "bc", "not_yours"),  # of another pair
])
def test_only_the_other_of_the_two_thanks_for_a_moment(
        book: Book, peer: str, to: str, moment: str, pair: str, why: str) -> None:
    said = book.thanks(peer, to, moment, pair)
    assert said == [MomentRefused(moment=moment, peer=peer, reason=why)]  # type: ignore[arg-type]  # one of them


def test_thanks_for_what_was_taken_back_or_after_the_pair_ended_reach_nobody(book: Book) -> None:
    book.corrects("b", "m")
    assert reason(book.thanks("a", "b", "m")) == "already_reversed"
    book.closes("ab")
    assert reason(book.thanks("b", "a", "tea")) == "pair_ended"


# ── a moment of every kind, and of a former peer, can be taken back ──────────────────────────────────────────────────


@pytest.mark.parametrize("kind", Kind)
def test_a_moment_of_any_kind_is_taken_back_and_put_back(book: Book, kind: Kind) -> None:
    book.shares("a", "b", moment="n", kind=kind, days=-0.5)
    book.pass_time(days=20)
    book.corrects("b", "n")
    book.puts_back("b", "n")
    assert book.findings() == []
    assert book.snapshot().transfers["n"].at_ms == book.now_ms - round(20.5 * DAY_MS)
