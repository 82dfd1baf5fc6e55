"""Every page: whole, labelled, calm, without a script or anything from elsewhere, urgent help in the same place."""

from __future__ import annotations

import gzip
import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from services.gateway.forms import Ask
from services.gateway.problems import Problems
from services.gateway.rendering import HERE, STATIC, Pages
from services.gateway.steps import STEPS, asked
from tests.unit.gateway.gallery import CATALOGUE, ME, PROGRAMME, gallery, pages
from tests.unit.gateway.html import Element, Page

GALLERY = {name: Page(html) for name, html in gallery(pages()).items()}
every_page = pytest.mark.parametrize("page", GALLERY.values(), ids=GALLERY.keys())
TEMPLATES = sorted(HERE.glob("templates/**/*.html")) + sorted(HERE.glob("templates/catalogue/*.toml"))


def test_the_gallery_shows_every_template_there_is() -> None:
    shown = "".join((Path(__file__).parent / each).read_text("utf-8") for each in ("gallery.py", "desk_gallery.py"))
    names = {str(path.relative_to(HERE / "templates/pages").with_suffix("")) for path in HERE.glob("templates/pages/**/*.html")}
    parts = {"message", "me/rest", "me/proposals", "me/buddies", "me/gestures", "me/moments", "me/before", "me/request",
             "me/notices", "me/unreached", "me/nudges", "me/aside", "me/partners", "me/asks", "me/suspended", "ask/people",
             "ask/you_fields", "ask/whom_fields", *(f"ask/steps/{step.key}" for step in STEPS)}
    missing = {name for name in names - parts if f'"{name}"' not in shown and f'"{name.removeprefix("me/")}"' not in shown}
    assert not missing


@every_page
def test_a_page_is_whole_html_with_language_one_heading_and_a_way_past_the_top(page: Page) -> None:
    assert page.broken == []
    [html] = page.all("html")
    assert (html.attributes["lang"], html.attributes["dir"]) == ("en", "ltr")
    assert len(page.all("h1")) == len(page.all("main")) == 1
    first = next(link for link in page.all("a"))
    assert first.attributes["href"] == "#main-content"
    assert page.by_id("main-content") is not None


@every_page
def test_urgent_help_stands_in_the_same_place_on_every_page(page: Page) -> None:
    links = [link for link in page.all("a") if "header" in link.inside]
    assert [(link.attributes["href"], link.text) for link in links] == [("/", "Twoway"), ("/urgent-help", "I need urgent help")]


@every_page
def test_a_page_has_no_script_no_inline_style_and_nothing_from_elsewhere(page: Page) -> None:
    assert not page.all("script", "iframe", "img", "object", "style")
    for element in page.elements:
        assert not any(name == "style" or name.startswith("on") for name in element.attributes)
        for name in ("src", "href", "action", "formaction"):
            address = element.attributes.get(name, "/")
            assert address.startswith(("/", "#", "tel:", "sms:")) or "tw-mail__text" in _around(page, element)


@every_page
def test_every_field_has_a_name_that_can_be_read_aloud_and_no_id_comes_twice(page: Page) -> None:
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    labelled = {label.attributes["for"] for label in page.all("label") if label.text.strip()}
    for element in page.all("input", "textarea", "select"):
        if element.attributes.get("type") != "hidden":
            assert element.attributes["id"] in labelled
    for element in page.elements:
        for id in element.attributes.get("aria-describedby", "").split():
            assert id in ids
    for group in page.all("fieldset"):
        assert group.text.strip()
    assert all(button.text.strip() for button in page.all("button"))
    assert len(page.all("legend")) == len(page.all("fieldset"))


@every_page
def test_headings_follow_one_another_without_a_gap(page: Page) -> None:
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4")]
    levels = levels[levels.index(1):]
    assert all(after - before <= 1 for before, after in pairwise(levels))


@every_page
def test_no_form_asks_a_browser_to_check_or_leaves_its_page_without_saying_where(page: Page) -> None:
    for form in page.all("form"):
        assert form.attributes["method"] in ("get", "post")
        assert form.attributes["action"].startswith("/")
    assert not any("required" in element.attributes for element in page.all("input", "textarea"))


@pytest.mark.parametrize("name", [name for name in GALLERY if "problems" in name])
def test_problems_stand_first_lead_to_their_fields_and_are_said_in_the_title(name: str) -> None:
    page = GALLERY[name]
    assert page.all("title")[0].text.startswith("Error: ")
    links = [link for link in page.all("a") if link.attributes["href"].startswith("#") and link.inside[-1] == "li"]
    assert links
    for link in links:
        field = page.by_id(link.attributes["href"][1:])
        assert field is not None
        assert field.tag in ("input", "textarea", "select")
        told = page.by_id(f"{link.attributes['href'][1:]}-error")
        assert told is not None
        assert told.text.strip().endswith(link.text.strip())
    summary = next(each for each in page.elements if "autofocus" in each.attributes)
    assert summary.attributes["tabindex"] == "-1"


