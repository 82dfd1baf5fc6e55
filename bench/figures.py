"""One measured figure, and the table and file that they end in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

OUT = Path("build/bench.json")


@dataclass(frozen=True)
class Figure:
    """`figure` in `unit`; `reference` in the same unit and run; `ratio` of the two decides, where there is a reference.

    `goal` is for the ratio where there is one, otherwise for the figure; `at_most` turns it round.
    """

    name: str
    figure: float
    unit: str
    reference: float | None
    ratio: float | None
    goal: float
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        value = self.figure if self.ratio is None else self.ratio
        return value <= self.goal if self.at_most else value >= self.goal


def compared(name: str, unit: str, ours: list[float], theirs: list[float], goal: float, note: str = "") -> Figure:
    """The median of the rounds' ratios: each round ran both, one after the other."""
    ratio = median(own / other for own, other in zip(ours, theirs, strict=True))
    return Figure(name, median(ours), unit, median(theirs), ratio, goal, note=note)


def report(figures: list[Figure]) -> None:
    table = Table("name", "figure", "unit", "reference", "ratio", "goal", "met", "note")
    for each in figures:
        sign = "≤" if each.at_most else "≥"
        table.add_row(each.name, _number(each.figure), each.unit, _number(each.reference), _number(each.ratio),
                      f"{sign} {_number(each.goal)}", "yes" if each.met else "NO", each.note)
    Console(width=150).print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(each) | {"met": each.met} for each in figures], indent=2) + "\n", "utf-8")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
