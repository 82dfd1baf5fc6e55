"""The counts that signals come from: any history ends in those that a naive recount of it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.domain.members import PULSE_AFTER, PULSE_WEEKS
from services.ledger.domain.tallies import moved
from services.ledger.domain.weeks import day_of, week_of, week_of_day
from services.ledger.signals.weekly import begins_ms, due_after
from services.ledger.store import COMMUNITIES, CONCERNS, SIGNALS, TALLIES, WAITING, Community
from shared.clock import DAY_MS
from shared.events import (
    Answer,
    BreakEnded,
    BreakKind,
    BreakStarted,
    ConcernClosed,
    ConcernRaised,
    Ending,
    Kind,
    Listened,
    MilestoneReached,
    MomentRecorded,
    MomentRestored,
    MomentReversed,
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
    SignalsComputed,
    SignalsIntended,
    TimerElapsed,
    WaitingCounted,
    Way,
)
from tests.unit.ledger.book import Book

SEAL = Sealed("s1.a.sealed")
NORTH, SOUTH = "abc", "wx"
"""Two communities on one ledger; nobody is paired with somebody of the other."""


class Town(Book):
    """A ledger that people join before anything else happens."""

    def joins(self, *peers: str) -> None:
        for peer in peers:
            self.hear(PeerJoined(peer=peer, community="north" if peer in NORTH else "south", profile=SEAL))

    def proposes(self, a: str, b: str) -> None:
        self.hear(ProposalMade(proposal=f"of {a}{b}", requests=(a, b), peers=(a, b), reasons=(SEAL, SEAL), benefit=1,
                               lapses_ms=1))

    def ends(self, pair: str, ending: Ending) -> None:
        self.hear(PairEnded(peer=pair[0], pair=pair, ending=ending))
        self.hear(PairClosed(pair=pair, peers=(pair[0], pair[1]), reason="ended"))

    def community(self, name: str = "north") -> Community:
        return COMMUNITIES.load(self.stored()["communities"][name])

    def counts_now(self, name: str = "north") -> dict[str, int]:
        return dict(self.community(name).counts)

    def tallies(self) -> dict[tuple[str, int], Counter[str]]:
        """Everything that is counted, by community and week."""
        stored = self.stored()
        found = {(id.partition(":")[0], int(id.partition(":")[2])): Counter(TALLIES.load(text).counts)
                 for id, text in stored["tallies"].items()}
        for name, text in stored["communities"].items():
            row = COMMUNITIES.load(text)
            found[name, row.week] = Counter(row.counts)
        return {key: counts for key, counts in found.items() if counts}


class Recount:
    """The same counted from the whole history, one event after the other, with everybody's life in mind."""

    def __init__(self, town: Town) -> None:
        self.counts: dict[tuple[str, int], Counter[str]] = {}
        self.joined: dict[str, int] = {}
        self.left: set[str] = set()
        self.pairs: dict[str, tuple[str, str]] = {}
        self.closed: set[str] = set()
        self.endings: dict[str, str] = {}
        self.paused: dict[str, int] = {}
        self.rested: dict[str, set[int]] = {}
        self.moments: dict[str, tuple[str, int, list[str], str, str]] = {}
        self.stand: dict[str, Counter[str]] = {}
        self.firsts: dict[str, dict[str, int]] = {}
        self.asked: dict[str, tuple[int, bool]] = {}
        self.concerns: dict[str, tuple[str, int]] = {}
        self._chains = {id: transfer.chain for id, transfer in town.snapshot().transfers.items()}
        for at_ms, event in town.history():
            getattr(self, f"_{type(event).__name__}", lambda *_: None)(event, at_ms)
        self._count_firsts()

    def add(self, of: str, week: int, key: str, by: int = 1) -> None:
        name = of if of in ("north", "south") else "north" if of in NORTH else "south"
        self.counts.setdefault((name, week), Counter())[key] += by

    def result(self) -> dict[tuple[str, int], Counter[str]]:
        return {key: +counts for key, counts in self.counts.items() if +counts}

    def _PeerJoined(self, event: PeerJoined, at_ms: int) -> None:
        self.joined[event.peer] = at_ms
        self.add(event.peer, week_of(at_ms), "joined")

    def _ProposalMade(self, event: ProposalMade, at_ms: int) -> None:
        for peer in event.peers:
            if peer not in self.left:
                self._first(peer, "proposal", at_ms)

    def _PairFormed(self, event: PairFormed, at_ms: int) -> None:
        if not self.left & {*event.peers}:
            self.pairs[event.pair] = event.peers
            self.add(event.peers[0], week_of(at_ms), "formed")

    def _PairEnded(self, event: PairEnded, _at_ms: int) -> None:
        if event.peer not in self.left and event.pair in self.pairs:
            self.endings.setdefault(event.pair, event.ending)

    def _PairClosed(self, event: PairClosed, at_ms: int) -> None:
        how = event.reason if event.reason != "ended" else self.endings.get(event.pair, "")
        self._ends(event.pair, how, at_ms)

    def _ends(self, pair: str, how: str, at_ms: int) -> None:
        if pair in self.pairs and pair not in self.closed:
            self.closed.add(pair)
            if how:
                self.add(pair[0], week_of(at_ms), f"ending:{how}")
            if day := self.paused.pop(pair, None):
                self.add(pair[0], week_of_day(day), "break:ended")

    def _PeerLeft(self, event: PeerLeft, at_ms: int) -> None:
        self.left.add(event.peer)
        self.rested.pop(event.peer, None)
        for pair, peers in self.pairs.items():
            if {*peers} <= self.left:
                self._ends(pair, "left", at_ms)

    def _BreakStarted(self, event: BreakStarted, at_ms: int) -> None:
        if event.peer in self.left:
            return
        self._is_back(event.peer, at_ms)
        self.rested[event.peer] |= {*range(day_of(at_ms), max(day_of(at_ms), day_of(event.until_ms - 1)) + 1)}
        for pair in self._open(event.peer) if event.kind is BreakKind.BREAK else ():
            self.paused.setdefault(pair, day_of(at_ms))

    def _BreakEnded(self, event: BreakEnded, at_ms: int) -> None:
        self._is_back(event.peer, at_ms)

    def _is_back(self, peer: str, at_ms: int) -> None:
        self.rested[peer] = {day for day in self.rested.get(peer, ()) if day <= day_of(at_ms)}

    def _open(self, peer: str) -> Iterator[str]:
        return (pair for pair, peers in self.pairs.items() if peer in peers and pair not in self.closed)

    def _MomentRecorded(self, event: MomentRecorded, at_ms: int) -> None:
        day = day_of(at_ms if event.happened_ms is None else event.happened_ms)
        way = event.way or ("message" if event.kind is Kind.GESTURE else "not_said")
        keys = [f"kind:{event.kind}", f"way:{way}", f"chain:{self._chains[event.moment]}"]
        self.moments[event.moment] = (event.pair, week_of_day(day), keys, event.giver, event.receiver)
        self._stands(event.moment, 1, at_ms)
        rest = any(day in self.rested.get(peer, ()) for peer in self.pairs[event.pair])
        if not rest and day > self.paused.get(event.pair, day):
            self.add(event.pair[0], week_of_day(self.paused.pop(event.pair)), "break:went_on")

    def _MomentReversed(self, event: MomentReversed, at_ms: int) -> None:
        self._stands(event.moment, -1, at_ms)

    def _MomentRestored(self, event: MomentRestored, at_ms: int) -> None:
        self._stands(event.moment, 1, at_ms)

    def _stands(self, moment: str, by: int, at_ms: int) -> None:
        pair, week, keys, giver, receiver = self.moments[moment]
        for key in keys:
            self.add(pair[0], week, key, by)
        for peer, side in ((giver, "giving"), (receiver, "receiving")):
            if peer != "former" and peer not in self.left:
                stand = self.stand.setdefault(peer, Counter())
                stand[side] += by
                if not stand[side]:
                    self.firsts[peer].pop(side)
                elif by > 0 and stand[side] == 1:
                    self._first(peer, side, at_ms)

    def _first(self, peer: str, what: str, at_ms: int) -> None:
        if peer in self.joined:
            self.firsts.setdefault(peer, {}).setdefault(what, day_of(at_ms) - day_of(self.joined[peer]))

    def _count_firsts(self) -> None:
        for peer, firsts in self.firsts.items():
            hello = [firsts[side] for side in ("giving", "receiving") if side in firsts]
            for what, days in {**firsts, **({"hello": min(hello)} if hello else {})}.items():
                if what != "receiving":
                    self.add(peer, week_of(self.joined[peer]), f"{what}:{days}")

    def _PulseOffered(self, event: PulseOffered, at_ms: int) -> None:
        stand = self.stand[event.peer]
        assert stand["giving"] + stand["receiving"] >= PULSE_AFTER
        assert week_of(at_ms) - self.asked.get(event.peer, (0, False))[0] >= PULSE_WEEKS
        assert day_of(at_ms) not in self.rested.get(event.peer, ())
        self.asked[event.peer] = (week_of(at_ms), True)
        self.add(event.peer, week_of(at_ms), "pulse:offered")

    def _PulseAnswered(self, event: PulseAnswered, _at_ms: int) -> None:
        week, open = self.asked.get(event.peer, (0, False))
        if open and event.peer not in self.left:
            self.asked[event.peer] = (week, False)
            self.add(event.peer, week, f"pulse:{event.listened}")

    def _PeerBlocked(self, event: PeerBlocked, at_ms: int) -> None:
        if event.peer not in self.left:
            self.add(event.peer, week_of(at_ms), "block")

    def _ConcernRaised(self, event: ConcernRaised, at_ms: int) -> None:
        if event.peer not in self.left:
            self.concerns[event.concern] = (event.peer, at_ms)
            self.add(event.peer, week_of(at_ms), "concern")

    def _ConcernClosed(self, event: ConcernClosed, at_ms: int) -> None:
        if event.concern in self.concerns:
            peer, raised_ms = self.concerns.pop(event.concern)
            self.add(peer, week_of(raised_ms), f"looked:{(at_ms - raised_ms) // 3_600_000}")


