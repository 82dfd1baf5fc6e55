"""Each figure beside its words: all that the page shows, before it has a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from shared.events import Signal, SignalPart
from shared.programme import Programme
from shared.report import picture
from shared.report.picture import Point
from shared.report.weeks import Reckoned, Week
from shared.report.words import PartWords, Question, SignalWords, State, Unit, Words, number, short

HEADLINE = "gave_and_received"
POINTS_MAX = 26
"""Weeks in a picture: half a year, which is also what fits a telephone with a mark for each."""


@dataclass(frozen=True)
class Row:
    """One week of a table."""

    until: str
    figure: str
    counted: str
    state: str


@dataclass(frozen=True)
class PartRow:
    """One row of what a signal is made of. `bar` is of 1; none: too few to say."""

    label: str
    figure: str
    counted: str
    bar: float | None


@dataclass(frozen=True)
class Shown:
    """One figure, as of the latest week, and its weeks. Empty texts are left out."""

    key: str
    words: SignalWords
    state: State
    value: str
    counted: str
    line: str
    """What was counted, over how long, and from where on it is worth a look."""
    picture: Markup | None
    rows: tuple[Row, ...]
    parts: tuple[PartRow, ...]


@dataclass(frozen=True)
class Section:
    question: Question
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Report:
    title: str
    covers: str
    headline: str
    by_state: Mapping[State, tuple[Shown, ...]]
    sections: tuple[Section, ...]
    stale: bool


def report(reckoned: Reckoned, programme: Programme, words: Words) -> Report:
    shower = _Shower(reckoned, programme, words)
    sections = tuple(Section(each, shower.section(each)) for each in words.sections)
    signals = [shown for section in sections for shown in section.shown if shown.key in words.signals]
    names = {each.key: each.name for each in programme.communities}
    latest = words.day(reckoned.latest.ends)
    covers = words.page["covers" if len(reckoned.weeks) > 1 else "covers_one"]
    return Report(
        title=words.page["title"].format(community=names.get(reckoned.community, reckoned.community)),
        covers=covers.format(weeks=len(reckoned.weeks), until=latest),
        headline=_headline(reckoned.latest.signals.get(HEADLINE), words),
        by_state={state: tuple(each for each in signals if each.state == state) for state in words.states},
        sections=sections, stale=reckoned.stale)


def state_of(signal: Signal | None, words: SignalWords) -> State:
    """As the page has it: what is held against nothing is neither fine nor worth a look."""
    if signal is None:
        return "missing"
    return "told" if signal.state == "fine" and words.look is None else signal.state


def value_of(signal: Signal | None, unit: Unit) -> str:
    if signal is None or signal.value is None:
        return ""
    return number(signal.value, unit, signal.attention)


def is_nearly_all(signal: Signal) -> bool:
    """Where it is not true of one to four, the ledger tells of how many it could be true, and neither number of the two."""
    return signal.state != "too_few" and signal.numerator is None and signal.denominator is not None


def counted_of(signal: Signal | None, text: str, nearly_all: str) -> str:
    """The text with both numbers; nothing where one of those that it names is not told."""
    if signal is None:
        return ""
    numbers = {"numerator": signal.numerator, "denominator": signal.denominator}
    told = {name: f"{value:,}" for name, value in numbers.items() if value is not None}
    if is_nearly_all(signal):
        told["numerator"] = nearly_all
    return text.format(**told) if all(name in told for name in numbers if f"{{{name}}}" in text) else ""


def label_of(key: str, words: SignalWords, programme: Programme) -> str:
    """A part's name. A group's is `fact:value`, in the programme's own words; what is no longer there by its key."""
    fact, colon, value = key.partition(":")
    if not colon:
        return words.parts.get(key, key)
    if fact in programme.facts:
        return programme.facts[fact].values.get(value, value)
    return {"language": programme.languages, "age_band": programme.age_bands}.get(fact, {}).get(value, value)


def _headline(signal: Signal | None, words: Words) -> str:
    text = words.headline["missing" if signal is None else signal.state]
    weeks = signal.window_weeks if signal else 0
    text = text.replace("{weeks}", str(weeks))
    return text if signal is None or signal.state == "too_few" else counted_of(signal, text, words.page["nearly_all"])


