"""Why two people were put together, told to one of them in two or three plain facts (rule 17).

What the reader seeks and the other offers may be named. What the other seeks appears only where the other lets a
proposal show it. Everything else that is told is true of both. The words are the notifier's and the gateway's; here are
keys and what goes into them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from services.matcher.domain.constraints import usable_ways
from services.matcher.domain.people import Person
from shared.events import Reason, Reasons

FACTS_MAX = 3
"""More than three reasons read like an argument."""


def reasons(reader: Person, other: Person) -> Reasons:
    """The facts for `reader`, most telling first; at least two, for two people who fit share a way and a language."""
    return Reasons(facts=tuple(islice(_facts(reader, other), FACTS_MAX)))


def still_so(told: Reasons, now: Reasons) -> bool:
    """Whether everything that somebody was told is so by what could be told now."""
    known = {fact.key: frozenset(fact.values) for fact in now.facts}
    return all(known.get(fact.key, frozenset()) >= frozenset(fact.values) for fact in told.facts)


def every_reason(reader: Person, other: Person) -> Reasons:
    """The same as `reasons`, however many there are."""
    return Reasons(facts=tuple(_facts(reader, other)))


def _facts(reader: Person, other: Person) -> Iterator[Reason]:
    if found := _in_order(reader.details.seeks, other.offers):
        yield Reason(key="they_offer", values=found)
    if given := _in_order(reader.details.offers, other.seeks & frozenset(other.details.showable)):
        yield Reason(key="you_offer", values=given)
    yield Reason(key="you_both_connect_by", values=_in_order(reader.details.ways, usable_ways(reader, other)))
    if times := _in_order(reader.details.times, other.times):
        yield Reason(key="you_share_times", values=times)
    yield Reason(key="you_both_speak", values=_in_order(reader.details.languages, other.languages))


def _in_order(said: Iterable[str], shared: frozenset[str]) -> tuple[str, ...]:
    """In the order in which the reader said it, each once."""
    return tuple(map(str, dict.fromkeys(filter(shared.__contains__, said))))
