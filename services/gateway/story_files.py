"""A story as a file: for a spreadsheet, and for a program. All of it, for the one whose it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson

from services.gateway.story import Telling
from services.gateway.views import MomentView

BOM = "\ufeff"
"""Without it, the most common spreadsheet takes UTF-8 for something else."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would reckon with, were it the first character of a cell (OWASP, CSV injection)."""


def as_csv(telling: Telling, moments: Sequence[MomentView]) -> bytes:
    """RFC 4180, with a line that names the columns."""
    words = telling.words["file"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words[column] for column in COLUMNS])
    for row in rows(telling, moments):
        shown = {**row, "direction": words[row["direction"]], "kind": telling.all_words["kinds"][row["kind"]],
                 "now": " ".join(row["now"])}
        writer.writerow([cell(shown[column]) for column in COLUMNS])
    return (BOM + out.getvalue()).encode()


def as_json(telling: Telling, moments: Sequence[MomentView]) -> bytes:
    """All of it as one object."""
    return orjson.dumps({"moments": rows(telling, moments)}, option=orjson.OPT_INDENT_2)


def rows(telling: Telling, moments: Sequence[MomentView]) -> list[dict[str, Any]]:
    """Keys and kinds are those of the log; sentences are the page's."""
    return [_row(telling, each) for each in moments]


COLUMNS = ("day", "story", "direction", "kind", "buddy", "way", "minutes", "told_by", "now", "moment")


def _row(telling: Telling, moment: MomentView) -> dict[str, Any]:
    return {"day": telling.pages.date_of(moment.at_ms).isoformat(), "story": moment.sentence,
            "direction": "gave" if moment.gave else "received", "kind": moment.kind, "buddy": moment.buddy,
            "way": moment.way, "minutes": moment.minutes, "told_by": moment.told_by or None,
            "taken_back": moment.taken_back, "now": list(moment.notes), "moment": moment.id}


def cell(value: object) -> str:
    """What stands in one field: as it is, or behind an apostrophe, which spreadsheets take for "this is text"."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
