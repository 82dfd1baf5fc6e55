"""A programme's signals: what each is counted from, over which window, and from where on it deserves a look.

A signal is about a whole programme and never about a person. Small numbers are kept back, and so is whatever they could be
worked out from (`shared/few.py`); what each comes from and must not be used for is told in `docs/operators/signals.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import NamedTuple

from services.ledger.domain import tallies
from services.ledger.domain.members import RESTS
from services.ledger.domain.people import HALF_A_YEAR, LATELY, SEASON, Person
from services.ledger.domain.tallies import UNSAID, Counts
from services.ledger.domain.telling import Cells, Figure, Looks, parts_of, tell
from services.ledger.domain.together import kept_back
from shared.events import Ending, Kind, Listened, Signal, SignalPart, Way


@dataclass(frozen=True)
class Attention:
    """From where on each signal deserves a look; the settings say why."""

    gave_and_received: float = 0.5
    giving_by_top_tenth: float = 0.5
    pairs_through_breaks: float = 0.6
    kinds: float = 3
    practical_help: float = 21
    felt_listened_to: float = 0.7
    pulse_answers: float = 0.15
    newcomers_first_proposal: float = 14
    newcomers_first_hello: float = 21
    newcomers_first_giving: float = 42
    blocks_and_concerns: float = 5
    concern_look_hours: float = 24
    endings: float = 0.1
    waiting_by_group: float = 2


class Group(NamedTuple):
    """People who wait and gave the same answer to a question."""

    fact: str
    value: str
    people: int
    median_days: int


class Waiting(NamedTuple):
    """Who waited, as last counted."""

    people: int
    median_days: int
    practical: int | None
    """Who seeks practical help; none: too few to say, or the programme has no such topics."""
    practical_oldest_days: int
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Known:
    """All that the signals of one community and week are counted from."""

    week: int
    tallies: Mapping[int, Counts]
    """By week, this one and earlier ones."""
    people: Sequence[Person]
    pairs: int
    """Open at the end of the week."""
    open_hours: Sequence[int]
    """Since each of the concerns of the last 12 weeks was raised that nobody has looked at."""
    waiting: Waiting | None
    trained_before: float | None
    """The share of the window before."""

    def last(self, weeks: int) -> Counts:
        return tallies.total(counts for week, counts in self.tallies.items() if self.week - weeks < week <= self.week)


@dataclass(frozen=True)
class Definition:
    """One signal. It deserves a look when its value is below, or above, what attention says; without `looks` it is told."""

    name: str
    weeks: int
    figure: Callable[[Known, Attention], Figure | None]
    """None: nothing to tell from."""
    looks: Looks | None = None


def compute(known: Known, attention: Attention) -> tuple[Signal, ...]:
    """Every signal there is, in one order."""
    settings = asdict(attention)
    return kept_back(tell(each.name, each.weeks, each.figure(known, attention), each.looks, settings.get(each.name))
                     for each in DEFINITIONS)


# ── giving and receiving ─────────────────────────────────────────────────────────────────────────────────────────────


def _gave_and_received(known: Known, _: Attention) -> Figure:
    active = [person for person in known.people if person.here and person.active]
    return Figure(sum(bool(person.gave and person.received) for person in active), len(active))


def _active(known: Known) -> int:
    """How many people the moments of a season are of, former peers among them."""
    return sum(person.active for person in known.people)


def _giving_by_top_tenth(known: Known, _: Attention) -> Figure:
    """Of a programme of fewer than 41 active people the top tenth are fewer than five, who would be pointed at; and so would
    fewer than five who alone gave anything."""
    gave = sorted((person.gave for person in known.people if person.active), reverse=True)
    top = gave[:ceil(len(gave) / 10)]
    return Figure(sum(top), sum(gave), people=sum(map(bool, top)))


def _returned_through_network(known: Known, _: Attention) -> Figure:
    """Of what each gave, as much as they received from anyone."""
    giving = [person for person in known.people if person.gave_half]
    return Figure(sum(min(person.gave_half, person.received_half) for person in giving),
                  sum(person.gave_half for person in giving), people=len(giving))


def _chains(known: Known, _: Attention) -> Figure:
    by_length = tallies.of_kind(known.last(SEASON), "chain")
    one, longer = by_length.pop("1", 0), {length: by_length.get(length, 0) for length in map(str, range(2, 10))}
    going_on = sum(longer.values())
    return Figure(going_on, one + going_on, people=_active(known), sides=({"1": one}, longer))


def _kinds(known: Known, _: Attention) -> Figure:
    """Where each of the eight came once, that they are eight would tell of each."""
    counts = tallies.of_kind(known.last(SEASON), "kind")
    cells = {kind.value: counts.get(kind, 0) for kind in Kind}
    used, moments = sum(map(bool, cells.values())), sum(cells.values())
    once_each = moments == used == len(Kind)
    return Figure(used, len(Kind), value=used, made_by=0 if once_each else moments, people=_active(known), rest=False,
                  parts=parts_of((cells,), moments))


def _giving_by_way(known: Known, _: Attention) -> Figure:
    counts = tallies.of_kind(known.last(SEASON), "way")
    said, unsaid = {way.value: counts.get(way, 0) for way in Way}, counts.get(UNSAID, 0)
    return Figure(sum(said.values()), sum(said.values()) + unsaid, people=_active(known), sides=(said, {UNSAID: unsaid}))


# ── rest and return ──────────────────────────────────────────────────────────────────────────────────────────────────


def _breaks_and_not_now(known: Known, _: Attention) -> Figure:
    """Whoever used one counts as active, however quiet they are otherwise."""
    here = [person for person in known.people if person.here and (person.active or person.rest)]
    cells: Cells = {rest: sum(person.rest == rest for person in here) for rest in RESTS}
    return Figure(sum(cells.values()), len(here), sides=(cells,))


def _pairs_through_breaks(known: Known, _: Attention) -> Figure:
    """Of those of which it is known: a pair that wrote nothing down since and did not end is neither."""
    counts = tallies.of_kind(known.last(HALF_A_YEAR), "break")
    went_on = counts.get("went_on", 0)
    return Figure(went_on, went_on + counts.get("ended", 0))


def _returns(known: Known, _: Attention) -> Figure:
    count = sum(person.returned for person in known.people)
    return Figure(count, value=count)


# ── being listened to, and safe ──────────────────────────────────────────────────────────────────────────────────────


def _answers(known: Known) -> Counts:
    return tallies.of_kind(known.last(SEASON), "pulse")


def _answered(counts: Counts) -> int:
    return sum(counts.get(each, 0) for each in Listened if each is not Listened.SKIP)


def _felt_listened_to(known: Known, _: Attention) -> Figure:
    counts = _answers(known)
    return Figure(counts.get(Listened.YES, 0), _answered(counts))


def _pulse_answers(known: Known, _: Attention) -> Figure:
    counts = _answers(known)
    return Figure(_answered(counts), counts.get("offered", 0))


def _training(known: Known, _: Attention) -> Figure:
    active = [person for person in known.people if person.here and person.active_half]
    return Figure(sum(person.trained for person in active), len(active), attention=known.trained_before)


def _blocks_and_concerns(known: Known, _: Attention) -> Figure:
    """Of all pairs that were open at some time of the window."""
    counts = known.last(SEASON)
    happened = counts.get("block", 0) + counts.get("concern", 0)
    pairs = known.pairs + sum(tallies.of_kind(counts, "ending").values())
    return Figure(happened, pairs, value=100 * happened / pairs if pairs else 0, rest=False)


def _concern_look_hours(known: Known, _: Attention) -> Figure:
    """Those that nobody has looked at count with the hours they have been open by the week's end."""
    hours = sorted([*_spread(tallies.of_kind(known.last(SEASON), "looked")), *known.open_hours])
    return Figure(len(hours), value=median(hours) if hours else None)


