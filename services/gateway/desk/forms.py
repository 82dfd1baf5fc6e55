"""What the desk asks."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from services.gateway.domain.references import LENGTH, LETTERS
from services.gateway.fields import AnyNumber, Maybe, One, Ticked, Whole, among, between, known, refuse
from services.gateway.forms import Ask, Form
from shared.events import Answer, Ending
from shared.report.weeks import WEEKS_MAX


def _reference(values: Any) -> Any:
    """As somebody types it who hears it on the telephone: small letters, and with or without the dash."""
    letters = "".join(each for each in "".join(values).upper() if each.isalnum())
    if not letters:
        raise refuse("missing")
    if len(letters) != LENGTH or not set(letters) <= set(LETTERS):
        raise refuse("format")
    return f"{letters[:4]}-{letters[4:]}"


_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""E.164: a country's code and up to 15 digits in all."""


TIME_DIGITS_MAX = 15
"""Of a time in ms: until the year 33,000."""


def _phone(text: str | None) -> str | None:
    digits = re.sub(r"[\s().-]", "", text or "")
    if digits and not _PHONE.fullmatch(digits):
        raise refuse("format")
    return digits or None


class AskForThem(Ask):
    """The request for a buddy, as a coordinator fills it in: no address, and a number if they have one."""

    email: Annotated[str, BeforeValidator(lambda _: "")]
    quiet: Annotated[str, BeforeValidator(lambda _: "usual")]
    phone: Annotated[Maybe, AfterValidator(_phone)]
    leave: Annotated[AnyNumber, among(("yes",))]


class AnswerForThem(Form):
    name = "answer"
    answer: Annotated[One, among(tuple(Answer))]


def _time_ms(values: tuple[str, ...]) -> int:
    """As our own page wrote it."""
    text = "".join(values)
    if not (text.isascii() and text.isdigit() and len(text) <= TIME_DIGITS_MAX):
        raise refuse("format")
    return int(text)


class Told(Form):
    name = "told"
    until: Annotated[int, BeforeValidator(_time_ms)]


class LeaveForThem(Form):
    name = "leave_for_them"
    sure: Ticked


class FindPerson(Form):
    name = "find_person"
    reference: Annotated[str, BeforeValidator(_reference)]


class DecideDraft(Form):
    name = "decide_draft"
    decision: Annotated[One, among(("approve", "decline", "decline_for_ever"))]


class SettleMoment(Form):
    name = "settle_moment"
    decision: Annotated[One, among(("uphold", "correct"))]


class ChooseReport(Form):
    name = "choose_report"
    community: Annotated[One, known(lambda choices: choices.communities)]
    weeks: Annotated[Whole, between(1, WEEKS_MAX)]


class EndForThem(Form):
    name = "end_for_them"
    ending: Annotated[One, among(tuple(Ending))]
