"""The lint over every message in every language: discreet, calm, short, and always with the way out and the way to help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import TemplateError

from services.notifier.domain.messages import Template
from services.notifier.words import FOLDER, BadTemplate, Rendered, Words
from shared.programme import load

BANNED = ("owe", "owes", "owed", "debt", "debts", "balance", "must", "overdue", "streak", "failed", "you haven't",
          "you have not", "hurry", "urgent!", "asap", "reminder")
TELLING = ("health", "mental", "support", "peer", "buddy", "anxi", "depress", "mood", "crisis", "help", "nhs", "therap",
           "recover", "lonely", "alone", "grief", "charity", "riverside", "twoway")
"""What sender, subject and first line never show on a locked screen."""

WORD_MAX = 12
SENTENCE_MAX, SENTENCE_MEAN_MAX = 28, 16
SUBJECT_MAX = 40
"""What most telephones show of a subject."""

BASE = "https://example.org"
LANGUAGES = sorted(path.name for path in FOLDER.iterdir())
ALL = [(language, template) for language in LANGUAGES for template in Template]
programme = load()
words = Words(programme, BASE)


def rendered(language: str, template: Template) -> Rendered:
    return words.render(template, language, link=f"{BASE}/a-link", code="123456")


def own_words(text: str) -> str:
    """The message without its links and without the lines that the programme's own urgent help brings."""
    lines = [line for line in text.splitlines() if not line.startswith("- ")]
    return re.sub(r"https?://\S+", "", "\n".join(lines))


def sentences(text: str) -> Iterator[list[str]]:
    for paragraph in own_words(text).split("\n\n"):
        for sentence in re.split(r"[.?:]\s", paragraph + " "):
            if found := re.findall(r"[A-Za-z']+", sentence):
                yield found


@pytest.mark.parametrize(("language", "template"), ALL)
def test_no_word_of_blame_debt_or_hurry_and_no_exclamation_mark(language, template):
    message = rendered(language, template)
    whole = f"{message.subject}\n{message.text}".lower()
    assert "!" not in whole
    for word in BANNED:
        assert re.search(rf"\b{re.escape(word)}\b", whole) is None, word


@pytest.mark.parametrize(("language", "template"), ALL)
def test_words_and_sentences_are_short(language, template):
    text = rendered(language, template).text
    for word in re.findall(r"[A-Za-z]+", own_words(text)):
        assert len(word) <= WORD_MAX, word
    lengths = [len(each) for each in sentences(text)]
    assert max(lengths) <= SENTENCE_MAX
    assert sum(lengths) / len(lengths) <= SENTENCE_MEAN_MAX


@pytest.mark.parametrize(("language", "template"), ALL)
def test_subject_and_first_line_give_nothing_away(language, template):
    message = rendered(language, template)
    shown = f"{message.subject}\n{message.text.splitlines()[0]}".lower()
    for word in TELLING:
        assert word not in shown, word
    assert 0 < len(message.subject) <= SUBJECT_MAX
    assert "123456" not in shown


@pytest.mark.parametrize(("language", "template"), ALL)
def test_every_message_says_why_it_came_what_happens_next_how_to_stop_and_where_urgent_help_is(language, template):
    text = rendered(language, template).text
    order = [text.index(each) for each in ("Why this came: ", "What happens next: ", "stop", "crisis service")]
    assert order == sorted(order)
    for line in programme.urgent_help.lines:
        assert line.name in text
        assert line.how in text
    if template is Template.INVITATION:
        assert "This is the only message" in text
    else:
        assert f"stop our messages,\nopen your page: {BASE}/me" in text


@pytest.mark.parametrize(("language", "template"), ALL)
def test_a_message_starts_with_a_link_before_it_explains(language, template):
    first = rendered(language, template).text.split("Why this came", 1)[0]
    assert BASE in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_sign_in_message_carries_the_code_and_it_carries_the_link_too(language):
    for template in Template:
        carries = "123456" in rendered(language, template).text
        assert carries is (template is Template.SIGN_IN)
    assert f"{BASE}/a-link" in rendered(language, Template.SIGN_IN).text
    assert f"{BASE}/a-link" in rendered(language, Template.KNOWN_ALREADY).text, "no page waits for a code of this one"


