"""Who gives far more than they receive, for long, and is to be protected (rule 7); and who only ever gives, and is asked once.

Looked at whenever somebody gave. So a quiet month, in which they give nothing, never leads to it; and neither does one busy
month, for giving has to be above receiving in more weeks than a month can touch.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.ledger.domain.breaks import Breaks, window
from services.ledger.domain.entries import Account
from services.ledger.domain.weeks import Window, week_of

SEASON, HALF_A_YEAR = 12, 26
"""Weeks of the two windows that both have to say so."""


@dataclass(frozen=True)
class Thresholds:
    """When giving is far above receiving. The settings say why; both windows have to be there with `times` and `more`."""

    times: int = 3
    more: int = 10
    weeks: int = 7
    newcomer_weeks: int = 12
    again_weeks: int = 12
    only_given: int = 5
    only_weeks: int = 4


def unreturned(account: Account, breaks: Breaks, at_ms: int, least: Thresholds) -> bool:
    """Whether somebody who has just given is to be protected from giving more alone."""
    week = week_of(at_ms)
    if week - account.since < least.newcomer_weeks or (account.unreturned and week - account.unreturned < least.again_weeks):
        return False
    if breaks.on(at_ms):
        return False
    half_a_year = window(account.by_week, breaks, HALF_A_YEAR, at_ms)
    if half_a_year is None or not _far_above(half_a_year, least):  # nearly always
        return False
    season = window(account.by_week, breaks, SEASON, at_ms)
    return season is not None and _far_above(season, least) and season.weeks_of_giving >= least.weeks


def only_gives(account: Account, breaks: Breaks, at_ms: int, least: Thresholds) -> bool:
    """Whether somebody who has just given is to be asked what they would like: nothing received was ever recorded of them."""
    return (not account.received and account.given >= least.only_given and not account.asked
            and week_of(at_ms) - account.since >= least.only_weeks and not breaks.on(at_ms))


def _far_above(recorded: Window, least: Thresholds) -> bool:
    given, received = recorded.given, recorded.received
    return given >= least.times * received and given - received >= least.more
