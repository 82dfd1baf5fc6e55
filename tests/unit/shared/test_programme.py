"""What a programme's file may ask of people, and what is said of one that can't be used."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from services.matcher.pairing.words import BITS_MAX
from shared.programme import AGE_BANDS_MAX, ASKED_ABOUT_MAX, DEFAULT, FACTS_MAX, VALUES_MAX, Programme, load

SHIPPED = tomllib.loads(DEFAULT.read_text("utf-8"))


def fact(answers: int = 2, **uses: Any) -> dict[str, Any]:
    return {"question": "Your village", "why": "Because.", "values": {f"v{n}": f"Village {n}" for n in range(answers)}, **uses}


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as told:
        Programme.model_validate(SHIPPED | changes)
    [error] = told.value.errors()
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def test_a_programme_need_not_ask_anything_about_people() -> None:
    bare = {key: value for key, value in SHIPPED.items() if key not in ("age_bands", "facts")}
    programme = Programme.model_validate(bare)
    assert (programme.age_bands, programme.facts) == ({}, {})


def test_the_shipped_programme_lets_nobody_choose_by_a_protected_fact_and_says_where_to_look_first() -> None:
    facts = load().facts
    assert (facts["gender"].limit, facts["gender"].wish, facts["gender"].fairness) == (None, None, True)
    assert not [key for key, each in facts.items() if each.limit]
    assert "Equality Act 2010" in DEFAULT.read_text("utf-8")


def test_age_bands_keep_the_order_of_the_file() -> None:
    assert list(load().age_bands) == ["18_24", "25_34", "35_44", "45_54", "55_64", "65_74", "75_up"]


def test_which_topics_are_practical_help_is_the_programmes_to_say_and_it_may_say_of_none() -> None:
    assert load().practical_help == ("forms", "money")
    without = {key: value for key, value in SHIPPED.items() if key != "practical_help"}
    assert Programme.model_validate(without).practical_help == ()
    assert Programme.model_validate(SHIPPED | {"practical_help": ["money", "money"]}).practical_help == ("money",)


def test_topics_that_cannot_be_used_are_named_before_what_is_practical_among_them() -> None:
    with pytest.raises(ValidationError) as told:
        Programme.model_validate(SHIPPED | {"topics": {"forms": "Help with forms"}})
    assert [error["loc"] for error in told.value.errors()] == [("topics",)]


@pytest.mark.parametrize(("changes", "said"), [
    ({"practical_help": ["forms", "rent"]},
     "practical_help: Value error, 'rent' is no topic; name keys that stand under [topics], such as anxiety, or take it out"),
    ({"practical_help": "forms"}, "practical_help: Input should be a valid tuple"),
    ({"practical_help": [3]}, "practical_help.0: Input should be a valid string"),
    ({"message_languages": ["en", "fr"]},
     "message_languages: Value error, 'fr' is no language of the programme; name keys that stand under [languages], such as "
     "en, or take it out"),
    ({"age_bands": {"young": "Young"}}, "at least two"),
    ({"age_bands": {"18-24": "18 to 24", "25_up": "25 or over"}}, "'18-24' can't be a key"),
    ({"age_bands": {f"a{n}": "Ages" for n in range(AGE_BANDS_MAX + 1)}}, f"at most {AGE_BANDS_MAX}"),
    ({"age_bands": {"a": "", "b": "B"}}, "at least 1 character"),
    ({"facts": {f"f{n}": fact() for n in range(FACTS_MAX + 1)}}, f"at most {FACTS_MAX}"),
    ({"facts": {"Home Village": fact()}}, "'Home Village' can't be a key"),
    ({"facts": {"village-1": fact()}}, "can't be a key"),
    ({"facts": {"1": fact()}}, "can't be a key"),
    ({"facts": {"village": fact(1)}}, "at least 2"),
    ({"facts": {"village": fact(VALUES_MAX + 1)}}, f"at most {VALUES_MAX}"),
    ({"facts": {"village": fact(values={"Over there": "x", "here": "y"})}}, "'Over there' can't be a key"),
    ({"facts": {"village": {"question": "Where?", "values": {"a": "A", "b": "B"}}}}, "facts.village.why: Field required"),
    ({"facts": {"village": fact(limits="Which?")}}, "facts.village.limits: Extra inputs"),
    ({"facts": {"village": fact(limit=True)}}, "facts.village.limit: Input should be a valid string"),
    ({"facts": {"village": fact(question="w" * 201)}}, "at most 200 characters"),
])
def test_a_table_that_cannot_be_used_is_named_with_what_is_wrong(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


def test_limits_and_wishes_ask_about_no_more_than_the_pairing_engine_tells_apart() -> None:
    assert ASKED_ABOUT_MAX == BITS_MAX
    bands = {f"b{n}": "Band" for n in range(12)}  # 13 with whoever is in none
    three = {f"f{n}": fact(16, limit="Which?") for n in range(3)}  # 17 each
    assert Programme.model_validate(SHIPPED | {"age_bands": bands, "facts": three})
    assert "make 67 things" in refused(age_bands=bands, facts=three | {"more": fact(2, wish="Which?")})
    assert Programme.model_validate(SHIPPED | {"age_bands": bands, "facts": three | {"more": fact(16, fairness=True)}})
