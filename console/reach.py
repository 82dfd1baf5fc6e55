"""`twoway messages unreachable` and `reachable`: people whose address a mail server said to be none. Addresses show nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import typer

from console import journal, shown, system
from console.running import refuse
from console.system import AsJson, Data, System
from services.notifier.store import NOT_THERE, SERVICE, NotThere
from shared.events import AddressCleared
from shared.stream.append import Input
from shared.stream.names import Partition

Peer = Annotated[str, typer.Argument(metavar="PEER", help="As `twoway messages unreachable` shows it.")]
Found = tuple[Partition, str, NotThere]


def unreachable(json: AsJson = False, data: Data = None) -> None:
    """Show whom we can't write to, since when, and by which answer or status. Exit code 1 when there is anybody."""
    async def work(at: System) -> int:
        found = sorted([each async for each in _all(at)], key=lambda each: each[2].found_ms)
        if json:
            shown.as_json([{"peer": peer, "partition": partition.number, "found_ms": mark.found_ms or None,
                            "reason": mark.reason or None} for partition, peer, mark in found])
        elif found:
            shown.table(("peer", "since", "why"), (
                (peer, shown.time(mark.found_ms) if mark.found_ms else "not known", mark.reason or "not known")
                for _, peer, mark in found))
            print("They can give another address on their page. Where one is right after all: twoway messages reachable PEER")
        else:
            print("Nobody's address is known to be none.")
        return 1 if found else 0
    system.run(work, data)


def reachable(peer: Peer, data: Data = None) -> None:
    """Write to somebody again: you know that their address is there, as after a mail server refused everybody by mistake."""
    async def work(at: System) -> None:
        partition = next(iter([each async for each, id, _ in _all(at) if id == peer]), None)
        if partition is None:
            refuse(f"nothing says that {peer} can't be reached; `twoway messages unreachable` shows of whom something does")
        with journal.noted(at, "address.cleared", peer=peer):
            await at.appender.append(partition, [Input(AddressCleared(peer=peer), at.clock.new_id())])
        print(f"{peer} is written to again, from the next message on. What was withheld stands on their page.")
    system.run(work, data)


async def _all(at: System) -> AsyncIterator[Found]:
    for partition in at.partitions:
        async for peer, mark in at.redis.hscan_iter(NOT_THERE.path(partition, SERVICE), count=500):
            yield partition, peer.decode(), NOT_THERE.load(mark)
