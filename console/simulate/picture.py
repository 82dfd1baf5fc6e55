"""A picture of several simulations side by side, as SVG written by hand: how well people fit, and how long they waited.

Every figure is in words in the description too, for whoever does not see it; each bar carries its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, PANEL_TALL, MARGIN, TOP = 900, 170, 40, 70
_SHADES = ("#7fa6c4", "#1f5f8b", "#12324a", "#8a8f98")


@dataclass(frozen=True)
class Panel:
    """One figure of each simulation. `most` is the height of the axis; none: the largest of them."""

    title: str
    name: str
    shown: Callable[[float], str]
    most: float | None = None


PANELS = (
    Panel("Pairs that help both ways", "two_way", lambda share: f"{share * 100:.1f} %", 1.0),
    Panel("Answers that were yes", "answered_yes", lambda share: f"{share * 100:.1f} %", 1.0),
    Panel("People who had a buddy", "paired_share", lambda share: f"{share * 100:.1f} %", 1.0),
    Panel("Days to the first buddy: half within", "wait_days_median", lambda days: f"{days:.1f}"),
    Panel("Days to the first buddy: 95 of 100 within", "wait_days_p95", lambda days: f"{days:.1f}"),
    Panel("Longest wait of anybody, in days", "longest", lambda days: f"{days:.0f}"),
)
COLUMNS = 3
_WIDE = (WIDTH - (COLUMNS + 1) * MARGIN) // COLUMNS
_ROW = PANEL_TALL + 80
HEIGHT = TOP + (len(PANELS) + COLUMNS - 1) // COLUMNS * _ROW


def svg(title: str, summaries: Sequence[Mapping[str, Any]]) -> str:
    told = [_figures(each) for each in summaries]
    names = [str(each["dial"]) for each in summaries]
    described = " ".join(_described(panel, names, told) for panel in PANELS)
    drawn = "".join(_panel(panel, names, told, MARGIN + place % COLUMNS * (_WIDE + MARGIN), TOP + place // COLUMNS * _ROW)
                    for place, panel in enumerate(PANELS))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title desc" '
            f'font-family="sans-serif" font-size="13" fill="#1d2a35">\n<title id="title">{escape(title)}</title>\n'
            f'<desc id="desc">{escape(described)}</desc>\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
            f'<text x="{MARGIN}" y="34" font-size="18" font-weight="bold">{escape(title)}</text>\n{drawn}</svg>\n')


def _figures(summary: Mapping[str, Any]) -> dict[str, float | None]:
    longest = [days for days in summary["longest_wait_days"].values() if days is not None]
    people = summary["people"]
    return {**{name: summary[name] for name in ("two_way", "answered_yes", "wait_days_median", "wait_days_p95")},
            "paired_share": summary["people_paired"] / people if people else None, "longest": max(longest, default=None)}


def _described(panel: Panel, names: Sequence[str], told: Sequence[Mapping[str, float | None]]) -> str:
    return f"{panel.title}: " + "; ".join(f"{name} {_words(panel, each)}" for name, each in zip(names, told, strict=True)) + "."


def _words(panel: Panel, figures: Mapping[str, float | None]) -> str:
    value = figures[panel.name]
    return "too few to say" if value is None else panel.shown(value)


def _panel(panel: Panel, names: Sequence[str], told: Sequence[Mapping[str, float | None]], left: int, top: int) -> str:
    most = panel.most or max((each[panel.name] or 0.0 for each in told), default=0.0) or 1.0
    slot, foot = _WIDE / len(names), top + 36 + PANEL_TALL
    parts = [f'<text x="{left}" y="{top + 12}" font-weight="bold">{escape(panel.title)}</text>']
    for place, (name, each) in enumerate(zip(names, told, strict=True)):
        tall = (PANEL_TALL - 14) * (each[panel.name] or 0.0) / most
        middle = left + (place + 0.5) * slot
        parts += [
            f'<rect x="{middle - slot * 0.35:.1f}" y="{foot - tall:.1f}" width="{slot * 0.7:.1f}" height="{tall:.1f}" '
            f'fill="{_SHADES[place % len(_SHADES)]}"/>',
            f'<text x="{middle:.1f}" y="{foot - tall - 5:.1f}" font-size="11" text-anchor="middle">'
            f'{escape(_words(panel, each))}</text>',
            f'<text x="{middle:.1f}" y="{foot + 18}" font-size="12" text-anchor="middle">{escape(name)}</text>']
    parts.append(f'<line x1="{left}" y1="{foot}" x2="{left + _WIDE}" y2="{foot}" stroke="#1d2a35"/>')
    return "\n".join(parts) + "\n"
