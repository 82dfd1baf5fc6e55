"""How long which group waits: who is counted, in which group, and what is kept back."""

from __future__ import annotations

import tomllib

import pytest

from console.fairness import NOT_SAID, NOTHING, REST, Served, by_group, grouping, served, total
from shared.events import Answer, Details
from shared.programme import DEFAULT, Programme, load
from tests.unit.console.past import past
from tests.unit.matcher.town import Town

PROGRAMME: Programme = load()
FACT = """
[facts.carer]
question = "Do you care for somebody?"
why = "To see whether carers wait longer."
values = { yes = "I care for somebody", no = "I do not" }
fairness = true
"""


def people(count: int, **fields: object) -> list[Served]:
    return [Served(Details(languages=("en",)).model_copy(update=fields), 3.0, True, False, 1, 1) for _ in range(count)]


def test_a_minority_language_is_told_where_five_people_speak_no_other_that_is_more_common() -> None:
    all_of_them = [*people(20), *people(7, languages=("en", "ur")),
                   *people(6, languages=("ur",)), *people(5, languages=("cy",))]
    told = by_group(all_of_them, grouping("language", all_of_them, PROGRAMME))
    assert {name: each.people for name, each in told.items()} == {
        PROGRAMME.languages["en"]: 27, PROGRAMME.languages["ur"]: 6, PROGRAMME.languages["cy"]: 5}


def test_groups_that_are_not_told_are_one_row_at_the_end_whatever_they_are_called_and_however_large_they_are() -> None:
    languages = {"en": 20, "ur": 6, "ar": 4, "cy": 2}
    all_of_them = [each for key, count in languages.items() for each in people(count, languages=(key,))]
    told = by_group(all_of_them, grouping("language", all_of_them, PROGRAMME))
    assert list(told) == [PROGRAMME.languages["en"], REST]
    assert told[REST] == NOTHING
    assert total(all_of_them).people == 32
    other_way_round = [*people(20), *people(6, languages=("cy",)), *people(4, languages=("ar",)), *people(2, languages=("ur",))]
    assert by_group(other_way_round, grouping("language", other_way_round, PROGRAMME)) == told


def test_one_of_ten_who_was_proposed_to_nobody_is_not_pointed_at_and_none_of_ten_is_told() -> None:
    waits = Served(Details(languages=("cy",)), 60.0, False, False, 0, 0)
    one = by_group([*people(9), waits], lambda _: "all")["all"]
    assert (one.people, one.proposed, one.accepted) == (10, None, 1.0)
    none = by_group([waits] * 10, lambda _: "all")["all"]
    assert (none.proposed, none.wait_median_days, none.accepted) == (0.0, 60, None)


@pytest.mark.parametrize(("waits", "told"), [
    ([*range(19), 60], None), ([*range(79)], None), ([*range(80)], 75), ([*range(15), *[20] * 5], 20),
    ([*range(16), *[20] * 4], None)])
def test_the_wait_of_95_of_100_is_told_where_five_people_waited_so_long(waits: list[int], told: int | None) -> None:
    them = [Served(Details(), days, True, True, 1, 1) for days in waits]
    assert by_group(them, lambda _: "all")["all"].wait_p95_days == told
    assert total(them).wait_p95_days == told


def test_whoever_did_not_say_is_a_group_of_their_own() -> None:
    band = next(iter(PROGRAMME.age_bands), "")
    group = grouping("age_band", [], PROGRAMME)
    assert group(Details()) == NOT_SAID
    assert group(Details(age_band="long gone")) == "long gone"
    assert group(Details(age_band=band)) == (PROGRAMME.age_bands[band] if band else NOT_SAID)


def test_who_asked_in_the_window_or_waited_when_it_began_is_counted_once_and_whoever_was_served_before_is_not() -> None:
    town = Town()
    town.asks("ada")
    town.asks("ben")
    town.asks("cy", languages=("cy",))
    town.pass_time(days=10)
    from_ms = town.now_ms
    town.asks("dan", seeks=("forms",), offers=("forms",))
    town.no_longer_asks("dan")
    town.asks("dan")
    town.asks("eve")
    town.answers("eve", Answer.YES)
    town.pass_time(days=2)
    found = served(past(town), from_ms)
    assert sorted((each.details.languages, each.proposed, each.answers, round(each.wait_days)) for each in found) == [
        (("cy",), False, 0, 12), (("en",), True, 0, 0), (("en",), True, 1, 0)]


def test_a_fact_that_the_programme_may_look_at_is_told_by_its_words() -> None:
    programme = Programme.model_validate(tomllib.loads(DEFAULT.read_text("utf-8") + FACT))
    assert grouping("carer", [], programme)(Details(facts={"carer": "yes"})) == "I care for somebody"
    assert grouping("carer", [], programme)(Details()) == NOT_SAID
