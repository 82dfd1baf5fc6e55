"""What the desk asks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from services.gateway.domain.references import LENGTH, LETTERS
from services.gateway.fields import One, Whole, among, between, known, refuse
from services.gateway.forms import Form
from shared.events import Ending
from shared.report.weeks import WEEKS_MAX


def _reference(values: Any) -> Any:
    """As somebody types it who hears it on the telephone: small letters, and with or without the dash."""
    letters = "".join(each for each in "".join(values).upper() if each.isalnum())
    if not letters:
        raise refuse("missing")
    if len(letters) != LENGTH or not set(letters) <= set(LETTERS):
        raise refuse("format")
    return f"{letters[:4]}-{letters[4:]}"


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
