"""The forms there are. A form is checked against the programme's choices, as the context of its validation.

Fields stand in the order of their page, so that the summary of problems reads from top to bottom.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from services.gateway.domain.first_names import FIRST_NAME_MAX, is_first_name
from services.gateway.fields import (
    AREA_MAX,
    CONCERN_MAX,
    CONTACT_MAX,
    NOTE_MAX,
    NUMBER_MAX,
    AnyNumber,
    Choices,
    Email,
    Maybe,
    MaybeWhole,
    One,
    Some,
    Ticked,
    Whole,
    among,
    at_most,
    beside,
    between,
    day,
    keyed,
    known,
    one_of,
    phone,
    readable,
    refuse,
    some_of,
)
from services.gateway.store import KINDS
from shared.events import Answer, ClosingNote, Ending, Frequency, Gesture, Kind, Listened, Way

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS = ("morning", "afternoon", "evening")
TIMES = tuple(f"{day}_{part}" for day in DAYS for part in PARTS)
QUIET = ("usual", "any")
HOURS = ("usual", "own", "any")
NEWCOMERS = ("newcomer", "welcomes_newcomers")
BREAK_DAYS = ("1", "3", "7", "14", "28", "84")
"""Up to twelve weeks, the shorter of the windows of rule 7. Whoever needs longer begins another one when it ends."""

DIFFICULT_DAYS = BREAK_DAYS[:4]
"""A difficult day and what comes after it; whoever needs longer takes a break."""

DIRECTIONS = ("gave", "received", "both")
WHEN = ("today", "yesterday", "another")
CAPACITY_MAX = 5
"""Buddies at a time: the most that a request on the log may name."""

MINUTES_MAX = 24 * 60
"""A day, the most that a moment on the log may name: support that lasts longer is more than one moment."""

Topics = Annotated[AnyNumber, known(lambda choices: choices.topics)]
SomeTopics = Annotated[Some, known(lambda choices: choices.topics)]
Wanted = Mapping[str, tuple[str, ...]]
"""Key of a fact → the answers asked for."""


class Form(BaseModel):
    """What one page asks. `name` is its section in the catalogues."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    name: ClassVar[str]
    by_key: ClassVar[frozenset[str]] = frozenset()
    """Fields of which there is one for each question that the programme asks."""


