"""`twoway match`: a round over a pool file, away from any running system: who would be paired, and how near to the best.

Nothing is sent, stored or changed but the files that are asked for.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import numpy as np
import orjson
import typer
from pydantic import ValidationError

from console import looking_back, pool_file, shown
from console.plot import Bars, svg
from console.pool_file import Pool
from console.running import refuse
from console.system import AsJson, Data
from console.written import replaced
from services.matcher import weights as weights_file
from services.matcher.domain.bar import BARS, Bar, Dial
from services.matcher.domain.reasons import reasons
from services.matcher.pairing.columns import Crowd
from services.matcher.pairing.round import Round, run
from services.matcher.pairing.words import TooVaried

BAD_SHOWN_MAX = 20
"""Bad lines that are named one by one; of the others their number is told."""

DAYS_SHOWN = (1, 3, 7, 14, 28, 56)
"""Waiting in the plot: fewer days than each of these, then all the rest."""

GOES_BY: Mapping[str, Sequence[str]] = {
    "a pool file": ("pool", "weights", "bar", "out", "strict", "seed", "plot", "json"),
    "--replay": ("replay", "weights", "dial", "weeks", "community", "json", "data"),
    "--what-if": ("what_if", "made_up", "weeks", "community", "json", "data"),
    "--made-up": ("what_if", "made_up", "weeks", "json")}
"""Options that mean something, by what is asked for."""


def add_to(app: typer.Typer) -> None:
    app.command()(match)


def match(
    context: typer.Context,
    pool: Annotated[Path | None, typer.Argument(
        metavar="[POOL.jsonl]", help="One person a line, see docs/operators/console.md.", show_default=False)] = None,
    weights: Annotated[Path | None, typer.Option(help="TOML file of weights; the published ones unless said.")] = None,
    bar: Annotated[int, typer.Option(min=0, max=100_000, help="Least benefit of a pair; falls to 0 in 14 days.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="PAIRS.jsonl", help="Write the pairs here, one a line.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Do nothing when any line is bad.")] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="The same seed gives the same pairs.")] = 1,
    plot: Annotated[Path | None, typer.Option(metavar="OUT.svg", help="Draw benefit and waiting here.")] = None,
    json: AsJson = False,
    replay: Annotated[bool, typer.Option("--replay", help="The last weeks once more, through --weights or --dial.")] = False,
    what_if: Annotated[bool, typer.Option("--what-if", help="The last weeks at each place of the dial.")] = False,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="How far --replay and --what-if look back.")] = 4,
    dial: Annotated[Dial | None, typer.Option(help="Of a replay: sooner, balanced or better.")] = None,
    community: Annotated[str | None, typer.Option(help="Only this one's people, of a replay or what-if.")] = None,
    made_up: Annotated[int | None, typer.Option(
        min=2, max=5_000, metavar="PEOPLE", help="What-if for so many made-up people, whatever runs.")] = None,
    data: Data = None,
) -> None:
    """Pair everybody in a pool file for the greatest benefit of all, and prove how near to the best possible it came.

    Or look back, without a pool: --replay, --what-if. Nothing is changed by any of it. Exit code 1 when lines were left out
    because they make no sense; they are named by number.
    """
    if replay + what_if + (pool is not None) != 1:
        refuse("name one pool file, or ask for --replay or for --what-if")
    way = "--replay" if replay else "a pool file" if pool else "--made-up" if made_up is not None else "--what-if"
    _refuse_strangers(context, way)
    if replay:
        return looking_back.replay(weights, dial, weeks, community, json, data)
    if what_if:
        return looking_back.what_if(weeks, community, made_up, json, data)
    summary, bad = _matched(pool or Path(), weights, bar, out, strict, seed, plot)
    if json:
        shown.as_json(summary)
    else:
        shown.table(("", "this round"), [(name, _in_words(name, value)) for name, value in summary.items()])
    raise typer.Exit(1 if bad else 0)


def _refuse_strangers(context: typer.Context, way: str) -> None:
    """An option that changes nothing would be taken for one that did."""
    given = [name for name in context.params if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"]
    strangers = [_option(name) for name in given if name not in GOES_BY[way]]
    if strangers:
        refuse(f"{', '.join(strangers)} would do nothing with {way}; what goes with it: "
               f"{', '.join(_option(name) for name in GOES_BY[way] if name not in ('pool', 'replay', 'what_if'))}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _matched(path: Path, weights: Path | None, bar: int, out: Path | None, strict: bool, seed: int,
             plot: Path | None) -> tuple[dict[str, Any], int]:
    """(summary, bad lines). Ends with one line and exit code 2 when something can't be done."""
    try:
        worth = weights_file.read(weights) if weights else weights_file.read()
        began = time.perf_counter()
        pool = pool_file.read(path, lambda count: _progress(f"{count:,} people read"))
        _name_bad(pool, strict)
        crowd, read_s = pool.roll.crowd(worth), time.perf_counter() - began
        began = time.perf_counter()
        round = run(crowd, worth, bar=_falling(bar), seed=seed, progress=_progress)
        summary = _summary(crowd, round, time.perf_counter() - began, read_s, len(pool.bad))
        if out:
            _write_pairs(out, pool, crowd, round, _falling(bar))
        if plot:
            with replaced(plot) as file:
                file.write(picture(crowd, round))
    except OSError as error:
        refuse(f"{error.filename or path}: {error.strerror or error}")
    except (TooVaried, weights_file.WeightsUnreadable) as error:
        refuse(str(error))
    except ValidationError:
        refuse(f"{path} was changed while it was read")
    return summary, len(pool.bad)


