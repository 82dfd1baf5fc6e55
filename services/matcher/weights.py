"""Reads the weights of a pair from a file, each with its reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.matcher.domain.weights import Weights

PUBLISHED_FILE = Path(__file__).with_name("weights.toml")


class WeightsUnreadable(ValueError):
    """The weights can't be read."""


class _Reasoned(BaseModel):
    """One weight in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    points: int = Field(strict=True)
    why: str = Field(min_length=1)


def read(path: Path = PUBLISHED_FILE) -> Weights:
    """The weights in a TOML file; what it leaves out keeps its published value. Raises WeightsUnreadable, in one line."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        return Weights(**{name: _Reasoned.model_validate(table).points for name, table in tables.items()})
    except OSError as error:
        raise WeightsUnreadable(f"{path}: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise WeightsUnreadable(f"{path}: {'.'.join(map(str, first['loc'])) or 'a weight'}: {first['msg']}; "
                                "each is a table with `points` and `why`, as in the published file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WeightsUnreadable(f"{path}: {error}") from error
