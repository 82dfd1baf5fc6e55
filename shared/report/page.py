"""The page: one file with its styles and pictures inside, without script, that asks nothing of anybody's network."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.report.facts import Report, day_of_making, step_of
from shared.report.words import Words

FOLDER = Path(__file__).parent
MARKS = {"fine": "✓", "look": "◆", "too_few": "…", "told": "○", "missing": "–"}
"""Beside each state's words, so that a glance tells them apart without colour."""


def html(report: Report, words: Words, made: date, weeks: int) -> str:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)
    environment.filters["coded"] = coded
    step = step_of(weeks)
    return environment.get_template("page.html").render(
        report=report, words=words, marks=MARKS, made=day_of_making(made, words),
        every=words.page["every"].format(step=step) if step > 1 else "")


def coded(text: str) -> Markup:
    """What stands between backticks is a command."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(Markup("<code>{0}</code>").format(part) if place % 2 else escape(part)
                           for place, part in enumerate(parts))
