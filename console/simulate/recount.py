"""Who gives far more than they receive, counted anew from the log alone, and held against whom the ledger found. Pure.

The ledger keeps a few letters a week and person, and looks when somebody has just given. Here every moment is kept, and each
person's whole history is added up again for every day and every moment: slow, plain, and with nothing of the ledger's but the
numbers in its settings (rule 7, `docs/decisions/0021-weeks-windows-and-breaks.md`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from console.simulate.standing import Hearing
from services.ledger.domain.protection import Thresholds
from shared.clock import DAY_MS
from shared.events import (
    BreakEnded,
    BreakStarted,
    GivingUnreturned,
    MomentRecorded,
    MomentRestored,
    MomentReversed,
)

PATIENCE_MS = 14 * DAY_MS
"""Within which whoever crossed is to be found. Who gives nothing for as long after crossing has rested by themselves: that is
looked at anew when they give again, and counts as crossing then."""

SEASON, HALF_A_YEAR = 12, 26
WEEK_DAYS, RESTED_DAYS, LOOK_BACK = 7, 4, 52
"""Days in a week; days of rest that take a week out; weeks behind which nobody looks."""


@dataclass(frozen=True)
class Fact:
    """One thing on the log about one person, in its order there."""

    at_ms: int
    given: int = 0
    received: int = 0
    day: int = 0
    """On which the moment happened; of a reversal, the moment's."""
    break_until_ms: int | None = None
    back: bool = False
    found: bool = False


