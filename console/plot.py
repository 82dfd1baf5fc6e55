"""A picture of a round, as SVG written by hand: how good its pairs are, and how long people had waited.

Every figure is also in words in the description, for whoever does not see it; the columns differ in lightness, and
the legend says which is which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, MARGIN = 900, 420, 56
_PANEL = (WIDTH - 3 * MARGIN) // 2
_TALL = HEIGHT - 150
_TOP = 84


@dataclass(frozen=True)
class Bars:
    """One panel. `counts` beside `labels`; `others`, when given, stand lighter beside them."""

    title: str
    axis: str
    labels: Sequence[str]
    counts: Sequence[int]
    name: str
    others: Sequence[int] = ()
    others_name: str = ""


def svg(title: str, panels: tuple[Bars, Bars]) -> str:
    """The whole picture."""
    described = " ".join(_described(panel) for panel in panels)
    drawn = "".join(_panel(panel, MARGIN + place * (_PANEL + MARGIN)) for place, panel in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title desc" '
            f'font-family="sans-serif" font-size="13" fill="#1d2a35">\n<title id="title">{escape(title)}</title>\n'
            f'<desc id="desc">{escape(described)}</desc>\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
            f'<text x="{MARGIN}" y="32" font-size="18" font-weight="bold">{escape(title)}</text>\n{drawn}</svg>\n')


def _described(panel: Bars) -> str:
    told = [f"{label}: {count}" + (f" {panel.name}, {panel.others[place]} {panel.others_name}" if panel.others else "")
            for place, (label, count) in enumerate(zip(panel.labels, panel.counts, strict=True))]
    return f"{panel.title}, by {panel.axis}. " + "; ".join(told) + "."


def _panel(panel: Bars, left: int) -> str:
    most = max((*panel.counts, *panel.others, 1))
    slot = _PANEL / len(panel.labels)
    series = [(panel.counts, "#1f5f8b")] + ([(panel.others, "#b9c7d1")] if panel.others else [])
    wide = (slot - 6) / len(series)
    parts = [f'<text x="{left}" y="60" font-weight="bold">{escape(panel.title)}</text>']
    for place, label in enumerate(panel.labels):
        for number, (counts, fill) in enumerate(series):
            parts.append(_bar(left + place * slot + 3 + number * wide, wide, counts[place], most, fill))
        parts.append(f'<text x="{left + (place + 0.5) * slot:.1f}" y="{_TOP + _TALL + 18}" font-size="11" '
                     f'text-anchor="middle">{escape(label)}</text>')
    parts.append(f'<line x1="{left}" y1="{_TOP + _TALL}" x2="{left + _PANEL}" y2="{_TOP + _TALL}" stroke="#1d2a35"/>')
    legend = panel.axis + (f"; dark {panel.name}, light {panel.others_name}" if panel.others else "")
    parts.append(f'<text x="{left + _PANEL / 2:.1f}" y="{_TOP + _TALL + 42}" text-anchor="middle">{escape(legend)}</text>')
    return "\n".join(parts) + "\n"


def _bar(x: float, wide: float, count: int, most: int, fill: str) -> str:
    tall = _TALL * count / most
    y = _TOP + _TALL - tall
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{fill}"/>'
    number = f'<text x="{x + wide / 2:.1f}" y="{y - 4:.1f}" font-size="10" text-anchor="middle">{count:,}</text>'
    return shape + number if count else shape
