from __future__ import annotations

import pytest

from shared import tracing

SENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_that_was_sent_goes_on_and_ends_with_its_block() -> None:
    with tracing.trace(SENT):
        assert tracing.current() == SENT
    assert tracing.current() == ""


@pytest.mark.parametrize("sent", [
    "", "00-short", SENT.upper(), "00-" + "0" * 32 + "-00f067aa0ba902b7-01", SENT + "\n", "x" * 9999])
def test_what_is_no_traceparent_begins_a_new_one(sent: str) -> None:
    with tracing.trace(sent) as first, tracing.trace(sent) as second:
        assert first != second
        assert first not in (sent, "")
