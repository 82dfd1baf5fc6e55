"""Sentences that an operator lays over ours: what they may say, and what the service says when it can't use them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.notifier import catalogues
from services.notifier.catalogues import BadCatalogue, Language
from services.notifier.domain.messages import Template
from services.notifier.lint import Rules, problems, rules, said
from services.notifier.sentences import Sentence
from services.notifier.words import Words
from shared.programme import load

BASE = "https://example.org"
SIGNED = '"X-Reviewed-By: Nia Rees, 2026-11-27\\n"\n'
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
LEAD = 'msgid "There is something new on your page."\nmsgstr "{}"\n'

Lay = Callable[..., Words]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Lays a file over the shipped catalogues; gives the words that follow."""
    def laid(text: str | bytes, name: str = "en.po") -> Words:
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return Words(load(), BASE, tmp_path)
    return laid


def signed_welsh() -> str:
    return (catalogues.FOLDER / "cy.po").read_text("utf-8").replace('"X-Reviewed-By: \\n"\n', SIGNED)


def refused(lay: Lay, text: str | bytes, name: str = "en.po") -> str:
    with pytest.raises(BadCatalogue) as error:
        lay(text, name)
    return str(error.value)


def test_a_sentence_of_the_operators_own_stands_in_every_message_that_has_it(lay: Lay):
    words = lay(HEAD + "\n" + LEAD.format("Something new waits for you."))
    for template in (Template.PROPOSAL, Template.INTRODUCTION):
        assert words.render(template, "en").text.startswith("Something new waits for you.\n")
    assert "Something new" not in words.render(Template.SIGN_IN, "en").text


def test_an_empty_folder_and_an_empty_sentence_change_nothing(lay: Lay, tmp_path: Path):
    ours = Words(load(), BASE).render(Template.PROPOSAL, "en")
    assert Words(load(), BASE, tmp_path).render(Template.PROPOSAL, "en") == ours
    assert lay(HEAD + "\n" + LEAD.format("")).render(Template.PROPOSAL, "en") == ours
    assert lay(HEAD + "\n#, fuzzy\n" + LEAD.format("Not sure yet.")).render(Template.PROPOSAL, "en") == ours


def test_a_language_is_on_once_somebody_has_signed_it_and_is_then_used(lay: Lay):
    words = lay(signed_welsh(), "cy.po")
    assert words.languages["cy"].on
    assert words.languages["cy"].reviewed == "Nia Rees, 2026-11-27"
    assert words.render(Template.PROPOSAL, "cy").subject == "Mae newyddion ar eich tudalen"
    assert not words.languages["ar"].on


def test_a_signature_alone_turns_on_the_sentences_that_ship_with_twoway(lay: Lay):
    words = lay(HEAD + SIGNED, "cy.po")
    assert words.render(Template.PROPOSAL, "cy").language == "cy"


def test_a_language_of_the_operators_own_needs_every_sentence_before_it_is_signed(lay: Lay):
    polish = 'msgid "Thank you."\nmsgstr "Dziękuję."\n'
    words = lay(HEAD + "\n" + polish, "pl.po")
    assert not words.languages["pl"].on
    assert words.render(Template.GESTURE_THANK_YOU, "pl").language == "en"
    assert "Dziękuję." in words.draft(Template.GESTURE_THANK_YOU, "pl").text
    said_why = refused(lay, HEAD + SIGNED + "\n" + polish, "pl.po")
    assert "pl.po: it is signed by Nia Rees, 2026-11-27, and " in said_why
    assert "such as “Why this came:”; add them, or take the signature out" in said_why


@pytest.mark.parametrize(("text", "line", "what"), [
    (LEAD.format("Something new!"), 5, "exclamation mark"),
    (LEAD.format("Something new！"), 5, "exclamation mark"),
    (LEAD.format("You must look at your page."), 5, "it says “must”"),
    (LEAD.format("Your mental health buddy wrote."), 5, "a locked screen may show it"),
    (LEAD.format("A word of {name} is on your page."), 5, "there is no variable {name} here"),
    (LEAD.format("A word of {} is on your page."), 5, "there is no variable"),
    (LEAD.format("A { is on your page."), 5, "no other half"),
    (LEAD.format("<b>New</b> on your page."), 5, "plain text"),
    (LEAD.format("New on\\nyour page."), 5, "plain text"),
    (LEAD.format("Long " * 20), 5, "at most 90 characters"),
    (LEAD.format("An incomprehensible thing."), 5, "longer than 12 letters"),
    ('msgid "There is news on your page"\nmsgstr "' + "News " * 10 + '"\n', 5, "at most 40 characters"),
    ('msgid "Your code: {code}. Not you? Leave it be."\nmsgstr "Your code is here."\n', 5, "{code} is missing"),
    ('msgid "What nobody says."\nmsgstr "Something."\n', 5, "no message says “What nobody says.”"),
    ('msgid "Thank you."\nmsgstr "Thanks."\n\n' + LEAD.format("Now!"), 8, "exclamation mark"),
])
def test_what_no_message_says_is_refused_with_its_file_and_line_and_what_is_wrong(lay: Lay, text: str, line: int, what: str):
    said_why = refused(lay, HEAD + "\n" + text)
    assert f"en.po:{line}: " in said_why
    assert what in said_why


