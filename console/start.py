"""What `twoway up` becomes once its options are read: a small process that starts Twoway, keeps it going and ends it.

    python -m console.start PORT DATA HOST

It is a program of its own because it stays for as long as Twoway runs: what reads options takes twice as much memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from console import key
from console import running as runs
from console.output import Output
from console.running import Running, refuse
from console.server import AlreadyRunning, Server, ServerDidNotStart, lock
from console.supervisor import Child, Supervisor
from console.tether import tethered
from shared import EXIT_SETTINGS, SERVICES

READY_S_MAX = 30.0  # ten times what a slow machine needs
REMAINS_S_MAX = 15.0  # an `up` that was killed leaves processes that end by themselves within this time


def main(port: int, data: Path, host: str) -> int:
    """Runs Twoway until it is told to stop; returns the exit code."""
    with _taken(data) as descriptor:
        plan = _plan(data.resolve(), port, host)
        _check_ports(plan)
        with contextlib.ExitStack() as stack:
            server = None
            if not plan.redis_url:
                try:
                    server = stack.enter_context(Server(plan.data, descriptor=descriptor))
                except ServerDidNotStart as error:
                    print(f"twoway: the built-in server did not start: {error}", file=sys.stderr)
                    return 1
                plan = replace(plan, redis_url=server.url)
            runs.write(plan)
            stack.callback(runs.forget, plan.data)
            return asyncio.run(_Up(plan, server, descriptor).run())


# ── before anything starts ───────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def _taken(data: Path) -> Iterator[int]:
    """The lock on the data directory. What a killed `up` left behind is waited for; a living one is not."""
    deadline = time.monotonic() + REMAINS_S_MAX
    while True:
        other = runs.read(data)
        try:
            descriptor = lock(data)
            break
        except AlreadyRunning:
            if other is not None:
                refuse(f"Twoway already runs on {data}, at {other.base_url}; stop it first, or give this one --data of its own")
            if time.monotonic() > deadline:
                refuse(f"something of an earlier Twoway still runs on {data}; end it first, or give this one --data of its own")
            time.sleep(0.05)
        except OSError as error:
            refuse(f"{data} can't be used as the data folder: {error.strerror}")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _plan(data: Path, port: int, host: str) -> Running:
    shown = f"[{host}]" if ":" in host else host
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104  # read, not bound: the operator chose it
    base_url = os.environ.get("TWOWAY_BASE_URL") or f"http://{'localhost' if everywhere else shown}:{port}"
    return Running(
        redis_url=runs.given_redis_url() or "",
        data=data,
        base_url=base_url,
        host=host,
        ports=runs.ports_from(port),
        key_file=_key_file(data),
        partitions=runs.given_partitions() or 1,
        # an address that others open means a web server in front: then this is no try-out, whatever we listen on
        try_out=_is_loopback(host) and _is_loopback(urlsplit(base_url).hostname or "")
        and not {"TWOWAY_SMTP_URL", "TWOWAY_SMTP_URL_FILE"} & os.environ.keys(),
        pid=os.getpid(),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key_file(data: Path) -> Path | None:
    """The installation's key: the environment's, or the data directory's own, made at the first start."""
    if "TWOWAY_KEY" in os.environ:
        return None
    if path := os.environ.get("TWOWAY_KEY_FILE"):
        return Path(path).resolve()
    own = data / "key"
    if not own.exists() and (data / "valkey" / "appendonlydir").exists():
        refuse(f"{own} is missing, and nothing that {data} holds about anyone can be read without it; bring it back from "
               "its copy, or set TWOWAY_KEY_FILE")
    return key.made(own)


def _check_ports(plan: Running) -> None:
    for service, port in plan.ports.items():
        host = plan.host if service == "gateway" else "127.0.0.1"
        try:
            socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        except OSError as error:
            refuse(f"the {service} can't listen on {host} port {port} ({error.strerror}); choose others with --port")


# ── while it runs ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Up:
    """Everything between the first process and the last one. `run` returns the exit code."""

    def __init__(self, plan: Running, server: Server | None, descriptor: int) -> None:
        self._plan, self._server, self._descriptor = plan, server, descriptor
        self._form = os.environ.get("TWOWAY_LOG_FORMAT") or ("console" if sys.stdout.isatty() else "json")
        self._output = Output(sys.stdout.buffer, form=self._form)
        self._supervisor = Supervisor(self._output, self._refused)
        self._over = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._end, 0)
        self._supervisor.watch()
        if self._server is not None:
            self._supervisor.keep(Child("server", self._server.launch, self._server.process))
        for service in SERVICES:
            self._supervisor.keep(Child(service, partial(self._launch, service)))
        greeting = asyncio.create_task(self._greet())
        await self._over.wait()
        greeting.cancel()
        await self._stop()
        return self._code

    def _launch(self, service: str) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name != "TWOWAY_TRY_OUT"}
        environment |= {"TWOWAY_LOG_FORMAT": self._form, "PYTHONUNBUFFERED": "1"} | self._plan.environment(service)
        return subprocess.Popen(
            tethered([sys.executable, "-P", "-m", f"services.{service}"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=(self._descriptor,),
            start_new_session=True,
        )

    async def _greet(self) -> None:
        """Says where to go once every service is ready; ends everything when one does not get there."""
        began = time.monotonic()
        waiting = set(SERVICES)
        while waiting:
            answers = await asyncio.gather(*(_ready(*self._plan.health_address(service)) for service in sorted(waiting)))
            waiting -= {service for service, ready in zip(sorted(waiting), answers, strict=True) if ready}
            if waiting and time.monotonic() - began > READY_S_MAX:
                for service in sorted(waiting):
                    self._output.event("service.not_ready", level="error", service=service, ms=int(READY_S_MAX * 1000))
                self._say(f"Not ready after {READY_S_MAX:.0f} s: {', '.join(sorted(waiting))}. The lines above say why.")
                self._end(1)
                return
            await asyncio.sleep(0.05)
        ms = round((time.monotonic() - began) * 1000)
        self._output.event("system.ready", address=self._plan.base_url, ms=ms)
        mailbox = f"\nMessages are not sent; read them at {self._plan.base_url}/mailbox (for trying out only)."
        self._say(f"Twoway is ready. Open {self._plan.base_url}{mailbox if self._plan.try_out else ''}\n"
                  "Ctrl-C stops everything; nothing is lost.")

    async def _stop(self) -> None:
        self._output.event("system.stopping")
        await self._supervisor.stop(*SERVICES)
        await self._supervisor.stop("server")
        self._output.event("system.stopped", code=self._code)
        self._output.close()

    def _refused(self, service: str) -> None:
        self._output.event("service.refused", level="error", service=service, code=EXIT_SETTINGS)
        self._end(EXIT_SETTINGS)

    def _end(self, code: int) -> None:
        if not self._over.is_set():
            self._code = code
            self._over.set()

    def _say(self, text: str) -> None:
        self._output.words(f"\n{text}\n")


async def _ready(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).split(b" ")[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


if __name__ == "__main__":
    try:
        sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
    except KeyboardInterrupt:  # before there was anything to stop
        sys.exit(0)
