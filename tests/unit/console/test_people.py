from __future__ import annotations

from collections import Counter

from console.people import people, who_leaves

OFFERED = {
    "seeks": [f"topic{n}" for n in range(16)], "community": ["riverside", "hillview"], "languages": ["en", "cy", "pl"],
    "times": ["mon_morning", "sun_evening"], "alias": ["Quiet Harbour", "Amber Field"],
}


def test_the_same_seed_makes_the_same_people() -> None:
    first, again, other = (people(50, seed, "run") for seed in (1, 1, 2))
    assert [each.request(OFFERED) for each in first] == [each.request(OFFERED) for each in again]
    assert [each.request(OFFERED) for each in first] != [each.request(OFFERED) for each in other]
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
        request = person.request(OFFERED)
        assert request["quiet"] == "any"
        assert request["seeks"]
        assert request["offers"]
        assert not set(request["seeks"]) & set(request["offers"])
        assert set(request["showable"]) <= set(request["seeks"])


def test_most_say_yes_and_every_answer_is_given_by_somebody() -> None:
    answers = Counter(person.answer(0) for person in people(1_000, 1, "run"))
    assert 0.8 < answers["yes"] / 1_000 < 0.9
    assert answers.keys() == {"yes", "not_now", "not_this_person", "someone_different"}


def test_some_have_a_difficult_day_some_end_it_and_some_come_by_code() -> None:
    crowd = people(1_000, 1, "run")
    assert 0 < sum(person.has_a_difficult_day for person in crowd) < 200
    assert 0 < sum(person.ends(0) is not None for person in crowd) < 200
    assert 300 < sum(person.by_code for person in crowd) < 700
