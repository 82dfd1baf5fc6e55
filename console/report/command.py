"""`twoway report`: is support flowing both ways here? The programme's signals over some weeks, for coordinators and partners.

It reads what the ledger reckoned at the end of each week, and nothing else: it looks at no person, no pair and no id, and
changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from console import shown, system
from console.report import reading, tables
from console.running import refuse
from console.system import Data, System, programme_of
from console.written import replaced
from shared.report import facts, page
from shared.report import words as words_file
from shared.report.facts import Report
from shared.report.weeks import WEEKS_MAX
from shared.report.words import Words

STANDARD_OUTPUT = "-"


def add_to(app: typer.Typer) -> None:
    app.command()(report)


def report(
    community: Annotated[str | None, typer.Option(
        metavar="KEY", help="Whose; may be left out where there is only one.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=WEEKS_MAX, help="How far back it goes.")] = 12,
    out: Annotated[str | None, typer.Option(metavar="FILE.html", help="Write the page here: one file, also to print.")] = None,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write JSON here; - is standard output.")] = None,
    csv: Annotated[str | None, typer.Option(metavar="FILE", help="Write CSV here; - is standard output.")] = None,
    data: Data = None,
) -> None:
    """Show the programme's signals over some weeks, beside the questions that they come from; numbers below five are kept back.

    Without --out, --json or --csv the latest week is shown here. A signal that is worth a look is no alarm: exit code 0.
    """
    _check([each for each in (out, json, csv) if each is not None])

    async def work(at: System) -> None:
        programme, words = programme_of(at.settings.programme), words_file.read()
        reckoned = await reading.read(at, community, weeks, programme, words)
        told = facts.report(reckoned, programme, words)
        today = datetime.fromtimestamp(at.clock.now_ms() / 1000, ZoneInfo(programme.time_zone)).date()
        texts = {}
        if out:
            texts[out] = page.html(told, words, today, len(reckoned.weeks))
        if json:
            texts[json] = tables.as_json(reckoned, words)
        if csv:
            texts[csv] = tables.as_csv(reckoned, words)
        _write(texts)
        if not texts:
            _show(told, words)
        elif STANDARD_OUTPUT not in texts:
            print(f"{', '.join(texts)}: {_counted(told, words)}.")
    system.run(work, data)


def _check(targets: Sequence[str]) -> None:
    """Before anything is read: a slip in a name costs no time, and no file."""
    if targets.count(STANDARD_OUTPUT) > 1:
        refuse("only one of --out, --json and --csv can go to standard output; give the others a file")
    paths = [Path(target) for target in targets if target != STANDARD_OUTPUT]
    if len({path.absolute() for path in paths}) < len(paths):
        refuse("two of --out, --json and --csv name the same file; give each its own")
    for path in paths:
        if _is_folder(path):
            refuse(f"{path} is a folder; name a file in it")
        if not _is_folder(path.parent):
            refuse(f"{path.parent}: there is no such folder; make it, or name another")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # no name that a file can have; writing tells why
        return False


def _write(texts: Mapping[str, str]) -> None:
    """All of them or none."""
    path = ""
    try:
        with ExitStack() as stack:
            for path, text in texts.items():
                if path != STANDARD_OUTPUT:
                    stack.enter_context(replaced(Path(path))).write(text)
    except OSError as error:
        refuse(f"{path} can't be written ({error.strerror or error}), so nothing was; name a file in a folder that is yours")
    sys.stdout.write(texts.get(STANDARD_OUTPUT, ""))


def _show(told: Report, words: Words) -> None:
    print(told.title, told.covers, told.headline, sep="\n", end="\n\n")
    shown.table(("signal", "figure", "state", "counted"), [
        (each.words.name, each.value, words.states[each.state], each.counted)
        for section in told.sections for each in section.shown if each.key in words.signals])


def _counted(told: Report, words: Words) -> str:
    return ", ".join(f"{len(them)} {words.states[state].lower()}" for state, them in told.by_state.items() if them)
