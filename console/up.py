"""`twoway up`: the whole of Twoway on this machine, in one terminal, until Ctrl-C."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.running import DATA


def add_to(app: typer.Typer) -> None:
    app.command()(up)


def up(
    port: Annotated[
        int, typer.Option(min=1, max=65532, help="Port of the web pages; the next three are used too.")
    ] = 8000,
    data: Annotated[
        Path, typer.Option(envvar="TWOWAY_DATA", help="Folder that keeps everything: back it up, and its key apart.")
    ] = DATA,
    open_host: Annotated[
        str,
        typer.Option(help="Address that the web pages listen on. Anything but this machine needs TWOWAY_SMTP_URL."),
    ] = "127.0.0.1",
) -> None:
    """Start Twoway here: the built-in server, or the Redis that REDIS_URL names, and the four services.

    Prints the address to open once everything is ready. Ctrl-C stops every process and loses nothing; the next
    `twoway up` on the same folder goes on where this one stopped.

    While it listens on this machine alone, TWOWAY_BASE_URL names no other, and TWOWAY_SMTP_URL is not set, messages go to
    a built-in mailbox, to try things out.
    """
    command = [sys.executable, "-P", "-m", "console.start", str(port), str(data), open_host]
    os.execv(sys.executable, command)  # noqa: S606  # becomes the small program that stays; no shell is wanted
