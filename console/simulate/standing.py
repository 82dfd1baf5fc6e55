"""How everybody in a simulated town stands, and what is counted of them on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.simulate.course import Course
from console.simulate.people import WEEK_MS, Person
from shared.events import Answer, Event

Act = Callable[[int], Iterable[Event]]
"""What somebody does at a time in ms."""

Plans = Callable[[float, Act], None]
"""At which time something will be done."""

Hearing = Mapping[type[Event], Callable[[Any, int], None]]
"""Who hears of an event, and of when it came to the log."""


@dataclass
class Somebody:
    """A person, and how they stand."""

    person: Person
    came_ms: int
    request: str | None
    here: bool = True
    resting_until_ms: int = 0
    paired_ms: int | None = None
    """When their first pair was formed."""
    gone_ms: int | None = None
    """When they left, or withdrew their request."""


@dataclass
class Bond:
    """A pair, and what becomes of it."""

    peers: tuple[str, str]
    course: Course
    formed_ms: int
    two_way: bool
    """Each offers something that the other seeks."""
    open: bool = True

    def weeks(self, at_ms: int) -> float:
        """How old it is."""
        return (at_ms - self.formed_ms) / WEEK_MS


@dataclass
class Told:
    """What was counted on the way."""

    proposals: int = 0
    answers: Counter[Answer] = field(default_factory=Counter)
    lapsed: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    aside: int = 0
    rounds: int = 0
    refused: Counter[str] = field(default_factory=Counter)
