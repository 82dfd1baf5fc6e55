"""The lint over every message in every language, those that are off too: discreet, calm, short, and always with the way out and
the way to help."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest
import readability

from services.notifier import catalogues, lint, sentences
from services.notifier.domain.messages import ELSEWHERE, Template
from services.notifier.sentences import Sentence
from services.notifier.sms import GSM_MAX, UCS2_MAX, room
from services.notifier.words import ISOLATE, Rendered, Words
from shared.programme import load

READING_AGE_MAX = 9
"""Years. A Flesch-Kincaid grade is a year of school in the United States, which begin at five."""

SENTENCE_MEAN_MAX = 16
"""Words, in English."""

BASE = "https://a-long-name.people.example.org"
LINK, STOP = f"{BASE}/a-link", f"{BASE}/stop/a-token"
programme = load()
words = Words(programme, BASE)
LANGUAGES = sorted(words.languages)
MESSAGES = sorted(sentences.load().messages)
ALL = [(language, template) for language in LANGUAGES for template in MESSAGES]

PLACES: defaultdict[Sentence, set[str]] = defaultdict(set)
for place, sentence in [*sentences.load().used(), *sentences.of_help(programme.urgent_help)]:
    PLACES[sentence].add(place)
FRAME = sentences.load().frame


def rendered(language: str, template: str) -> Rendered:
    """As somebody would get it whose language is on."""
    return words.draft(template, language, link=LINK, code="123456", stop=STOP, count=3, others=3)


def said_in(language: str, sentence: Sentence) -> str:
    return words.languages[language].say(sentence)


def own_words(text: str) -> str:
    """The message without its links and without the lines that the programme's own urgent help brings."""
    text = text.partition("\n- ")[0]
    return re.sub(r"https?://\S+", "", text)


def flat(text: str) -> str:
    return re.sub(r"[ \n]+", " ", text)