PEERS = st.sampled_from([*NORTH, *SOUTH])
PAIRS = st.sampled_from(["ab", "ab", "bc", "wx"])
STEPS = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([0.01, 0.5, 1, 3, 7, 30, 90])),
    st.tuples(st.just("forms"), PAIRS), st.tuples(st.just("proposes"), PAIRS),
    st.tuples(st.just("shares"), PAIRS, st.booleans(), st.sampled_from([*Kind]), st.sampled_from([None, *Way]),
              st.sampled_from([None, None, 0, -1, -9, -30]), st.booleans()),
    st.tuples(st.just("tells"), st.sampled_from([-20, -3, 0])), st.tuples(st.just("puts_back"), st.integers(1, 6)),
    st.tuples(st.just("sends"), PAIRS, st.booleans()),
    st.tuples(st.just("corrects"), st.integers(1, 6)), st.tuples(st.just("corrects"), st.integers(1, 6)),
    st.tuples(st.just("sends"), PAIRS, st.booleans()),
    st.tuples(st.just("ends"), PAIRS, st.sampled_from([*Ending])), st.tuples(st.just("closes"), PAIRS),
    st.tuples(st.just("rests"), PEERS, st.sampled_from([*BreakKind]), st.sampled_from([0.2, 5, 40])),
    st.tuples(st.just("returns"), PEERS), st.tuples(st.just("not_now"), PEERS),
    st.tuples(st.just("answers"), PEERS, st.sampled_from([*Listened])), st.tuples(st.just("blocks"), PEERS),
    st.tuples(st.just("concern"), PEERS, st.integers(1, 4)), st.tuples(st.just("look"), st.integers(1, 4)),
    st.tuples(st.just("leaves"), PEERS))


