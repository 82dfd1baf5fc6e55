"""`twoway fairness`: how long people wait and what comes of it, by group that they chose to say they belong to.

What people said is opened in memory for this one look and stored nowhere. Groups of fewer than five people are not told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from console import history as reading
from console import shown, system
from console.fates import seen
from console.figures import quantile, share, waited
from console.history import History
from console.replayed import Taken, taken
from console.running import refuse
from console.system import AsJson, Data, System, programme_of
from shared.clock import DAY_MS
from shared.events import Answer, Details, ProposalAnswered, SupportRequested
from shared.few import LEAST, Cell, kept_back, small, too_few
from shared.programme import Programme

LANGUAGE, AGE_BAND = "language", "age_band"
NOT_SAID = "not said"
REST = "all others"
"""Groups that are not told, together: neither how many nor which, for a total and a number of groups can tell all of them."""

TOO_FEW = "too few to say"


@dataclass(frozen=True)
class Served:
    """What came of one person's latest request. `wait_days`: until the first proposal, or so far."""

    details: Details
    wait_days: float
    proposed: bool
    paired: bool
    yes: int
    answers: int


@dataclass(frozen=True)
class Told:
    """One group. None: too few to say."""

    people: int | None
    wait_median_days: int | None
    wait_p95_days: int | None
    """None too where fewer than five waited so long or longer."""
    proposed: float | None
    accepted: float | None
    """Yes among all answers; none too where nobody answered."""
    paired: float | None


NOTHING = Told(None, None, None, None, None, None)

Grouping = Callable[[Details], str]


def add_to(app: typer.Typer) -> None:
    app.command()(fairness)


