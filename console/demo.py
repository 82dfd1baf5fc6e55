"""`twoway demo`: made-up people use the running system through its real web pages; then every count is compared."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from console import agreement, shown, system, verify
from console.agreement import Row
from console.browser import Browser, Trouble
from console.people import people, who_leaves
from console.running import refuse
from console.system import Data, System
from console.visitor import DEEDS, Visitor

AT_ONCE = 16
"""People on the pages at the same time: more would only wait for one another on a small machine."""

ANSWER_ROUNDS_MAX = 12
"""Rounds of answering: whoever got another answer than yes waits for a next suggestion. By then hardly anyone does."""

REST_S_MAX = 120.0

R = TypeVar("R")
Counts = tuple[int, int]


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    count: Annotated[int, typer.Option("--people", min=2, max=100_000, help="How many made-up people.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people and choices.")] = 1,
    url: Annotated[str | None, typer.Option(help="Address of the web pages, where it is not the system's own.")] = None,
    data: Data = None,
) -> None:
    """Let made-up people use the running system through its real web pages, then compare every count.

    They ask, sign in from the try-out mailbox, answer what is suggested, offer contacts, write down moments and send
    gestures; some take something back, have a difficult day or end it, and one leaves. Exit code 1 when a count disagrees.
    """
    async def work(at: System) -> int:
        began = time.monotonic()
        tag = at.clock.new_id()[:6]
        async with AsyncExitStack() as stack:
            trust = ssl.create_default_context()
            visitors = [Visitor(each, await stack.enter_async_context(Browser(url or at.running.base_url, trust)))
                        for each in people(count, seed, tag)]
            await _check_mailbox(visitors[0])
            try:
                seen = await _play(at, visitors, seed)
            except Trouble as trouble:
                print(f"twoway: {trouble}.", file=sys.stderr)
                return 1
        rows = await agreement.rows(at, visitors, seen)
        findings = [await verify.look_over(at, partition) for partition in at.partitions]
        return _tell(visitors, rows, findings, time.monotonic() - began)
    system.run(work, data, verify.ANSWER_S_MAX)


async def _check_mailbox(visitor: Visitor) -> None:
    try:
        if await visitor.has_mailbox():
            return
    except Trouble as trouble:
        refuse(f"the pages do not answer ({trouble}); start Twoway with `twoway up`, or name its address with --url")
    refuse("there is no mailbox to sign in from; a demonstration needs a try-out (TWOWAY_TRY_OUT=1, as `twoway up` sets it)")


@dataclass
class _Stage:
    """Lets everybody act, some at a time, while a bar shows how far it is."""

    at: System
    progress: Progress

    async def all(self, words: str, visitors: Sequence[Visitor], act: Callable[[Visitor], Awaitable[R]]) -> list[R]:
        task = self.progress.add_task(words, total=len(visitors))
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(visitor: Visitor) -> R:
            async with gate:
                done = await act(visitor)
            self.progress.advance(task)
            return done

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(visitor)) for visitor in visitors]
        await self._rest()
        return [task.result() for task in tasks]

    async def _rest(self) -> None:
        """Until every service has read what was just done."""
        until = time.monotonic() + REST_S_MAX
        for partition in self.at.partitions:
            if not await verify.rest(self.at, partition, until):
                raise Trouble(f"the services did not keep up within {REST_S_MAX:.0f} s; see `twoway status`")


async def _play(at: System, visitors: list[Visitor], seed: int) -> dict[int, Counts]:
    """Everything that people do; returns the two counts that each of them saw last, by their number."""
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        stage = _Stage(at, progress)
        try:
            await stage.all("asking for a buddy", visitors, Visitor.ask)
            await stage.all("signing in", visitors, Visitor.sign_in)
            for place in range(ANSWER_ROUNDS_MAX):
                if not any(await stage.all(f"answering, round {place + 1}", visitors, Visitor.answer)):
                    break
            until = time.monotonic() + agreement.INTRODUCED_S_MAX
            await stage.all("being introduced", visitors, lambda visitor: agreement.introduced(at, visitor.person.email, until))
            await stage.all("giving and receiving", visitors, Visitor.share)
            await stage.all("taking back", visitors, Visitor.take_back)
            seen = _by_number(visitors, await stage.all("looking", visitors, Visitor.counts))
            await stage.all("a difficult day", visitors, Visitor.rest_or_worry)
            await stage.all("ending", visitors, Visitor.end)
            leaver = who_leaves([each for each in visitors if each.pairs] or visitors, seed)
            await stage.all("leaving", [leaver], Visitor.leave)
            there = [each for each in visitors if not each.left]
            return seen | _by_number(there, await stage.all("looking once more", there, Visitor.counts))
        except* Trouble as troubles:
            raise _first(troubles) from troubles


def _by_number(visitors: Sequence[Visitor], counts: Sequence[Counts]) -> dict[int, Counts]:
    return {visitor.person.number: each for visitor, each in zip(visitors, counts, strict=True)}


def _first(group: BaseExceptionGroup[Trouble]) -> Trouble:
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner if isinstance(inner, Trouble) else Trouble(str(inner))


def _tell(visitors: Sequence[Visitor], rows: Sequence[Row], results: Sequence[verify.Result], took_s: float) -> int:
    did = sum((visitor.did for visitor in visitors), Counter[str]())
    shown.table(("what people did", "times"), ((what, did[what]) for what in DEEDS),
                title=f"{len(visitors)} people, {shown.span(took_s)}")
    shown.table(("count", "as people did it", "on their pages", "in the system", "agree"), (
        (row.what, row.done, row.shown if row.shown is not None else "", row.kept, "yes" if row.agrees else "NO")
        for row in rows))
    findings = [finding for result in results for finding in result.findings]
    for finding in findings:
        print(f"verify: {finding.service} {finding.what} {finding.of}")
    compared = all(result.compared for result in results)
    if all(row.agrees for row in rows) and not findings and compared:
        print("Every count agrees, and everything adds up.")
        return 0
    print("Not everything agrees." if compared else "The services did not come to rest, so not everything was compared.")
    return 1