def live(town: Town, step: tuple[Any, ...]) -> None:
    match step:
        case "time", days:
            town.pass_time(days)
        case "forms", pair:
            if pair not in town.snapshot().pairs:
                town.forms(pair[0], pair[1])
        case "proposes", pair:
            town.proposes(pair[0], pair[1])
        case "shares", pair, turned, kind, way, days, both_ways:
            giver, receiver = reversed(pair) if turned else pair
            town.shares(giver, receiver, by=pair[0], kind=kind, way=way, days=days, both_ways=both_ways)
        case "tells", days:
            town.tells("a", "b", days=days)
        case "puts_back", n:
            town.puts_back(None, f"moment {n}")
        case "sends", pair, turned:
            giver, receiver = reversed(pair) if turned else pair
            town.sends(giver, receiver)
        case "corrects", n:
            by = {each.moment: each.recorded_by for each in town.every(MomentRecorded)}
            town.corrects(by.get(f"moment {n}") or "a", f"moment {n}")
        case "ends", pair, ending:
            town.ends(pair, ending)
        case "closes", pair:
            town.hear(PairClosed(pair=pair, peers=(pair[0], pair[1]), reason="blocked"))
        case "rests", peer, kind, days:
            town.hear(BreakStarted(peer=peer, kind=kind, until_ms=town.now_ms + round(days * DAY_MS)))
        case "returns", peer:
            town.returns(peer)
        case "not_now", peer:
            town.hear(ProposalAnswered(peer=peer, proposal="p", answer=Answer.NOT_NOW))
        case "answers", peer, listened:
            town.hear(PulseAnswered(peer=peer, listened=listened))
        case "blocks", peer:
            town.hear(PeerBlocked(peer=peer, blocked="somebody"))
        case "concern", peer, n:
            if f"concern {n}" not in {event.concern for event in town.heard(ConcernRaised)}:
                town.hear(ConcernRaised(concern=f"concern {n}", peer=peer, text=SEAL))
        case "look", n:
            town.hear(ConcernClosed(concern=f"concern {n}"))
        case "leaves", peer:
            town.hear(PeerLeft(peer=peer))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, min_size=20, max_size=60))
