"""A peer as matching sees them: what they seek and offer, as sets made once, and how many places they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from services.matcher.domain.standing import Standing
from shared.events import Details, Way


class Said(Protocol):
    """What reasons are told of, in the order in which it was said. `Details` is that."""

    @property
    def seeks(self) -> tuple[str, ...]: ...
    @property
    def offers(self) -> tuple[str, ...]: ...
    @property
    def showable(self) -> tuple[str, ...]: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def ways(self) -> tuple[Way, ...]: ...
    @property
    def times(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an open request. Holds what only the matcher's memory may hold in clear (rule 14)."""

    peer: str
    request: str
    community: str
    since_ms: int
    details: Said
    seeks: frozenset[str]
    offers: frozenset[str]
    avoids: frozenset[str]
    languages: frozenset[str]
    ways: frozenset[Way]
    times: frozenset[str]
    area: str
    """As compared: case and spacing do not part neighbours. Empty when none was given."""
    places: int = 0
    """How many more proposals may go out now; nobody without a place is looked at."""
    strangers: frozenset[str] = frozenset()
    """Whom nothing may be proposed with."""
    alone: bool = True
    """Neither in an open proposal nor in a pair."""
    age_band: str = ""
    """Empty when none was given; then only people who meet any age are met."""
    meets_ages: frozenset[str] = frozenset()
    """Age bands this person is comfortable with; empty means any."""
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What this person chose to say under the programme's own keys: one value a key."""
    chosen_limits: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    """Key of a fact -> the values this person meets, never relaxed; no values means no limit."""
    prefers: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    """Key of a fact -> the values this person would rather meet: points, never a limit."""
    newcomer: bool = False
    welcomes_newcomers: bool = False
    proposed_day: int = 0
    """The latest day (since 1970, in UTC) on which somebody was proposed to them; 0 while nobody was."""
    given: int = 0
    received: int = 0
    """Moments of the last 26 weeks, as the ledger counts them. Their difference is shown to nobody (rule 6)."""

    @classmethod
    def of(cls, peer: str, request: str, community: str, since_ms: int, details: Details, places: int = 0,
           strangers: frozenset[str] = frozenset(), alone: bool = True, given: int = 0, received: int = 0,
           proposed_day: int = 0) -> Person:
        return cls(peer, request, community, since_ms, details, frozenset(details.seeks), frozenset(details.offers),
                   frozenset(details.avoids), frozenset(details.languages), frozenset(details.ways),
                   frozenset(details.times), as_compared(details.area or ""), places, strangers, alone,
                   age_band=details.age_band or "",
                   meets_ages=frozenset(details.meets_ages), facts=details.facts,
                   chosen_limits=_sets(details.chosen_limits), prefers=_sets(details.prefers),
                   newcomer=details.newcomer, welcomes_newcomers=details.welcomes_newcomers, proposed_day=proposed_day,
                   given=given, received=received)

    def standing(self, standing: Standing) -> Person:
        since_ms = self.since_ms if standing.since_ms is None else standing.since_ms
        return replace(self, since_ms=since_ms, places=standing.places, strangers=standing.strangers_to, alone=standing.alone,
                       proposed_day=standing.proposed_day, given=standing.given, received=standing.received)

    def meeting(self, other: str) -> Person:
        """As they would be once something is proposed to them and that other."""
        return replace(self, places=self.places - 1, strangers=self.strangers | {other}, alone=False)


def _sets(values: Mapping[str, tuple[str, ...]]) -> Mapping[str, frozenset[str]]:
    return {key: frozenset(wanted) for key, wanted in values.items()}


def as_compared(area: str) -> str:
    """An area as two people's are compared: case and spacing do not part neighbours."""
    return " ".join(area.split()).casefold()
