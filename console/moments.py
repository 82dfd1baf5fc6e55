"""`twoway moments`: moments that one of a pair remembers differently, for an operator to settle what the two have not.

It shows ids, a kind and a day, and nothing of who they are. Whoever decides leaves a line in the operators' journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console import journal, shown, system
from console.running import refuse
from console.system import AsJson, Data, System
from console.taken import taken
from services.ledger.domain.corrections import Corrections, OtherMemory
from services.ledger.domain.entries import Transfer
from services.ledger.store import CORRECTIONS, MEMORIES, SERVICE, TRANSFERS
from shared.clock import derived_id
from shared.events import Correction, Event, MomentCorrected, MomentPutBack, MomentUpheld
from shared.rows import Ref, Rows
from shared.stream.append import Input
from shared.stream.names import Partition

SHORT = 8
"""Digits of an id that are enough, as with `twoway trace`."""

Id = Annotated[str, typer.Argument(metavar="ID", help="As `twoway moments list` shows it; 8 digits are enough.")]


@dataclass(frozen=True)
class Found:
    """One moment, as the ledger has it now."""

    partition: Partition
    id: str
    moment: Transfer
    corrections: Corrections
    memory: OtherMemory | None

    @property
    def open(self) -> bool:
        """Whether an operator's word is still to come."""
        return self.memory is not None and self.memory.upheld != "operator"


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Moments that one of a pair remembers differently.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("correct")(correct)
    group.command("uphold")(uphold)
    group.command("put-back")(put_back)
    app.add_typer(group, name="moments")


