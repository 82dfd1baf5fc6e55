"""Keeps a set of processes running, and ends all of them.

A process that ends on its own is started again after a wait that grows from 0.2 s to 5 s and is forgotten once it has
lived for 30 s. Exit code 2 means that its settings need a person: then everything is to stop, and `refused` is told.
Everything happens in the main thread, for processes are tethered to it (`console/tether.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from console.output import Lines, Output
from shared import EXIT_SETTINGS

WAIT_S_MIN = 0.2  # long enough not to spin, short enough that nobody on a page notices
WAIT_S_MAX = 5.0
SETTLED_S = 30.0  # a process that lived this long starts again at the shortest wait
STOP_S_MAX = 10.0  # what a service may take for its last write and its open pages
DRAIN_S_MAX = 0.5  # the last lines of a process that ended are already in the pipe


@dataclass
class Child:
    """A process by its name; `launch` starts it, and starts it again. `process` is given when it already runs."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    pipe: tuple[asyncio.ReadTransport, Lines] | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Call `watch` once inside the event loop, then `keep` each child, and `stop` them in the order they may end."""

    def __init__(self, output: Output, refused: Callable[[str], None]) -> None:
        self._output, self._refused = output, refused
        self._children: dict[str, Child] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}

    def watch(self) -> None:
        """Hears of every child's end from the kernel."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._look)

    def keep(self, child: Child) -> None:
        self._children[child.name] = child
        self._keepers[child.name] = asyncio.create_task(self._keep(child), name=f"keep {child.name}")

    @property
    def names(self) -> list[str]:
        return list(self._children)

    async def stop(self, *names: str, seconds: float = STOP_S_MAX) -> None:
        """Ends these children: SIGTERM, and SIGKILL for what is still there after `seconds`. None comes back."""
        children = [self._children[name] for name in names if name in self._children]
        for child in children:
            await _cancelled(self._keepers[child.name])
        for child in children:
            _send(child, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for child in children:
                    await _ended(child)
        for child in children:
            if child.running:
                self._output.event("service.killed", level="warning", service=child.name)
                _send(child, signal.SIGKILL)
            await _ended(child)
            await _drained(child)

    async def _keep(self, child: Child) -> None:
        wait = WAIT_S_MIN
        while True:
            began = time.monotonic()
            try:
                code = await self._live(child)
            except OSError:  # no process can be started at the moment: this machine is short of something
                code = 1
            if code == EXIT_SETTINGS:
                self._refused(child.name)
                return
            if time.monotonic() - began >= SETTLED_S:
                wait = WAIT_S_MIN
            await asyncio.sleep(wait)
            how: dict[str, str | int] = {"signal": _name(-code)} if code < 0 else {"code": code}
            self._output.event("service.restarted", level="warning", service=child.name, ms=round(wait * 1000), **how)
            wait = min(wait * 2, WAIT_S_MAX)
            child.process = None

    async def _live(self, child: Child) -> int:
        """One life of the child; its lines are passed on, its exit code comes back."""
        child.ended.clear()
        if child.process is None:
            child.process = child.launch()
        process = child.process
        if process.stdout is not None:
            loop = asyncio.get_running_loop()
            child.pipe = await loop.connect_read_pipe(lambda: Lines(self._output.write), process.stdout)
        self._look()  # it may have ended before it was being watched
        await child.ended.wait()
        await _drained(child)
        return process.wait()

    def _look(self) -> None:
        for child in self._children.values():
            if child.process is not None and not child.running:
                child.ended.set()


def _send(child: Child, what: signal.Signals) -> None:
    if child.process is not None and child.running:
        child.process.send_signal(what)


async def _ended(child: Child) -> None:
    if child.running:
        await child.ended.wait()


async def _drained(child: Child) -> None:
    """Takes the last lines out of the pipe; what a grandchild may still want to say is not waited for."""
    if child.pipe is None:
        return
    pipe, lines = child.pipe
    child.pipe = None
    try:
        async with asyncio.timeout(DRAIN_S_MAX):
            await lines.over.wait()
    except TimeoutError:
        pass
    finally:
        pipe.close()


async def _cancelled(task: asyncio.Task[object]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return str(number)
