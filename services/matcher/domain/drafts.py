"""A suggestion that a coordinator looks at before it goes out, and what becomes of it.

The times here are no settings: a rebuild years later must come to the same rows.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from services.matcher.domain.constraints import usable_ways
from services.matcher.domain.people import Person
from services.matcher.domain.standing import FOR_EVER
from shared.clock import DAY_MS
from shared.events import Sealed, Way

RUNS_OUT_AFTER_MS = 7 * DAY_MS
"""As long as the two would have to answer: a week has a working day of every coordinator in it, and nobody is held longer."""

RAN_OUT_APART_MS = DAY_MS
"""Without it the same two would be put before a coordinator again the same minute. A day has some ninety rounds, so whoever
else fits comes first; and two for whom there is nobody else lose no more than that day by a coordinator's absence."""

DECLINED_APART_MS = 90 * DAY_MS
"""As after *someone different*: what a coordinator knew of the two may have passed by then. Where it has not, they say for
ever, or decline again."""


class Draft(BaseModel):
    """What would be put to both: as drafted, so that what a coordinator read is what goes out."""

    model_config = ConfigDict(frozen=True)
    peers: tuple[str, str]
    requests: tuple[str, str]
    reasons: tuple[Sealed, Sealed]
    benefit: int
    step: int
    since_ms: int
    runs_out_ms: int


def only_in_person(a: Person, b: Person) -> bool:
    """Whether meeting is all that these two can do. Then a coordinator always looks first: strangers would meet unseen."""
    return usable_ways(a, b) == {Way.IN_PERSON}


def apart_until(for_ever: bool, at_ms: int) -> int | None:
    """Until when two are kept apart whom a coordinator would not put together, in ms or FOR_EVER."""
    return FOR_EVER if for_ever else at_ms + DECLINED_APART_MS
