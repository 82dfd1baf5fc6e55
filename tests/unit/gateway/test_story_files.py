"""A story as a file: whatever stands in it, a spreadsheet shows it and reckons nothing."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.story_files import FORMULA, cell

FORMULAS = st.builds(str.__add__, st.sampled_from(FORMULA), st.text())


@given(st.one_of(st.text(), st.none(), st.integers(), FORMULAS))
def test_no_cell_begins_a_formula_and_nothing_of_it_is_lost(value: str | int | None) -> None:
    shown = cell(value)
    assert not shown.startswith(FORMULA)
    assert shown.removeprefix("'" if str(value).startswith(FORMULA) else "") == ("" if value is None else str(value))


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_commas_quotes_and_lines_in_a_cell_stay_in_it(values: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([cell(value) for value in values])
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [[cell(value) for value in values]]
