"""What a page shows, opened and in plain values: the templates see these and nothing else of the read model.

A view is made for one reader. It holds nothing of what the other person answered or did (rule 17).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Answered:
    """One answer of a request: a row of "Check your answers", and of what a peer's own page says that they asked for."""

    field: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class RequestView:
    reference: str
    since_ms: int
    capacity: int
    seeks: tuple[str, ...]
    offers: tuple[str, ...]
    answers: tuple[Answered, ...] = ()
    """All that was asked for, those two included."""
    aside: bool = False
    """Nothing is suggested until the reader would like it."""


@dataclass(frozen=True)
class ProposalView:
    id: str
    reasons: tuple[str, ...]
    said_yes: bool
    """The reader's own answer. Any other closes the proposal for them."""


@dataclass(frozen=True)
class PairView:
    id: str
    alias: str
    """What the reader calls the other: the first name that they chose to give, or else the name that they go by here."""
    my_contact: str | None = None
    their_contact: str | None = None
    """Only once both have offered (rule 13)."""
    ended_ms: int | None = None
    """It has ended; the alias is then nobody's, and the day tells one earlier buddy from another."""


@dataclass(frozen=True)
class BeforeView:
    """A pair that has ended, without a name: somebody may have left since, and nothing here tells (rule 17)."""

    pair: str
    ended_ms: int


@dataclass(frozen=True)
class GestureView:
    """A kind word: a gesture, or thanks for a moment."""

    gesture: str | None
    alias: str
    at_ms: int
    moment: str | None = None


@dataclass(frozen=True)
class MomentView:
    """A moment as the reader may know it: a sentence, who told of it, what has become of it, and what they may do."""

    id: str
    sentence: str
    at_ms: int
    gave: bool
    kind: str
    buddy: str
    told_by: str
    way: str | None = None
    minutes: int | None = None
    """Only to whoever wrote it down."""
    notes: tuple[str, ...] = ()
    acts: frozenset[str] = frozenset()
    taken_back: bool = False
    turns: int = 0
    pair: str = ""
    current: bool = False
    """The two are buddies now."""
    reason: str = "mistake"
    """Why the reader would take it back."""
    mine: bool = False
    same_as: MomentView | None = None


@dataclass(frozen=True)
class RefusalView:
    moment: str
    what: str
    reason: str
    known: bool = False
    """The moment is in the reader's story."""


@dataclass(frozen=True)
class MonthView:
    """Some of a story: a month's moments, newest first, and after it the months of which nothing is recorded."""

    heading: str
    moments: tuple[MomentView, ...]
    gap: str | None = None


@dataclass(frozen=True)
class StoryView:
    months: tuple[MonthView, ...]
    gap: str | None = None
    """Months up to now of which nothing is recorded."""
    older: str | None = None
    """Where the next page begins."""
    newest: bool = True
    others: tuple[tuple[str, str], ...] = ()
    """Pair → name, of everybody in the story."""
    pair: str | None = None
    """Whose story alone it is."""
    buddy: str = ""


@dataclass(frozen=True)
class TrainingView:
    title: str
    completed: date
    partner: str


@dataclass(frozen=True)
class AgreementView:
    """What the reader lets a partner tell us, or once did."""

    partner: str
    scope: str
    at_ms: int
    taken_back_ms: int | None = None


@dataclass(frozen=True)
class HeardView:
    """What a partner was told of the reader."""

    partner: str
    what: str
    at_ms: int


@dataclass(frozen=True)
class Resting:
    until_ms: int


@dataclass(frozen=True)
class Me:
    alias: str
    first_name: str
    """What buddies see in place of it; empty where none was given."""
    silent: bool
    given: int
    received: int
    resting: Resting | None = None
    request: RequestView | None = None
    rest_until_ms: int = 0
    """After *not now*: until when nothing new is suggested; 0 otherwise."""
    proposals: tuple[ProposalView, ...] = ()
    pairs: tuple[PairView, ...] = ()
    inbox: tuple[GestureView, ...] = ()
    lately: tuple[MomentView, ...] = ()
    asks: tuple[MomentView, ...] = ()
    """Moments that the reader wrote down and is asked something about."""
    refusals: tuple[RefusalView, ...] = ()
    suspended_ms: int = 0
    """Since when a coordinator lets nothing new be proposed to them; 0 otherwise."""
    pulse: bool = False
    """Whether they are asked if they felt listened to lately."""
    before: tuple[BeforeView, ...] = ()
    notices: tuple[int, ...] = ()
    """The mornings from which each thing that is not going ahead is told of, in ms."""
    closing: tuple[str, ...] = ()
    """What those who ended a pair chose to leave for the reader, told beside it."""
    trainings: tuple[TrainingView, ...] = ()
    agreements: tuple[AgreementView, ...] = ()
    hears: tuple[HeardView, ...] = ()
    nudges: tuple[str, ...] = ()
    """What is offered to somebody who gives a good deal, each once."""
    unreached_ms: int = 0
    """When a message could not reach them, where none has since; 0 otherwise."""


@dataclass(frozen=True)
class ItemView:
    """Something in the inbox."""

    text: str
    at_ms: int
    failed: bool = False
    """The message that told of it could not be delivered."""


@dataclass(frozen=True)
class MailView:
    to: str
    subject: str
    text: str
    at: str
