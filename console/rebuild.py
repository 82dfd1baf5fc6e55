"""`twoway rebuild`: a service's derived state, thrown away and made again from archive and log."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from redis.exceptions import LockError

from console import built, journal, shown, system
from console import running as runs
from console.running import Running, refuse
from console.server import Server
from console.system import Data, System, settings_for
from shared import SERVICES
from shared.stream.host import LOCK_S, RENEW_S
from shared.stream.names import Partition
from shared.stream.rebuild import Incomplete, ReadMeanwhile
from shared.stream.rebuild import rebuild as rebuilt

PATIENCE_S = LOCK_S + 2 * RENEW_S
"""A killed service's lock is free by then; one that is held longer is held by somebody who reads."""

ANSWER_S_MAX = 600.0
"""All rows are replaced at one moment: some seconds for a million."""


def add_to(app: typer.Typer) -> None:
    app.command()(rebuild)


def rebuild(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    partition: Annotated[int | None, typer.Option("--partition", help="Only this one; all unless said.")] = None,
    data: Data = None,
) -> None:
    """Throw away what a service derived and make it again from archive and log. Stop the service first.

    What `twoway up` runs is stopped as a whole; the command then starts the built-in server for itself.
    Nothing is decided anew, sent or scheduled. Keys, addresses and sessions are not derived and stay as they are.
    """
    if service not in SERVICES:
        refuse(f"there is no service {service}; there are {', '.join(SERVICES)}")

    async def work(at: System) -> None:
        # built to apply, never to send: no mail server is needed for that
        made = built.services(service, settings_for(replace(at.running, try_out=True), built.settings_of(service)))
        wanted = [each for each in at.partitions if partition in (None, each.number)]
        if not wanted:
            refuse(f"there is no partition {partition}; there are p0 to p{len(at.partitions) - 1}")
        for each in wanted:
            async with _in_its_place(at, each, service):
                began = time.monotonic()
                try:
                    with journal.noted(at, "service.rebuilt", what=service, partition=each.number):
                        count = await rebuilt(made[each.number], each, at.redis, at.vault, at.settings.data)
                except (ReadMeanwhile, Incomplete) as error:
                    refuse(f"p{each.number}: {str(error).rstrip('.')}")
            print(f"p{each.number}: the {service} is made of {count:,} entries, in {shown.span(time.monotonic() - began)}.")
    with ExitStack() as stack:
        system.run_on(_stopped(stack, data) or runs.find(data), work, ANSWER_S_MAX)


def _stopped(stack: ExitStack, data: Path | None) -> Running | None:
    """What `twoway up` left on the folder, its server for this command alone; none where something runs, or never did."""
    home = (data or Path(os.environ.get("TWOWAY_DATA") or runs.DATA)).resolve()
    if runs.given_redis_url() is not None or runs.read(home) is not None or not Server(home).home.exists():
        return None
    return runs.at(home, system.built_in(stack, home))


@asynccontextmanager
async def _in_its_place(at: System, partition: Partition, service: str) -> AsyncIterator[None]:
    """Holds the service's lock, so that no reader begins meanwhile."""
    lock = at.redis.lock(partition.lock(service), timeout=LOCK_S, thread_local=False)
    until = time.monotonic() + PATIENCE_S
    while not await lock.acquire(blocking=False):
        if time.monotonic() > until:
            refuse(f"the {service} is reading p{partition.number}; stop it, then try again. Nothing was changed there")
        await asyncio.sleep(0.1)

    async def hold() -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await lock.reacquire()

    holding = asyncio.create_task(hold())
    try:
        yield
    finally:
        holding.cancel()
        with suppress(asyncio.CancelledError, LockError):
            await holding
        with suppress(LockError):
            await lock.release()