def _endings(known: Known, _: Attention) -> Figure:
    counts = tallies.of_kind(known.last(SEASON), "ending")
    hard = {each: counts.get(each, 0) for each in (Ending.SAFETY.value, BLOCKED)}
    others = {each: counts.get(each, 0) for each in (
        Ending.AGREED.value, Ending.ONE_SIDE.value, Ending.MOVED_ON.value, LEFT_ENDING)}
    return Figure(sum(hard.values()), sum(hard.values()) + sum(others.values()), sides=(others, hard))


BLOCKED, LEFT_ENDING = "blocked", "left"
"""How a pair can end beside the four ways that people choose from."""

# ── newcomers, and who waits ─────────────────────────────────────────────────────────────────────────────────────────


def _newcomers(what: str) -> Callable[[Known, Attention], Figure]:
    """Median days, of those who joined within the window and came so far."""
    def figure(known: Known, _: Attention) -> Figure:
        counts = known.last(SEASON)
        days = list(_spread(tallies.of_kind(counts, what)))
        return Figure(len(days), counts.get("joined", 0), value=median(days) if days else 0, made_by=len(days))
    return figure


def _practical_help(known: Known, _: Attention) -> Figure | None:
    waiting = known.waiting
    if waiting is None or waiting.practical is None:
        return None
    return Figure(waiting.practical, waiting.people, value=waiting.practical_oldest_days)