def test_any_history_ends_in_the_counts_that_a_recount_of_it_finds_and_so_does_a_rebuild(steps: list[tuple[Any, ...]]) -> None:
    town = Town()
    town.joins(*NORTH, *SOUTH)
    for pair in ("ab", "wx"):
        town.forms(pair[0], pair[1])
    for peer in "ab":
        town.agrees(peer)
    for step in steps:
        live(town, step)
    assert town.tallies() == Recount(town).result()
    assert town.stored() == town.rebuilt()
    assert town.findings() == []
    for name, members in (("north", NORTH), ("south", SOUTH)):
        open_pairs = [id for id, pair in town.snapshot().pairs.items() if pair.closed_ms is None and id[0] in members]
        assert town.community(name).pairs == len(open_pairs)


def test_a_moment_moves_a_community_by_what_it_is_and_a_correction_takes_exactly_that_away() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    before = town.counts_now()
    town.hear(MomentShared(moment="m", pair="ab", giver="a", receiver="b", kind=Kind.LISTENED, recorded_by="b", way=Way.CALL))
    assert Counter(town.counts_now()) - Counter(before) == Counter(
        {"kind:listened": 1, "way:call": 1, "chain:1": 1, "giving:0": 1, "hello:0": 2})
    town.corrects("b", "m")
    assert town.counts_now() == before


def test_a_pair_goes_on_with_the_first_moment_after_a_break_and_counts_in_the_week_in_which_that_began() -> None:
    town = Town()
    town.joins("a", "b", "c")
    town.forms("a", "b")
    town.forms("b", "c")
    week = week_of(town.now_ms)
    town.rests("b", 10)
    town.sends("a", "b")
    town.pass_time(12)
    town.sends("a", "b")
    town.sends("a", "b")
    town.ends("ab", Ending.AGREED)
    town.ends("bc", Ending.MOVED_ON)
    counts = town.tallies()["north", week]
    assert (counts["break:went_on"], counts["break:ended"]) == (1, 1)


def test_what_happened_before_a_break_is_no_going_on_however_late_it_is_written_down() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.pass_time(8)
    week = week_of(town.now_ms)
    town.rests("b", 10)
    town.pass_time(12)
    town.shares("a", "b", days=-5)
    town.shares("a", "b", days=-13)
    assert town.tallies()["north", week]["break:went_on"] == 0
    town.shares("a", "b", days=-1)
    assert town.tallies()["north", week]["break:went_on"] == 1


def test_no_pair_is_asked_how_it_came_through_a_difficult_day() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.hear(BreakStarted(peer="a", kind=BreakKind.DIFFICULT_DAY, until_ms=town.now_ms + 1))
    town.pass_time(2)
    town.sends("a", "b")
    assert not any(key.startswith("break") for key in town.counts_now())


def test_a_gesture_goes_by_message() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.sends("a", "b")
    assert town.counts_now()["way:message"] == 1


def test_what_a_former_peer_gave_is_taken_back_from_the_community_it_counted_in() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.shares("a", "b", moment="m")
    town.leaves("a")
    town.corrects("b", "m")
    assert "kind:listened" not in town.counts_now()


def test_a_moment_is_in_the_books_though_nobody_knows_any_more_which_community_it_counts_in() -> None:
    """Whoever came before signals were counted belongs nowhere until the state is made again from the log."""
    town = Town()
    town.joins("a")
    town.forms("a", "b")
    town.leaves("a")
    before = town.counts_now()
    town.shares("a", "b", by="b", moment="m")
    assert town.counts("b") == (0, 1)
    town.corrects("b", "m")
    assert town.counts("b") == (0, 0)
    assert town.counts_now() == before


def test_a_first_time_is_said_once_and_again_only_when_it_was_none() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.pass_time(3)
    town.shares("a", "b", moment="m")
    town.shares("a", "b")
    reached = [(each.peer, each.milestone) for each in town.every(MilestoneReached)]
    assert reached == [("a", "first_giving"), ("b", "first_receiving")]
    town.shares("b", "a", moment="n")
    town.corrects("a", "n")
    town.pass_time(2)
    town.shares("b", "a")
    assert [(each.peer, each.milestone) for each in town.every(MilestoneReached)] == [
        *reached, ("b", "first_giving"), ("a", "first_receiving"), ("b", "first_giving"), ("a", "first_receiving")]


