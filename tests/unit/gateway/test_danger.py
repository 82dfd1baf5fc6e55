"""Words that suggest danger are found however they are typed, and others are let be (rule 16)."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.danger import LIST, STEM, suggested

LISTS: dict[str, list[str]] = tomllib.loads(LIST.read_text("utf-8"))
PHRASES = [(language, phrase.removesuffix(STEM)) for language, phrases in LISTS.items() for phrase in phrases]


@pytest.mark.parametrize(("language", "phrase"), PHRASES)
def test_each_phrase_of_the_list_is_found_in_the_middle_of_a_text(language: str, phrase: str) -> None:
    assert suggested(f"Some words before.\n{phrase.upper()}, and after")


@pytest.mark.parametrize("text", [
    "I don’t want to live", "i dont want to live", "I don't  want\nto live any more", "SUICIDAL thoughts", "self-harm",
    "i cant go on like this", "My partner hits me", "thinking of\u200c suicide", "Hunanladdiad", "dod â fy mywyd i ben",
    "I'm going to end my own life", "thinking of hanging myself", "I took too many pills again", "he hit me", "I'm not safe",
    "my life is in danger", "kill_my_self", "sui\u00adcide", "I was sexually assaulted", "isio marw", "سأقتل نفسي",
    "أفكّر في الانتحار", "self harming", "لا أريد أن أعيش", "I wish I was dead.", "overdosed last year"])
def test_what_people_write_is_found_however_they_write_it(text: str) -> None:
    assert suggested(text)


@pytest.mark.parametrize("text", [
    "", "I would like to talk about my mum", "I want to live near the sea",
    "We go on walks and kill time", "Knitting and sewing", "My cat died", "I find it hard to cut down on smoking",
    "I grape-pick in autumn", "skms", "I go on holiday",
    "I lost my job and feel low", "I am shy in groups", "I want to feel safe with somebody", "Glad to be alive"])
def test_everyday_words_are_let_be(text: str) -> None:
    assert not suggested(text)


@given(st.text(max_size=1_000))
def test_any_text_has_an_answer(text: str) -> None:
    assert suggested(text) in (True, False)


@given(st.sampled_from(PHRASES), st.text(max_size=40), st.text(max_size=40))
def test_what_stands_around_it_hides_nothing(phrase: tuple[str, str], before: str, after: str) -> None:
    assert suggested(f"{before} {phrase[1]} {after}")