def show_all(
    upheld: Annotated[bool, typer.Option("--upheld", help="Also those that an operator has upheld.")] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Show what is remembered differently and not settled, oldest first. Exit code 1 when there is any."""
    async def work(at: System) -> int:
        found = sorted([each for each in await _disputed(at) if upheld or each.open], key=_since_ms)
        if json:
            shown.as_json([_figures(each) for each in found])
        elif found:
            shown.table(("moment", "differs since", "kind", "day", "upheld by"), (
                (each.id, shown.time(_since_ms(each)), each.moment.kind or "", _day(each.moment.at_ms),
                 (each.memory.upheld if each.memory is not None else None) or "") for each in found))
            print("Speak with both where you can. Then: twoway moments correct ID, or twoway moments uphold ID")
        else:
            print("Nothing is remembered differently that is not settled.")
        return 1 if any(each.open for each in found) else 0
    system.run(work, data)


def correct(id: Id, by: journal.By = "", data: Data = None) -> None:
    """Take a moment back, for both: it did not happen so. Saying it twice is saying it once."""
    async def work(at: System) -> int:
        found = await _find(at, id)
        if found.corrections.taken_back:
            print(f"{found.id} is taken back already; nothing was changed.")
            return 0
        event = MomentCorrected(moment=found.id, peer=None, reason=Correction.OPERATOR)
        line = journal.noted(at, "moment.corrected", moment=found.id, operator=by)
        return await _say(at, found, event, line, f"corrected {found.corrections.times}",
                          lambda now: now.corrections.taken_back, "is taken back. Both counts say so.")
    journal.check_by(by)
    system.run(work, data)


def uphold(id: Id, by: journal.By = "", data: Data = None) -> None:
    """Say that a moment stands as it was written down, though one of the two remembers it differently."""
    async def work(at: System) -> int:
        found = await _find(at, id)
        if found.corrections.taken_back:
            refuse(f"{found.id} was taken back, so there is nothing to uphold; `twoway moments put-back` puts it back. "
                   "Nothing was changed")
        if found.memory is None:
            refuse(f"nobody remembers {found.id} differently; it stands as it is. Nothing was changed")
        if not found.open:
            print(f"{found.id} is upheld already; nothing was changed.")
            return 0
        line = journal.noted(at, "moment.upheld", moment=found.id, operator=by)
        return await _say(at, found, MomentUpheld(moment=found.id), line, f"upheld {found.memory.since_ms}",
                          lambda now: now.memory is not None and not now.open, "stands as it was written down.")
    journal.check_by(by)
    system.run(work, data)


def put_back(id: Id, by: journal.By = "", data: Data = None) -> None:
    """Put a moment back that was taken back: it did happen. Saying it twice is saying it once."""
    async def work(at: System) -> int:
        found = await _find(at, id)
        if not found.corrections.taken_back:
            print(f"{found.id} stands already; nothing was changed.")
            return 0
        line = journal.noted(at, "moment.put_back", moment=found.id, operator=by)
        return await _say(at, found, MomentPutBack(moment=found.id), line, f"put back {found.corrections.times}",
                          lambda now: not now.corrections.taken_back, "stands again. Both counts say so.")
    journal.check_by(by)
    system.run(work, data)


async def _say(at: System, found: Found, event: Event, line: AbstractContextManager[None], place: str,
               done: Callable[[Found], bool], outcome: str) -> int:
    """Appends it under an id that follows from how the moment stands, so that only the same said again is the same."""
    with line:
        [there] = await at.appender.append(found.partition, [Input(event, derived_id(found.id, f"operator {place}"))])
    if not await taken(at, found.partition, SERVICE, there.entry):
        print(f"{found.id}: it is on the log; the ledger takes it when it runs again.")
        return 0
    [now] = await _loaded(at, found.partition, [found.id])
    if done(now):
        print(f"{found.id} {outcome}")
        return 0
    print(f"{found.id} is otherwise by now: somebody else said something of it a moment before. `twoway trace "
          f"{found.id[:SHORT]}` tells.")
    return 1


async def _find(at: System, wanted: str) -> Found:
    """The one that is called so, or the one of those that were disputed or corrected which begins so."""
    found: list[Found] = []
    for partition in at.partitions:
        ids = {wanted}
        for table in (MEMORIES, CORRECTIONS) if len(wanted) >= SHORT else ():
            known: Any = await at.redis.hkeys(table.path(partition, SERVICE))
            ids |= {id.decode() for id in known if id.decode().startswith(wanted)}
        found += [each for each in await _loaded(at, partition, sorted(ids)) if each.moment.reverses is None]
    if len(found) > 1:
        refuse(f"{wanted} is the beginning of {len(found)} ids; write more of it. Nothing was changed")
    if not found:
        refuse(f"there is no moment {wanted}; `twoway moments list --upheld` shows those that are remembered differently. "
               "Nothing was changed")
    return found[0]


async def _disputed(at: System) -> list[Found]:
    found: list[Found] = []
    for partition in at.partitions:
        ids: Any = await at.redis.hkeys(MEMORIES.path(partition, SERVICE))
        found += await _loaded(at, partition, [id.decode() for id in ids])
    return [each for each in found if each.memory is not None]


async def _loaded(at: System, partition: Partition, ids: list[str]) -> list[Found]:
    """Those that are in the books, as the ledger itself reads them."""
    rows, asked = Rows(at.vault), [MomentUpheld(moment=id) for id in ids]
    await rows.load(at.redis, partition, SERVICE, [*asked], _needs)
    return [Found(partition, id, moment, rows.get(CORRECTIONS, id) or Corrections(), rows.get(MEMORIES, id))
            for id in ids if (moment := rows.get(TRANSFERS, id)) is not None]


def _needs(_rows: Rows, event: Any) -> Iterable[Ref]:
    return ((table, event.moment) for table in (TRANSFERS, CORRECTIONS, MEMORIES))


def _since_ms(found: Found) -> int:
    return found.memory.since_ms if found.memory is not None else 0


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def _figures(found: Found) -> dict[str, Any]:
    return {"moment": found.id, "partition": found.partition.number, "since_ms": _since_ms(found), "kind": found.moment.kind,
            "day": _day(found.moment.at_ms), "upheld": found.memory.upheld if found.memory is not None else None}
