"""`twoway trace`: the whole story of one event across the services, in order, without anything that describes a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from console import redacted, shown, system
from console.running import refuse
from console.schemas import sealed_fields
from console.story import ENTRIES_MAX, PREFIX_MIN, Told, story
from console.system import AsJson, Data, System
from shared.events import REGISTRY
from shared.logs import FIELDS

_ID = re.compile(r"[0-9A-Za-z._:-]{6,128}")
_LONG = re.compile(r"[0-9a-f]{32}")


def add_to(app: typer.Typer) -> None:
    app.command()(trace)


def trace(
    id: Annotated[str, typer.Argument(
        metavar="ID", help="Of an event, an entry (1795000000000-0), a trace, or of anything that events name: a proposal, "
        f"pair, moment, request, message or peer. The first {PREFIX_MIN} digits of a long id are enough.")],
    full: Annotated[bool, typer.Option("--full", help="Write ids out in full.")] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Tell the whole story of one event: what led to it and what followed, across the services, in order.

    Exit code 1 when nothing on the log or in the archive bears this id.
    """
    if not _ID.fullmatch(id):
        refuse("an id has 6 to 128 letters, digits, dots, colons and hyphens; log lines show them")

    async def work(at: System) -> int:
        told = await story(at.redis, at.partitions, at.settings.data, id)
        if json:
            shown.as_json([_figures(each) for each in told])
        elif told:
            _show(told, full)
        else:
            print(f"Nothing on the log or in the archive bears {id}.")
        return 0 if told else 1
    system.run(work, data)


def _show(told: Sequence[Told], full: bool) -> None:
    depths = _depths(told)
    many = len({each.partition for each in told}) > 1
    shown.table(("time", "after", "service", "event", "id", *(("partition",) if many else ()), "names"), (
        (shown.time(each.at_ms), shown.span((each.at_ms - told[0].at_ms) / 1000), each.service,
         "  " * depths[each.at] + (each.type or "unreadable"), _short(each.id, full),
         *((f"p{each.partition}",) if many else ()), _names(each, full)) for each in told))
    if len(told) == ENTRIES_MAX:
        print(f"Only the first {ENTRIES_MAX:,} entries are shown; ask for the id of something smaller.")


def _depths(told: Sequence[Told]) -> Mapping[str, int]:
    """How many causes up the story begins, for every entry by its place."""
    by_id: dict[str, int] = {}
    depths: dict[str, int] = {}
    for each in told:
        depths[each.at] = by_id[each.cause] + 1 if each.cause in by_id else 0
        by_id[each.id] = depths[each.at]
    return depths


def _names(told: Told, full: bool) -> str:
    """The ids and plain words of the body that a log line may show too."""
    body = told.body if isinstance(told.body, dict) else {}
    return " ".join(f"{name}={_value(body[name], full)}" for name in _fields(told) if body.get(name) not in (None, [], ""))


def _fields(told: Told) -> list[str]:
    event = REGISTRY.get(told.type)
    if event is None:
        return []
    return [name for name in event.model_fields if name in FIELDS - {"service"} - set(sealed_fields(event))]


def _value(value: Any, full: bool) -> str:
    if isinstance(value, list):
        return ",".join(_value(part, full) for part in value)
    return _short(str(value), full)


def _short(text: str, full: bool) -> str:
    return text[:PREFIX_MIN] if not full and _LONG.fullmatch(text) else text


def _figures(told: Told) -> dict[str, Any]:
    return {"partition": told.partition, "at": told.at, "time": shown.time(told.at_ms), "service": told.service,
            **redacted.fields(told.fields)}
