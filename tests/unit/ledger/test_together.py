"""Nothing small can be reckoned from two signals of one week: each case is told by either alone, and not by both together."""

from __future__ import annotations

import pytest

from services.ledger.domain.people import Person
from services.ledger.domain.signals import Attention, Known, compute
from services.ledger.domain.telling import tell
from services.ledger.domain.together import RESTS
from shared.events import Signal
from tests.unit.ledger.test_signals import known, somebody

CROWD = [somebody(1, 1)] * 41


def quiet() -> Person:
    """Nothing is recorded of them for a season, and something was before."""
    return somebody()._replace(gave_half=1)


CASES: list[tuple[str, str, Known, Known]] = [
    ("breaks_and_not_now", "people who rest and are quiet otherwise",
     known(people=CROWD + [somebody(rest="break")] * 5), known(people=[somebody(1, 1, rest="break")] * 40 + [
         somebody(rest="break")] * 4)),
    ("training", "people who have been quiet for a season",
     known(people=CROWD + [quiet()] * 5), known(people=[*CROWD, quiet()])),
    ("pulse_answers", "people who were asked and did not answer",
     known(counts={"pulse:offered": 25, "pulse:yes": 10, "pulse:no": 10}),
     known(counts={"pulse:offered": 22, "pulse:yes": 10, "pulse:no": 10})),
    ("newcomers_first_hello", "newcomers without a hello",
     known(counts={"joined": 40, "proposal:3": 30, "hello:9": 25}),
     known(counts={"joined": 40, "proposal:3": 30, "hello:9": 29})),
    ("newcomers_first_giving", "newcomers who only received",
     known(counts={"joined": 40, "hello:9": 25, "giving:9": 20}), known(counts={"joined": 40, "hello:9": 25, "giving:9": 21})),
    ("newcomers_first_giving", "newcomers who gave nothing, where their hellos are not told",
     known(counts={"joined": 40, "proposal:3": 30, "hello:9": 30, "giving:9": 25}),
     known(counts={"joined": 40, "proposal:3": 30, "hello:9": 28, "giving:9": 26})),
    *(("giving_by_top_tenth", f"moments before somebody's break, beside {name}",
       known(people=[somebody(2, 2)] * 41, counts={f"{key}": 77}), known(people=[somebody(2, 2)] * 41, counts={f"{key}": 79}))
      for name, key in (("chains", "chain:1"), ("giving_by_way", "way:call"), ("kinds", "kind:listened"))),
    ("giving_by_way", "messages that were no gesture",
     known(people=CROWD, counts={"kind:gesture": 20, "way:message": 25, "way:call": 9}),
     known(people=CROWD, counts={"kind:gesture": 20, "way:message": 22, "way:call": 9})),
    ("concern_look_hours", "blocks", known(counts={"block": 5, "concern": 8, "looked:3": 8}, pairs=90),
     known(counts={"block": 1, "concern": 8, "looked:3": 8}, pairs=90)),
    ("endings", "concerns", known(counts={"block": 6, "concern": 5, "ending:blocked": 6, "ending:agreed": 30}, pairs=90),
     known(counts={"block": 6, "concern": 2, "ending:blocked": 6, "ending:agreed": 30}, pairs=90)),
    ("blocks_and_concerns", "pairs that go on", known(counts={"block": 6, "ending:agreed": 30}, pairs=5),
     known(counts={"block": 6, "ending:agreed": 30}, pairs=2)),
]
"""The signal that keeps something back, what could be reckoned, where that is enough to be told, and where it is too few."""

OF_PARTS = {rest.signal for rest in RESTS if rest.number not in ("numerator", "denominator")}


def signals(of: Known) -> dict[str, Signal]:
    return {each.name: each for each in compute(of, Attention())}


@pytest.mark.parametrize(("name", "what", "enough", "few"), CASES, ids=[f"{each[0]}: {each[1]}" for each in CASES])
def test_what_two_signals_tell_together_is_kept_back_where_it_is_small(
        name: str, what: str, enough: Known, few: Known) -> None:
    whole, less = signals(enough)[name], signals(few)[name]
    assert whole.numerator is not None
    if name in OF_PARTS:
        assert whole.parts != () == less.parts
    else:
        assert (less.numerator, less.denominator, less.parts) == (None, None, ())


def test_every_such_two_have_their_case() -> None:
    assert {each[0] for each in CASES} == {rest.signal for rest in RESTS}


def test_days_are_still_told_without_how_many_people_they_are_of() -> None:
    told = signals(known(counts={"joined": 40, "hello:9": 25, "giving:43": 21}))["newcomers_first_giving"]
    assert (told.numerator, told.denominator, told.value, told.state) == (None, None, 43.0, "look")


def test_a_share_that_keeps_something_back_is_too_few_to_say() -> None:
    told = signals(known(people=[*CROWD, quiet()]))["training"]
    assert told == tell("training", 26, None, None, None)
