"""What a programme decides for itself: its communities, topics, languages and lines of urgent help.

Read once at start from `shared/programme.toml`, or from the file that TWOWAY_PROGRAMME names. The gateway shows it, the
matcher validates nothing against it, the notifier puts its urgent help in every message.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

DEFAULT = Path(__file__).with_name("programme.toml")


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


class UrgentHelp(_Part):
    last_checked: date
    lines: tuple[HelpLine, ...] = Field(min_length=1)


class Programme(_Part):
    """One installation's own choices; every key in it is stable, every word may change."""

    name: str = Field(min_length=1, max_length=80)
    time_zone: str
    communities: tuple[Community, ...] = Field(min_length=1)
    topics: dict[str, str] = Field(min_length=2, max_length=64)
    languages: dict[str, str] = Field(min_length=1)
    urgent_help: UrgentHelp

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; use a name such as Europe/London") from error
        return value


def load(path: Path | None = None) -> Programme:
    """The programme in `path`, or the one that ships with Twoway. Raises OSError, TOMLDecodeError or ValidationError."""
    return Programme.model_validate(tomllib.loads((path or DEFAULT).read_text("utf-8")))
