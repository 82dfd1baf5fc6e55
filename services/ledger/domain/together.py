"""What two signals would tell together. Each keeps its own small numbers back; but some count a part of what another counts,
and where almost all of it is counted, one taken from the other is one to four people, moments or pairs.

Then one of the two keeps back what it takes to reckon so. It is the one of which less is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from shared.events import Signal
from shared.few import LEAST


def _nothing(signal: Signal) -> Signal:
    """A share and one of its numbers tell the other, so all of it goes."""
    return signal.model_copy(update={"numerator": None, "denominator": None, "value": None, "parts": (), "state": "too_few"})


def _no_numbers(signal: Signal) -> Signal:
    """Of days and hours, which don't follow from how many people they are of."""
    return signal.model_copy(update={"numerator": None, "denominator": None})


def _no_parts(signal: Signal) -> Signal:
    return signal.model_copy(update={"parts": ()})


class Rest(NamedTuple):
    """A number of one signal, less a number of another. Where that is small, `keep_back` says what the first does not tell.

    A number is called `numerator`, `denominator`, by the key of a part, or `of_parts`: what the parts are of.
    """

    signal: str
    number: str
    less: str
    its: str
    keep_back: Callable[[Signal], Signal]


RESTS: tuple[Rest, ...] = (
    # people who rest and are quiet otherwise; who have been quiet for a season; who were asked, and did not answer
    Rest("breaks_and_not_now", "denominator", "gave_and_received", "denominator", _nothing),
    Rest("training", "denominator", "gave_and_received", "denominator", _nothing),
    Rest("pulse_answers", "denominator", "felt_listened_to", "denominator", _nothing),
    # newcomers who came as far as the one, and not to the other
    Rest("newcomers_first_hello", "numerator", "newcomers_first_proposal", "numerator", _no_numbers),
    Rest("newcomers_first_giving", "numerator", "newcomers_first_hello", "numerator", _no_numbers),
    Rest("newcomers_first_giving", "numerator", "newcomers_first_proposal", "numerator", _no_numbers),
    # moments that a person's break brings into their window; messages that were no gesture
    Rest("giving_by_top_tenth", "denominator", "chains", "denominator", _nothing),
    Rest("giving_by_top_tenth", "denominator", "giving_by_way", "denominator", _nothing),
    Rest("giving_by_top_tenth", "denominator", "kinds", "of_parts", _nothing),
    Rest("giving_by_way", "message", "kinds", "gesture", _no_parts),
    # blocks, which nobody is to learn of; concerns, where every block ended a pair; pairs that go on
    Rest("concern_look_hours", "numerator", "blocks_and_concerns", "numerator", _no_numbers),
    Rest("endings", "blocked", "blocks_and_concerns", "numerator", _no_parts),
    Rest("blocks_and_concerns", "denominator", "endings", "denominator", _nothing),
)


def kept_back(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """The signals of one week, none of which tells anything small together with another."""
    told = {each.name: each for each in signals}
    for rest in RESTS:
        if _is_small(rest, told):
            told[rest.signal] = rest.keep_back(told[rest.signal])
    return tuple(told.values())


def _is_small(rest: Rest, told: Mapping[str, Signal]) -> bool:
    number, less = _number(told[rest.signal], rest.number), _number(told[rest.less], rest.its)
    return number is not None and less is not None and 0 < abs(number - less) < LEAST


def _number(signal: Signal, called: str) -> int | None:
    numbers = {part.key: part.numerator for part in signal.parts}
    numbers |= {"numerator": signal.numerator, "denominator": signal.denominator}
    if signal.parts:
        numbers["of_parts"] = signal.parts[0].denominator
    return numbers.get(called)
