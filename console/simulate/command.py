"""`twoway simulate`: what a programme would be like, with made-up people over weeks, through the real services.

Nothing of a running system is touched: it works on a server of its own, which is gone afterwards.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from console import shown
from console.running import refuse
from console.server import ServerDidNotStart
from console.simulate import picture
from console.simulate import rates as rates_file
from console.simulate.figures import summary
from console.simulate.reported import page_at_the_end
from console.simulate.run import Plan, run
from console.simulate.services import Services
from console.system import AsJson
from services.matcher.domain.bar import BARS
from shared import logs
from shared.collecting import collect_seldom
from shared.programme import load


class Dials(StrEnum):
    """TWOWAY_DIAL's three, or one after the other."""

    SOONER = "sooner"
    BALANCED = "balanced"
    BETTER = "better"
    ALL = "all"


WEEKS_MIN = 2
"""For a report: a week is reckoned some minutes after it is over."""

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_to(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    people: Annotated[int, typer.Option(min=2, max=100_000, help="How many come in all.")] = 500,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="Over how many weeks.")] = 13,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="The same seed gives the same people, and the same books.")] = 1,
    dial: Annotated[Dials, typer.Option(help="As TWOWAY_DIAL; all: the three, side by side.")] = Dials.BALANCED,
    rates: Annotated[Path | None, typer.Option(help="TOML file of how often people do what.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="OUT.svg", help="Draw waits, two-way share and acceptance here.")] = None,
    report: Annotated[Path | None, typer.Option(
        metavar="OUT.html", help="Write here what `twoway report` would tell at the end, of half a year at most.")] = None,
    json: AsJson = False,
) -> None:
    """Let made-up people come, answer, give, rest and leave over weeks, in minutes, through the real services.

    Works on a server of its own, which is gone afterwards. Exit code 1 when something does not add up, a bug of Twoway's.
    """
    logs.configure("json", "error")
    for number in ENDINGS:
        signal.signal(number, _end)
    for path in (plot, report):  # said before the minutes that it takes, not after them
        if path and not path.parent.is_dir():
            refuse(f"{path.parent}: there is no such folder")
    if report and dial is Dials.ALL:
        refuse("a report is of one programme; choose one of the dials with it")
    if report and weeks < WEEKS_MIN:
        refuse(f"a report is of weeks that are over; simulate {WEEKS_MIN} or more")
    try:
        chosen, programme = rates_file.read(rates) if rates else rates_file.read(), load()
        pages: list[str] = []
        told = [_simulated(Plan(people, weeks, seed, each, chosen, programme), pages if report else None)
                for each in BARS if dial in (each, Dials.ALL)]
        if report:
            report.write_text(pages[0] if pages else "", "utf-8")
        if plot:
            plot.write_text(picture.svg(f"{people:,} people over {weeks} weeks, seed {seed}", told), "utf-8")
    except rates_file.RatesUnreadable as error:
        refuse(str(error))
    except ServerDidNotStart as error:
        refuse(f"the built-in server did not start: {error}")
    except OSError as error:
        refuse(f"{error.filename or plot or report}: {error.strerror or error}")
    if json:
        shown.as_json(told)
    else:
        _show(told)
    raise typer.Exit(1 if any(each["findings"] for each in told) else 0)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Ends it once, by way of what clears the server away. A cancelled task would go on: it never gives way."""
    for each in ENDINGS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _simulated(plan: Plan, pages: list[str] | None) -> dict[str, Any]:
    """`pages` gets the report of its last weeks; none where nobody asks for it."""
    def over(week: int) -> None:
        _progress(f"{plan.dial}: week {week} of {plan.weeks}")

    async def reported(services: Services) -> None:
        if pages is not None:
            pages.append(await page_at_the_end(plan, services))

    collect_seldom()
    ran = asyncio.run(run(plan, over, reported))
    _progress("")
    return summary(ran)


def _progress(text: str) -> None:
    """On one line, where the next thing that is printed begins."""
    if sys.stderr.isatty():
        print(f"{text:<40}", end="\r", file=sys.stderr, flush=True)


def _show(told: Sequence[dict[str, Any]]) -> None:
    flat = [dict(_rows(each)) for each in told]
    names = list(dict.fromkeys(name for each in flat for name in each))
    shown.table(("", *(each["dial"] for each in told)), ((name, *(each.get(name, "0") for each in flat)) for name in names))
    for each in told:
        for finding in each["findings"]:
            print(f"{each['dial']}: {finding}")
    if not any(each["findings"] for each in told):
        print("Everything adds up.")


SHARES = ("answered_yes", "became_pairs", "lapsed", "two_way")


def _rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Its figures in words, one a row; the findings are told apart."""
    rows = []
    for name, value in summary.items():
        if isinstance(value, dict):
            rows += [(f"{name}, {part}", _in_words(name, each)) for part, each in value.items()]
        elif name not in ("dial", "findings"):
            rows.append((name, _in_words(name, value)))
    return rows


def _in_words(name: str, value: float | None) -> str:
    if value is None:
        return "nobody yet" if name == "one_sided" else "too few to say"
    return f"{value * 100:.1f} %" if name in SHARES else f"{value:,}"