def fairness(
    community: Annotated[str | None, typer.Option(help="Only this one's people; everybody unless said.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="How far to look back.")] = 12,
    by: Annotated[list[str] | None, typer.Option(
        metavar="KEY", help="language, age_band, or a fact that the programme may look at; several times for several.")] = None,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Show waiting time, proposals and acceptance by group that people chose to disclose. Fewer than 5 people are not told."""
    async def work(at: System) -> None:
        programme = programme_of(at.settings.programme)
        allowed = (LANGUAGE, AGE_BAND, *(key for key, fact in programme.facts.items() if fact.fairness))
        for key in by or ():
            if key not in allowed:
                refuse(f"groups by {key} are not told: the programme's file has no such fact with `fairness = true`, by which "
                       f"it may be looked at; there are {', '.join(allowed)}")
        history = await reading.read(at, community)
        people = served(history, history.now_ms - weeks * 7 * DAY_MS)
        if not people:
            refuse(f"nobody who can be opened asked or waited in the last {weeks} weeks; look further back with --weeks")
        tables = {key: by_group(people, grouping(key, people, programme)) for key in by or allowed}
        everybody = total(people)
        if json:
            shown.as_json({"weeks": weeks, "closed": history.closed, "everybody": asdict(everybody), "by": {
                key: {group: asdict(told) for group, told in table.items()} for key, table in tables.items()}})
            return
        for key, table in tables.items():
            _show(key, everybody, table)
        if history.closed:
            print(f"Left out: {history.closed} requests of people who left. Nothing opens them any more.")
    system.run(work, data)


def served(history: History, from_ms: int) -> list[Served]:
    """Everybody who asked since then, or waited for their first proposal by then: each with their latest request."""
    was: Taken = taken(history, from_ms, seen(history.happened), None)
    cohort, yes, answers = set(was.cohort), Counter[str](), Counter[str]()
    latest: dict[str, str] = {}
    for happened in history.happened:
        event = happened.event
        if isinstance(event, SupportRequested) and event.request in cohort:
            latest[event.peer] = event.request
        elif isinstance(event, ProposalAnswered) and happened.at_ms >= from_ms:
            answers[event.peer] += 1
            yes[event.peer] += event.answer is Answer.YES
    return [Served(history.details[request], waited(was, request), request in was.first_ms, request in was.paired,
                   yes[peer], answers[peer]) for peer, request in latest.items()]


def grouping(key: str, people: Sequence[Served], programme: Programme) -> Grouping:
    """By which group each is told. A language group is the one of their languages that most people here speak, for that is how
    they can be paired; so who speaks a rare language alone stands under it."""
    if key == AGE_BAND:
        return lambda details: _named(programme.age_bands, details.age_band)
    if key != LANGUAGE:
        values = programme.facts[key].values
        return lambda details: _named(values, details.facts.get(key))
    speakers = Counter(language for each in people for language in set(each.details.languages))

    def language(details: Details) -> str:
        return _named(programme.languages, min(details.languages, key=lambda each: (-speakers[each], each), default=None))
    return language


def _named(names: Mapping[str, str], key: str | None) -> str:
    """What the programme's file no longer names is told by its key."""
    return names.get(key, key) if key else NOT_SAID


def by_group(people: Sequence[Served], group: Grouping) -> dict[str, Told]:
    """The largest group first. Those that are kept back, or would give these away, are one row at the end."""
    groups: dict[str, list[Served]] = defaultdict(list)
    for each in people:
        groups[group(each.details)].append(each)
    rest = small({name: len(them) for name, them in groups.items()})
    hidden = {what: kept_back({name: cell(them) for name, them in groups.items()}, rest) for what, cell in CELLS.items()}
    shown = sorted(groups.keys() - rest, key=lambda name: (-len(groups[name]), name))
    told = {name: _told(groups[name], {what for what, where in hidden.items() if name in where}) for name in shown}
    return told | ({REST: NOTHING} if rest else {})


def total(people: Sequence[Served]) -> Told:
    if too_few((len(people), len(people))):
        return NOTHING
    return _told(people, {what for what, cell in CELLS.items() if too_few(cell(people))})


CELLS: Mapping[str, Callable[[Sequence[Served]], Cell]] = {
    "proposed": lambda people: (sum(each.proposed for each in people), len(people)),
    "accepted": lambda people: (sum(0 < each.yes == each.answers for each in people), sum(each.answers > 0 for each in people)),
    "paired": lambda people: (sum(each.paired for each in people), len(people)),
}
"""Of how many people each share is true. Of acceptance: who said nothing but yes, of those who answered."""


def _told(people: Sequence[Served], hidden: set[str]) -> Told:
    days = sorted(round(each.wait_days) for each in people)  # whole: the wait of one person to the minute would point at them
    proposed, paired = (share(CELLS[what](people)[0], len(people)) for what in ("proposed", "paired"))
    accepted = share(sum(each.yes for each in people), sum(each.answers for each in people))
    return Told(len(people), _within(days, 0.5), _long(days),
                *(None if what in hidden else value
                  for what, value in (("proposed", proposed), ("accepted", accepted), ("paired", paired))))


def _within(days: Sequence[int], part: float) -> int | None:
    value = quantile(days, part)
    return None if value is None else round(value)


def _long(days: Sequence[int]) -> int | None:
    """What 95 of 100 did not exceed. None where fewer than five waited so long or longer, for then it is the wait of one of
    them; of 80 people it is always five."""
    long = _within(days, 0.95)
    return long if long is not None and sum(each >= long for each in days) >= LEAST else None


def _show(key: str, everybody: Told, table: Mapping[str, Told]) -> None:
    shown.table((key.replace("_", " "), "people", "wait, median", "wait, 95 of 100 within", "with a proposal",
                 "yes among answers", "found a buddy"),
                [(name, *_cells(told)) for name, told in (*table.items(), ("everybody", everybody))])


def _cells(told: Told) -> list[Any]:
    if told.people is None:
        return [TOO_FEW, *[""] * 5]
    days = [TOO_FEW if value is None else f"{value} days" for value in (told.wait_median_days, told.wait_p95_days)]
    return [told.people, *days, *(TOO_FEW if value is None else f"{value * 100:.0f} %"
                                  for value in (told.proposed, told.accepted, told.paired))]
