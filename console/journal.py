"""What operators do with the console leaves a line: in the operators' journal (`shared/journal.py`) and on standard error.

What can't be noted isn't done: a look is noted before it, a change needs the journal open before it begins.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from console.running import refuse
from console.system import System
from shared import journal

By = Annotated[str, typer.Option(
    "--by", metavar="NAME", help="Who decided, as they like to be called here: initials will do. Kept in the operators' "
    "journal alone.")]
_BY = re.compile(r"[\w .'’-]{1,40}")


def check_by(by: str) -> None:
    """Refuses what is no name, before anything is done."""
    if by and not _BY.fullmatch(by):
        refuse("--by takes up to 40 letters, digits, spaces, dots and dashes: initials or a name")


def note(system: System, name: str, **fields: str | int) -> None:
    """Writes the line now; refuses to go on when it can't be."""
    with noted(system, name, **fields):
        pass


@contextmanager
def noted(system: System, name: str, **fields: str | int) -> Iterator[None]:
    """Writes the line once what is inside has been done."""
    data = system.running.data
    with ExitStack() as stack:
        try:
            write = stack.enter_context(journal.opened(data))
        except OSError as error:
            refuse(f"the operators' journal in {data} can't be written ({error.strerror}), so nothing was done")
        yield
        text = journal.line(system.clock.now_ms(), "console", name, fields)
        write(text)
    sys.stderr.write(text)