def test_a_page_without_problems_has_no_error_in_its_title() -> None:
    assert not [name for name, page in GALLERY.items() if "problems" not in name and "Error" in page.all("title")[0].text]


def test_what_was_typed_is_shown_as_text_never_as_html() -> None:
    assert "<b>Hill</b>" in [each.attributes.get("value") for each in GALLERY["ask ways, with problems"].all("input")]
    assert not GALLERY["ask ways, with problems"].all("b")
    assert not GALLERY["check"].all("i")
    assert "<script>" in [each.attributes.get("value") for each in GALLERY["away"].all("input")]
    assert not GALLERY["mailbox"].all("b")


def test_a_first_visit_stays_under_thirty_kilobytes() -> None:
    made = gallery(pages(try_out=False))
    styles = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in ("govuk.css", "twoway.css", "icon.svg"))
    for name in ("start", "ask", *(f"ask {step.key}" for step in STEPS)):
        assert styles + len(gzip.compress(made[name])) < 30_000


def test_the_four_answers_are_equal() -> None:
    answers = [each for each in GALLERY["me"].all("button") if each.attributes.get("name") == "answer"]
    assert [each.attributes["value"] for each in answers] == ["yes", "not_now", "not_this_person", "someone_different"]
    assert len({each.attributes["class"] for each in answers}) == 1


def test_a_page_shows_two_counts_and_never_their_difference() -> None:
    text = GALLERY["me"].text
    assert "Moments you gave" in text
    assert "Moments you received" in text
    counts = [each.text for each in GALLERY["me"].all("dd")]
    assert counts[:2] == [str(ME.given), str(ME.received)]
    assert not re.search(r"[-−]\d", text)


@pytest.mark.parametrize("name", ["start", "me", "break"])
def test_wherever_a_rest_is_offered_the_page_says_that_what_was_suggested_closes_and_the_place_is_kept(name: str) -> None:
    text = GALLERY[name].text
    assert re.search(r"(W|w)hat we had suggested closes", text)
    assert re.search(r"(Y|y)ou keep your place", text)


def test_what_a_partner_told_stands_with_its_source() -> None:
    text = " ".join(GALLERY["me"].text.split())
    assert "You kept Calm Heron company 18 November 2026, as City clinic told us. Taken back: it was not so." in text
    assert "Listening <b>skills</b>, 20 November 2026, as City clinic told us" in text


@pytest.mark.parametrize("name", ["me", "story"])
def test_each_link_to_a_moment_says_which_to_whoever_hears_the_page(name: str) -> None:
    links = [" ".join(each.text.split()) for each in GALLERY[name].all("a")
             if each.attributes["href"].startswith("/me/moments/")]
    assert len(links) > 2
    assert len(set(links)) == len(links)
    assert "Change something about it (You listened to Calm Heron, 18 November 2026)" in links


def test_a_story_says_that_nothing_is_recorded_and_never_that_there_was_nothing() -> None:
    assert "July 2026 to October 2026: nothing is recorded." in GALLERY["story"].text
    assert "Nothing is recorded yet." in GALLERY["story, empty"].text
    assert "Nothing is recorded before that." in GALLERY["story, past its end"].text
    for name in ("story", "story, empty", "one moment"):
        assert not re.search(r"\b0\b|[-−]\d|balance|less|more than", GALLERY[name].text.partition("This is a try-out")[2])


def test_what_follows_from_remembering_differently_is_said_before_anything_is() -> None:
    page = GALLERY["differently"]
    for words in ("neither has to be wrong", "Calm Heron sees it", "Unless it is taken back it goes on counting",
                  "A person of the programme"):
        assert words in page.text
    assert [each.attributes["action"] for each in page.all("form")] == ["/me/moments/m2/differently"]


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Auckland", "Pacific/Kiritimati", "America/Anchorage"])
def test_a_day_that_somebody_chose_is_shown_as_that_day_wherever_the_programme_is(zone: str) -> None:
    there = Pages(PROGRAMME.model_copy(update={"time_zone": zone}), CATALOGUE, try_out=False)
    for day in (date(2026, 1, 1), date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31)):
        assert there.date_of(there.noon_ms(day)) == day


