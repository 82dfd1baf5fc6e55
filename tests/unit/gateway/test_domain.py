"""Aliases, references, codes and sessions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.gateway import catalogue
from services.gateway.domain.aliases import OFFERED, seed
from services.gateway.domain.references import LETTERS, reference
from services.gateway.domain.signing_in import (
    SECRET_LIVES_MS,
    SESSION_RENEWED_AFTER_MS,
    WRONG_CODES_MAX,
    Outcome,
    SignIn,
    code_in,
    is_token,
    session_renewal_due,
)

ALIASES = catalogue.load().aliases


@given(st.integers(0, 2**31 - 1))
def test_eight_different_names_are_offered_and_every_one_is_known(number: int) -> None:
    names = ALIASES.offer(number)
    assert len(set(names)) == OFFERED
    assert all(ALIASES.knows(name) for name in names)
    assert names == ALIASES.offer(number)


@given(st.text())
def test_a_name_of_somebodys_own_is_not_known(text: str) -> None:
    assert not ALIASES.knows(text) or text in {f"{a} {b}" for a in ALIASES.first for b in ALIASES.second}


@given(st.text())
def test_whatever_a_page_carries_as_its_seed_is_a_small_number_or_none(text: str) -> None:
    assert (found := seed(text)) is None or 0 <= found < 2**31


def test_a_reference_is_short_steady_and_free_of_letters_that_are_mixed_up() -> None:
    found = {reference(f"request {number}") for number in range(2_000)}
    assert len(found) == 2_000
    assert reference("request 1") == reference("request 1")
    assert all(len(each) == 9 and each[4] == "-" and set(each.replace("-", "")) <= set(LETTERS) for each in found)
    assert not set(LETTERS) & set("AEIOUL0123456789")


def test_a_right_code_lets_in_within_half_an_hour_and_not_after() -> None:
    sign_in = SignIn(code_hash="right", expires_ms=SECRET_LIVES_MS)
    assert sign_in.by_code("right", SECRET_LIVES_MS - 1) is Outcome.IN
    assert sign_in.by_code("right", SECRET_LIVES_MS) is Outcome.SPENT
    assert sign_in.by_code("wrong", 0) is Outcome.WRONG


def test_a_right_code_after_five_wrong_ones_is_spent() -> None:
    for wrong in range(WRONG_CODES_MAX):
        assert SignIn(code_hash="right", expires_ms=1, wrong=wrong).by_code("right", 0) is Outcome.IN
    assert SignIn(code_hash="right", expires_ms=1, wrong=WRONG_CODES_MAX).by_code("right", 0) is Outcome.SPENT


def test_a_code_is_found_in_what_people_paste() -> None:
    assert {code_in(text) for text in ("123456", " 123 456 ", "123-456\n")} == {"123456"}
    assert {code_in(text) for text in ("12345", "1234567", "12345a", "", "١٢٣٤٥٦")} == {None}


def test_only_43_url_safe_characters_are_a_token() -> None:
    assert is_token("aZ0-_" * 8 + "abc")
    assert not any(map(is_token, ("", "a" * 42, "a" * 44, "a" * 42 + "/", "é" * 43)))


def test_a_session_is_renewed_once_an_hour_at_most() -> None:
    assert not session_renewal_due(0, SESSION_RENEWED_AFTER_MS - 1)
    assert session_renewal_due(0, SESSION_RENEWED_AFTER_MS)
