"""Ids in sixteen bytes are found as in a dictionary, whatever comes and goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.matcher.domain.standing import Standing
from services.matcher.pairing.ids import Ids, names, packed
from services.matcher.pairing.keys import KEY_BYTES, KeyColumn
from services.matcher.reserves import Reserves

IDS = st.one_of(st.integers(0, 60).map(lambda n: f"{n:032x}"), st.sampled_from(["ada", "ben", "", "AB" * 16, "ü", " " * 32]))


class Many(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ids, self.rows = Ids(), dict[str, int]()

    @rule(id=IDS)
    def put(self, id: str) -> None:
        row = self.ids.put(id)
        assert self.rows.setdefault(id, row) == row

    @rule(id=IDS)
    def drop(self, id: str) -> None:
        assert self.ids.drop(id) == self.rows.pop(id, -1)

    @invariant()
    def each_is_found_and_has_a_row_of_its_own(self) -> None:
        assert len(self.ids) == len(self.rows) == len(set(self.rows.values()))
        assert sorted(self.ids) == sorted(self.rows)
        for id, row in self.rows.items():
            assert (self.ids.find(id), self.ids.name(row)) == (row, id)
        assert self.ids.find("f" * 32) == -1


TestManyIds = Many.TestCase


def test_ids_by_the_thousand_are_found_again_and_rows_that_were_let_go_are_given_out_again() -> None:
    ids, texts = Ids(), [f"{n * 2654435761:032x}" for n in range(5_000)]
    assert [ids.put(each) for each in texts] == list(range(5_000))
    for each in texts[::2]:
        ids.drop(each)
    assert [ids.find(each) for each in texts[1::2]] == list(range(1, 5_000, 2))
    assert {ids.put(f"new {n}") for n in range(2_500)} == set(range(0, 5_000, 2))
    assert ids.rows == 5_000


@given(st.text(max_size=40))
def test_only_thirty_two_lower_hex_digits_are_packed_and_they_come_out_as_they_were(text: str) -> None:
    found = packed(text)
    assert found is None or found.hex() == text
    assert (found is None) == (len(text) != 32 or any(each not in "0123456789abcdef" for each in text))


def test_many_ids_at_once_are_named_as_one_by_one() -> None:
    ids = Ids()
    texts = ["0" * 32, "ada", f"{7:032x}", "ben"]
    for each in texts:
        ids.put(each)
    assert names(*ids.column.copy()) == texts


def test_how_somebody_stands_comes_out_of_the_reserves_as_it_went_in() -> None:
    reserves = Reserves()
    stands = {"plain": Standing(request="r", capacity=2), "apart": Standing(request="r", capacity=1, apart={"x": None}),
              "again": Standing(request="old", capacity=1).not_asking().asking("r", 2, 0),
              "later": Standing(request="r", capacity=1, since_ms=7),
              "buddy": Standing(request="r", capacity=2, carried=1, pairs={"p": "x"})}
    for peer, standing in stands.items():
        reserves.put(peer, standing)
    for peer, standing in stands.items():
        assert reserves.standing(peer, "r", standing.places) == standing
    reserves.put("plain", stands["buddy"])
    assert reserves.standing("plain", "r", 1) == stands["buddy"]
    reserves.drop("plain")
    assert reserves.standing("plain", "r", 2) == stands["plain"]


KEPT = st.one_of(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), st.binary(min_size=1, max_size=90))


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | KEPT), max_size=30))
def test_a_key_comes_out_of_its_row_as_it_went_in_and_of_a_forgotten_one_nothing(
        steps: list[tuple[int, bytes | None]]) -> None:
    keys, expected = KeyColumn(), dict[int, bytes]()
    for row, key in steps:
        if key is None:
            keys.forget(row)
        else:
            keys.put(row, key)
        expected[row] = key or bytes(KEY_BYTES)
        assert {row: keys.key(row) for row in expected} == expected