def test_the_pulse_says_whom_it_is_not_about_and_its_answers_are_equal() -> None:
    page = GALLERY["me"]
    answers = [each for each in page.all("button") if each.attributes.get("name") == "listened"]
    assert [each.attributes["value"] for each in answers] == ["yes", "partly", "no", "skip"]
    assert len({each.attributes["class"] for each in answers}) == 1
    assert "counted for the programme as a whole. It is not about a buddy" in page.text


def test_each_agreement_is_asked_for_apart_and_nothing_is_ticked_beforehand() -> None:
    ticks = [each for each in GALLERY["invitation, with agreements"].all("input") if each.attributes["type"] == "checkbox"]
    assert [(each.attributes["name"], each.attributes["value"]) for each in ticks] == [
        ("agreed", "checkins"), ("agreed", "training")]
    assert not any("checked" in each.attributes for each in ticks)
    assert not [each for each in GALLERY["invitation"].all("input") if each.attributes["type"] == "checkbox"]


def test_the_goodbye_promises_no_more_than_holds_when_a_partner_invites_anew() -> None:
    text = GALLERY["message: goodbye"].text
    assert "not write to you again" not in text
    assert "one invitation may come" in text


def test_the_page_of_leaving_says_what_becomes_of_a_concern_that_nobody_has_read() -> None:
    assert "A concern you raised is sealed under the same key" in GALLERY["leave"].text


@pytest.mark.parametrize(("name", "prefix"), [("me", "Done: "), ("ask, away", "Not sent: ")])
def test_what_was_saved_or_not_sent_is_said_in_the_title_and_read_at_once(name: str, prefix: str) -> None:
    page = GALLERY[name]
    assert page.all("title")[0].text.startswith(prefix)
    [notice] = [each for each in page.elements if "autofocus" in each.attributes]
    assert notice.attributes["tabindex"] == "-1"
    named = page.by_id(notice.attributes["aria-labelledby"])
    assert named is not None
    assert named.text == notice.text


def test_the_name_of_a_language_in_that_language_is_marked_so_and_an_english_one_is_not() -> None:
    marked = {each.attributes["lang"]: each.text for each in GALLERY["ask languages"].all("span") if "lang" in each.attributes}
    assert marked == {"cy": "Cymraeg", "ar": "العربية", "ur": "اردو", "pl": "Polski"}
    assert "Cymraeg (Welsh)" in GALLERY["ask languages"].text


QUESTIONS = ("age_band", "facts-gender", "facts-talking", "meets_ages", "chosen_limits-gender", "prefers-talking")


def test_what_is_asked_about_people_says_why_it_is_asked() -> None:
    about, others = GALLERY["ask you"], GALLERY["ask whom"]
    for field in QUESTIONS:
        assert (about.by_id(field) or others.by_id(field)) is not None
    assert "nobody is told" in about.text
    assert "nobody is told" in others.text
    assert "or for what stands beside the question" in about.text
    assert "The fewer people that leaves, the longer it may be" in others.text
    for field, is_counted in (("age_band", True), ("facts-gender", True), ("facts-talking", False)):
        hint = about.by_id(f"{field}-hint")
        assert hint is not None
        assert ("The programme sees it only in counts that name nobody." in hint.text) == is_counted, field


def test_every_question_about_people_can_be_passed_over() -> None:
    checked = [(each.attributes["name"], each.attributes["value"]) for each in GALLERY["ask you"].all("input")
               if "checked" in each.attributes and each.attributes["name"] in QUESTIONS]
    assert checked == [("age_band", ""), ("facts-gender", ""), ("facts-talking", "")]
    legends = [each.text.strip() for name in ("ask you", "ask whom") for each in GALLERY[name].all("legend")]
    assert all(text.endswith("(optional)") for text in legends)


def test_answers_about_people_are_kept_on_a_page_that_is_shown_again() -> None:
    checked = {(each.attributes["name"], each.attributes["value"]) for step in ("newcomers", "you", "whom")
               for each in GALLERY[f"ask {step}, filled in"].all("input") if "checked" in each.attributes}
    assert {("age_band", "25_34"), ("facts-gender", "woman"), ("meets_ages", "25_34"), ("prefers-talking", "quiet"),
            ("chosen_limits-gender", "another"), ("newcomers", "newcomer"), ("facts-talking", "")} <= checked


def test_a_programme_that_asks_nothing_about_people_has_no_such_pages() -> None:
    bare = PROGRAMME.model_copy(update={"age_bands": {}, "facts": {}, "communities": PROGRAMME.communities[:1]})
    keys = {step.key for step in asked(bare, again=False)}
    assert not keys & {"you", "whom", "community"}
    assert keys | {"you", "whom", "community"} == {step.key for step in STEPS}


