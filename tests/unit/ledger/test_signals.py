"""What signals are told as: fine, a look, or too few to say; and that nothing small can be worked out from what is told."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from typing import Any

import pytest

from services.ledger.domain.breaks import Breaks
from services.ledger.domain.entries import Account
from services.ledger.domain.members import RESTS, Rested
from services.ledger.domain.people import Person, returned, seen
from services.ledger.domain.signals import DEFINITIONS, Attention, Group, Known, Waiting, compute
from services.ledger.domain.telling import Figure, parts_of, tell
from services.ledger.domain.weeks import Weeks
from services.ledger.settings import LedgerSettings
from shared.clock import DAY_MS
from shared.events import BreakKind, Kind, Signal
from shared.few import LEAST

WEEK = 3000


def somebody(gave: int = 0, received: int = 0, here: bool = True, **more: Any) -> Person:
    return Person(here, gave, received, gave, received, **{"returned": False, "rest": None, "trained": False, **more})


def known(*, people: list[Person] | None = None, counts: dict[str, int] | None = None, pairs: int = 0,
          hours: tuple[int, ...] = (), waiting: Waiting | None = None, trained_before: float | None = None,
          week: int = WEEK) -> Known:
    return Known(week=WEEK, tallies={week: counts or {}}, people=people or [], pairs=pairs, open_hours=hours, waiting=waiting,
                 trained_before=trained_before)


def signal(name: str, of: Known) -> Signal:
    return next(each for each in compute(of, Attention()) if each.name == name)


def both(some: int, of: int) -> Known:
    return known(people=[somebody(1, 1)] * some + [somebody(1, 0)] * (of - some))


def tenth(top: int) -> Known:
    """Fifty people, five of whom gave so many each."""
    return known(people=[somebody(top)] * 5 + [somebody(2)] * 45)


ACTIVE = [somebody(1, 1)] * 5
"""As many as there have to be for moments to be told."""


def counted(**counts: int) -> Known:
    return known(counts={key.replace("__", ":"): count for key, count in counts.items()}, people=ACTIVE)


def days(what: str, day: int, people: int = 10, joined: int = 20) -> Known:
    return known(counts={"joined": joined, f"{what}:{day}": people})


def waits(people: int = 20, practical: int | None = 10, oldest: int = 5, groups: tuple[Group, ...] = ()) -> Known:
    return known(waiting=Waiting(people, 6, practical, oldest, groups))


def trained(some: int, before: float | None) -> Known:
    return known(people=[somebody(1, trained=True)] * some + [somebody(1)] * (20 - some), trained_before=before)


STATES: list[tuple[str, Known, Known | None, Known]] = [
    ("gave_and_received", both(10, 20), both(9, 20), both(4, 20)),
    ("giving_by_top_tenth", tenth(18), tenth(19), known(people=[somebody(9)] * 40)),
    ("returned_through_network", known(people=[somebody(10, 5)] * 5), None, known(people=[somebody(10, 9)] * 4)),
    ("chains", counted(chain__1=20, chain__2=5), None, counted(chain__1=20, chain__2=4)),
    ("kinds", counted(kind__listened=5, kind__other=5, kind__gesture=5), counted(kind__listened=5, kind__other=5),
     counted(kind__listened=4)),
    ("giving_by_way", counted(way__call=10, way__not_said=10), None, counted(way__call=4)),
    ("breaks_and_not_now", known(people=[somebody(rest="break")] * 5 + [somebody(1)] * 5), None,
     known(people=[somebody(rest="break")] * 4 + [somebody(1)] * 9)),
    ("pairs_through_breaks", counted(break__went_on=6, break__ended=4), counted(break__went_on=5, break__ended=5),
     counted(break__went_on=4, break__ended=5)),
    ("returns", known(people=[somebody(returned=True)] * 5), None, known(people=[somebody(returned=True)] * 4)),
    ("felt_listened_to", counted(pulse__yes=14, pulse__partly=3, pulse__no=3, pulse__skip=30),
     counted(pulse__yes=13, pulse__no=7), counted(pulse__yes=4, pulse__no=9)),
    ("pulse_answers", counted(pulse__offered=40, pulse__yes=6), counted(pulse__offered=41, pulse__yes=6, pulse__skip=9),
     counted(pulse__offered=40, pulse__yes=4)),
    ("newcomers_first_proposal", days("proposal", 14), days("proposal", 15), days("proposal", 1, people=4)),
    ("newcomers_first_hello", days("hello", 21), days("hello", 22), days("hello", 1, joined=4)),
    ("newcomers_first_giving", days("giving", 42), days("giving", 43), days("giving", 1, people=0)),
    ("training", trained(10, 0.5), trained(9, 0.5), trained(4, 0.1)),
    ("practical_help", waits(oldest=21), waits(oldest=22), waits(practical=4, oldest=99)),
    ("waiting_by_group", waits(groups=(Group("language", "cy", 5, 12),)), waits(groups=(Group("language", "cy", 5, 13),)),
     waits(people=4, practical=0)),
    ("blocks_and_concerns", known(counts={"block": 3, "concern": 2}, pairs=100),
     known(counts={"block": 4, "concern": 2}, pairs=100), known(counts={"block": 4}, pairs=10)),
    ("concern_look_hours", counted(looked__24=5), known(counts={"looked:2": 2}, hours=(25, 26, 160)), counted(looked__99=4)),
    ("endings", counted(ending__agreed=45, ending__safety=5), counted(ending__left=44, ending__safety=2, ending__blocked=3),
     counted(ending__agreed=45, ending__blocked=4)),
]
"""Of each signal what is fine, what deserves a look (none: it is only told), and what is too little to say."""


@pytest.mark.parametrize(("name", "fine", "look", "few"), STATES, ids=[each[0] for each in STATES])
def test_a_signal_is_fine_or_deserves_a_look_or_is_too_few_to_say(
        name: str, fine: Known, look: Known | None, few: Known) -> None:
    assert signal(name, fine).state == "fine"
    assert look is None or signal(name, look).state == "look"
    told = signal(name, few)
    assert (told.state, told.numerator, told.denominator, told.value, told.parts) == ("too_few", None, None, None, ())


def test_every_signal_has_its_scenarios_and_every_setting_its_signal() -> None:
    names = [each.name for each in DEFINITIONS]
    assert sorted(names) == sorted(each[0] for each in STATES)
    settings = {each.removeprefix("look_") for each in LedgerSettings.model_fields if each.startswith("look_")}
    assert settings == {each.name for each in fields(Attention)} <= set(names)


def test_where_nothing_happened_nothing_is_said_but_that_nothing_bad_did() -> None:
    told = {each.name: each for each in compute(known(), Attention())}
    assert {name for name, each in told.items() if each.state != "too_few"} == {"returns", "concern_look_hours"}
    assert (told["concern_look_hours"].numerator, told["concern_look_hours"].value) == (0, None)


def test_a_window_ends_with_its_week_and_is_as_long_as_it_says() -> None:
    assert signal("kinds", known(counts={"kind:listened": 5}, people=ACTIVE, week=WEEK - 11)).numerator == 1
    assert signal("kinds", known(counts={"kind:listened": 5}, people=ACTIVE, week=WEEK - 12)).state == "too_few"
    assert signal("kinds", known(counts={"kind:listened": 5}, people=ACTIVE, week=WEEK + 1)).state == "too_few"


def test_what_former_peers_gave_counts_in_giving_and_they_are_not_among_the_people() -> None:
    of = known(people=[somebody(2, 2)] * 6 + [somebody(4, 0, here=False)] * 2)
    assert (signal("gave_and_received", of).numerator, signal("gave_and_received", of).denominator) == (6, 6)
    assert (signal("returned_through_network", of).numerator, signal("returned_through_network", of).denominator) == (12, 20)


def test_practical_help_that_the_matcher_kept_back_is_too_few_to_say() -> None:
    assert signal("practical_help", waits(practical=None)).state == "too_few"


def test_the_top_tenth_of_a_small_programme_would_be_pointed_at_and_is_not_told() -> None:
    assert signal("giving_by_top_tenth", known(people=[somebody(9)] * 40)).state == "too_few"
    told = signal("giving_by_top_tenth", known(people=[somebody(9)] * 5 + [somebody(1)] * 36))
    assert (told.numerator, told.denominator, told.state) == (45, 81, "look")


@pytest.mark.parametrize("name", ["chains", "kinds", "giving_by_way", "returned_through_network"])
def test_moments_of_fewer_than_five_people_are_about_them_however_many_there_are(name: str) -> None:
    moments = {"kind:listened": 20, "kind:gesture": 20, "way:call": 20, "way:message": 20, "chain:1": 20, "chain:2": 20}
    assert signal(name, known(counts=moments, people=[somebody(10, 10)] * 5)).state != "too_few"
    told = signal(name, known(counts=moments, people=[somebody(10, 10)] * 4))
    assert (told.state, told.numerator, told.denominator, told.parts) == ("too_few", None, None, ())


def test_of_a_top_tenth_of_whom_fewer_than_five_gave_anything_nothing_is_told() -> None:
    giving, others = [somebody(9)] * 4, [somebody(0, 1)] * 40
    assert signal("giving_by_top_tenth", known(people=giving + others)).state == "too_few"
    assert signal("giving_by_top_tenth", known(people=[*giving, somebody(9), *others])).numerator == 45


def test_eight_kinds_in_eight_moments_would_tell_how_often_each_came() -> None:
    once = {f"kind:{kind}": 1 for kind in Kind}
    assert signal("kinds", known(counts=once, people=ACTIVE)).state == "too_few"
    assert signal("kinds", known(counts=once | {"kind:other": 2}, people=ACTIVE)).numerator == 8


def test_whoever_used_several_rests_is_counted_once() -> None:
    week = WEEK * 7 * DAY_MS
    rested = Rested().begun(BreakKind.DIFFICULT_DAY, week, week + 1)._replace(not_now=9999)
    assert rested.since(9999) == "not_now"
    assert rested.since(1) == "difficult_day"
    of = known(people=[somebody(rest=rest) for rest in RESTS for _ in range(6)])
    assert [(part.key, part.numerator, part.denominator) for part in signal("breaks_and_not_now", of).parts] == [
        ("break", 6, 18), ("difficult_day", 6, 18), ("not_now", 6, 18)]


@pytest.mark.parametrize(("some", "of", "state", "numerator", "denominator"), [
    (20, 20, "fine", 20, 20), (19, 20, "fine", None, 20), (16, 20, "fine", None, 20), (15, 20, "fine", 15, 20),
    (0, 20, "look", 0, 20), (1, 20, "too_few", None, None), (5, 5, "fine", 5, 5), (7, 8, "too_few", None, None),
    (8, 9, "fine", None, 9)])
def test_one_to_four_of_whom_it_is_not_true_are_people_too(
        some: int, of: int, state: str, numerator: int | None, denominator: int | None) -> None:
    told = signal("gave_and_received", both(some, of))
    assert (told.state, told.numerator, told.denominator) == (state, numerator, denominator)
    assert (told.value is None) == (numerator is None)


@pytest.mark.parametrize("looks", ["below", "above"])
@pytest.mark.parametrize("at", [0.1, 0.5, 0.7, 0.95])
def test_what_is_told_of_a_share_leaves_two_numbers_at_least_for_what_is_small(looks: Any, at: float) -> None:
    """Whoever knows these rules tries every share that would be told so."""
    told: dict[Signal, list[tuple[int, int]]] = {}
    for all in range(61):
        for some in range(all + 1):
            told.setdefault(tell("x", 12, Figure(some, all), looks, at), []).append((some, all - some))
    for shares in told.values():
        for part in (0, 1):
            if any(0 < share[part] < LEAST for share in shares):
                assert len({share[part] for share in shares}) > 1


@pytest.mark.parametrize(("parts", "most"), [(2, 14), (3, 12), (4, 7)])
def test_what_is_told_of_parts_and_their_sum_leaves_two_numbers_at_least_for_what_is_small(parts: int, most: int) -> None:
    """That no part is told tells something too. A sum of fewer than five is not told itself."""
    told: dict[Any, list[tuple[int, ...]]] = {}
    for counts in product(range(most + 1), repeat=parts):
        shown = parts_of([{str(place): count for place, count in enumerate(counts)}], sum(counts))
        told.setdefault((sum(counts), shown), []).append(counts)
    for (of, _), cells in told.items():
        for place in range(parts) if of >= LEAST else ():
            if any(0 < counts[place] < LEAST for counts in cells):
                assert len({counts[place] for counts in cells}) > 1


def test_where_one_side_can_not_be_told_no_part_is() -> None:
    assert parts_of([{"agreed": 20, "left": 9}, {"safety": 5, "blocked": 0}], 34)
    assert parts_of([{"agreed": 20, "left": 9}, {"safety": 4, "blocked": 3}], 36) == ()


def weeks(*recorded: int) -> Weeks:
    found = Weeks()
    for week in sorted(recorded):
        found = found.moved("l", week, 1)
    return found


@pytest.mark.parametrize(("recorded", "came_back"), [
    ((2990, 2995), True), ((2991, 2995), False), ((2950, 2989), True), ((2950, 2988), False), ((2995,), False), ((), False),
    ((2960, 2970), False), ((2960, 2990, 2991), True)])
def test_whoever_comes_back_after_four_weeks_and_more_has_returned(recorded: tuple[int, ...], came_back: bool) -> None:
    assert returned(weeks(*recorded), WEEK) == came_back


def account(text: str, latest: int = WEEK) -> Account:
    return Account(holder="a", latest=latest, weeks=text)


@pytest.mark.parametrize(("of", "gave"), [
    (account("l2"), 2), (account("l2", WEEK + 1), 0), (account("l2,l", WEEK + 1), 1), (account("l", WEEK - 11), 1),
    (account("l", WEEK - 12), 0)])
def test_a_person_is_seen_as_of_the_end_of_the_week(of: Account, gave: int) -> None:
    person = seen(of, WEEK, Breaks(), Rested())
    assert (person.gave, person.active, person.here) == (gave, bool(gave), True)


def test_a_break_is_taken_out_of_a_persons_windows() -> None:
    begins = (WEEK - 3) * 7 - 3
    breaks = Breaks().begun(begins * DAY_MS, (begins + 21) * DAY_MS)
    assert seen(account("l", WEEK - 14), WEEK, breaks, Rested()).gave == 1
    assert seen(account("l", WEEK - 15), WEEK, breaks, Rested()).gave == 0


def test_a_former_peer_is_not_here_and_what_they_gave_is() -> None:
    person = seen(account("l2"), WEEK)
    assert (person.here, person.gave, person.rest) == (False, 2, None)


@pytest.mark.parametrize("figure", [Figure(5, value=7.0), Figure(5, 30, value=7.0)])
def test_a_figure_that_is_no_share_is_told_as_it_is(figure: Figure) -> None:
    assert tell("x", 4, figure, "above", 6.0).state == "look"


def test_days_are_told_where_one_to_four_did_not_come_so_far() -> None:
    told = tell("x", 4, Figure(28, 30, value=7.0), "above", 6.0)
    assert (told.numerator, told.denominator, told.value, told.state) == (None, 30, 7.0, "look")
