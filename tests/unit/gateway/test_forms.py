"""Forms: what is asked for is told beside the field and in the summary, and whatever comes in is answered."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import catalogue, forms
from services.gateway.fields import EMAIL_MAX, Choices
from services.gateway.forms import Ask, Form, Moment
from services.gateway.posted import FIELDS_MAX, KEY, MEDIA_TYPE, NotAForm, Posted, parse
from services.gateway.problems import Problems, check
from shared.programme import ASKED_ABOUT_MAX
from tests.unit.gateway.gallery import CHOOSY

CATALOGUE = catalogue.load()
CHOICES = Choices.of(CHOOSY, CATALOGUE.aliases)
FORMS: list[type[Form]] = [each for each in vars(forms).values()
                           if isinstance(each, type) and issubclass(each, Form) and each is not Form]
GOOD: dict[str, tuple[str, ...]] = {
    "adult": ("yes",), "community": ("riverside",), "seeks": ("anxiety", "sleep"), "offers": ("listening",),
    "ways": ("message",), "languages": ("en",), "capacity": ("1",), "alias": (CATALOGUE.aliases.offer(1)[0],),
    "email": ("kim@example.org",), "quiet": ("usual",), "consent": ("yes",)}


def told(form: type[Form], fields: dict[str, tuple[str, ...]]) -> dict[str, str]:
    checked = check(form, Posted(fields), CHOICES, CATALOGUE.errors)
    return dict(checked.messages) if isinstance(checked, Problems) else {}


def ask(**changes: Any) -> dict[str, str]:
    return told(Ask, {**GOOD, **{field: (value,) if isinstance(value, str) else value for field, value in changes.items()}})


def taken(**changes: tuple[str, ...]) -> Ask:
    asked = check(Ask, Posted({**GOOD, **{name.replace("__", KEY): values for name, values in changes.items()}}), CHOICES,
                  CATALOGUE.errors)
    assert isinstance(asked, Ask)
    return asked


def test_a_form_with_everything_needed_is_taken() -> None:
    asked = taken()
    assert (asked.seeks, asked.area, asked.showable, asked.capacity) == (("anxiety", "sleep"), None, (), 1)


def test_an_empty_form_is_told_of_every_field_in_the_order_of_the_page() -> None:
    assert list(told(Ask, {})) == ["adult", "community", "seeks", "offers", "ways", "languages", "capacity", "alias",
                                   "email", "quiet", "consent"]


@pytest.mark.parametrize(("kind", "days", "wrong"), [
    ("difficult_day", "14", []), ("difficult_day", "28", ["days"]), ("break", "28", []), ("break", "84", []),
    ("break", "85", ["days"])])
def test_a_difficult_day_lasts_up_to_two_weeks_and_a_break_up_to_twelve(kind: str, days: str, wrong: list[str]) -> None:
    assert list(told(forms.TakeBreak, {"kind": (kind,), "days": (days,)})) == wrong


def test_the_summary_leads_to_the_fields_with_the_same_words() -> None:
    problems = check(Ask, Posted({**GOOD, "email": ()}), CHOICES, CATALOGUE.errors)
    assert isinstance(problems, Problems)
    [entry] = problems.error_list
    assert entry["href"] == "#email"
    assert {"text": entry["text"]} == problems.error_message("email")
    assert problems.error_message("alias") is None


def test_under_18_there_is_no_request() -> None:
    assert "18 or over" in ask(adult="no")["adult"]
    assert ask(adult=("no", "yes"))


def test_agreement_is_never_taken_for_granted() -> None:
    assert list(ask(consent=())) == ["consent"]


def test_meeting_in_person_needs_an_area_and_nothing_else_does() -> None:
    assert list(ask(ways=("in_person",))) == ["area"]
    assert not ask(ways=("in_person",), area="Harbourside")
    assert not ask(ways=("call",))


def test_a_topic_both_offered_and_avoided_is_asked_about() -> None:
    assert list(ask(offers=("grief",), avoids=("grief",))) == ["avoids"]
    assert not ask(seeks=("grief",), avoids=("grief",))


def test_only_sought_topics_can_be_shown() -> None:
    assert taken(showable=("sleep", "grief")).showable == ("sleep",)


def test_nobody_has_to_say_anything_of_themselves_or_of_whom_they_would_like_to_meet() -> None:
    for passed_over in ((), ("",), ("", "")):
        asked = taken(age_band=passed_over, facts__gender=passed_over, meets_ages=passed_over, newcomers=passed_over,
                      chosen_limits__gender=passed_over, prefers__talking=passed_over)
        assert (asked.age_band, asked.meets_ages, asked.newcomers) == (None, (), ())
        assert asked.facts == asked.chosen_limits == asked.prefers == {}


def test_what_people_say_of_themselves_and_whom_they_would_like_to_meet_is_taken_by_the_programmes_keys() -> None:
    asked = taken(age_band=("", "25_34"), facts__gender=("woman",), facts__talking=("quiet", "quiet"),
                  meets_ages=("25_34", "35_44", "25_34"), chosen_limits__gender=("woman", "non_binary"),
                  prefers__talking=("lively",), newcomers=("newcomer", "welcomes_newcomers"))
    assert (asked.age_band, asked.meets_ages) == ("25_34", ("25_34", "35_44"))
    assert asked.facts == {"gender": "woman", "talking": "quiet"}
    assert (asked.chosen_limits, asked.prefers) == ({"gender": ("woman", "non_binary")}, {"talking": ("lively",)})
    assert asked.newcomers == ("newcomer", "welcomes_newcomers")


def test_whoever_would_be_fine_with_every_answer_leaves_nobody_out_who_gave_none() -> None:
    asked = taken(meets_ages=tuple(CHOOSY.age_bands), chosen_limits__gender=tuple(CHOOSY.facts["gender"].values),
                  prefers__talking=tuple(CHOOSY.facts["talking"].values))
    assert asked.meets_ages == ()
    assert asked.chosen_limits == asked.prefers == {}


@pytest.mark.parametrize("field", ["facts-gender", "facts-talking", "chosen_limits-gender", "prefers-talking"])
@pytest.mark.parametrize("value", ["elsewhere", "Woman", "\x00", "<b>", "x" * 5_000])
def test_an_answer_that_a_question_does_not_offer_is_told_beside_that_question(field: str, value: str) -> None:
    assert list(ask(**{field: value})) == [field]
    offered = next(iter(CHOOSY.facts[field.partition(KEY)[2]].values))
    assert list(ask(**{field: (offered, value)})) == [field]


def test_two_different_answers_to_one_question_of_the_programmes_are_told_beside_it() -> None:
    assert "one answer" in ask(**{"facts-gender": ("woman", "man")})["facts-gender"]


@pytest.mark.parametrize(("posted", "told_of"), [
    ("chosen_limits-talking", "chosen_limits"), ("prefers-gender", "prefers"), ("facts-height", "facts"),
    ("chosen_limits-height", "chosen_limits"), ("facts-", "facts"), ("facts-gender-", "facts"),
    ("facts-" + "x" * 5_000, "facts")])
def test_what_the_programme_does_not_ask_is_refused_and_never_dropped_in_silence(posted: str, told_of: str) -> None:
    assert list(ask(**{posted: "quiet"})) == [told_of]
    assert not ask(**{posted: ""})


def test_a_programme_without_age_bands_and_facts_takes_no_answer_about_them() -> None:
    bare = Choices.of(CHOOSY.model_copy(update={"age_bands": {}, "facts": {}}), CATALOGUE.aliases)
    said = {"age_band": ("25_34",), "meets_ages": ("25_34",), "facts-gender": ("woman",), "chosen_limits-gender": ("man",)}
    checked = check(Ask, Posted({**GOOD, **said}), bare, CATALOGUE.errors)
    assert isinstance(checked, Problems)
    assert list(checked.messages) == ["age_band", "facts", "meets_ages", "chosen_limits"]
    assert isinstance(check(Ask, Posted(GOOD), bare, CATALOGUE.errors), Ask)


@pytest.mark.parametrize("field", ["community", "seeks", "offers", "avoids", "showable", "ways", "languages", "times",
                                   "newcomers", "age_band", "meets_ages", "quiet", "alias"])
def test_what_the_programme_does_not_offer_is_refused(field: str) -> None:
    assert list(ask(**{field: "elsewhere"})) == [field]


@pytest.mark.parametrize("field", ["community", "capacity", "alias", "email", "quiet", "age_band"])
def test_two_different_answers_to_one_question_are_told(field: str) -> None:
    good = GOOD.get(field, ("25_34",))
    assert list(ask(**{field: (*good, "other")})) == [field]
    assert not ask(**{field: good * 2})


@pytest.mark.parametrize("capacity", ["0", "6", "-1", "1.5", "1e1", "٣", "999999999999999999999", ""])
def test_how_many_buddies_is_a_number_from_one_to_five(capacity: str) -> None:
    assert list(ask(capacity=capacity)) == ["capacity"]


@pytest.mark.parametrize("email", [
    "kim", "kim@", "@example.org", "kim@example", "kim@@example.org", "kim@example..org", ".kim@example.org",
    "kim.@example.org", "kim@-example.org", "kim@example.org\nBcc: all@example.org", "kim@example.org\r\nX: y",
    "kim@example.org, other@example.org", "Kim <kim@example.org>", '"a b"@example.org', "kim@exämple.org",
    "kim@[127.0.0.1]", "kim@example.org\x00", "ki\u202em@example.org", "a" * 65 + "@example.org", "kim@example.1org2."])
def test_an_address_that_could_be_two_or_end_a_header_is_refused(email: str) -> None:
    assert list(ask(email=email)) == ["email"]


@pytest.mark.parametrize("email", ["kim@example.org", "k.i-m+buddy@mail.example.co.uk", "  kim@example.org ",
                                   "o'neil@example.org"])
def test_ordinary_addresses_are_taken(email: str) -> None:
    assert not ask(email=email)


def test_an_address_longer_than_a_mail_server_takes_is_refused() -> None:
    label = "a" * 61
    longest = f"{'k' * 64}@{label}.{label}.{label}.{'b' * (EMAIL_MAX - 64 - 1 - 3 * 62)}"
    assert len(longest) == EMAIL_MAX
    assert not ask(email=longest)
    assert "254" in ask(email="k" + longest)["email"]


@pytest.mark.parametrize("text", ["two\x00parts", "one\u202etwo", "a\u2066b", "soft\u00adhyphen", "line\nbreak", "\ufeffx"])
def test_hidden_characters_in_a_line_are_told(text: str) -> None:
    assert "hidden characters" in ask(area=text)["area"]


def test_bytes_that_are_no_text_are_told() -> None:
    posted = parse(urlencode({"area": b"\xff\xfe"}).encode(), MEDIA_TYPE)
    assert "could not be read" in ask(area=posted.all("area"))["area"]


def test_words_in_scripts_that_need_joiners_are_taken() -> None:
    assert not ask(area="نیم\u200cفاصله")


def test_a_concern_keeps_its_lines_and_has_room_for_two_pages() -> None:
    assert not told(forms.RaiseConcern, {"text": ("one\ntwo\n" * 500,)})
    assert "4000" in told(forms.RaiseConcern, {"text": ("x" * 4_001,)})["text"]


def test_minutes_are_optional_and_at_most_a_day() -> None:
    good = {"direction": ("gave",), "kind": ("listened",)}
    assert not told(forms.Moment, good)
    assert not told(forms.Moment, {**good, "minutes": ("1440",)})
    assert list(told(forms.Moment, {**good, "minutes": ("1441",)})) == ["minutes"]
    assert list(told(forms.Moment, {**good, "minutes": ("0",)})) == ["minutes"]
    assert list(told(forms.Moment, {**good, "kind": ("gesture",)})) == ["kind"]


TODAY = date(2026, 11, 27)


def of_a_day(**fields: str) -> Moment | dict[str, str]:
    """The form as it is taken, or what to put right; the two were buddies from the 5th on."""
    posted = {"direction": "gave", "kind": "listened", **{name.replace("__", KEY): text for name, text in fields.items()}}
    checked = check(Moment, Posted({name: (text,) for name, text in posted.items()}),
                    CHOICES.within(date(2026, 11, 5), TODAY), CATALOGUE.errors)
    return dict(checked.messages) if isinstance(checked, Problems) else checked


@pytest.mark.parametrize(("fields", "day"), [
    ({}, None), ({"when": "today"}, None), ({"when": "yesterday"}, date(2026, 11, 26)),
    ({"when": "another", "happened__day": "5", "happened__month": "11", "happened__year": "2026"}, date(2026, 11, 5)),
    ({"when": "today", "happened__day": "05", "happened__month": "11", "happened__year": "26"}, date(2026, 11, 5)),
    ({"when": "another", "happened__day": "27", "happened__month": "11", "happened__year": "2026"}, None)])
def test_a_moment_is_of_today_of_yesterday_or_of_a_date_that_was_typed(fields: dict[str, str], day: date | None) -> None:
    checked = of_a_day(**fields)
    assert isinstance(checked, Moment)
    assert checked.happened == day


@pytest.mark.parametrize(("when", "typed", "at", "kind"), [
    ("another", ("", "", ""), "day", "missing"), ("another", ("", "11", "2026"), "day", "no_day"),
    ("another", ("5", "", "2026"), "month", "no_month"), ("today", ("5", "11", ""), "year", "no_year"),
    ("another", ("31", "11", "2026"), "day", "calendar"), ("another", ("5", "Nov", "2026"), "month", "format"),
    ("another", ("5", "11", "0"), "day", "calendar"), ("another", ("28", "11", "2026"), "day", "future"),
    ("another", ("4", "11", "2026"), "day", "before"), ("another", ("٥", "11", "2026"), "day", "format"),
    ("yesterday", ("26", "11", "2026"), "day", "twice"), ("another", ("5", "11", "999"), "year", "format")])
def test_a_day_that_cannot_be_is_told_beside_the_part_that_is_at_fault(
        when: str, typed: tuple[str, str, str], at: str, kind: str) -> None:
    day, month, year = typed
    assert of_a_day(when=when, happened__day=day, happened__month=month, happened__year=year) == {
        f"happened-{at}": CATALOGUE.errors["moment"]["happened"][kind]}


def test_yesterday_was_before_the_two_were_buddies_where_they_met_today() -> None:
    checked = check(Moment, Posted({"direction": ("both",), "kind": ("listened",), "when": ("yesterday",)}),
                    CHOICES.within(TODAY, TODAY), CATALOGUE.errors)
    assert isinstance(checked, Problems)
    assert dict(checked.messages) == {"when": CATALOGUE.errors["moment"]["when"]["before"]}


KEYS = ["gender", "talking", "height", "day", "month", "year"]
HOSTILE = st.dictionaries(
    st.one_of(st.sampled_from(sorted({field for form in FORMS for field in form.model_fields})),
              st.builds(KEY.join, st.tuples(st.sampled_from(sorted(Ask.by_key | Moment.by_key)),
                                            st.one_of(st.sampled_from(KEYS), st.text(max_size=5))))),
    st.lists(st.one_of(st.text(max_size=40),
                       st.sampled_from(["yes", "anxiety", "riverside", "woman", "quiet", "25_34", "\x00", "\ufffd", "9" * 30]),
                       st.text().map(lambda text: text * 400)), max_size=4).map(tuple))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@given(fields=HOSTILE)
def test_whatever_is_posted_is_taken_or_told_in_the_catalogues_words(form: type[Form], fields: dict[str, Any]) -> None:
    messages = told(form, fields)
    assert all(messages.values())
    assert {field.partition(KEY)[0] for field in messages} <= form.model_fields.keys()
    assert not any("{" in text for text in messages.values())


@given(st.binary(max_size=FIELDS_MAX))
def test_whatever_bytes_come_are_read_as_text(body: bytes) -> None:
    posted = parse(body, MEDIA_TYPE)
    assert all("\r\n" not in value for values in posted.fields.values() for value in values)


def test_the_longest_form_that_a_programme_can_have_has_room() -> None:
    topics, times, one_each = 4 * 64, len(forms.TIMES), 20
    assert topics + times + 2 * ASKED_ABOUT_MAX + one_each < FIELDS_MAX


def test_more_fields_than_any_form_has_are_no_form() -> None:
    parse(b"&".join([b"a=1"] * FIELDS_MAX), MEDIA_TYPE)
    with pytest.raises(NotAForm):
        parse(b"&".join([b"a=1"] * (FIELDS_MAX + 1)), MEDIA_TYPE)


def test_another_media_type_is_no_form() -> None:
    with pytest.raises(NotAForm):
        parse(b'{"a": 1}', "application/json")


def test_line_ends_of_browsers_become_plain_ones() -> None:
    assert parse(b"text=one%0D%0Atwo", MEDIA_TYPE + "; charset=utf-8").first("text") == "one\ntwo"