class Ask(Form):
    """The request for a buddy. `steps.py` says which page asks what."""

    name = "ask"
    by_key = frozenset({"facts", "chosen_limits", "prefers"})
    adult: Ticked
    community: Annotated[One, known(lambda choices: choices.communities)]
    seeks: SomeTopics
    offers: SomeTopics
    avoids: Topics
    showable: Topics
    ways: Annotated[Some, among(tuple(Way))]
    area: Annotated[Maybe, at_most(AREA_MAX), readable(lines=False)]
    languages: Annotated[Some, known(lambda choices: choices.languages)]
    times: Annotated[AnyNumber, among(TIMES)]
    newcomers: Annotated[AnyNumber, among(NEWCOMERS)]
    age_band: Annotated[Maybe, known(lambda choices: choices.age_bands)]
    facts: Annotated[Mapping[str, str], keyed(lambda choices: choices.facts, one_of)]
    meets_ages: AnyNumber
    chosen_limits: Annotated[Wanted, keyed(lambda choices: choices.limits, some_of)]
    prefers: Annotated[Wanted, keyed(lambda choices: choices.wishes, some_of)]
    capacity: Annotated[Whole, between(1, CAPACITY_MAX)]
    alias: One
    email: Email
    quiet: Annotated[One, among(QUIET)]
    note: Annotated[Maybe, at_most(NOTE_MAX), readable(lines=True)]
    """In their own words, for the people of the programme alone."""
    consent: Ticked

    @field_validator("avoids")
    @classmethod
    def _not_offered_too(cls, avoids: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if set(avoids) & set(info.data.get("offers", ())):
            raise refuse("offered_too")
        return avoids

    @field_validator("showable")
    @classmethod
    def _only_what_is_sought(cls, showable: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """A tick beside a topic that is not sought shows nothing, so it is let go without a word."""
        return tuple(topic for topic in showable if topic in info.data.get("seeks", ()))

    @field_validator("area")
    @classmethod
    def _named_for_meeting(cls, area: str | None, info: ValidationInfo) -> str | None:
        if area is None and Way.IN_PERSON in info.data.get("ways", ()):
            raise refuse("missing")
        return area

    @field_validator("meets_ages")
    @classmethod
    def _some_ages(cls, ages: tuple[str, ...], info: ValidationInfo[Choices]) -> tuple[str, ...]:
        return some_of(ages, info.context.age_bands)

    @field_validator("alias")
    @classmethod
    def _offered(cls, alias: str, info: ValidationInfo[Choices]) -> str:
        if alias != info.context.own_alias and not info.context.aliases.knows(alias):
            raise refuse("unknown")
        return alias


class SignIn(Form):
    name = "sign_in"
    email: Email


class NewAddress(Form):
    name = "new_address"
    email: Email


class NewNumber(Form):
    name = "new_number"
    number: Annotated[One, at_most(NUMBER_MAX), AfterValidator(phone)]


class Code(Form):
    name = "code"
    code: Annotated[One, at_most(20), readable(lines=False)]


class ProposalAnswer(Form):
    name = "answer"
    answer: Annotated[One, among(tuple(Answer))]


class Moment(Form):
    """Support that was given or received. `direction` is seen from whoever writes it down."""

    name = "moment"
    by_key = frozenset({"happened"})
    kind: Annotated[One, among(tuple(kind for kind in Kind if kind is not Kind.GESTURE))]
    direction: Annotated[One, among(DIRECTIONS)]
    when: Annotated[Maybe, among(WHEN)]
    happened: date | None
    """None for today."""
    way: Annotated[Maybe, among(tuple(Way))]
    minutes: Annotated[MaybeWhole, between(1, MINUTES_MAX)]

    @field_validator("when")
    @classmethod
    def _not_before(cls, when: str | None, info: ValidationInfo[Choices]) -> str | None:
        """Where nobody chose a date, a date is not what is at fault."""
        if when == "yesterday" and info.context.days is not None and info.context.days[0] == info.context.days[1]:
            raise refuse("before")
        return when

    @field_validator("happened", mode="plain")
    @classmethod
    def _of_a_day(cls, parts: Mapping[str, tuple[str, ...]], info: ValidationInfo[Choices]) -> date | None:
        """A date that was typed counts, though *today*, where the form begins, is still ticked."""
        when, typed = info.data.get("when"), day(parts)
        first, today = info.context.days or (date.min, date.max)
        if when == "yesterday" and typed is not None:
            raise beside("day", "twice")
        if when == "another" and typed is None:
            raise beside("day", "missing")
        chosen = today - timedelta(days=1) if when == "yesterday" else typed
        if chosen is None or chosen == today:
            return None
        if not first <= chosen <= today:
            raise beside("day", "future" if chosen > today else "before")
        return chosen


class SendGesture(Form):
    name = "gesture"
    gesture: Annotated[One, among(tuple(Gesture))]


class AnswerPulse(Form):
    name = "pulse"
    listened: Annotated[One, among(tuple(Listened))]


class OfferContact(Form):
    name = "contact"
    contact: Annotated[One, at_most(CONTACT_MAX), readable(lines=True)]


class EndPair(Form):
    name = "end"
    ending: Annotated[One, among(tuple(Ending))]
    note: Annotated[Maybe, among(tuple(ClosingNote))]


class RaiseConcern(Form):
    name = "concern"
    text: Annotated[One, at_most(CONCERN_MAX), readable(lines=True)]


class TakeBreak(Form):
    name = "break"
    kind: Annotated[One, among(("difficult_day", "break"))]
    days: Annotated[One, among(BREAK_DAYS)]

    @field_validator("days")
    @classmethod
    def _as_long_as_it_is_one(cls, days: str, info: ValidationInfo[Choices]) -> str:
        if info.data.get("kind") == "difficult_day" and days not in DIFFICULT_DAYS:
            raise refuse("too_long")
        return days


class ChooseMessages(Form):
    """Which messages somebody would like, how often, when, and in which language."""

    name = "messages"
    write: Annotated[One, among(("yes", "no"))]
    kinds: Annotated[AnyNumber, among(KINDS)]
    frequency: Annotated[One, among(tuple(Frequency))]
    hours: Annotated[One, among(HOURS)]
    quiet_from: Annotated[Maybe, known(lambda choices: choices.hours)]
    quiet_until: Annotated[Maybe, known(lambda choices: choices.hours)]
    """Both none, but for hours of one's own."""
    zone: Annotated[One, known(lambda choices: choices.zones)]
    language: Annotated[Maybe, known(lambda choices: choices.message_languages)]
    leave: Annotated[AnyNumber, among(("yes",))]
    by_text: Annotated[AnyNumber, among(KINDS)]

    @field_validator("quiet_from", "quiet_until")
    @classmethod
    def _of_their_own(cls, hour: str | None, info: ValidationInfo[Choices]) -> str | None:
        """Hours that were chosen here are never passed over; those that the page showed already may be left behind."""
        before = dict(zip(("quiet_from", "quiet_until"), info.context.own_hours or (), strict=False))
        if info.data.get("hours") == "own":
            if hour is None:
                raise refuse("missing")
            if hour == info.data.get("quiet_from"):
                raise refuse("same")
            return hour
        if "hours" in info.data and hour is not None and hour != before.get(info.field_name or ""):
            raise refuse("twice")
        return None


class ChooseName(Form):
    """The first name that a buddy sees, or none."""

    name = "name"
    first_name: Annotated[Maybe, at_most(FIRST_NAME_MAX), readable(lines=False)]

    @field_validator("first_name")
    @classmethod
    def _a_name(cls, first_name: str | None) -> str | None:
        if first_name is not None and not is_first_name(first_name):
            raise refuse("unknown")
        return first_name


class Leave(Form):
    name = "leave"
    sure: Ticked
