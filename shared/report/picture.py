"""A line over some weeks, as SVG written by hand. Nothing in it is told by colour alone: weeks are dots, the latest is larger
and carries its figure, what it is held against is dashed and says so, and what is too few to say is a cross.

It is drawn at the width of a telephone, for letters shrink with a picture that has to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

WIDTH, HEIGHT = 300, 126
LEFT, RIGHT, TOP, FOOT = 6, 288, 26, 104
LETTER = 6.2
"""Wide, of a figure at its size of 12: enough to keep it within the picture."""

HEADROOM = 1.05
"""So that no line runs along the top where there could be more."""


@dataclass(frozen=True)
class Point:
    """One week. A value that is none is a gap; `too_few` says why."""

    day: date
    value: float | None
    too_few: bool = False


def line(key: str, title: str, described: str, points: Sequence[Point], *, shown: Callable[[float], str],
         day: Callable[[date], str], held: float | None, held_words: str, gap: str, whole: float | None) -> Markup:
    """The picture. `held`: what the figure is held against, if anything; `whole`: the most that there could be, if there is."""
    values = [point.value for point in points if point.value is not None]
    top = axis(max([*values, held or 0.0]), whole)
    places = [(_across(number, len(points)), point) for number, point in enumerate(points)]
    parts = [_frame(points, day, shown(top))]
    if held is not None:
        parts.append(Markup('<path d="M{0} {1:.1f}H{2}M{3:.1f} {4}h18" class="held"/>'
                            '<text x="{2}" y="{5}" text-anchor="end" class="held-words">{6}</text>').format(
            LEFT, _up(held, top), RIGHT, RIGHT - LETTER * len(held_words) - 24, TOP - 9, TOP - 5, held_words))
    parts += [_run(run, top) for run in _runs(places)]
    parts += [Markup('<circle cx="{0:.1f}" cy="{1:.1f}" r="2.2"/>').format(across, _up(point.value, top))
              for across, point in places if point.value is not None]
    crosses = [across for across, point in places if point.too_few]
    parts += [Markup('<path d="M{0:.1f} {1}l6 6m0-6l-6 6" class="cross"/>').format(across - 3, FOOT - 9) for across in crosses]
    if crosses:
        parts.append(Markup('<text x="{0}" y="{1}" text-anchor="middle">{2}</text>').format(
            (LEFT + RIGHT) // 2, FOOT + 16, gap))
    parts.append(_ends(places, top, shown))
    return Markup('<svg class="line" viewBox="0 0 {0} {1}" role="img" aria-labelledby="{2}-title {2}-desc">'
                  '<title id="{2}-title">{3}</title><desc id="{2}-desc">{4}</desc>{5}</svg>').format(
        WIDTH, HEIGHT, key, title, described, Markup("").join(parts))


def axis(most: float, whole: float | None) -> float:
    """The height of the axis, which begins at nought: 1, 2 or 5 of some power of ten, and never more than there could be."""
    if most <= 0:
        return whole or 1.0
    room = most * HEADROOM
    power = 10.0 ** math.floor(math.log10(room))
    top = next(step * power for step in (1, 2, 5, 10) if step * power >= room - 1e-9 * power)
    return top if whole is None else min(top, max(whole, most))


def _across(number: int, count: int) -> float:
    return RIGHT if count == 1 else LEFT + 4 + (RIGHT - LEFT - 4) * number / (count - 1)


def _up(value: float, top: float) -> float:
    return FOOT - (FOOT - TOP) * value / top


def _frame(points: Sequence[Point], day: Callable[[date], str], top: str) -> Markup:
    first = Markup('<text x="{0}" y="{1}">{2}</text>').format(LEFT, FOOT + 16, day(points[0].day)) if len(points) > 1 else ""
    return Markup('<path d="M{0} {1}H{2}M{0} {3}H{2}" class="axis"/>{4}<text x="{2}" y="{5}" text-anchor="end">{6}</text>'
                  '<text x="{0}" y="{7}">{8}</text>').format(
        LEFT, FOOT, RIGHT, TOP, first, FOOT + 16, day(points[-1].day), TOP - 5, top)


def _runs(places: Sequence[tuple[float, Point]]) -> list[list[tuple[float, float]]]:
    """Weeks one after the other that have a value."""
    runs: list[list[tuple[float, float]]] = [[]]
    for across, point in places:
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append((across, point.value))
    return [run for run in runs if len(run) > 1]


def _run(run: Sequence[tuple[float, float]], top: float) -> Markup:
    return Markup('<polyline points="{0}"/>').format(" ".join(f"{across:.1f},{_up(value, top):.1f}" for across, value in run))


def _ends(places: Sequence[tuple[float, Point]], top: float, shown: Callable[[float], str]) -> Markup:
    """The figures of the latest week that has one, and of the first."""
    told = [(across, point.value) for across, point in places if point.value is not None]
    across, value = told[-1]
    words = shown(value)
    end = min(max(across, LEFT + LETTER * len(words) + 4), RIGHT)
    latest = Markup('<circle cx="{0:.1f}" cy="{1:.1f}" r="4.5"/>'
                    '<text x="{2:.1f}" y="{3:.1f}" text-anchor="end" class="latest">{4}</text>').format(
        across, _up(value, top), end, _beside(value, top), words)
    first_across, first = told[0]
    if end - first_across < LETTER * (len(words) + len(shown(first)) + 2):
        return latest  # there is no room for both
    return latest + Markup('<text x="{0:.1f}" y="{1:.1f}">{2}</text>').format(
        first_across - 4, _beside(first, top), shown(first))


def _beside(value: float, top: float) -> float:
    """Where a figure stands: above its dot, and below where there is no room."""
    up = _up(value, top)
    return up - 9 if up > TOP + 14 else up + 19