def test_a_question_comes_with_the_third_moment_then_once_in_twelve_weeks_and_never_on_a_break() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.shares("a", "b")
    town.shares("b", "a")
    assert town.every(PulseOffered) == []
    town.rests("a", 1)
    town.shares("a", "b")
    assert [each.peer for each in town.every(PulseOffered)] == ["b"]
    town.pass_time(2)
    town.sends("b", "a")
    assert [each.peer for each in town.every(PulseOffered)] == ["b", "a"]
    town.pass_time(11 * 7)
    town.sends("b", "a")
    assert len(town.every(PulseOffered)) == 2
    town.pass_time(7)
    town.sends("b", "a")
    assert [each.peer for each in town.every(PulseOffered)][2:] == ["b", "a"]


def test_a_question_is_answered_once_and_the_answer_stands_where_the_question_does() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    for _ in range(3):
        town.sends("a", "b")
    week = week_of(town.now_ms)
    town.pass_time(14)
    town.hear(PulseAnswered(peer="a", listened=Listened.YES))
    town.hear(PulseAnswered(peer="a", listened=Listened.NO))
    town.sends("a", "b")
    assert town.tallies()["north", week]["pulse:yes"] == 1
    assert "pulse:no" not in Counter(town.tallies()["north", week]) + Counter(town.counts_now())


def test_nothing_that_is_kept_leads_back_to_whoever_left() -> None:
    town = Town()
    town.joins("a", "b")
    town.proposes("a", "b")
    town.forms("a", "b")
    for _ in range(3):
        town.sends("a", "b")
    town.hear(ProposalAnswered(peer="a", proposal="p", answer=Answer.NOT_NOW))
    town.hear(ConcernRaised(concern="c", peer="a", text=SEAL))
    before = Counter(town.counts_now())
    a = "a"
    town.leaves(a)
    town.hear(PairClosed(pair="ab", peers=("a", "b"), reason="left"))
    assert Counter(town.counts_now()) - before == Counter({"ending:left": 1})
    stored = town.stored()
    assert a not in stored["holders"]
    assert b'"holder":"a"' not in b"".join(stored["accounts"].values())
    assert [CONCERNS.load(text).community for text in stored["concerns"].values()] == ["north"]


def test_signals_are_intended_every_monday_and_computed_ones_are_kept_once() -> None:
    town = Town()
    town.joins("a")
    town.joins("b")
    [timer] = town.timers
    assert isinstance(timer, TimerElapsed)
    assert timer.due_ms == due_after(town.now_ms) == begins_ms(week_of(town.now_ms) + 1) + 600_000
    first = week_of(town.now_ms)
    town.pass_time(21)
    assert town.every(SignalsIntended) == [SignalsIntended(community="north", week=first + n) for n in range(3)]
    assert town.community().under_way == (first, first + 1, first + 2)
    for week in (first + 1, first + 1, first + 9):
        town.hear(SignalsComputed(community="north", week=week, signals=()))
    assert town.community().under_way == (first, first + 2)
    assert [*town.stored()["signals"]] == [f"north:{first + 1}"]
    assert SIGNALS.load(town.stored()["signals"][f"north:{first + 1}"]).signals == ()
    assert town.stored() == town.rebuilt()


def test_a_timer_that_was_lost_is_set_again_by_what_happens_next_and_no_week_is_intended_twice() -> None:
    town = Town()
    town.joins("a", "b")
    town.forms("a", "b")
    town.shares("a", "b", moment="m")
    lost = town._timers.pop()
    town.pass_time(30)
    town.corrects("b", "m")
    assert town.timers == []  # a correction notes none either, so it would set one after the other
    town.sends("a", "b")
    assert len(town.timers) == 1
    town.hear(lost[2])
    assert town.every(SignalsIntended) == []
    town.pass_time(7)
    assert len(town.every(SignalsIntended)) == 1


def test_who_waits_is_kept_as_last_counted() -> None:
    town = Town()
    for waiting in (9, 7):
        town.hear(WaitingCounted(community="north", waiting=waiting, practical=5))
    kept = WAITING.load(town.stored()["waiting"]["north"])
    assert (kept.week, kept.waiting.people, kept.waiting.practical) == (week_of(town.now_ms), 7, 5)


def test_a_bag_of_counts_is_the_same_in_whatever_order_it_was_filled() -> None:
    one = moved(moved(moved({}, {"b": 1}), {"a": 2, "c": 1}), {"c": -1})
    assert one == {"a": 2, "b": 1}
    assert [*one] == [*moved(moved({}, {"a": 2}), {"b": 1})]