def test_a_programme_by_whose_facts_nobody_is_chosen_asks_no_limits() -> None:
    facts = {key: fact.model_copy(update={"limit": None, "wish": None}) for key, fact in PROGRAMME.facts.items()}
    programme = PROGRAMME.model_copy(update={"age_bands": {}, "facts": facts})
    assert "whom" not in {step.key for step in asked(programme, again=False)}
    page = Page(gallery(Pages(programme, CATALOGUE, try_out=False))["ask you"])
    assert "Your gender" in page.text
    assert "comfortable with" not in page.text


def test_whoever_is_here_already_is_not_asked_again_who_they_are() -> None:
    assert not {"community", "adult", "alias", "email"} & {step.key for step in asked(PROGRAMME, again=True)}


def test_every_field_of_the_form_is_on_one_page_and_every_page_has_a_title() -> None:
    assert sorted(field for step in STEPS for field in step.fields) == sorted(Ask.model_fields)
    assert {step.key for step in STEPS} == set(CATALOGUE.words["steps"])


def test_what_the_programme_no_longer_asks_is_told_above_what_it_does_ask() -> None:
    astray = Problems({"chosen_limits": CATALOGUE.errors["ask"]["chosen_limits"]["unknown"]})
    step = next(each for each in STEPS if each.key == "whom")
    page = Page(bytes(pages().page("ask/step", 422, step=step, back="/ask", problems=astray).body))
    told = page.by_id("chosen_limits")
    assert told is not None
    assert "not asked here, or not any more" in told.text
    assert [each.text for each in page.all("a") if each.attributes["href"] == "#chosen_limits"]


def test_all_that_somebody_asked_for_stands_on_their_page() -> None:
    text = GALLERY["me"].text
    for words in ("Support you would like", "Which genders would you be comfortable with?", "Woman", "Another", "25 to 34",
                  "Quietly, and pauses are fine", "would like somebody who enjoys welcoming"):
        assert words in text, words


def test_whoever_chose_whom_they_would_be_comfortable_with_is_told_kindly_that_it_may_take_longer() -> None:
    assert "The fewer people that leaves, the longer it may be" in GALLERY["check, choosy"].text
    assert "The fewer people" not in GALLERY["check"].text


def test_the_form_says_when_the_place_to_meet_is_needed() -> None:
    hint = GALLERY["ask ways"].by_id("area-hint")
    assert hint is not None
    assert hint.text.strip().startswith("Needed if you ticked meeting in person")


@pytest.mark.parametrize("name", ["end, over", "block, over", "concern, over"])
def test_what_is_said_of_an_earlier_buddy_names_the_day_that_tells_one_from_another(name: str) -> None:
    assert "until 18 November 2026" in GALLERY[name].text


def test_a_programme_goes_by_its_own_name_on_every_page() -> None:
    own = Pages(PROGRAMME.model_copy(update={"name": "Harbour Buddies"}), CATALOGUE, try_out=False)
    shown = {name: Page(html).text for name, html in gallery(own).items()}
    assert not [name for name, text in shown.items() if "Twoway" in text]
    assert "I agree that Harbour Buddies keeps" in shown["ask consent"]


def test_the_try_out_says_so_on_every_page_and_elsewhere_nothing_does() -> None:
    assert all("This is a try-out" in page.text for page in GALLERY.values())
    assert not any(b"try-out" in html or b"/mailbox" in html for name, html in gallery(pages(try_out=False)).items()
                   if "mailbox" not in name)


FORBIDDEN = re.compile(r"\b(owe|owes|debt|balance|must|overdue|streak|failed|you haven't|crazy|suffer\w*)\b", re.I)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_words_that_people_read_are_kind(path: Path) -> None:
    words = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|^\s*#.*$", " ", path.read_text("utf-8"), flags=re.S | re.M)
    assert not FORBIDDEN.findall(words)
    assert "!" not in words


@every_page
def test_words_that_a_page_shows_are_kind_wherever_they_come_from(page: Page) -> None:
    """Legends, hints, buttons and problems stand in the braces of a template, which the test above passes over."""
    shown = [page.text, *(each.attributes.get(name, "") for each in page.elements for name in ("aria-label", "title", "value"))]
    assert not [FORBIDDEN.findall(words) for words in shown if FORBIDDEN.search(words)]
    assert not [words for words in shown if "!" in words]


def _around(page: Page, element: Element) -> str:
    """The classes of what stands before it: enough to see that a link is one inside a try-out mail."""
    before = page.elements[: page.elements.index(element)]
    return " ".join(each.attributes.get("class", "") for each in before[-3:])
