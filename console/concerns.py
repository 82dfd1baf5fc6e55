"""`twoway concerns`: what people asked the programme to look at. The text is sealed; whoever opens it leaves a line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from console import journal, shown, system
from console.running import refuse
from console.system import AsJson, Data, System
from services.gateway.store import CONCERNS, PEERS, SERVICE, ConcernRow
from shared.clock import derived_id
from shared.events import ConcernClosed, FreeText
from shared.stream.append import Input
from shared.stream.names import Partition

Id = Annotated[str, typer.Argument(metavar="ID", help="As `twoway concerns list` shows it.")]
Found = tuple[Partition, str, ConcernRow]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="What people asked the programme to look at.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("close")(close)
    app.add_typer(group, name="concerns")


def show_all(
    closed: Annotated[bool, typer.Option("--closed", help="Also those that were looked at.")] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Show who asked when, without a word of what they wrote: what suggests danger first, then the oldest. Exit code 1 when any
    is open."""
    async def work(at: System) -> int:
        found = sorted([each async for each in _all(at) if closed or each[2].closed_ms is None],
                       key=lambda each: (not each[2].danger, each[2].raised_ms))
        if json:
            shown.as_json([_figures(each) for each in found])
        elif found:
            shown.table(("concern", "raised", "about", "peer", "pair", "closed"), (
                (id, shown.time(row.raised_ms), f"{row.about}, danger" if row.danger else row.about, row.peer, row.pair or "",
                 shown.time(row.closed_ms) if row.closed_ms else "") for _, id, row in found))
        else:
            print("No concern is open.")
        return 1 if any(row.closed_ms is None for _, _, row in found) else 0
    system.run(work, data)


def show(id: Id, data: Data = None) -> None:
    """Open one concern and read it. That it was read is noted in the operators' journal; what it says is not."""
    async def work(at: System) -> int:
        partition, _, row = await _find(at, id)
        key: Any = await at.redis.hget(partition.keys, row.peer)
        if key is None:
            print("Whoever wrote this has left, and with them what they wrote.")
            return 1
        journal.note(at, "concern.shown", concern=id)
        text = at.vault.open(row.text, key, FreeText)
        shown.table(("concern", "raised", "peer", "pair"), [(id, shown.time(row.raised_ms), row.peer, row.pair or "")])
        print(text.text if isinstance(text, FreeText) else "")
        peer: Any = await at.redis.hget(PEERS.path(partition, SERVICE), row.peer)
        safe = peer is not None and PEERS.load(peer).leave_messages
        print(f"\nIf you call them: {'a message may be left' if safe else 'leave no message'}.")
        return 0
    system.run(work, data)


def close(id: Id, data: Data = None) -> None:
    """Say that a person of the programme has looked at it."""
    async def work(at: System) -> None:
        partition, _, row = await _find(at, id)
        if row.closed_ms is not None:
            refuse(f"this concern was closed at {shown.time(row.closed_ms)}; nothing was changed")
        with journal.noted(at, "concern.closed", concern=id):
            await at.appender.append(partition, [Input(ConcernClosed(concern=id), derived_id(id, "closed"))])
        print(f"{id} is closed.")
    system.run(work, data)


async def _find(at: System, id: str) -> Found:
    found = [each async for each in _all(at) if each[1] == id]
    if not found:
        refuse(f"there is no concern {id}; `twoway concerns list --closed` shows them all")
    return found[0]


async def _all(at: System) -> AsyncIterator[Found]:
    for partition in at.partitions:
        async for id, row in at.redis.hscan_iter(CONCERNS.path(partition, SERVICE), count=500):
            yield partition, id.decode(), CONCERNS.load(row)


def _figures(found: Found) -> dict[str, Any]:
    partition, id, row = found
    return {"concern": id, "partition": partition.number, "peer": row.peer, "pair": row.pair,
            "raised_ms": row.raised_ms, "closed_ms": row.closed_ms, "about": row.about, "danger": row.danger}
