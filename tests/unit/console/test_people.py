from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from console.browser import Form
from console.people import Person, people, who_leaves

OFFERED = {
    "seeks": [f"topic{n}" for n in range(16)], "community": ["riverside", "hillview"], "languages": ["en", "cy", "pl"],
    "times": ["mon_morning", "sun_evening"], "alias": ["Quiet Harbour", "Amber Field"],
    "offers": [f"topic{n}" for n in range(16)], "quiet": ["any"], "showable": [],
}
ABOUT_PEOPLE = {
    "newcomers": ["newcomer", "welcomes_newcomers"], "age_band": ["18_24", "25_34", "75_up", ""],
    "facts-village": ["upper", "lower", ""], "meets_ages": ["18_24", "25_34", "75_up"],
    "chosen_limits-village": ["upper", "lower"], "prefers-village": ["upper", "lower"]}


def said(person: Person, offered: dict[str, list[str]]) -> dict[str, str | Sequence[str]]:
    return person.answers(Form("/ask/all", "POST", [("email", "")], offered))


def test_the_same_seed_makes_the_same_people() -> None:
    first, again, other = (people(50, seed, "run") for seed in (1, 1, 2))
    assert [said(each, OFFERED) for each in first] == [said(each, OFFERED) for each in again]
    assert [said(each, OFFERED) for each in first] != [said(each, OFFERED) for each in other]
    assert who_leaves(first, 1) == who_leaves(again, 1)


def test_what_somebody_chooses_does_not_depend_on_what_they_chose_before() -> None:
    [once] = people(1, 4, "run")
    late = once.answer(3)
    [anew] = people(1, 4, "run")
    assert [anew.answer(place) for place in range(4)][3] == late


def test_every_run_has_addresses_of_its_own() -> None:
    addresses = [each.email for tag in ("first", "second") for each in people(20, 1, tag)]
    assert len(set(addresses)) == 40


def test_all_hours_are_fine_and_what_is_offered_is_not_what_is_sought() -> None:
    for person in people(200, 1, "run"):
        request = said(person, OFFERED)
        assert request["quiet"] == "any"
        assert request["seeks"]
        assert request["offers"]
        assert not set(request["seeks"]) & set(request["offers"])
        assert not request["showable"]


def test_some_say_a_little_about_themselves_and_whom_they_would_like_to_meet_where_the_form_asks() -> None:
    crowd = [said(person, OFFERED | ABOUT_PEOPLE) for person in people(400, 1, "run")]
    for name, offered in ABOUT_PEOPLE.items():
        answered = [request[name] for request in crowd if request.get(name)]
        assert 10 < len(answered) < 300, name
        assert {each for given in answered for each in ([given] if isinstance(given, str) else given)} <= set(offered)
    assert not ABOUT_PEOPLE.keys() & said(people(1, 1, "run")[0], OFFERED).keys()


def test_what_a_form_asks_about_people_changes_nothing_else_that_they_choose() -> None:
    for person in people(50, 1, "run"):
        asked = said(person, OFFERED | ABOUT_PEOPLE)
        assert {name: value for name, value in asked.items() if name not in ABOUT_PEOPLE} == said(person, OFFERED)


def test_most_say_yes_and_every_answer_is_given_by_somebody() -> None:
    answers = Counter(person.answer(0) for person in people(1_000, 1, "run"))
    assert 0.8 < answers["yes"] / 1_000 < 0.9
    assert answers.keys() == {"yes", "not_now", "not_this_person", "someone_different"}


def test_some_have_a_difficult_day_some_end_it_and_some_come_by_code() -> None:
    crowd = people(1_000, 1, "run")
    assert 0 < sum(person.has_a_difficult_day for person in crowd) < 200
    assert 0 < sum(person.ends(0) is not None for person in crowd) < 200
    assert 300 < sum(person.by_code for person in crowd) < 700
