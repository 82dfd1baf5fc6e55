"""An entry of the books in few bytes: what is written is read again, whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.entries import Leg, Transfer
from services.ledger.domain.packing import NotReadable, pack, unpack
from shared.clock import ID_BYTES, packed_id, unpacked_id
from shared.events import Correction, Kind, Way

ACCOUNTS = st.binary(min_size=16, max_size=16).map(bytes.hex)
IDS = st.none() | ACCOUNTS | st.text(st.characters(exclude_characters="\0"), max_size=40)
COUNTS = st.integers(-127, 127)


@st.composite
def entries(draw: Any) -> Transfer:
    """Of any kind, those of a broken book too: `twoway verify` has to be able to read them."""
    legs = [Leg(account=draw(ACCOUNTS), given=draw(COUNTS), received=draw(COUNTS)) for _ in range(2)]
    return Transfer(
        legs=(legs[0], legs[1]), at_ms=draw(st.integers(0, 2**48 - 1)),
        recorded_by=draw(st.one_of(st.sampled_from([leg.account for leg in legs]), ACCOUNTS)),
        kind=draw(st.sampled_from([None, *Kind])), minutes=draw(st.none() | st.integers(1, 1440)),
        source=draw(st.sampled_from(["peer", "partner"])), chain=draw(st.integers(1, 9)),
        reverses=draw(IDS), linked=draw(IDS), way=draw(st.sampled_from([None, *Way])),
        reason=draw(st.sampled_from([None, *Correction])))


def test_nothing_that_an_entry_says_is_passed_over() -> None:
    """A field that is added has to be packed too."""
    assert {*Transfer._fields} == {
        "legs", "at_ms", "recorded_by", "kind", "minutes", "source", "chain", "reverses", "way", "linked", "reason"}


@given(entries())
def test_what_is_written_is_read_again(entry: Transfer) -> None:
    assert unpack(pack(entry)) == entry


@given(st.one_of(ACCOUNTS, st.text("0123456789abcdefA -\u00e9", max_size=40)))
def test_every_id_is_read_again(id: str) -> None:
    assert unpacked_id(packed_id(id)) == id


def test_our_own_ids_take_half_of_their_digits() -> None:
    assert len(packed_id("00" * ID_BYTES)) == ID_BYTES


def test_a_moment_takes_fewer_than_fifty_bytes() -> None:
    moment = Transfer(legs=(Leg(account="0a" * 16, given=1), Leg(account="0b" * 16, received=1)), at_ms=1_795_000_000_000,
                      recorded_by="0b" * 16, kind=Kind.LISTENED)
    assert len(pack(moment)) < 50


@pytest.mark.parametrize("packed", [b"\x02" + bytes(60), b"\x01short", b'{"legs":[]}'])
def test_a_form_that_is_not_known_says_so(packed: bytes) -> None:
    with pytest.raises(NotReadable):
        unpack(packed)