def test_the_list_of_the_language_itself_counts_and_not_english(lay: Lay):
    assert "it says “يجب”" in refused(lay, HEAD + "\n" + LEAD.format("ويجب أن تنظر في صفحتك."), "ar.po")
    assert "exclamation mark" in refused(lay, HEAD + "\n" + LEAD.format("شيء جديد!"), "ar.po")
    assert "it says “ddylech”" in refused(lay, HEAD + "\n" + LEAD.format("Fe ddylech edrych."), "cy.po")


def test_a_number_in_groups_is_kept_together_where_one_reads_from_right_to_left(lay: Lay):
    text = 'msgid "Call 116 123"\nmsgstr "اتصل بالرقم 116{}123"\n'
    assert "no-break space" in refused(lay, HEAD + "\n" + text.format(" "), "ar.po")
    lay(HEAD + "\n" + text.format("\u00a0"), "ar.po")


@pytest.mark.parametrize(("text", "what"), [
    (HEAD + "\nwhat is this\n", "it is not as a .po file is written"),
    (b"\xff\xfe\x00", "not text in UTF-8"),
    (HEAD + '"X-Reviewed-By: soon\\n"\n', "a signature is the reviewer's name and the day"),
    (HEAD + '"X-Reviewed-By: 2026-11-27\\n"\n', "a signature is the reviewer's name and the day"),
])
def test_a_file_that_is_not_written_as_it_should_be_is_named(lay: Lay, text: str | bytes, what: str):
    said_why = refused(lay, text)
    assert "en.po" in said_why
    assert what in said_why


@pytest.mark.parametrize("name", ["english.po", "en.txt", "xx.po", "EN.po", "en.po~"])
def test_a_file_whose_name_is_no_language_is_not_passed_over_in_silence(lay: Lay, name: str):
    assert name.removesuffix(".po") in refused(lay, HEAD, name)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Words(load(), BASE, tmp_path / "nothing")


def test_a_programme_may_say_its_own_urgent_help_in_other_languages(lay: Lay):
    text = 'msgid "Call our own line"\nmsgstr "Ffoniwch ein llinell ein hunain"\n'
    assert "no message says" in refused(lay, HEAD + "\n" + text, "cy.po")


def test_sentences_that_count_are_said_in_as_many_forms_as_the_language_has(tmp_path: Path):
    counting = Sentence("One person thought of you.", "{count} people thought of you.")
    forms = {0: "لم يفكر أحد", 1: "فكر شخص", 2: "فكر شخصان", 3: "فكر {count} أشخاص",
             11: "فكر {count} شخصا", 100: "فكر {count} شخص"}
    (tmp_path / "ar.po").write_text(HEAD + f'\nmsgid "{counting.one}"\nmsgid_plural "{counting.other}"\n' + "".join(
        f'msgstr[{place}] "{text}"\n' for place, text in enumerate(forms.values())), "utf-8")
    arabic: Language = catalogues.languages([("digest.lead", counting)], [counting], tmp_path)["ar"]
    for count, text in forms.items():
        assert arabic.say(counting, count) == text
    english = catalogues.languages([("digest.lead", counting)], [counting])["en"]
    assert [english.say(counting, count) for count in (1, 2)] == [counting.one, counting.other]


def test_a_language_has_as_many_forms_as_its_own_rule_says(lay: Lay):
    two = 'msgid "Someone thought of you, more than once."\nmsgid_plural "{count} people thought of you."\n'
    two += 'msgstr[0] "Rhywun."\nmsgstr[1] "{count} o bobl."\n'
    rule = '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
    assert "cy.po:6: it has 2 forms, and cy has 6; the rule" in refused(lay, HEAD + rule + "\n" + two, "cy.po")


def test_one_form_may_do_without_the_figure_and_the_last_may_not():
    counting = Sentence("One person.", "{count} people.")
    assert list(problems(counting, ("Un person.", "{count} o bobl."), ["digest.words"], Rules(), "ltr")) == []
    assert list(problems(counting, ("Un.", "Pobl."), ["digest.words"], Rules(), "ltr")) == ["{count} is missing"]


def test_every_kind_of_exclamation_mark_is_one():
    for mark in "!！¡‼⁉❗❕﹗՜":
        assert list(said(f"So{mark}", rules()["ar"])) == ["it has an exclamation mark; say it calmly"], mark


@pytest.mark.parametrize(("folder", "told"), [
    ("here", "en.po:5: it says “must”, which no message does."), ("nowhere", "can't be read (")])
def test_the_service_ends_with_code_2_and_one_line_when_it_cannot_use_them(tmp_path: Path, folder: str, told: str):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "en.po").write_text(HEAD + "\n" + LEAD.format("You must look."), "utf-8")
    environment = {"PATH": os.environ["PATH"], "TWOWAY_KEY": "A" * 43, "TWOWAY_TRY_OUT": "1",
                   "TWOWAY_MESSAGES": str(tmp_path / folder)}
    ended = subprocess.run([sys.executable, "-m", "services.notifier"], env=environment, capture_output=True, text=True,
                           timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("twoway: TWOWAY_MESSAGES: ")
    assert told in ended.stderr