@dataclass(frozen=True)
class _Shower:
    reckoned: Reckoned
    programme: Programme
    words: Words

    def section(self, question: Question) -> tuple[Shown, ...]:
        shown = [self._shown(name, self.words.signals[name], [(week, week.signals.get(name)) for week in self.reckoned.weeks])
                 for name in question.signals]
        if question.part:
            series = [(week, _part_of(week, question.part)) for week in self.reckoned.weeks]
            shown.append(self._shown(question.part.key, question.part, series))
        return tuple(shown)

    def _shown(self, key: str, own: SignalWords, series: Sequence[tuple[Week, Signal | None]]) -> Shown:
        page, unit = self.words.page, self.words.units[own.unit]
        signal = series[-1][1]
        window = "" if signal is None else page["window"].format(weeks=signal.window_weeks)
        counted = counted_of(signal, own.counted, page["nearly_all"])
        return Shown(
            key=key, words=own, state=state_of(signal, own), value=self._value(signal, unit),
            counted=counted, line=_line((counted, window, self._threshold(signal, own, unit))),
            picture=self._picture(key, own, _thinned(series), unit),
            rows=tuple(self._row(*each, own, unit) for each in reversed(_thinned(series))),
            parts=() if signal is None else tuple(self._parts(signal, own)))

    def _threshold(self, signal: Signal | None, own: SignalWords, unit: Unit) -> str:
        if own.look is None or signal is None or signal.attention is None:
            return ""
        if own.threshold and signal.state == "too_few":
            return ""  # held against another figure, which is too little to say then
        return (own.threshold or self.words.look[own.look]).format(attention=number(signal.attention, unit))

    def _value(self, signal: Signal | None, unit: Unit) -> str:
        """A share that is kept back because it is nearly all says so."""
        if signal is not None and signal.value is None and is_nearly_all(signal):
            return self.words.page["nearly_all"].capitalize()
        return value_of(signal, unit)

    def _row(self, week: Week, signal: Signal | None, own: SignalWords, unit: Unit) -> Row:
        page = self.words.page
        counted = counted_of(signal, page["counted_of"] if "{denominator}" in own.counted else own.counted, page["nearly_all"])
        state = self.words.states[state_of(signal, own)]
        return Row(self.words.day_short(week.ends), self._value(signal, unit), counted, state)

    def _picture(self, key: str, own: SignalWords, series: Sequence[tuple[Week, Signal | None]], unit: Unit) -> Markup | None:
        points = [Point(week.ends, None if signal is None else signal.value, signal is not None and signal.state == "too_few")
                  for week, signal in series]
        if all(point.value is None for point in points):
            return None
        latest = series[-1][1]
        held = latest.attention if latest and own.look and not own.threshold else None
        return picture.line(
            key, self.words.page["trend"].format(signal=own.name), self._described(points, unit), points,
            shown=lambda value: short(value, unit), day=self.words.day_short, held=held,
            held_words=self.words.look[own.look].format(attention=short(held, unit)) if held is not None and own.look else "",
            gap=self.words.page["gap"], whole=unit.whole)

    def _described(self, points: Sequence[Point], unit: Unit) -> str:
        """What the picture shows, for whoever does not see it; the table beside it has each week."""
        page, told = self.words.page, [point for point in points if point.value is not None]
        values = [point.value for point in told if point.value is not None]
        first, last = told[0], told[-1]
        text = page["described" if len(told) > 1 else "described_one"].format(
            first=number(values[0], unit), last=number(values[-1], unit), least=number(min(values), unit),
            most=number(max(values), unit), until=self.words.day(last.day), **{"from": self.words.day(first.day)})
        gaps = sum(point.too_few for point in points)
        return text + (" " + page["described_gaps"].format(gaps=gaps, weeks=len(points)) if gaps else "")

    def _parts(self, signal: Signal, own: SignalWords) -> list[PartRow]:
        order = [*own.parts]
        parts = sorted(signal.parts, key=lambda part: order.index(part.key) if part.key in order else len(order))
        days = own.shape == "people_and_days"
        values = [part.denominator if days else part.numerator for part in parts]
        most = max((value for value in values if value is not None), default=0) or 1
        return [self._part(part, own, most) for part in parts]

    def _part(self, part: SignalPart, own: SignalWords, most: int) -> PartRow:
        label, page, units = label_of(part.key, own, self.programme), self.words.page, self.words.units
        some, of = part.numerator, part.denominator
        if some is None:
            return PartRow(label, self.words.states["too_few"], "", None)
        if own.shape == "people_and_days":
            days = "" if of is None else number(of, units["days"])
            return PartRow(label, days, page["counted_people"].format(numerator=f"{some:,}"), None if of is None else of / most)
        if not of:
            return PartRow(label, f"{some:,}", "", some / most)
        return PartRow(label, number(some / of, units["share"]),
                       page["counted_of"].format(numerator=f"{some:,}", denominator=f"{of:,}"), some / most)


def _part_of(week: Week, part: PartWords) -> Signal | None:
    """The part as a figure of its own: its share of all."""
    whole = week.signals.get(part.signal)
    if whole is None:
        return None
    found = next((each for each in whole.parts if each.key == part.key), None)
    some, of = (found.numerator, found.denominator) if found else (None, None)
    value = some / of if some is not None and of else None
    return Signal(name=part.key, window_weeks=whole.window_weeks, numerator=some, denominator=of, value=value,
                  state="too_few" if value is None else "fine")


def _line(told: Sequence[str]) -> str:
    text = " · ".join(filter(None, told))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _thinned(series: Sequence[tuple[Week, Signal | None]]) -> list[tuple[Week, Signal | None]]:
    """At most POINTS_MAX of them at even distances, the latest among them."""
    step = step_of(len(series))
    return list(series[::-1][::step][::-1])


def step_of(weeks: int) -> int:
    return -(-weeks // POINTS_MAX)


def day_of_making(day: date, words: Words) -> str:
    return words.page["made"].format(day=words.day(day))
