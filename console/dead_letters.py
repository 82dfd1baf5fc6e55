"""`twoway dead-letters`: entries that a service could not process; look at them, replay them once mended, or let them go."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console import journal, redacted, shown, system
from console.running import refuse
from console.system import AsJson, Data, System
from console.taken import taken
from shared.events import EntryReplayed
from shared.stream.append import Input
from shared.stream.dead import DEAD, DeadLetter, claim, drop, letters
from shared.stream.names import Partition

Id = Annotated[str, typer.Argument(help="<service>:<entry>, as `twoway dead-letters list` shows it.")]
OnPartition = Annotated[int | None, typer.Option("--partition", help="Needed only when the id stands on several.")]
Found = tuple[Partition, DeadLetter]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Entries that a service could not process.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("drop")(let_go)
    app.add_typer(group, name="dead-letters")


def show_all(json: AsJson = False, data: Data = None) -> None:
    """Show every dead letter, oldest first. Exit code 1 when there are any."""
    async def work(at: System) -> int:
        found = [(partition, letter) for partition in at.partitions for letter in await letters(at.redis, partition)]
        if json:
            shown.as_json([_figures(each) for each in found])
        elif found:
            shown.table(("id", "type", "error", "tries", "since", "replay"), (
                (letter.id, letter.fields.get("type", "unreadable"), letter.error, letter.tries,
                 shown.time(letter.first_ms), "asked for" if letter.replay else "") for _, letter in found))
        else:
            print("No dead letters.")
        return 1 if found else 0
    system.run(work, data)


def show(id: Id, partition: OnPartition = None, data: Data = None) -> None:
    """Show one dead letter as it stands on the log, without what is sealed."""
    async def work(at: System) -> None:
        shown.as_json(_figures(await _find(at, id, partition)))
    system.run(work, data)


def replay(id: Id, partition: OnPartition = None, data: Data = None) -> None:
    """Ask the service to take the entry again, now. Mend the cause first; asking twice is asking once."""
    async def work(at: System) -> int:
        where, _ = await _find(at, id, partition)
        letter = await claim(at.redis, where, id, at.clock.new_id())
        if letter is None:
            refuse(f"{id} was replayed or dropped a moment ago")
        event = EntryReplayed(service=letter.service, entry=letter.entry, fields=letter.fields)
        with journal.noted(at, "dead_letter.replayed", what=letter.service, entry=letter.entry, id=letter.replay):
            [there] = await at.appender.append(where, [Input(event, letter.replay)])
        return await _outcome(at, where, letter, there.entry)
    system.run(work, data)


def let_go(
    id: Id,
    partition: OnPartition = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really let it go; it can't be replayed then.")] = False,
    data: Data = None,
) -> None:
    """Let a dead letter go for good. The entry itself stays on the log and in the archive."""
    async def work(at: System) -> None:
        where, letter = await _find(at, id, partition)
        if not yes:
            refuse(f"{id} would be let go for good; say --yes if that is meant. Nothing was changed")
        with journal.noted(at, "dead_letter.dropped", what=letter.service, entry=letter.entry):
            await drop(at.redis, where, letter)
        print(f"{id} is let go.")
    system.run(work, data)


async def _find(at: System, id: str, number: int | None) -> Found:
    found: list[Found] = []
    for partition in at.partitions:
        row: Any = await at.redis.hget(partition.dead, id)
        if row is not None and number in (None, partition.number):
            found.append((partition, DEAD.load(row)))
    if not found:
        refuse(f"there is no dead letter {id}; `twoway dead-letters list` shows them")
    if len(found) > 1:
        refuse(f"{id} stands on partitions {', '.join(str(each.number) for each, _ in found)}; say --partition")
    return found[0]


async def _outcome(at: System, partition: Partition, letter: DeadLetter, entry: str) -> int:
    """Waits until the service has passed the replay, then says what came of it."""
    if not await taken(at, partition, letter.service, entry):
        print(f"{letter.id} is on the log; the {letter.service} takes it when it runs again.")
        return 0
    row: Any = await at.redis.hget(partition.dead, letter.id)
    if row is None:
        print(f"{letter.id} was taken by the {letter.service}.")
        return 0
    print(f"{letter.id} could not be processed again ({DEAD.load(row).error}); it stays a dead letter.")
    return 1


def _figures(found: Found) -> dict[str, object]:
    partition, letter = found
    return {"id": letter.id, "partition": partition.number} | letter.model_dump(exclude={"fields"}) | {
        "fields": redacted.fields(letter.fields)}
