from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from console.simulate import picture, rates
from console.simulate.course import SLOWER, Course, Fate, Moment
from console.simulate.figures import longest_waits
from console.simulate.people import Person, day_shares
from console.simulate.run import START_MS
from console.simulate.standing import Somebody
from shared.clock import DAY_MS
from shared.events import Answer, Way
from shared.programme import load

RATES, PROGRAMME = rates.read(), load()


def people(count: int, seed: int = 1) -> list[Person]:
    return [Person(seed, f"person {number}", RATES, PROGRAMME) for number in range(count)]


def test_the_same_seed_makes_the_same_people_with_the_same_wishes_on_the_same_days() -> None:
    days = day_shares(RATES, START_MS, 4)

    def told(seed: int) -> list[object]:
        return [(each.peer, each.details, each.capacity, each.arrives(START_MS, days)) for each in people(50, seed)]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_everybody_can_be_asked_for_what_the_form_lets_them_say() -> None:
    for each in people(300):
        details = each.details
        assert details.seeks
        assert details.offers
        assert {*details.seeks, *details.offers, *details.avoids} <= PROGRAMME.topics.keys()
        assert not set(details.avoids) & {*details.seeks, *details.offers}
        assert set(details.showable) <= set(details.seeks)
        assert set(details.languages) <= PROGRAMME.languages.keys()
        assert details.ways


def test_somebody_says_yes_more_often_to_who_offers_more_of_what_they_seek_and_silent_people_say_nothing() -> None:
    def said(gets: float) -> list[Answer]:
        return [told[1] for each in people(600) if (told := each.answer("a proposal", gets)) is not None]

    none, all = (sum(answer is Answer.YES for answer in said(gets)) / len(said(gets)) for gets in (0.0, 1.0))
    assert none == pytest.approx(RATES.yes_if_nothing, abs=0.07)
    assert all == pytest.approx(RATES.yes_if_all, abs=0.07)
    silent = [each for each in people(600) if each.silent]
    assert silent
    assert not any(each.answer(f"proposal {number}", 1.0) for each in silent for number in range(5))


def test_pairs_end_as_telephone_peer_support_did() -> None:
    lasted = [Course(1, f"pair {number}", RATES).lasts_weeks for number in range(4_000)]
    for week, share in ((4, 0.09), (8, 0.18), (26, 0.54)):
        assert sum(weeks <= week for weeks in lasted) / len(lasted) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(("since", "giver"), [((0.0, None), 0), ((None, 0.0), 1), ((3.0, 0.0), 1)])
def test_one_sided_people_give_and_hardly_receive_whichever_of_the_two_they_are(
        since: tuple[float | None, float | None], giver: int) -> None:
    moments = [Course(1, "a pair", RATES, since).moment(number, 2.0) for number in range(400)]
    assert sum(each.giver == giver for each in moments) / 400 == pytest.approx(RATES.one_sided_gives, abs=0.04)


def test_one_sided_people_begin_within_the_weeks_that_are_said_and_go_on_for_as_long_as_the_pair_does() -> None:
    planted = [each.one_sided_from for each in people(2_000)]
    begins = [weeks for weeks in planted if weeks is not None]
    assert len(begins) / 2_000 == pytest.approx(RATES.one_sided_people, abs=0.015)
    assert all(RATES.one_sided_begins[0] <= weeks <= RATES.one_sided_begins[1] for weeks in begins)

    def pace(week: float) -> float:
        pairs = [Course(1, f"pair {number}", RATES, (5.0, None)) for number in range(4_000)]
        return 4_000 / sum(each.next_moment(0, week, START_MS) or 0.0 for each in pairs) / RATES.moments_by_month[0]

    slower = 1 / (1 - RATES.too_frequent + RATES.too_frequent / SLOWER)
    assert pace(4.5) == pytest.approx(RATES.moments_a_week * RATES.decline_a_week ** 4.5 * slower, rel=0.06)
    assert pace(5.0) == pytest.approx(RATES.one_sided_a_week, rel=0.06)
    assert pace(25.0) == pytest.approx(RATES.one_sided_a_week, rel=0.06)


