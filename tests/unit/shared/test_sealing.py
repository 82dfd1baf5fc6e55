from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import FreeText, Sealed
from shared.sealing import ERASED, BrokenSeal, Vault, key_id, parse_key

VAULT = Vault(bytes(range(32)))
KEY = VAULT.new_key("peer-a")
texts = st.text(max_size=200).filter(lambda text: text.isprintable())


@given(texts)
def test_what_is_sealed_opens_to_the_same_under_its_owners_key(text: str) -> None:
    sealed = VAULT.seal("peer-a", KEY, FreeText(text=text))
    assert VAULT.open(sealed, KEY, FreeText) == FreeText(text=text)
    assert key_id(sealed) == "peer-a"


@given(texts.filter(lambda text: len(text) > 3))
def test_a_seal_shows_nothing_of_its_content_and_is_never_twice_the_same(text: str) -> None:
    one, other = (VAULT.seal("peer-a", KEY, FreeText(text=text)) for _ in range(2))
    assert one != other
    assert text not in one


def test_a_seal_whose_key_is_destroyed_reads_as_erased() -> None:
    assert VAULT.open(VAULT.seal("peer-a", KEY, FreeText(text="x")), None, FreeText) is ERASED
    assert not ERASED


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=1, max_value=127))
def test_a_changed_seal_is_broken_never_something_else(place: int, by: int) -> None:
    sealed = VAULT.seal("peer-a", KEY, FreeText(text="a quiet word"))
    at = min(place, len(sealed) - 1)
    changed = Sealed(sealed[:at] + chr((ord(sealed[at]) + by) % 128) + sealed[at + 1:])
    try:
        assert VAULT.open(changed, KEY, FreeText) == FreeText(text="a quiet word")
        assert changed[at:] != sealed[at:]  # only unused base64 bits of the last letter may differ unseen
    except BrokenSeal:
        pass


def test_a_seal_cannot_be_passed_off_as_another_persons() -> None:
    sealed = VAULT.seal("peer-a", KEY, FreeText(text="mine"))
    other = Sealed(sealed.replace("peer-a", "peer-b"))
    with pytest.raises(BrokenSeal):
        VAULT.open(other, KEY, FreeText)
    with pytest.raises(BrokenSeal):
        VAULT.open(sealed, VAULT.new_key("peer-b"), FreeText)


def test_another_installations_key_opens_nothing() -> None:
    sealed = VAULT.seal("peer-a", KEY, FreeText(text="mine"))
    with pytest.raises(BrokenSeal):
        Vault(bytes(32)).open(sealed, KEY, FreeText)


def test_a_key_of_the_wrong_length_is_refused_with_what_it_needs() -> None:
    with pytest.raises(ValueError, match="it needs 32"):
        Vault(b"short")
    with pytest.raises(ValueError, match="base64"):
        parse_key("ä")
