"""A made-up programme through every place of the dial."""

from __future__ import annotations

from collections import Counter

import pytest

from console import made_up
from console.fates import Fate, Fates
from console.figures import figures
from console.replayed import Way, taken
from services.matcher.domain.bar import BARS, NO_BAR, Bar
from services.matcher.domain.constraints import fits
from services.matcher.domain.people import Person
from shared.clock import DAY_MS
from shared.events import SupportRequested
from shared.programme import load

NOW_MS = 20_000 * DAY_MS
ALL_SAY_YES = Fates([(frozenset(("somebody", "else")), Fate("pair", DAY_MS))])
"""The one ending that is known, so by lot it is everybody's."""


@pytest.mark.parametrize("bar", [*BARS.values(), NO_BAR])
def test_whoever_is_proposed_fits_and_nobody_is_in_more_than_they_have_places_for(bar: Bar) -> None:
    history = made_up.history(load(), 150, 4, 7, NOW_MS)
    out = taken(history, NOW_MS - 28 * DAY_MS, ALL_SAY_YES, Way(bar))
    asked = [each.event for each in history.happened if isinstance(each.event, SupportRequested)]
    people = {event.peer: Person.of(event.peer, event.request, event.community, 0, history.details[event.request])
              for event in asked}
    assert len(out.proposed) > 20
    assert all(fits(*(people[peer] for peer in each.peers)) for each in out.proposed)
    assert max(Counter(peer for each in out.proposed for peer in each.peers).values()) == 1, "all say yes, and have one place"
    assert figures(out).accepted == 1.0
    assert figures(out).seen == 0.0


def test_the_same_seed_makes_the_same_people_and_another_one_others() -> None:
    one, same, other = (made_up.history(load(), 40, 4, seed, NOW_MS) for seed in (1, 1, 2))
    assert one == same != other
    assert len(one.details) == 40
    assert all(NOW_MS - 28 * DAY_MS <= each.at_ms <= NOW_MS for each in one.happened)


def test_a_lower_dial_is_sooner_and_a_higher_one_helps_both_ways_more_often() -> None:
    history = made_up.history(load(), 150, 4, 1, NOW_MS)
    sooner, balanced, better = (figures(taken(history, 0, Fates(), Way(bar))) for bar in BARS.values())
    assert (sooner.wait_median_days or 0) < (balanced.wait_median_days or 0) < (better.wait_median_days or 0)
    assert (sooner.two_way or 0) < (balanced.two_way or 0) < (better.two_way or 0)
