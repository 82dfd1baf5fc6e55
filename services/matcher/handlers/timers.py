"""The times the matcher asked to be told of. What other services asked for comes by here too and is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from services.matcher.handlers import answers, breaks, decisions, parting, protection, rounds, waiting
from services.matcher.handlers.ahead import Ahead
from services.matcher.store import SERVICE, State
from shared.events import TimerElapsed
from shared.rows import Ref, Rows


class Beats(NamedTuple):
    needs: Callable[[Rows, Any], Iterable[Ref]]
    decide: Callable[[Ahead, Any], None]
    apply: Callable[[State, Any, int], None]


BY_WHAT: Mapping[str, Beats] = {
    "lapse": Beats(answers.needs_lapse, answers.decide_lapse, answers.apply_lapse),
    "draft_over": Beats(decisions.needs_end, decisions.decide_end, decisions.apply_end),
    "rest_over": Beats(breaks.needs_timer, breaks.decide_timer, breaks.apply_rest_over),
    "break_over": Beats(breaks.needs_timer, breaks.decide_timer, breaks.apply_break_over),
    "apart_over": Beats(parting.needs_reunion, parting.decide_reunion, parting.apply_reunion),
    "protection_over": Beats(protection.needs_timer, protection.decide_timer, protection.apply_over),
    "round": Beats(rounds.needs_due, rounds.decide_due, rounds.apply_due),
    waiting.WEEK_OVER: Beats(waiting.needs_end, waiting.decide_end, waiting.apply_end),
}


def _ours(event: TimerElapsed) -> Beats | None:
    return BY_WHAT.get(event.what) if event.service == SERVICE else None


def needs(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    beats = _ours(event)
    return beats.needs(rows, event) if beats is not None else ()


def decide(ahead: Ahead, event: TimerElapsed) -> None:
    if (beats := _ours(event)) is not None:
        beats.decide(ahead, event)


def apply(rows: State, event: TimerElapsed, at_ms: int) -> None:
    if (beats := _ours(event)) is not None:
        beats.apply(rows, event, at_ms)
