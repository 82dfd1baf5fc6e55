"""Who waits, told in counts once a week: how many, how long, and of which groups that people chose to say they belong to.

Small numbers are kept back, with whatever would give them away (`shared/few.py`). Nor is what is told of people's sealed words
ever the wait of one of them: ids and times stand on the log for whoever reads it, so that somebody who has waited for exactly
17 days would be known by that. How long people wait is the mean of five of them, and of whoever said something that is
sealed it is told in full weeks and of ten people at least: of two groups of five among ten known waits, exact means leave so
few ways to part the ten that somebody's group is certain in half of all cases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.matcher.domain.people import Person
from shared.clock import DAY_MS
from shared.events import GroupWaiting, WaitingCounted
from shared.few import LEAST, LEAST_TOGETHER, small, too_few

UNPROPOSED_DAYS = 14
"""By then whoever fits would do (the middle bar is down), so somebody to whom nobody was proposed needs a human look."""

LANGUAGE, AGE_BAND = "language", "age_band"
NOT_SAID = "not_said"

WEEK_DAYS = 7
_MONDAY = 3
"""Days from a Monday to the Thursday on which 1970 began."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a programme's file lets be counted of those who wait."""

    facts: tuple[str, ...] = ()
    """Those with `fairness = true`."""
    age_bands: bool = False
    practical: frozenset[str] = frozenset()
    """Topics that are practical help."""


NOTHING = LookedAt()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everybody of a community who waits, by the whole days that they have: lists in no order."""

    days: Sequence[int] = ()
    unproposed: int = 0
    """To how many of them nobody was proposed for `UNPROPOSED_DAYS`."""
    practical: Sequence[int] = ()
    groups: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    """Fact → value → its people. Everybody is in one group of each fact."""


def next_monday_ms(at_ms: int) -> int:
    """When the week of this moment is over, in UTC: always later than it."""
    weeks = (at_ms // DAY_MS + _MONDAY) // WEEK_DAYS
    return ((weeks + 1) * WEEK_DAYS - _MONDAY) * DAY_MS


def who_waits(people: Iterable[Person], now_ms: int, looked_at: LookedAt) -> Waiting:
    """The plain way to look; `pairing/counted.py` does the same for columns."""
    there = [(person, max(0, now_ms - person.since_ms) // DAY_MS) for person in people if person.alone and person.places]
    speakers = Counter(language for person, _ in there for language in person.languages)
    groups: dict[str, dict[str, list[int]]] = {}
    for person, days in there:
        for fact, value in (*_said(person, looked_at), (LANGUAGE, spoken(person.languages, speakers))):
            groups.setdefault(fact, defaultdict(list))[value or NOT_SAID].append(days)
    return Waiting(
        [days for _, days in there],
        sum(is_unproposed(person.since_ms, person.proposed_day, now_ms) for person, _ in there),
        [days for person, days in there if person.seeks & looked_at.practical], groups)


def is_unproposed(since_ms: int, proposed_day: int, now_ms: int) -> bool:
    """Of somebody who waits: for `UNPROPOSED_DAYS`, in which nobody was proposed to them."""
    return min((now_ms - since_ms) // DAY_MS, now_ms // DAY_MS - proposed_day) >= UNPROPOSED_DAYS


def _said(person: Person, looked_at: LookedAt) -> Iterator[tuple[str, str]]:
    for fact in looked_at.facts:
        yield fact, person.facts.get(fact, "")
    if looked_at.age_bands:
        yield AGE_BAND, person.age_band


def spoken(languages: Iterable[str], speakers: Mapping[str, int]) -> str:
    """In which language's group somebody is: of theirs the one that most people here speak, for that is how they can be paired.
    So who speaks a rare language alone stands under it. `speakers`: how many of those who wait speak each."""
    return min(languages, key=lambda each: (-speakers[each], each), default="")


def told(community: str, waiting: Waiting, looked_at: LookedAt) -> WaitingCounted:
    """What is said of it. That nobody waits is said too: an older count would stand for them."""
    if not waiting.days:
        return WaitingCounted(community=community, waiting=0)
    seek = len(waiting.practical)
    few = too_few((seek, len(waiting.days))) or 0 < seek < LEAST_TOGETHER
    practical = None if not looked_at.practical or few else seek
    return WaitingCounted(
        community=community, waiting=len(waiting.days), median_days=median(waiting.days) if len(waiting.days) >= LEAST else 0,
        unproposed_14_days=waiting.unproposed, practical=practical,
        practical_oldest_days=full_weeks(longest(waiting.practical)) if practical else 0, groups=tuple(_groups(waiting)))


def _groups(waiting: Waiting) -> Iterator[GroupWaiting]:
    """By fact, the largest group first."""
    for fact, groups in waiting.groups.items():
        sizes = {value: len(days) for value, days in groups.items()}
        told = [value for value in sizes.keys() - small(sizes) if sizes[value] >= LEAST_TOGETHER]
        for value in sorted(told, key=lambda value: (-sizes[value], value)):
            yield GroupWaiting(fact=fact, value=value, people=sizes[value], median_days=full_weeks(median(groups[value])))


def median(days: Sequence[int]) -> int:
    """The mean of the five in the middle, of five at least."""
    low = (len(days) - LEAST) // 2
    return _mean(sorted(days)[low:low + LEAST])


def longest(days: Sequence[int]) -> int:
    """The mean of the five that are longest."""
    return _mean(sorted(days)[-LEAST:])


def full_weeks(days: int) -> int:
    """As days."""
    return days // WEEK_DAYS * WEEK_DAYS


def _mean(days: Sequence[int]) -> int:
    return round(sum(days) / len(days))
