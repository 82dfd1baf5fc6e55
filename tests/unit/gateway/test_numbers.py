"""A telephone number however it is written is one number, and one that takes no text messages is told of."""

from __future__ import annotations

import pytest

from services.gateway.domain.numbers import NoNumber, NoTexts, e164


@pytest.mark.parametrize(("text", "country", "number"), [
    ("07700 900123", "GB", "+447700900123"), ("+44 7700 900123", "IE", "+447700900123"),
    ("(07700) 900-123", "GB", "+447700900123"), ("0044 7700 900123", "GB", "+447700900123"),
    ("٠٧٧٠٠٩٠٠١٢٣", "GB", "+447700900123"), ("085 123 4567", "IE", "+353851234567"),
    ("+1 202 555 0143", "GB", "+12025550143")])
def test_a_number_is_one_however_it_is_written(text: str, country: str, number: str) -> None:
    assert e164(text, country) == number


@pytest.mark.parametrize("text", ["", "someone", "0770", "+44", "07700 900123 07700 900124", "+999 1234567", "0" * 40])
def test_what_is_no_number_is_none(text: str) -> None:
    with pytest.raises(NoNumber):
        e164(text, "GB")


@pytest.mark.parametrize("text", ["020 7946 0000", "09061 234567"])
def test_a_landline_and_a_line_that_costs_take_no_text_messages(text: str) -> None:
    with pytest.raises(NoTexts):
        e164(text, "GB")