def _falling(height: int) -> Bar:
    """A bar of that height which falls as the middle one of the dial does."""
    return Bar(height, BARS["balanced"].days)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"{text} …", file=sys.stderr)


def _name_bad(pool: Pool, strict: bool) -> None:
    for number, wrong in pool.bad[:BAD_SHOWN_MAX]:
        print(f"{pool.path}, line {number}: {wrong}", file=sys.stderr)
    if len(pool.bad) > BAD_SHOWN_MAX:
        print(f"… and {len(pool.bad) - BAD_SHOWN_MAX:,} more bad lines", file=sys.stderr)
    if strict and pool.bad:
        refuse(f"{len(pool.bad):,} bad lines in {pool.path}, and --strict was asked for: nothing was done")


def _summary(crowd: Crowd, round: Round, seconds: float, read_s: float, bad: int) -> dict[str, Any]:
    people = np.unique(np.concatenate([round.first, round.second]))
    columns = crowd.columns
    finds = columns.seeks[round.first] & columns.offers[round.second]
    gives = columns.offers[round.first] & columns.seeks[round.second]
    pairs = len(round.first)
    return {
        "people": len(crowd.names), "paired": len(people), "pairs": pairs,
        "two_way": _down(float(np.count_nonzero((finds != 0) & (gives != 0))) / pairs) if pairs else 0.0,
        "benefit": int(round.benefit.sum()), "proven_share": _down(round.proven_share),
        "proof": "99.9 % confidence limit" if round.sampled else "full bound",
        "seconds": math.ceil(seconds * 1000) / 1000, "reading_seconds": math.ceil(read_s * 1000) / 1000,
        "peak_mb": _peak_mb(), "bad_lines": bad}


def _down(share: float) -> float:
    """Four digits, never rounded up: what is proven stays proven."""
    return math.floor(share * 10_000) / 10_000


def _peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes; on macOS bytes
    return peak // (1 << 20) if sys.platform == "darwin" else peak // 1024


def _in_words(name: str, value: Any) -> str:
    if name in ("two_way", "proven_share"):
        return f"{value * 100:.2f} %"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _write_pairs(out: Path, pool: Pool, crowd: Crowd, round: Round, bar: Bar) -> None:
    """One line a pair, in the order of the round."""
    with replaced(out) as file, pool.path.open("rb") as lines:
        for number, (first, second, benefit) in enumerate(zip(*(part.tolist() for part in round[:3]), strict=True)):
            days = max(int(crowd.days[first]), int(crowd.days[second]))
            told = _pair(lines, pool.places[first], pool.places[second], benefit, bar.step_after(days) if bar.start else None)
            file.write(orjson.dumps(told).decode() + "\n")
            if number % pool_file.PROGRESS_LINES == pool_file.PROGRESS_LINES - 1:
                _progress(f"{number + 1:,} pairs written")


def _pair(lines: BinaryIO, first: int, second: int, benefit: int, step: int | None) -> dict[str, Any]:
    """What each gets, and the reasons that each would be told."""
    a, b = pool_file.line_at(lines, first).person(), pool_file.line_at(lines, second).person()
    return {"peers": [a.peer, b.peer], "benefit": benefit, "a_gets": sorted(a.seeks & b.offers),
            "b_gets": sorted(b.seeks & a.offers),
            "reasons": [[fact.model_dump() for fact in reasons(reader, other).facts] for reader, other in ((a, b), (b, a))],
            "step": step}


def picture(crowd: Crowd, round: Round) -> str:
    """SVG: the pairs by benefit, and everybody by days waited, paired or not."""
    edges = np.arange(0, max(10_000, int(round.benefit.max(initial=0))) + 1_000, 1_000)
    pairs = np.histogram(round.benefit, edges)[0]
    days = np.digitize(crowd.days, DAYS_SHOWN)
    paired = np.isin(np.arange(len(days)), np.concatenate([round.first, round.second]))
    spans = [f"{low}-{high - 1}" if high - low > 1 else str(low) for low, high in pairwise((0, *DAYS_SHOWN))]
    spans.append(f"{DAYS_SHOWN[-1]}+")
    thousands = [str(edge // 1000) for edge in edges[:-1].tolist()]
    counted = [np.bincount(days[which], minlength=len(DAYS_SHOWN) + 1).tolist() for which in (paired, ~paired)]
    return svg(f"{len(crowd.names):,} people, {len(round.first):,} pairs", (
        Bars("Pairs by benefit", "benefit in thousands of points", thousands, pairs.tolist(), "pairs"),
        Bars("People by waiting", "days waited", spans, counted[0], "paired", counted[1], "not paired")))
