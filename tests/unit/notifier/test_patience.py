"""How long we go on trying, and how the waits grow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.patience import PATIENCE, next_try_ms
from shared.events import MessageClass
from tests.unit.notifier.world import DAY, HOUR, MINUTE


def tries(klass: MessageClass, spread: float) -> list[int]:
    """The times, from the first trouble at 0, at which a message is tried again."""
    at_ms: int | None = 0
    found: list[int] = []
    while (at_ms := next_try_ms(klass, len(found), 0, at_ms or 0, spread)) is not None:
        found.append(at_ms)
    return found


@pytest.mark.parametrize(("klass", "first_ms", "limit_ms", "count"), [
    (MessageClass.SIGN_IN, 2_000, 15 * MINUTE, range(12, 30)),
    (MessageClass.ESSENTIAL, 30_000, 3 * DAY, range(20, 40)),
    (MessageClass.KIND, 60_000, DAY, range(12, 30)),
])
def test_waits_grow_and_end_with_the_class_of_the_message(klass, first_ms, limit_ms, count):
    for spread in (0.0, 0.5, 1.0):
        times = tries(klass, spread)
        waits = [after - before for before, after in zip([0, *times], times, strict=False)]
        assert first_ms * 0.75 <= waits[0] <= first_ms
        assert waits == sorted(waits)
        assert times[-1] <= limit_ms < times[-1] + PATIENCE[klass].longest_ms
        assert len(times) in count


@given(klass=st.sampled_from(MessageClass), troubles=st.integers(0, 10_000), spread=st.floats(0, 1))
def test_no_wait_is_longer_than_four_hours_and_none_is_shorter_than_a_second(klass, troubles, spread):
    at_ms = next_try_ms(klass, troubles, 0, 0, spread)
    assert at_ms is not None
    assert 1_000 <= at_ms <= 4 * HOUR
