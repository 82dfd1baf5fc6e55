"""What the pages of the desk show, opened and in plain values. Whoever has left has no alias any more."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.views import Answered, ItemView, PairView, ProposalView, RequestView


@dataclass(frozen=True)
class ConcernView:
    """A concern before it is opened: nothing of its words."""

    id: str
    raised_ms: int
    about: str
    danger: bool
    closed_ms: int | None = None
    peer: str | None = None
    alias: str | None = None
    may_leave_message: bool = False


@dataclass(frozen=True)
class PersonLine:
    """Somebody in a list, and since when what the list is about is so."""

    peer: str
    alias: str
    since_ms: int


@dataclass(frozen=True)
class DraftSide:
    """One of two in a suggestion that waits for a coordinator."""

    peer: str
    alias: str
    answers: tuple[Answered, ...]
    reasons: tuple[str, ...]
    """What this one would read."""


@dataclass(frozen=True)
class DraftView:
    id: str
    since_ms: int
    runs_out_ms: int
    decided: str | None
    sides: tuple[DraftSide, ...]


@dataclass(frozen=True)
class DifferView:
    """A moment that one of the two remembers differently."""

    id: str
    kind: str
    day_ms: int
    since_ms: int
    people: tuple[PersonLine, ...]
    """Those who have not left: whoever wrote it down, and the other."""


@dataclass(frozen=True)
class Home:
    """What waits. Lists are cut; the counts are whole."""

    concerns: tuple[ConcernView, ...] = ()
    concerns_count: int = 0
    drafts: tuple[DraftView, ...] = ()
    drafts_count: int = 0
    differs: tuple[DifferView, ...] = ()
    differs_count: int = 0
    unproposed: tuple[PersonLine, ...] = ()
    unproposed_count: int = 0
    to_tell: tuple[PersonLine, ...] = ()
    to_tell_count: int = 0
    unreached: tuple[PersonLine, ...] = ()
    unreached_count: int = 0


@dataclass(frozen=True)
class NoteView:
    """A concern or note of this person's: to be opened on its own page."""

    id: str
    raised_ms: int
    about: str
    closed_ms: int | None


@dataclass(frozen=True)
class PersonView:
    peer: str
    alias: str
    community: str
    phone: str
    may_leave_message: bool
    request: RequestView | None = None
    pairs: tuple[PairView, ...] = ()
    proposals: int = 0
    break_until_ms: int = 0
    rest_until_ms: int = 0
    unreached_ms: int = 0
    suspended_ms: int = 0
    notes: tuple[NoteView, ...] = ()
    by_hand: bool = False
    """They have no address with us."""
    open: tuple[ProposalView, ...] = ()
    """Suggestions to answer for them; only of whoever has no address."""
    to_tell: tuple[ItemView, ...] = ()
    """The latest first."""