def entries(language: str) -> list[tuple[str, Sentence, tuple[str, ...]]]:
    if language == "en":
        return [("en", sentence, sentence.forms) for sentence in PLACES]
    path = catalogues.FOLDER / f"{language}.po"
    return [(f"{path.name}:{line}", sentence, forms) for line, sentence, forms in catalogues.entries(path, language)]


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_is_english_welsh_and_a_language_that_is_read_from_right_to_left():
    assert LANGUAGES == ["ar", "cy", "en"]
    assert {tag: each.direction for tag, each in words.languages.items()} == {"ar": "rtl", "cy": "ltr", "en": "ltr"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_blames_presses_shouts_rambles_or_gives_anything_away(language: str):
    found = [f"{where}: {problem}" for where, sentence, forms in entries(language)
             for problem in lint.problems(sentence, forms, PLACES[sentence], lint.rules()[language],
                                          words.languages[language].direction)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_sentence_and_none_that_no_message_says(language: str):
    assert words.languages[language].missing == ()
    there = {sentence for _, sentence, forms in entries(language) if forms}
    assert there == PLACES.keys(), there ^ PLACES.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_own_list_of_what_no_message_says(language: str):
    assert len(lint.rules()[language].banned) >= 15
    assert len(lint.rules()[language].telling) >= 15


@pytest.mark.parametrize("template", MESSAGES)
def test_a_child_of_nine_can_read_it(template: str):
    """Flesch-Kincaid, of all that is Twoway's own in the message, in English."""
    paragraphs = [flat(each) for each in own_words(rendered("en", template).text).split("\n\n")]
    found = [re.findall(r"[A-Za-z’']+", sentence) for each in paragraphs for sentence in re.split(r"[.?:;]\s", each + " ")]
    found = [each for each in found if each]
    assert max(map(len, found)) <= lint.SENTENCE_MAX
    assert sum(map(len, found)) / len(found) <= SENTENCE_MEAN_MAX
    text = "\n".join(" ".join(each).replace("’", "'") + " ." for each in found)
    grade = readability.getmeasures(text, lang="en")["readability grades"]["Kincaid"]
    assert grade + 5 <= READING_AGE_MAX


@pytest.mark.parametrize(("language", "template"), ALL)
def test_every_message_says_why_it_came_what_happens_next_how_to_stop_and_where_urgent_help_is(
        language: str, template: str):
    text, message = flat(rendered(language, template).text), sentences.load().messages[template]
    stop = sentences.load().ending.get(message.ending, FRAME["stop"])
    in_order = [said_in(language, each) for each in (FRAME["why"], FRAME["next"], stop, FRAME["help"])]
    order = [text.index(flat(each)) for each in in_order]
    assert order == sorted(order)
    for line in programme.urgent_help.lines:
        assert flat(said_in(language, Sentence(line.how))) in text
        assert said_in(language, Sentence(line.name)) in text
    if message.ending == "kind":
        assert STOP in text
        assert flat(said_in(language, FRAME["page"])) in text


@pytest.mark.parametrize(("language", "template"), ALL)
def test_a_message_starts_with_a_line_that_gives_nothing_away_and_a_link_before_it_explains(language: str, template: str):
    message = rendered(language, template)
    first = message.text.split(said_in(language, FRAME["why"]), 1)[0]
    assert (LINK if sentences.load().messages[template].open != "page" else BASE) in first
    assert "123456" not in message.subject + message.text.splitlines()[0]


@pytest.mark.parametrize(("language", "template"), ALL)
def test_html_says_what_the_text_says_in_its_language_and_direction_and_asks_nobody_for_anything(
        language: str, template: str):
    message = rendered(language, template)
    html = message.html
    assert f'<html lang="{language}" dir="{words.languages[language].direction}">' in html
    for asked in ("<img", "<link", "<script", "<style", "<iframe", "url(", "src=", "@import"):
        assert asked not in html.lower()
    assert {address.split("/")[2] for address in re.findall(r"https?://[^\s\"<]+", html)} == {BASE.split("/")[2]}
    shown = flat(re.sub(r"<[^>]*>", " ", html.partition("</head>")[2]).replace("&amp;", "&"))
    for paragraph in own_words(message.text).split("\n\n"):
        for line in [flat(paragraph)] if "\n" in paragraph.strip() else paragraph.splitlines():
            assert line.strip().rstrip(": ").removesuffix(" 123456").rstrip(":") in shown, line


@pytest.mark.parametrize(("language", "template"), ALL)
def test_what_goes_by_sms_is_one_segment_with_news_a_link_and_how_to_stop(language: str, template: str):
    sms = rendered(language, template).sms
    taken, most = room(sms)
    assert taken <= most, f"{taken} of {most}"
    if template in (Template.SIGN_IN, Template.NEW_NUMBER):
        assert "123456" in sms
    elif template in (Template.INVITATION, *ELSEWHERE):
        assert sms == "", "it goes to an address of e-mail that somebody gave, and no number"
    else:
        assert sms == f"{said_in(language, Sentence('There is news for you. You can stop these there.'))}\n{BASE}/me"


def begins(line: str) -> str:
    """In which direction, to a program that looks at its first letter (UAX 9, P2); digits and signs say nothing."""
    first = next((kind for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")), "")
    return {"": "", "L": "ltr"}.get(first, "rtl")


@pytest.mark.parametrize(("language", "template"), ALL)
def test_each_line_of_plain_text_begins_in_its_direction_and_no_address_is_broken(language: str, template: str):
    text = rendered(language, template).text
    lines = [line for line in text.splitlines() if not line.startswith("http") and ISOLATE not in line]
    assert {begins(line) for line in lines} <= {"", words.languages[language].direction}
    assert LINK in text or sentences.load().messages[template].open == "page"


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_what_a_page_waits_for_carries_a_code_and_it_carries_the_link_too(language: str):
    for template in MESSAGES:
        carries = "123456" in rendered(language, template).text
        assert carries is (template in (Template.SIGN_IN, Template.NEW_ADDRESS, Template.NEW_NUMBER))
    assert LINK in rendered(language, Template.SIGN_IN).text
    assert LINK in rendered(language, Template.NEW_ADDRESS).text
    assert LINK in rendered(language, Template.KNOWN_ALREADY).text, "no page waits for a code of this one"


@pytest.mark.parametrize("template", [Template.SIGN_IN, Template.KNOWN_ALREADY, Template.RECEIVED,
                                      Template.NEW_ADDRESS, Template.ADDRESS_TAKEN])
def test_whoever_did_not_ask_for_a_message_that_anybody_can_have_sent_is_told_what_they_can_do(template: Template):
    """A page takes any address that somebody gives there."""
    assert "If that was not you, " in flat(rendered("en", template).text)


def test_the_words_of_each_gesture_and_of_thanks_are_in_its_message():
    for template, said in {Template.GESTURE_CUP_OF_TEA: "A cup of tea for you.",
                           Template.GESTURE_THINKING_OF_YOU: "Thinking of you.",
                           Template.GESTURE_I_HEAR_YOU: "I hear you.",
                           Template.GESTURE_THANK_YOU: "Thank you.",
                           Template.THANKED: "Thank you for a moment you shared."}.items():
        assert f"\n{said}\n" in rendered("en", template).text


def test_every_message_has_its_section_and_every_section_is_a_message():
    assert sentences.load().messages.keys() == {str(each) for each in Template}


def test_the_one_notice_names_no_cause_and_nobody_who_acted_and_is_true_of_a_proposal_and_of_a_pair():
    """Rule 17: a single wording, whatever ended."""
    text = own_words(rendered("en", Template.NOT_GOING_AHEAD).text).lower().partition("stop messages of this kind")[0]
    for word in ("block", "answer", "lapse", "left", "leave", "declin", "ended", "break", "safety", "buddy", "they", "their"):
        assert word not in text, word
    assert "your place is kept" in text
    assert "we go on looking for you" not in text, "not everybody who has a buddy still looks for another"


def test_reasons_stay_on_the_page():
    """A proposal's message names no topic, no language and no way to connect (rules 10 and 17)."""
    text = own_words(rendered("en", Template.PROPOSAL).text).lower()
    for topic in programme.topics.values():
        assert topic.lower() not in text


def test_a_digest_says_how_many_thought_of_somebody_in_the_forms_of_each_language():
    said = {language: [words.draft("digest", language, count=count).text.splitlines()[0] for count in (1, 2, 3, 11)]
            for language in LANGUAGES}
    assert said["en"] == ["Someone thought of you, more than once.", "2 people thought of you.", "3 people thought of you.",
                          "11 people thought of you."]
    assert all(len(set(each)) == 4 for each in said.values())


def test_whoever_waits_reads_for_how_many_days_it_has_been():
    assert "It has been 14 days." in flat(words.draft(Template.WAITING, "en", count=14).text)
    assert "days" not in words.draft(Template.WAITING, "en", count=1).text.partition("What happens next")[0]


def test_a_note_on_the_wait_says_how_long_others_wait_where_that_can_be_said():
    told = {others: flat(words.draft(Template.WAITING, "en", count=14, others=others).text) for others in (0, 1, 5)}
    assert "those who wait now" not in told[0]
    assert "say when that will be. About half of those who wait now have waited a week or more. What" in told[1]
    assert "About half of those who wait now have waited 5 weeks or more." in told[5]
    assert "those who wait now" not in words.draft(Template.RECEIVED, "en", others=5).text


# ── in which language ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["cy", "ar", "pl", "bsl", "../en", ""])
def test_whoever_chose_a_language_that_is_off_or_that_there_is_none_of_is_told_in_english(language: str):
    assert words.render(Template.RECEIVED, language) == words.render(Template.RECEIVED, "en")


def test_welsh_and_arabic_are_off_for_nobody_has_signed_them():
    assert [tag for tag, each in words.languages.items() if each.on] == ["en"]


def test_a_line_of_urgent_help_that_the_programme_has_in_english_alone_stays_whole_in_any_language():
    line = programme.urgent_help.lines[0].model_copy(update={"name": "Lifeline", "how": "Call 0808 808 8000", "region": None,
                                                             "when": "you are in despair", "link": None})
    help = programme.urgent_help.model_copy(update={"lines": (line,)})
    message = Words(programme.model_copy(update={"urgent_help": help}), BASE).draft(Template.RECEIVED, "ar")
    assert "- \u2066Lifeline: Call 0808 808 8000, if you are in despair.\u2069\n" in message.text
    assert 'lang="en" dir="ltr">Lifeline: Call 0808 808 8000, if you are in despair.</li>' in message.html


def test_urgent_help_is_one_tap_in_html_and_what_an_operator_writes_there_is_text():
    assert '<a href="tel:116123"' in words.draft(Template.RECEIVED, "ar").html
    line = programme.urgent_help.lines[0].model_copy(update={"how": "Call <b>999</b> & wait"})
    help = programme.urgent_help.model_copy(update={"lines": (line,)})
    message = Words(programme.model_copy(update={"urgent_help": help}), BASE).draft(Template.RECEIVED, "en")
    assert "Call &lt;b&gt;999&lt;/b&gt; &amp; wait" in message.html


def test_a_text_message_has_160_places_in_the_alphabet_of_telephones_and_70_in_any_other():
    assert room("a" * 160) == (160, GSM_MAX)
    assert room("€[") == (4, GSM_MAX)
    assert room("ŵ") == (1, UCS2_MAX)
    assert room("مرحبا") == (5, UCS2_MAX)
    assert room("🙂") == (2, UCS2_MAX)
    assert room("") == (0, GSM_MAX)


def test_catalogues_are_read_as_they_are_written():
    """`make run` builds nothing: no compiled catalogue lies about to be older than what it was made from."""
    assert not list(Path(catalogues.FOLDER).glob("**/*.mo"))