def _waiting_by_group(known: Known, attention: Attention) -> Figure | None:
    """A group deserves a look when it waits so many times the median of all, which counts as a day at least."""
    waiting = known.waiting
    if waiting is None:
        return None
    at = attention.waiting_by_group * max(1, waiting.median_days)
    return Figure(waiting.people, value=waiting.median_days, attention=at,
                  against=max((group.median_days for group in waiting.groups), default=0),
                  parts=tuple(SignalPart(key=f"{group.fact}:{group.value}", numerator=group.people,
                                         denominator=group.median_days) for group in waiting.groups))


def _spread(counts: Mapping[str, int]) -> Iterable[int]:
    """The numbers of a histogram, each as often as it was counted."""
    for number, count in counts.items():
        yield from [int(number)] * count


DEFINITIONS: tuple[Definition, ...] = (
    Definition("gave_and_received", SEASON, _gave_and_received, "below"),
    Definition("giving_by_top_tenth", SEASON, _giving_by_top_tenth, "above"),
    Definition("returned_through_network", HALF_A_YEAR, _returned_through_network),
    Definition("chains", SEASON, _chains),
    Definition("kinds", SEASON, _kinds, "below"),
    Definition("giving_by_way", SEASON, _giving_by_way),
    Definition("breaks_and_not_now", LATELY, _breaks_and_not_now),
    Definition("pairs_through_breaks", HALF_A_YEAR, _pairs_through_breaks, "below"),
    Definition("returns", SEASON, _returns),
    Definition("felt_listened_to", SEASON, _felt_listened_to, "below"),
    Definition("pulse_answers", SEASON, _pulse_answers, "below"),
    Definition("newcomers_first_proposal", SEASON, _newcomers("proposal"), "above"),
    Definition("newcomers_first_hello", SEASON, _newcomers("hello"), "above"),
    Definition("newcomers_first_giving", SEASON, _newcomers("giving"), "above"),
    Definition("training", HALF_A_YEAR, _training, "below"),
    Definition("practical_help", LATELY, _practical_help, "above"),
    Definition("waiting_by_group", LATELY, _waiting_by_group, "above"),
    Definition("blocks_and_concerns", SEASON, _blocks_and_concerns, "above"),
    Definition("concern_look_hours", SEASON, _concern_look_hours, "above"),
    Definition("endings", SEASON, _endings, "above"),
)
"""Every signal, as the report tells them."""
