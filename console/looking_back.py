"""`twoway match --replay` and `--what-if`: the history once more through other weights, or another place of the dial.

Looks only: nothing is proposed, stored or changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from console import history as reading
from console import made_up, shown, system
from console.fates import ASSUMED, Fates, seen
from console.figures import Figures, figures, show
from console.history import History
from console.replayed import Way, taken
from console.running import refuse
from console.system import System, programme_of, settings_for
from services.matcher import weights as weights_file
from services.matcher.domain.bar import BARS, Dial
from services.matcher.domain.rounds import Policy
from services.matcher.domain.weights import Weights
from services.matcher.settings import MatcherSettings
from shared.clock import DAY_MS

ENOUGH = 50
"""Requests in the window from which a programme's own arrivals say more than made-up ones."""

MADE_UP = 200
"""People of a made-up programme, unless said."""

SEED = 1


def replay(weights: Path | None, dial: Dial | None, weeks: int, community: str | None, json: bool, data: Path | None) -> None:
    """Ends with exit code 2 and one line when there is nothing to replay."""
    if weights is None and dial is None:
        refuse("a replay compares: name other weights with --weights FILE, or another place of the dial with --dial")
    new = None if weights is None else _weights(weights)

    async def work(at: System) -> None:
        policy = settings_for(at.running, MatcherSettings).policy
        old = Way(policy.bar, policy.weights, policy.first_in_line_days)
        other = Way(BARS[dial] if dial else policy.bar, new or policy.weights, policy.first_in_line_days)
        history = await reading.read(at, community)
        from_ms = history.now_ms - weeks * 7 * DAY_MS
        if not history.asked_since(from_ms):
            refuse(f"nobody who can be opened asked in the last {weeks} weeks; look further back with --weeks")
        fates = seen(history.happened)
        columns = {"as it was": None, "now": old, "new": other}
        _tell({name: figures(taken(history, from_ms, fates, way)) for name, way in columns.items()}, json,
              weeks=weeks, closed=history.closed, **_endings(fates))
    system.run(work, data)


def what_if(weeks: int, community: str | None, people: int | None, json: bool, data: Path | None) -> None:
    """The three places of the dial on the programme's own arrivals, or on made-up ones."""
    if people is not None:
        return _tell_dial(_made_up(people, weeks, None), weeks, Policy(), json, made_up=people)

    async def work(at: System) -> None:
        policy = settings_for(at.running, MatcherSettings).policy
        history = await reading.read(at, community)
        count = history.asked_since(history.now_ms - weeks * 7 * DAY_MS)
        if count >= ENOUGH:
            _tell_dial(history, weeks, policy, json, made_up=0)
        else:
            _tell_dial(_made_up(MADE_UP, weeks, at.settings.programme), weeks, policy, json, made_up=MADE_UP, own=count)
    return system.run(work, data)


def _made_up(people: int, weeks: int, programme: Path | None) -> History:
    """Ends at a whole number of days, so that the same people come out whenever it is asked for."""
    return made_up.history(programme_of(programme), people, weeks, SEED, 20_000 * DAY_MS)


def _tell_dial(history: History, weeks: int, policy: Policy, json: bool, **about: int) -> None:
    fates = seen(history.happened)
    from_ms = history.now_ms - weeks * 7 * DAY_MS
    _tell({name: figures(taken(history, from_ms, fates, Way(bar, policy.weights, policy.first_in_line_days)))
           for name, bar in BARS.items()}, json,
          weeks=weeks, closed=history.closed, **_endings(fates), **about)


def _weights(path: Path) -> Weights:
    try:
        return weights_file.read(path)
    except weights_file.WeightsUnreadable as error:
        refuse(str(error))


def _endings(fates: Fates) -> dict[str, int]:
    return {"endings_seen": fates.seen}


def _tell(columns: Mapping[str, Figures], json: bool, **about: Any) -> None:
    if json:
        shown.as_json({**about, "columns": {name: asdict(each) for name, each in columns.items()}})
        return
    show(columns)
    for line in _notes(**about):
        print(line)


def _notes(weeks: int, closed: int, endings_seen: int, made_up: int = 0, own: int = ENOUGH) -> list[str]:
    """What the figures rest on."""
    notes = []
    if made_up:
        few = f"Only {own} requests of your own in these {weeks} weeks, and {ENOUGH} are needed: " if own < ENOUGH else ""
        notes.append(f"{few}{made_up} made-up people who ask within {weeks} weeks (seed {SEED}), by the programme's topics "
                     "and languages. How they answer is made up too.")
    if closed:
        notes.append(f"Left out: {closed} requests of people who left. Nothing opens them any more.")
    if endings_seen:
        notes.append(f"Two who were really proposed to each other answer as they did. For all others it is assumed that "
                     f"proposals end as the {endings_seen} did that are known, by lot, the same two alike in every column.")
    else:
        pairs = sum(fate.how == "pair" for fate in ASSUMED)
        notes.append(f"No ending of a proposal is known, so it is assumed that {pairs} of {len(ASSUMED)} become a pair.")
    notes.append("Rounds come every 3 hours here. Nothing was changed.")
    return notes