def test_moments_are_told_of_as_often_as_the_rates_say_by_their_ways_both_ways_and_late() -> None:
    ways = (Way.MESSAGE, Way.CALL)
    moments = [Course(1, f"pair {number}", RATES, ways=ways).moment(0, 1.0) for number in range(6_000)]
    gestures, others = ([each for each in moments if (each.gesture is None) is other] for other in (False, True))

    def share(of: list[Moment], what: Callable[[Moment], bool]) -> float:
        return sum(map(what, of)) / len(of)

    assert share(moments, lambda each: each.gesture is not None) == pytest.approx(RATES.gestures, abs=0.03)
    assert share(others, lambda each: each.way in ways) == pytest.approx(RATES.way_said, abs=0.03)
    assert share(others, lambda each: each.late_days > 0) == pytest.approx(RATES.written_late, abs=0.03)
    assert {each.late_days for each in others} == {0, *range(RATES.late_days[0], RATES.late_days[1] + 1)}
    assert share(others, lambda each: each.both_ways) < RATES.both_ways
    one_sided = [Course(1, f"pair {number}", RATES, (0.0, None)).moment(0, 1.0) for number in range(6_000)]
    assert share(one_sided, lambda each: each.both_ways) < share(others, lambda each: each.both_ways) / 2
    assert {each.fate for each in gestures} == {Fate.STANDS, Fate.THANKED, Fate.TAKEN_BACK}
    assert {each.fate for each in others} == set(Fate)
    assert not any(each.both_ways or each.late_days or each.way for each in gestures)


def test_what_a_copy_of_the_rates_leaves_out_keeps_its_published_value(tmp_path: Path) -> None:
    copy = tmp_path / "rates.toml"
    copy.write_text('[silent]\nvalue = 0.5\nwhy = "What if half did not answer?"\n', "utf-8")
    assert rates.read(copy) == RATES.model_copy(update={"silent": 0.5})


@pytest.mark.parametrize(("line", "named"), [
    ('[silent]\nvalue = 1.5\nwhy = "x"', "silent"),
    ('[silent]\nvalue = 0.5', "why"),
    ('[silence]\nvalue = 0.5\nwhy = "x"', "silence"),
    ('[kinds]\nvalue = { shouting = 1.0 }\nwhy = "x"', "kinds.shouting"),
    ('[seeks]\nvalue = [0, 0]\nwhy = "x"', "seeks: Value error, not all of these can be 0"),
    ('[ended_by]\nvalue = { 4 = 0.5, 8 = 0.2 }\nwhy = "x"', "grows from week to week"),
    ("[silent", "rates.toml"),
])
def test_a_rate_that_makes_no_sense_is_named(tmp_path: Path, line: str, named: str) -> None:
    copy = tmp_path / "rates.toml"
    copy.write_text(line, "utf-8")
    with pytest.raises(rates.RatesUnreadable, match=named) as refused:
        rates.read(copy)
    assert "\n" not in str(refused.value)


def test_of_a_group_of_fewer_than_five_nothing_is_said() -> None:
    speaking = {language: [each for each in people(400) if each.first_language == language and not each.silent]
                for language in ("en", "pl")}
    here = [Somebody(each, 0, "r", paired_ms=(place + 1) * DAY_MS) for place, each in enumerate(speaking["en"][:7])]
    here += [Somebody(each, 0, "r") for each in speaking["pl"][:4]]
    assert longest_waits(here, 30 * DAY_MS) == {"en": 7.0, "pl": None}
    here.append(Somebody(speaking["pl"][4], 0, "r"))
    assert longest_waits(here, 30 * DAY_MS) == {"en": 7.0, "pl": 30.0}


def test_the_picture_tells_its_figures_in_words_too() -> None:
    told = {"dial": "better", "people": 10, "people_paired": 8, "two_way": 0.987, "answered_yes": 0.8,
            "wait_days_median": 1.5, "wait_days_p95": None, "longest_wait_days": {"en": 21.0, "pl": None}}
    drawn = ElementTree.fromstring(picture.svg("<10> people", [told]))  # noqa: S314  # our own
    description = drawn.find("{http://www.w3.org/2000/svg}desc")
    assert description is not None
    assert description.text is not None
    for words in ("help both ways: better 98.7 %", "buddy: better 80.0 %", "half within: better 1.5",
                  "95 of 100 within: better too few to say", "in days: better 21"):
        assert words in description.text
