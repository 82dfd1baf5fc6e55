"""What a programme decides for itself: its communities, topics, languages, what else it asks, and lines of urgent help.

Read once at start from `shared/programme.toml`, or from the file that TWOWAY_PROGRAMME names. The gateway shows it, the
matcher validates nothing against it and counts by it who waits, the notifier puts its urgent help in every message.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

DEFAULT = Path(__file__).with_name("programme.toml")

AGE_BANDS_MAX = 12
"""Bands of five years from 18 to 75 are twelve; narrower ones come close to a date of birth."""

FACTS_MAX = 8
"""Questions about the person: the form is one page, and what is not asked can't be lost."""

VALUES_MAX = 16
"""Answers to one question: each is read aloud to whoever uses a screen reader, up to three times a page."""

ASKED_ABOUT_MAX = 64
"""What limits and wishes can tell apart: every answer that may be asked for, and for each such question one more for all
who gave another or none. The pairing engine has a bit for each in one machine word (`services/matcher/pairing/words.py`)."""

WORDS_MAX = 200
"""Characters of a question, a reason or an answer: two lines on a telephone's screen make four of them."""


def _keys(table: dict[str, str]) -> dict[str, str]:
    for key in table:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_]{0,39}", key):
            raise ValueError(f"{key[:60]!r} can't be a key; use up to 40 of a-z, 0-9 and _, such as 25_34")
    return table


def _known(keys: tuple[str, ...], table: str, info: ValidationInfo, otherwise: str) -> tuple[str, ...]:
    """Keys of another table of the file, each once."""
    there = info.data.get(table, dict.fromkeys(keys))  # a table that can't be used is told of before
    for key in keys:
        if key not in there:
            raise ValueError(f"{key[:60]!r} is {otherwise}; name keys that stand under [{table}], such as {next(iter(there))}, "
                             "or take it out")
    return tuple(dict.fromkeys(keys))


Words = Annotated[str, Field(min_length=1, max_length=WORDS_MAX)]
Answers = Annotated[dict[str, Words], AfterValidator(_keys)]
"""Key -> words, in the order in which they are shown. Keys never change; words may."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Community(_Part):
    key: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    name: str = Field(min_length=1, max_length=80)


class HelpLine(_Part):
    name: str
    how: str
    when: str
    link: str | None = Field(None, pattern=r"^((tel|sms):\+?\d+|https://\S+)$",
                             description="what one tap on it opens, such as tel:116123")
    region: str | None = Field(None, description="where it answers, such as Wales; none: wherever the programme is")
    last_checked: date | None = Field(None, description="when somebody last rang it or looked it up; none: with all the others")


class UrgentHelp(_Part):
    last_checked: date
    lines: tuple[HelpLine, ...] = Field(min_length=1)


class Fact(_Part):
    """Something that people may choose to say about themselves, and what it may be used for."""

    question: Words
    why: Words = Field(description="why it is asked, shown beside the question")
    values: Annotated[Answers, Field(min_length=2, max_length=VALUES_MAX)]
    limit: Words | None = Field(None, description="the words that ask whom somebody would be comfortable with: a hard limit; "
                                                  "none: no limits")
    wish: Words | None = Field(None, description="the words that ask whom somebody would rather meet: soft; none: no wishes")
    fairness: bool = Field(False, description="whether the programme may look, in counts, at how groups by this fact fare")


class Programme(_Part):
    """One installation's own choices; every key in it is stable, every word may change."""

    name: str = Field(min_length=1, max_length=80)
    time_zone: str
    country: str = Field("GB", pattern="^[A-Z]{2}$", description="whose telephone numbers are written without a +: ISO 3166, "
                                                                "such as GB or IE")
    communities: tuple[Community, ...] = Field(min_length=1)
    topics: dict[str, str] = Field(min_length=2, max_length=64)
    practical_help: tuple[str, ...] = Field(
        (), description="topics in which a hand is wanted more than a talk; the programme sees how long people wait for it. "
                        "None: that is not looked at")
    languages: dict[str, str] = Field(min_length=1)
    message_languages: tuple[str, ...] = Field(
        (), description="languages that people may have our messages in, the programme's own first: keys of those above. "
                        "None, or one: nobody is asked")
    age_bands: Annotated[Answers, Field(max_length=AGE_BANDS_MAX)] = Field(
        {}, description="what people may choose to say of their age, in order; none: nobody is asked, neither of their own nor "
                        "whom they would be comfortable with")
    facts: dict[str, Fact] = Field({}, max_length=FACTS_MAX)
    urgent_help: UrgentHelp

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; use a name such as Europe/London") from error
        return value

    @field_validator("practical_help")
    @classmethod
    def _of_the_topics(cls, keys: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return _known(keys, "topics", info, "no topic")

    @field_validator("message_languages")
    @classmethod
    def _of_the_languages(cls, keys: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return _known(keys, "languages", info, "no language of the programme")

    @field_validator("age_bands")
    @classmethod
    def _a_choice(cls, bands: dict[str, str]) -> dict[str, str]:
        if len(bands) == 1:
            raise ValueError("one age band is no choice; name at least two, or leave the table out and nobody is asked")
        return bands

    @field_validator("facts")
    @classmethod
    def _told_apart(cls, facts: dict[str, Fact], info: ValidationInfo) -> dict[str, Fact]:
        for key in facts:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
                raise ValueError(f"{key[:60]!r} can't be a key; use a letter, then up to 39 of a-z, 0-9 and _, such as gender")
        asked = [info.data.get("age_bands", {}), *(fact.values for fact in facts.values() if fact.limit or fact.wish)]
        if (count := sum(len(values) + 1 for values in asked if values)) > ASKED_ABOUT_MAX:
            raise ValueError(f"age bands and the facts with a limit or a wish make {count} things to tell apart, one more for "
                             f"each question than it has answers; {ASKED_ABOUT_MAX} can be. Take answers out, or a limit and "
                             "a wish")
        return facts


def load(path: Path | None = None) -> Programme:
    """The programme in `path`, or the one that ships with Twoway. Raises OSError, TOMLDecodeError or ValidationError."""
    return Programme.model_validate(tomllib.loads((path or DEFAULT).read_text("utf-8")))
