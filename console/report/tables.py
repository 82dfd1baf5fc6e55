"""The same figures for programs: JSON, whose schema is docs/schemas/report.v1.json, and CSV, one figure a line.

Names, order and meaning of fields stay; new ones may come at the end. A number that is none is too few to say.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events import Signal
from shared.report.weeks import Reckoned
from shared.report.words import Words

COLUMNS = ("community", "week_ends", "signal", "part", "window_weeks", "numerator", "denominator", "value", "unit", "attention",
           "state")
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet would take for a formula, when a cell begins with it."""

Count = int | None


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class PartTold(_Told):
    key: str
    numerator: Count
    denominator: Count


class SignalTold(_Told):
    signal: str
    window_weeks: int = Field(description="the weeks that it counts, up to `week_ends`")
    numerator: Count = Field(description="null: too few to say, or there is none")
    denominator: Count = Field(description="null: too few to say, or there is none")
    value: float | None = Field(description="in its unit; null: too few to say, or it has only parts")
    attention: float | None = Field(description="what the value was held against; null: it is only told")
    state: Literal["fine", "look", "too_few"]
    parts: tuple[PartTold, ...]


class WeekTold(_Told):
    week_ends: date = Field(description="its Sunday; weeks are those of UTC")
    signals: tuple[SignalTold, ...] = Field(description="none: this week was not reckoned")


class About(_Told):
    """What a signal is, and what it is not for."""

    signal: str
    name: str
    question: str
    tells: str
    unit: str = Field(description="of its value: share (of 1), per_100_pairs, days, hours, people, kinds or moments")
    not_to_be_used_for: str


class Told(_Told):
    """The signals of one community over some weeks: about a programme, never about a person."""

    version: Literal["1"] = "1"
    community: str
    about: tuple[About, ...]
    weeks: tuple[WeekTold, ...] = Field(description="oldest first")


def told(reckoned: Reckoned, words: Words) -> Told:
    about = (About(signal=name, name=own.name, question=words.question_of(name).heading, tells=own.tells, unit=own.unit,
                   not_to_be_used_for=own.not_for) for name, own in words.signals.items())
    weeks = (WeekTold(week_ends=week.ends, signals=tuple(map(_signal, week.signals.values()))) for week in reckoned.weeks)
    return Told(community=reckoned.community, about=tuple(about), weeks=tuple(weeks))


def as_json(reckoned: Reckoned, words: Words) -> str:
    return json.dumps(told(reckoned, words).model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def as_csv(reckoned: Reckoned, words: Words) -> str:
    """As RFC 4180 has it, and safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for week in told(reckoned, words).weeks:
        for signal in week.signals:
            own = words.signals.get(signal.signal)
            for row in _lines(signal, own.unit if own else ""):
                cells = {"community": reckoned.community, "week_ends": week.week_ends.isoformat(), **row}
                writer.writerow([plain(cells[column]) for column in COLUMNS])
    return text.getvalue()


def plain(value: Any) -> str:
    """A cell that no spreadsheet runs; nothing where there is no value."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if text.startswith(_RUNS) else text


def _signal(signal: Signal) -> SignalTold:
    return SignalTold(signal=signal.name, **signal.model_dump(exclude={"name"}))


def _lines(signal: SignalTold, unit: str) -> Iterator[dict[str, Any]]:
    """The signal, then its parts, whose state says only whether they are too few."""
    yield signal.model_dump(exclude={"parts"}) | {"part": "", "unit": unit}
    for part in signal.parts:
        yield {"signal": signal.signal, "part": part.key, "window_weeks": signal.window_weeks, "numerator": part.numerator,
               "denominator": part.denominator, "value": None, "unit": "", "attention": None,
               "state": "too_few" if part.numerator is None else ""}
