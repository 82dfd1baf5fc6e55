"""What the report says beside its figures, read from a file and checked, so that a slip in it is told in one line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

FILE = Path(__file__).with_name("words.toml")

State = Literal["fine", "look", "too_few", "told", "missing"]
"""The wire's three; told: held against nothing; missing: the ledger did not reckon it for that week."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Unit(_Part):
    """How a value is written: `times` it, to so many `places`."""

    many: str
    one: str = ""
    short: str = Field("", description="where there is little room; as `many` unless said")
    times: float = 1
    places: int = 0
    whole: float | None = Field(None, description="the most that there could be, if there is such")


class SignalWords(_Part):
    """One of the ledger's signals."""

    name: str
    tells: str
    unit: str
    counted: str = Field("", description="how numerator and denominator read; empty where the value says it")
    look: Literal["below", "above"] | None = None
    threshold: str = Field("", description="where it is worth a look, when it is not simply below or above a setting")
    setting: str = Field("", description="the ledger's, that moves it; none where it is held against itself, or nothing")
    suggestion: str = ""
    not_for: str = Field(min_length=1, description="continues: not to be used")
    parts: Mapping[str, str] = {}
    shape: Literal["of", "people_and_days"] = Field("of", description="what a part's two numbers are")


class PartWords(SignalWords):
    """A part of a signal that a question has as a figure of its own."""

    signal: str
    key: str


class Question(_Part):
    """A section of the page."""

    key: str
    heading: str
    signals: tuple[str, ...]
    text: str = Field("", description="what is said where no signal answers the question")
    part: PartWords | None = None


class Words(_Part):
    lang: str
    dir: str
    page: Mapping[str, str]
    headline: Mapping[str, str]
    states: Mapping[State, str]
    look: Mapping[str, str]
    units: Mapping[str, Unit]
    months: Mapping[int, str]
    questions: tuple[Question, ...]
    others: tuple[Question, ...]
    signals: Mapping[str, SignalWords]

    @property
    def sections(self) -> tuple[Question, ...]:
        return self.questions + self.others

    def question_of(self, signal: str) -> Question:
        return next(each for each in self.sections if signal in each.signals)

    def day(self, day: date) -> str:
        return f"{day.day} {self.months[day.month]} {day.year}"

    def day_short(self, day: date) -> str:
        return f"{day.day} {self.months[day.month][:3]}"

    @model_validator(mode="after")
    def _whole(self) -> Words:
        told = [name for section in self.sections for name in section.signals]
        if sorted(told) != sorted(self.signals):
            raise ValueError("each signal stands under one question, once, and each question's signals have words")
        if unknown := {each.unit for each in self.signals.values()} - self.units.keys():
            raise ValueError(f"there is no unit {', '.join(sorted(unknown))}")
        return self


def read(path: Path = FILE) -> Words:
    """Raises OSError, TOMLDecodeError or ValidationError."""
    return Words.model_validate(tomllib.loads(path.read_text("utf-8")))


def number(value: float, unit: Unit, beside: float | None = None) -> str:
    """The value as people read it; with one more digit where it would look the same as what it is held against, and is not."""
    digits = _digits(value, unit, unit.places)
    if beside is not None and beside != value and digits == _digits(beside, unit, unit.places):
        digits = _digits(value, unit, unit.places + 1)
    return (unit.one if digits == "1" and unit.one else unit.many).format(n=digits)


def short(value: float, unit: Unit) -> str:
    """As a picture has it."""
    return unit.short.format(n=_digits(value, unit, unit.places)) if unit.short else number(value, unit)


def _digits(value: float, unit: Unit, places: int) -> str:
    digits = f"{value * unit.times:,.{places}f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
