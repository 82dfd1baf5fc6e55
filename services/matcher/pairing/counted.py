"""Groups of those who wait, from columns: how many different things people said is little, however many people there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from services.matcher.domain.waiting import AGE_BAND, LANGUAGE, NOT_SAID, LookedAt, spoken
from services.matcher.pairing.columns import Ints
from services.matcher.pairing.roll import AGE

Groups = dict[str, dict[str, Sequence[int]]]
"""Fact → value → the days that its people have waited."""


class Facts(Protocol):
    """By its number, what somebody said of themselves."""

    def __getitem__(self, number: int) -> dict[str, Any]: ...


def by_fact(days: Ints, numbers: Ints, facts: Facts, looked_at: LookedAt) -> Groups:
    """`numbers` tells what each one said of themselves."""
    keys = {fact: fact for fact in looked_at.facts} | ({AGE_BAND: AGE} if looked_at.age_bands else {})
    used, each = np.unique(numbers, return_inverse=True)
    said = [facts[number] for number in used.tolist()]
    return {fact: _parted(days, each, [values.get(key, "") for values in said]) for fact, key in keys.items()}


def by_language(days: Ints, masks: Ints, words: Callable[[int], tuple[str, ...]]) -> Groups:
    used, each, people = np.unique(masks, return_inverse=True, return_counts=True)
    known, speakers = [words(mask) for mask in used.tolist()], Counter[str]()
    for languages, count in zip(known, people.tolist(), strict=True):
        speakers.update(dict.fromkeys(languages, count))
    return {LANGUAGE: _parted(days, each, [spoken(languages, speakers) for languages in known])}


def _parted(days: Ints, each: Ints, values: Sequence[str]) -> dict[str, Sequence[int]]:
    """`each` has everybody's place among `values`, several of which may be the same."""
    names = sorted({value or NOT_SAID for value in values})
    group = np.array([names.index(value or NOT_SAID) for value in values], np.int64)[each]
    return {name: days[group == number].tolist() for number, name in enumerate(names)}
