"""Telephone numbers as people write them, and as networks do (E.164)."""

from __future__ import annotations

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    is_valid_number,
    number_type,
    parse,
)

TEXTED = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.PERSONAL_NUMBER)


class NoNumber(ValueError):
    """Nobody can be written to there."""


class NoTexts(ValueError):
    """A number that takes no text messages, or on which they cost a lot: a landline, a service line."""


def e164(text: str, country: str) -> str:
    """`text` as networks write it; without a + it is a number of `country` (ISO 3166). Raises NoNumber, NoTexts.

    One that could be and is not known passes: countries open ranges faster than lists are made.
    """
    try:
        number = parse(text, country)
    except NumberParseException:
        raise NoNumber(NoNumber.__doc__) from None
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:  # nor one that is whole in its own town alone
        raise NoNumber(NoNumber.__doc__)
    if is_valid_number(number) and number_type(number) not in TEXTED:
        raise NoTexts(NoTexts.__doc__)
    return str(format_number(number, PhoneNumberFormat.E164))
