"""The operators' catalogue of log lines names every line that the code writes, with its fields, and none that it does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.catalogue import BEGIN, END
from shared.logs import FIELDS, SHOWN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operators/log-catalogue.md").read_text("utf-8")
LEVELS = {"debug", "info", "warning", "error"}
COMMON = {"service", "partition", "level"}


def written() -> Iterator[tuple[str, str, set[str]]]:
    """Of every line that the code writes by name: the name, its level and its fields."""
    for folder in ("shared", "services", "console"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield from _line(node, node.func)


def _line(call: ast.Call, function: ast.Attribute) -> Iterator[tuple[str, str, set[str]]]:
    names = [arg.value for arg in call.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if not names or not re.fullmatch(r"[a-z_]+\.[a-z_]+", names[0]):
        return
    fields = {keyword.arg for keyword in call.keywords if keyword.arg} - COMMON
    if "exc_info" in fields:
        fields = fields - {"exc_info"} | {"error", "frames"}
    shown = {SHOWN.get(field, field) for field in fields}
    of = function.value.id if isinstance(function.value, ast.Name) else getattr(function.value, "attr", "")
    if function.attr in LEVELS and of == "log":
        yield names[0], function.attr, shown
    elif function.attr == "event" and of in ("_output", "output"):
        level = next((k.value.value for k in call.keywords if k.arg == "level" and isinstance(k.value, ast.Constant)), "info")
        yield names[0], str(level), shown
    elif function.attr in ("note", "noted") and of == "journal":
        yield names[0], "info", shown
    elif function.attr == "_formed" and len(names) == 2:
        yield names[0], names[1], {key.value for each in call.args if isinstance(each, ast.Dict) for key in each.keys
                                   if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def by_hand() -> dict[str, tuple[str, set[str]]]:
    """Of every row outside the generated part: its level and its fields."""
    generated = PAGE[PAGE.index(BEGIN):PAGE.index(END)]
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (\w+) \| ([^|]*) \|", PAGE.replace(generated, ""), re.MULTILINE)
    return {name: (level, set(re.findall(r"`(\w+)`", fields))) for name, level, fields in rows}


LINES = sorted({(name, level, tuple(sorted(fields))) for name, level, fields in written()})


@pytest.mark.parametrize(("name", "level", "fields"), LINES, ids=[f"{name} {' '.join(fields)}" for name, _, fields in LINES])
def test_every_line_stands_in_the_catalogue_with_its_level_and_fields(
        name: str, level: str, fields: tuple[str, ...]) -> None:
    assert name in by_hand(), f"add a row for `{name}` to docs/operators/log-catalogue.md"
    told_level, told_fields = by_hand()[name]
    assert told_level == level
    assert set(fields) <= told_fields


def test_the_catalogue_names_no_line_and_no_field_that_is_not_written() -> None:
    said: dict[str, set[str]] = {}
    for name, _, fields in written():
        said.setdefault(name, set()).update(fields)
    assert by_hand().keys() <= said.keys()
    optional = {"service.restarted": {"code", "signal"}}
    for name, (_, fields) in by_hand().items():
        assert fields <= said[name] | optional.get(name, set()), name


def test_every_field_in_the_catalogue_may_be_written() -> None:
    named = {field for _, fields in by_hand().values() for field in fields}
    assert named <= FIELDS | set(SHOWN.values())