@dataclass
class Life:
    """What is known of one person so far."""

    moments: list[Fact] = field(default_factory=list)
    rested: set[int] = field(default_factory=set)
    found_ms: int | None = None
    """When the ledger last said that their giving is far above their receiving."""

    def knows(self, fact: Fact) -> None:
        today = fact.at_ms // DAY_MS
        if fact.given or fact.received:
            self.moments.append(fact)
        elif fact.break_until_ms is not None or fact.back:
            self.rested = {day for day in self.rested if day <= today}
            if fact.break_until_ms is not None:
                self.rested |= set(range(today, max(today, (fact.break_until_ms - 1) // DAY_MS) + 1))

    def far_above(self, at_ms: int, least: Thresholds) -> bool:
        """Whether giving is far above receiving in both windows."""
        if sum(each.given for each in self.moments) < least.more:
            return False
        season, half_a_year = (self._window(weeks, at_ms) for weeks in (SEASON, HALF_A_YEAR))
        return (_far_above(season, least) and _far_above(half_a_year, least)
                and sum(given > received for given, received in season.values()) >= least.weeks)

    def is_new(self, at_ms: int, least: Thresholds) -> bool:
        first = min((_week(each.day) for each in self.moments), default=_week(at_ms // DAY_MS))
        return _week(at_ms // DAY_MS) - first < least.newcomer_weeks

    def rests(self, at_ms: int) -> bool:
        return at_ms // DAY_MS in self.rested

    def _window(self, weeks: int, at_ms: int) -> Mapping[int, tuple[int, int]]:
        """What was given and received in each week of the window that ends now; weeks of rest make it reach further back."""
        now = _week(at_ms // DAY_MS)
        first, left = now, weeks
        while now - first < LOOK_BACK:
            left -= len({day for day in self.rested if _week(day) == first}) < RESTED_DAYS
            if not left:
                break
            first -= 1
        counts = defaultdict[int, tuple[int, int]](lambda: (0, 0))
        for each in self.moments:
            if first <= (week := _week(each.day)) <= now:
                given, received = counts[week]
                counts[week] = (given + each.given, received + each.received)
        return counts


@dataclass(frozen=True)
class Case:
    """What the recount says of one person, beside what the ledger did."""

    crossed_ms: int | None = None
    found_ms: int | None = None
    """The ledger's first word behind that."""
    wrongly: int = 0
    """How often the ledger said so when the recount does not: too little, new, on a break, or too soon after the last time."""
    on_a_break: bool = False
    """They gave while far above, and only their break kept them from being found."""
    as_newcomer: bool = False
    """The same of their first weeks."""


class Recount:
    """Hears the log, and adds up at the end."""

    def __init__(self) -> None:
        self._facts: dict[str, list[Fact]] = defaultdict(list)
        self._moments: dict[str, tuple[MomentRecorded, int]] = {}
        self.hearing: Hearing = {
            MomentRecorded: self._recorded, MomentReversed: self._reversed, MomentRestored: self._restored,
            BreakStarted: self._rests, BreakEnded: self._is_back, GivingUnreturned: self._found}

    def cases(self, least: Thresholds, end_ms: int) -> dict[str, Case]:
        """Of everybody of whom the log says something."""
        return {peer: case_of(facts, least, end_ms) for peer, facts in self._facts.items()}

    def _recorded(self, event: MomentRecorded, at_ms: int) -> None:
        day = (at_ms if event.happened_ms is None else event.happened_ms) // DAY_MS
        self._moments[event.moment] = event, day
        if event.linked is None:
            self._posted(event.moment, 1, at_ms)
        elif event.linked in self._moments:  # both halves happened at once: nobody gave more for a moment in between
            for peer in (event.giver, event.receiver):
                self._facts[peer].append(Fact(at_ms, given=1, received=1, day=day))

    def _reversed(self, event: MomentReversed, at_ms: int) -> None:
        self._posted(event.moment, -1, at_ms)

    def _restored(self, event: MomentRestored, at_ms: int) -> None:
        self._posted(event.moment, 1, at_ms)

    def _posted(self, moment: str, by: int, at_ms: int) -> None:
        event, day = self._moments[moment]
        self._facts[event.giver].append(Fact(at_ms, given=by, day=day))
        self._facts[event.receiver].append(Fact(at_ms, received=by, day=day))

    def _rests(self, event: BreakStarted, at_ms: int) -> None:
        self._facts[event.peer].append(Fact(at_ms, break_until_ms=event.until_ms))

    def _is_back(self, event: BreakEnded, at_ms: int) -> None:
        self._facts[event.peer].append(Fact(at_ms, back=True))

    def _found(self, event: GivingUnreturned, at_ms: int) -> None:
        self._facts[event.peer].append(Fact(at_ms, found=True))


def case_of(facts: Iterable[Fact], least: Thresholds, end_ms: int) -> Case:
    """Follows one person through their facts, in the log's order, and through every midnight between."""
    life, holds_from, crossed_ms, found_ms = Life(), None, None, None
    wrongly, on_a_break, as_newcomer = 0, False, False
    for at_ms, fact in _with_midnights(facts, end_ms):
        if fact is not None:
            life.knows(fact)
        far = life.far_above(at_ms, least)
        rests, is_new, gave = life.rests(at_ms), life.is_new(at_ms, least), fact is not None and fact.given > 0
        holds = far and not rests and not is_new
        holds_from = (at_ms if holds_from is None else holds_from) if holds else None
        if holds_from is not None and gave and crossed_ms is None:
            crossed_ms = holds_from if at_ms - holds_from <= PATIENCE_MS else at_ms
        on_a_break |= far and gave and rests and not is_new
        as_newcomer |= far and gave and is_new
        if fact is not None and fact.found:
            too_soon = life.found_ms is not None and _weeks_between(life.found_ms, at_ms) < least.again_weeks
            wrongly += not holds or too_soon
            life.found_ms, found_ms = at_ms, at_ms if found_ms is None else found_ms
    return Case(crossed_ms, found_ms, wrongly, on_a_break, as_newcomer)


@dataclass(frozen=True)
class Found:
    """Whom the ledger found of those who were planted, and of all others."""

    planted: int
    crossed: int
    found: int
    longest_delay_days: float | None
    others_crossed: int
    others_found: int
    missed: tuple[str, ...]
    """Who crossed and was not found, or later than two weeks after; but for those who crossed less than two weeks ago."""
    found_wrongly: tuple[str, ...]
    kept_by_a_break: int
    """Who gave while far above, and was not to be found for being on a break."""
    kept_as_newcomers: int


def found(cases: Mapping[str, Case], planted: Collection[str], end_ms: int) -> Found:
    crossed = {peer: case for peer, case in cases.items() if case.crossed_ms is not None}
    delays = {peer: _delay_ms(case) for peer, case in crossed.items()}
    missed = tuple(sorted(peer for peer, case in crossed.items() if _missed(case, end_ms)))
    ours = [peer for peer in crossed if peer in planted]
    longest_ms = max((ms for ms in delays.values() if ms is not None), default=None)
    return Found(
        planted=len(planted), crossed=len(ours), found=sum(delays[peer] is not None for peer in ours),
        longest_delay_days=None if longest_ms is None else round(longest_ms / DAY_MS, 1),
        others_crossed=len(crossed) - len(ours),
        others_found=sum(ms is not None for peer, ms in delays.items() if peer not in planted), missed=missed,
        found_wrongly=tuple(sorted(peer for peer, case in cases.items() if case.wrongly)),
        kept_by_a_break=sum(case.on_a_break for case in cases.values()),
        kept_as_newcomers=sum(case.as_newcomer for case in cases.values()))


def _delay_ms(case: Case) -> int | None:
    return None if case.found_ms is None or case.crossed_ms is None else case.found_ms - case.crossed_ms


def _missed(case: Case, end_ms: int) -> bool:
    delay_ms = _delay_ms(case)
    if delay_ms is None:
        return case.crossed_ms is not None and end_ms - case.crossed_ms > PATIENCE_MS
    return delay_ms > PATIENCE_MS


def _with_midnights(facts: Iterable[Fact], end_ms: int) -> Iterator[tuple[int, Fact | None]]:
    midnight_ms: int | None = None
    for fact in facts:
        while midnight_ms is not None and midnight_ms <= fact.at_ms:
            yield midnight_ms, None
            midnight_ms += DAY_MS
        midnight_ms = (fact.at_ms // DAY_MS + 1) * DAY_MS
        yield fact.at_ms, fact
    while midnight_ms is not None and midnight_ms < end_ms:
        yield midnight_ms, None
        midnight_ms += DAY_MS


def _far_above(weeks: Mapping[int, tuple[int, int]], least: Thresholds) -> bool:
    given, received = sum(given for given, _ in weeks.values()), sum(received for _, received in weeks.values())
    return given >= least.times * received and given - received >= least.more


def _week(day: int) -> int:
    """Weeks begin on Mondays; the first day of 1970 was a Thursday."""
    return (day + 3) // WEEK_DAYS


def _weeks_between(first_ms: int, second_ms: int) -> int:
    return _week(second_ms // DAY_MS) - _week(first_ms // DAY_MS)
