"""Signals as the ledger says them, made up: half a year of a town in which some things go well and some deserve a look."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.ledger.store import SIGNALS, SignalsRow
from shared.events import Signal, SignalPart
from shared.report.weeks import Reckoned, Week

LATEST = 2968
"""The week that ended on Sunday 22 November 2026."""

WINDOWS: Mapping[str, int] = {
    "gave_and_received": 12, "giving_by_top_tenth": 12, "breaks_and_not_now": 4, "pairs_through_breaks": 26, "returns": 12,
    "kinds": 12, "practical_help": 4, "felt_listened_to": 12, "pulse_answers": 12, "newcomers_first_proposal": 12,
    "newcomers_first_hello": 12, "newcomers_first_giving": 12, "giving_by_way": 12, "training": 26, "blocks_and_concerns": 12,
    "concern_look_hours": 12, "endings": 12, "waiting_by_group": 4, "returned_through_network": 26, "chains": 12}


def signal(name: str, numerator: int | None = None, denominator: int | None = None, *, value: float | None = None,
           attention: float | None = None, state: Any = "fine", parts: tuple[SignalPart, ...] = ()) -> Signal:
    """A share's value follows from its two numbers unless it is said."""
    if value is None and numerator is not None and denominator:
        value = numerator / denominator
    return Signal(name=name, window_weeks=WINDOWS[name], numerator=numerator, denominator=denominator, value=value,
                  attention=attention, state=state, parts=parts)


def few(name: str, attention: float | None = None) -> Signal:
    return signal(name, attention=attention, state="too_few")


def parts(**of: tuple[int | None, int | None]) -> tuple[SignalPart, ...]:
    return tuple(SignalPart(key=key.replace("__", ":"), numerator=some, denominator=all) for key, (some, all) in of.items())


def town(age: int) -> tuple[Signal, ...]:
    """All that the ledger reckoned so many weeks ago: giving slowly gathers with a few, the rest is steady."""
    moments = 301 + 3 * (26 - age)
    top = 0.56 - age * 0.01
    listened, of = (None, None) if age > 20 or age in (7, 8) else (31 - age // 3, 40)
    gestures = 96 + (26 - age)
    return (
        signal("gave_and_received", 61 + (26 - age) // 4, 84 + (26 - age) // 5, attention=0.5),
        signal("giving_by_top_tenth", round(top * moments), moments, attention=0.5, state="look" if top > 0.5 else "fine"),
        signal("breaks_and_not_now", 18, 84, parts=parts(not_now=(9, 84), difficult_day=(11, 84), **{"break": (None, None)})),
        signal("pairs_through_breaks", 14, 17, attention=0.6),
        signal("returns", 11, value=11.0),
        signal("kinds", 7, 8, value=7.0, attention=3.0, parts=parts(
            listened=(120, moments), shared_experience=(40, moments), shared_coping=(22, moments), practical_help=(9, moments),
            gesture=(gestures, moments), sat_together=(12, moments), welcomed_newcomer=(None, None), other=(None, None))),
        signal("practical_help", 9, 41, value=24.0 if age < 3 else 12.0, attention=21.0, state="look" if age < 3 else "fine"),
        few("felt_listened_to", 0.7) if listened is None else signal("felt_listened_to", listened, of, attention=0.7),
        signal("pulse_answers", 40, 132, attention=0.15),
        signal("newcomers_first_proposal", 22, 24, value=3.0 + age % 4, attention=14.0),
        signal("newcomers_first_hello", 18, 24, value=9.0 + age % 3, attention=21.0),
        signal("newcomers_first_giving", 12, 24, value=16.0, attention=42.0),
        signal("giving_by_way", moments - 40, moments, parts=parts(
            message=(150, moments), call=(60, moments), in_person=(45, moments), letter=(6, moments), not_said=(40, moments))),
        signal("training", 19, 84, attention=0.2),
        signal("blocks_and_concerns", 5, 140, value=3.6, attention=5.0),
        few("concern_look_hours", 24.0) if age % 3 else signal("concern_look_hours", 5, value=14.0 + age, attention=24.0),
        signal("endings", 5, 62, attention=0.1, parts=parts(
            agreed=(20, 62), one_side=(17, 62), moved_on=(11, 62), safety=(None, None), blocked=(None, None), left=(9, 62))),
        signal("waiting_by_group", 41, value=6.0, attention=12.0, parts=parts(
            language__en=(29, 5), language__cy=(6, 9), age_band__25_34=(14, 6))),
        signal("returned_through_network", 402, 610),
        signal("chains", 88, moments, parts=parts(**{"1": (moments - 88, moments), "2": (61, moments), "3": (27, moments)})),
    )


def reckoned(weeks: int = 26, changed: Mapping[int, tuple[Signal, ...]] = MappingProxyType({})) -> Reckoned:
    """Riverside's latest weeks; `changed` has other signals, or none, for weeks of that age."""
    told = [Week(LATEST - age, {each.name: each for each in changed.get(age, town(age))}) for age in reversed(range(weeks))]
    return Reckoned("riverside", tuple(told))


def rows(latest: int, weeks: int = 26, community: str = "riverside") -> dict[str, bytes]:
    """The same as the ledger's table has them."""
    return {f"{community}:{latest - age}": SIGNALS.dump(SignalsRow(signals=town(age))) for age in range(weeks)}
