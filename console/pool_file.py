"""Reads a pool file, one person a line of JSON, as a stream: a million lines never stand in memory together.

A line that makes no sense is named by its number and left out; whatever it holds, the lines after it are read.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.matcher.domain.people import Person, as_compared
from services.matcher.pairing.roll import Roll
from services.matcher.pairing.words import TooVaried
from shared.events import Details, Way

LINE_BYTES_MAX = 1 << 17
"""128 KiB: a person with a thousand blocks takes 40."""

PROGRESS_LINES = 50_000

Word = Annotated[str, Field(min_length=1, max_length=200)]
Topics = Annotated[frozenset[Word], Field(max_length=64)]
Values = Annotated[dict[Word, frozenset[Word]], Field(max_length=64)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Line(BaseModel):
    """One person's request. A field that is not known is a mistake: it might have been meant as a limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    peer: Word
    seeks: Topics = frozenset()
    offers: Topics = frozenset()
    avoids: Topics = frozenset()
    languages: Topics
    ways: frozenset[Way]
    times: Annotated[frozenset[Word], Field(max_length=21)] = frozenset()
    area: Annotated[str, Field(max_length=200)] = ""
    age_band: Annotated[str, Field(max_length=200)] = ""
    meets_ages: Topics = frozenset()
    blocks: tuple[Word, ...] = ()
    capacity: Annotated[int, Field(ge=1, le=5)] = 1
    waiting_days: Count = 0
    given: Count = 0
    received: Count = 0
    newcomer: bool = False
    welcomes_newcomers: bool = False
    facts: Annotated[dict[Word, Word], Field(max_length=64)] = {}
    chosen_limits: Values = {}
    prefers: Values = {}
    showable: Topics = frozenset()
    """Sought topics that may be named to the other, where reasons are told."""

    @field_validator("area")
    @classmethod
    def _as_compared(cls, area: str) -> str:
        return as_compared(area)

    def person(self) -> Person:
        """As reasons are told about them."""
        details = Details(seeks=tuple(sorted(self.seeks)), offers=tuple(sorted(self.offers)), avoids=tuple(self.avoids),
                          languages=tuple(sorted(self.languages)), ways=tuple(way for way in Way if way in self.ways),
                          times=tuple(sorted(self.times)), area=self.area, showable=tuple(self.showable))
        return Person.of(self.peer, self.peer, "", 0, details)


@dataclass
class Pool:
    """What was read."""

    path: Path
    roll: Roll = field(default_factory=Roll)
    places: array[int] = field(default_factory=lambda: array("Q"))
    """Where in the file each row's line begins."""
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Line number, from 1, and what is wrong with it."""


def read(path: Path, progress: Callable[[int], None] = lambda _: None) -> Pool:
    """Everybody in the file. Raises OSError."""
    pool = Pool(path)
    with path.open("rb") as file:
        place, number = 0, 0
        while line := file.readline(LINE_BYTES_MAX):
            number += 1
            length = len(line) if line.endswith(b"\n") or len(line) < LINE_BYTES_MAX else len(line) + _skip(file)
            if line.strip():
                if wrong := _put(pool, line, place, length):
                    pool.bad.append((number, wrong))
                elif len(pool.roll) % PROGRESS_LINES == 0:
                    progress(len(pool.roll))
            place += length
    return pool


def line_at(file: BinaryIO, place: int) -> Line:
    """The line that begins there, which was read before. Raises ValidationError when the file was changed since."""
    file.seek(place)
    return Line.model_validate_json(file.readline(LINE_BYTES_MAX))


def _skip(file: BinaryIO) -> int:
    """The rest of a line that is too long; its length in bytes."""
    skipped = 0
    while part := file.readline(LINE_BYTES_MAX):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _put(pool: Pool, text: bytes, place: int, length: int) -> str:
    """Puts one person on the roll; what is wrong, if that can't be."""
    if length > LINE_BYTES_MAX:
        return f"longer than {LINE_BYTES_MAX // 1024} KiB"
    try:
        line = Line.model_validate_json(text)
        if line.peer in pool.roll:
            return "this peer was there before"
        pool.roll.put(line, days=line.waiting_days, places=line.capacity, strangers=line.blocks)
    except ValidationError as error:
        return _in_words(error)
    except TooVaried as error:
        return str(error)
    pool.places.append(place)
    return ""


def _in_words(error: ValidationError) -> str:
    """The first thing that is wrong, without what the line says about anybody."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = str(first["loc"][0]) if first["loc"] else ""
    return f"{where[:40]}: {first['msg']}" if where else str(first["msg"])
