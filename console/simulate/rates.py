"""How often made-up people do what: read from a file, each rate with its reason."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, ValidationError

from shared.events import Answer, Ending, Kind, Listened, Way

PUBLISHED_FILE = Path(__file__).with_name("rates.toml")


Of = TypeVar("Of", tuple[float, ...], dict[Any, float])


def _some(shares: Of) -> Of:
    if not any(shares.values() if isinstance(shares, dict) else shares):
        raise ValueError("not all of these can be 0")
    return shares


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise ValueError("the first number is the smaller one")
    return span


def _growing(ended_by: dict[int, float]) -> dict[int, float]:
    if any(early >= late for early, late in pairwise((0.0, *(share for _, share in sorted(ended_by.items())), 1.0))):
        raise ValueError("the share that has ended grows from week to week and stays below 1")
    return dict(sorted(ended_by.items()))


Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Weights = Annotated[tuple[Weight, ...], AfterValidator(_some)]
Whole = Annotated[int, Field(ge=0)]
Span = Annotated[tuple[Whole, Whole], AfterValidator(_in_order)]
Hour = Annotated[int, Field(ge=0, le=24)]
Late = Annotated[int, Field(ge=1, le=28)]
EndedBy = Annotated[dict[Annotated[int, Field(ge=1)], Share], Field(min_length=1), AfterValidator(_growing)]


class Rates(BaseModel):
    """What each one is and why stands in `rates.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weekdays: Annotated[Weights, Field(min_length=7, max_length=7)]
    months: Annotated[Weights, Field(min_length=12, max_length=12)]
    hours: Annotated[tuple[Hour, Hour], AfterValidator(_in_order)]
    main_language: Share
    also_main: Share
    also_another: Share
    seeks: Weights
    offers: Weights
    avoids: Weights
    showable: Share
    ways: dict[Way, Share]
    areas: Weights
    times: dict[Literal["morning", "afternoon", "evening"], Share]
    capacity: Annotated[Weights, Field(max_length=5)]
    own_wishes: Share
    silent_people: Share
    silent: Share
    answer_hours: PositiveFloat
    answer_spread: Annotated[float, Field(ge=0, le=3)]
    yes_if_all: Share
    yes_if_nothing: Share
    other_answers: Annotated[dict[Answer, Weight], AfterValidator(_some)]
    resumes: Share
    gives_up_a_week: Share
    coordinator_hours: PositiveFloat
    ended_by: EndedBy
    endings: Annotated[dict[Ending, Weight], AfterValidator(_some)]
    blocks: Share
    asks_on: Share
    offers_contact: Share
    moments_a_week: Annotated[float, Field(ge=0, le=50)]
    decline_a_week: Annotated[float, Field(gt=0, le=1)]
    moments_by_month: Annotated[Weights, Field(min_length=12, max_length=12)]
    too_frequent: Share
    gestures: Share
    kinds: Annotated[dict[Kind, Weight], AfterValidator(_some)]
    written_by_giver: Share
    way_said: Share
    both_ways: Share
    written_late: Share
    late_days: Annotated[tuple[Late, Late], AfterValidator(_in_order)]
    through_breaks: Share
    thanked: Share
    taken_back: Share
    put_back: Share
    remembered_differently: Share
    other_memory: Annotated[dict[Literal["agreed", "upheld", "left_open"], Weight], AfterValidator(_some)]
    written_twice: Share
    same_moment: Annotated[dict[Literal["same", "two", "left_open"], Weight], AfterValidator(_some)]
    pulse_answers: Share
    pulse: Annotated[dict[Listened, Weight], AfterValidator(_some)]
    one_sided_people: Share
    one_sided_begins: Span
    one_sided_gives: Share
    one_sided_a_week: Annotated[float, Field(ge=0, le=50)]
    evenness: PositiveFloat
    difficult_days_a_week: Share
    breaks_a_week: Share
    break_weeks: Span
    back_early: Share
    leaves_a_week: Share
    step_minutes: Annotated[int, Field(ge=1, le=1440)]
    round_every_minutes: Annotated[int, Field(ge=1, le=1440)]


class RatesUnreadable(ValueError):
    """The rates can't be read."""


class _Reasoned(BaseModel):
    """One rate in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: Any
    why: str = Field(min_length=1)


def read(path: Path = PUBLISHED_FILE) -> Rates:
    """The rates in a TOML file; what it leaves out keeps its published value. Raises RatesUnreadable, in one line."""
    published = _values(PUBLISHED_FILE)
    try:
        return Rates.model_validate(published | _values(path))
    except OSError as error:
        raise RatesUnreadable(f"{path}: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RatesUnreadable(f"{path}: {'.'.join(map(str, first['loc'])) or 'a rate'}: {first['msg']}; "
                              "each is a table with `value` and `why`, as in the published file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RatesUnreadable(f"{path}: {error}") from error


def _values(path: Path) -> dict[str, Any]:
    tables = tomllib.loads(path.read_text("utf-8"))
    return {name: _Reasoned.model_validate(table).value for name, table in tables.items()}
