"""A way out rests after troubles in a row, longer each time, and is tried by one message at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.circuit import LONGEST, TROUBLES_MAX, Circuit, went_well, went_wrong

FIRST_MS = 5_000
HOUR_MS = 3_600_000
FRESH = Circuit()


def after(troubles: int, circuit: Circuit = FRESH, now_ms: int = 0, spread: float = 0.0) -> Circuit:
    """Each trouble comes when the rest before it is over."""
    for _ in range(troubles):
        now_ms = max(now_ms, circuit.rests_until_ms)
        circuit = went_wrong(circuit, now_ms, FIRST_MS, spread)
    return circuit


def test_fewer_troubles_than_five_are_chance_and_one_message_that_gets_through_forgets_them():
    assert after(TROUBLES_MAX - 1).rests == 0
    assert after(TROUBLES_MAX - 1, went_well(after(TROUBLES_MAX - 1))).rests == 0
    assert after(TROUBLES_MAX).rests == 1


def test_each_rest_is_twice_as_long_as_the_one_before_up_to_five_minutes():
    ends = [after(TROUBLES_MAX + n).rests_until_ms for n in range(10)]
    assert [end - before for before, end in zip([0, *ends], ends, strict=False)] == [
        FIRST_MS * min(LONGEST, 2 ** n) for n in range(10)]


def test_what_was_under_way_when_a_rest_began_says_nothing_new():
    resting = after(TROUBLES_MAX)
    assert went_wrong(resting, resting.rests_until_ms - 1, FIRST_MS, 0.0) == resting


def test_a_server_that_is_full_for_an_hour_is_tried_less_than_two_dozen_times_and_found_well_within_six_minutes_after():
    circuit, now_ms, tries = Circuit(), 0, 0
    while now_ms < HOUR_MS:
        circuit, tries = went_wrong(circuit, now_ms, FIRST_MS, 0.0), tries + 1
        now_ms = max(now_ms, circuit.rests_until_ms)
    assert tries < 24
    assert now_ms - HOUR_MS < 6 * 60_000
    assert went_well(circuit) == Circuit()


@given(st.integers(1, 200), st.floats(0, 1))
def test_no_rest_is_shorter_than_three_quarters_of_the_first_or_longer_than_the_longest(troubles: int, spread: float):
    before, circuit = after(TROUBLES_MAX + troubles - 1, spread=spread), after(TROUBLES_MAX + troubles, spread=spread)
    assert FIRST_MS * 3 // 4 <= circuit.rests_until_ms - before.rests_until_ms <= FIRST_MS * LONGEST