@pytest.mark.parametrize("template", [Template.SIGN_IN, Template.KNOWN_ALREADY, Template.RECEIVED])
def test_whoever_did_not_ask_for_a_message_that_anybody_can_have_sent_is_told_what_they_can_do(template):
    """A page takes any address that somebody gives there."""
    text = " ".join(rendered("en", template).text.split())
    assert "If that was not you, " in text


def test_the_words_of_each_gesture_and_of_thanks_are_in_its_message():
    for template, said in {Template.GESTURE_CUP_OF_TEA: "A cup of tea for you.",
                           Template.GESTURE_THINKING_OF_YOU: "Thinking of you.",
                           Template.GESTURE_I_HEAR_YOU: "I hear you.",
                           Template.GESTURE_THANK_YOU: "Thank you.",
                           Template.THANKED: "Thank you for a moment you shared."}.items():
        assert f"\n{said}\n" in rendered("en", template).text


def test_every_message_has_its_file_and_every_file_is_a_message():
    for language in LANGUAGES:
        files = {path.stem for path in (FOLDER / language).iterdir() if not path.name.startswith("_")}
        assert files == {str(each) for each in Template}


def test_the_one_notice_names_no_cause_and_nobody_who_acted_and_is_true_of_a_proposal_and_of_a_pair():
    """Rule 17: a single wording, whatever ended."""
    text = own_words(rendered("en", Template.NOT_GOING_AHEAD).text).lower()
    for word in ("block", "answer", "lapse", "left", "leave", "declin", "ended", "break", "safety", "buddy", "they", "their"):
        assert word not in text.split("to choose the hours", 1)[0], word
    assert "your place is kept" in text
    assert "we go on looking for you" not in text, "not everybody who has a buddy still looks for another"


def test_reasons_stay_on_the_page():
    """A proposal's message names no topic, no language and no way to connect (rules 10 and 17)."""
    text = own_words(rendered("en", Template.PROPOSAL).text).lower()
    for topic in programme.topics.values():
        assert topic.lower() not in text


def test_a_language_without_templates_is_told_in_english():
    assert words.render(Template.RECEIVED, "cy") == words.render(Template.RECEIVED, "en")
    assert words.render(Template.RECEIVED, "../en") == words.render(Template.RECEIVED, "en")


@pytest.mark.parametrize("broken", ["No subject at all\n\ntext", "Subject: fine\ntext at once", "Subject: x\n\n{{ nobody }}",
                                    "Subject: x\n\n{% if %}"])
def test_a_template_that_cannot_be_used_is_told_when_the_service_starts(broken, tmp_path: Path):
    for path in (FOLDER / "en").iterdir():
        (tmp_path / "en").mkdir(exist_ok=True)
        (tmp_path / "en" / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert Words(programme, BASE, tmp_path).render(Template.RECEIVED, "en").subject
    (tmp_path / "en" / "received.txt").write_text(broken, "utf-8")
    with pytest.raises((BadTemplate, TemplateError)):
        Words(programme, BASE, tmp_path)


@pytest.mark.parametrize(("count", "said"), [
    (1, "Someone thought of you, more than once:"), (2, "Two people"), (3, "Three people thought of you:"),
    (5, "Five people"), (6, "More than five people"), (60, "More than five people")])
def test_a_digest_says_of_how_many_people_it_is(count, said):
    assert said in words.render(Template.DIGEST, "en", count=count).text


def test_whoever_waits_reads_for_how_many_days_it_has_been():
    assert "It has been 14 days." in words.render(Template.WAITING, "en", count=14).text
    assert "days" not in words.render(Template.WAITING, "en", count=1).text
