"""Made-up pools at any size, the same for the same seed, straight as columns; and the same people as lines of a pool file.

Zipf topics, 1 to 4 offered and sought, some avoided; one dominant language; eight areas; ages, stated limits and
wishes; evenings and weekends likelier; blocks between one in eight.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from services.matcher.pairing.columns import ANY_TIME, AREA_SHIFT, NET_SHIFT, TIMES, Columns, Crowd, Ints, neighbours

TOPICS = [f"topic-{number}" for number in range(16)]
LANGUAGES = ["en", "pl", "ur", "ar", "cy", "bsl"]
AREAS = ["", *(f"area-{number}" for number in range(1, 9))]
WAYS = ["message", "letter", "call", "in_person"]
TIMES_OF = [f"{day}-{part}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for part in ("am", "pm", "eve")]
AGES, GENDERS = ["18-25", "26-40", "41-55", "56-70", "71+"], ["woman", "man", "non-binary"]
_TRAITS = [("age", None), *(("age", age) for age in AGES), ("gender", None), *(("gender", each) for each in GENDERS)]

_ZIPF = 1 / np.arange(1, len(TOPICS) + 1)
_SOUGHT, _OFFERED = _ZIPF / _ZIPF.sum(), np.roll(_ZIPF, 3) * 0.5 + _ZIPF * 0.5
_CHUNK = 1 << 17


def crowd(n: int, seed: int = 1, capacity: int = 1) -> Crowd:
    """n people; each with one place, or with 1 to `capacity`."""
    random = np.random.default_rng([seed, n])
    parts = [_chunk(random, min(_CHUNK, n - low)) for low in range(0, n, _CHUNK)]
    columns = Columns._make(np.concatenate(column) for column in zip(*(part[0] for part in parts), strict=True))
    days = np.concatenate([part[1] for part in parts])
    first, second = random.integers(0, n, (2, n // 8))
    apart = np.unique(np.stack([np.minimum(first, second), np.maximum(first, second)])[:, first != second], axis=1)
    places = random.integers(1, capacity + 1, n).astype(np.uint8)
    return Crowd([f"p{number}" for number in range(n)], columns, places, days, *neighbours(n, apart[0], apart[1]))


def _chunk(random: np.random.Generator, n: int) -> tuple[Columns, Ints]:
    offers = _topics(random, n, _OFFERED / _OFFERED.sum(), random.choice(4, n, p=[.25, .35, .25, .15]) + 1)
    not_their_own = np.where(random.random(n) < .5, offers, 0)
    seeks = _topics(random, n, _SOUGHT, random.choice(4, n, p=[.35, .35, .2, .1]) + 1, not_their_own)
    avoids = _topics(random, n, _SOUGHT, random.choice(3, n, p=[.75, .18, .07]), offers | seeks)
    days = np.minimum(400, random.exponential(18, n)).astype(np.int32)
    traits, refuses, prefers = _traits(random, n)
    meeting = _ways(random, n) | (random.random(n) < .15) << 4 | (random.random(n) < .35) << 5
    meeting = meeting | np.bitwise_count(seeks).astype(np.uint32) << 6 | _areas(random, n) << AREA_SHIFT
    columns = Columns(offers, seeks, avoids, traits, refuses, prefers, _languages(random, n), meeting.astype(np.uint32),
                      _times(random, n), np.minimum(500, 10 * days).astype(np.int32))
    return columns, days


def _topics(random: np.random.Generator, n: int, share: Ints, count: Ints, but: Ints | None = None) -> Ints:
    """Masks of `count` different topics, drawn by share (the largest of share / exponential)."""
    keys = np.log(share)[None, :] - np.log(random.exponential(size=(n, len(share))))
    if but is not None:
        keys[(but[:, None] >> np.arange(len(share), dtype=np.uint32) & 1).astype(bool)] = -np.inf
    order = np.argsort(-keys, axis=1)[:, :4]
    chosen = np.zeros(n, np.uint32)
    for place in range(4):
        chosen |= np.where(place < count, np.uint32(1) << order[:, place].astype(np.uint32), np.uint32(0))
    return chosen


def _languages(random: np.random.Generator, n: int) -> Ints:
    first = np.where(random.random(n) < .7, 0, random.choice(5, n, p=[.35, .25, .2, .12, .08]) + 1).astype(np.uint32)
    second = np.where(first == 0, random.integers(1, 6, n), 0).astype(np.uint32)
    also = random.random(n) < np.where(first == 0, .15, .6)
    return (np.uint32(1) << first | np.where(also, np.uint32(1) << second, np.uint32(0))).astype(np.uint32)


def _ways(random: np.random.Generator, n: int) -> Ints:
    ways = sum(((random.random(n) < share) << bit for bit, share in enumerate((.9, .1, .45, .2))), np.zeros(n, np.int64))
    return np.where(ways == 0, 1, ways).astype(np.uint32)


def _areas(random: np.random.Generator, n: int) -> Ints:
    return random.choice(9, n, p=[.05, .27, .2, .14, .11, .08, .07, .05, .03]).astype(np.uint32)


def _times(random: np.random.Generator, n: int) -> Ints:
    likely = np.array([[.12, .12, .3]] * 5 + [[.2, .25, .2]] * 2).reshape(TIMES)
    ticked = random.random((n, TIMES)) < likely * random.gamma(3, 1 / 3, n)[:, None]
    mask = (ticked << np.arange(TIMES)).sum(axis=1)
    net = np.clip(np.rint(random.normal(0, 3, n)), -10, 10).astype(np.int64) + 16
    return (np.where(mask == 0, ANY_TIME, mask) | net << NET_SHIFT).astype(np.uint32)


def _traits(random: np.random.Generator, n: int) -> tuple[Ints, Ints, Ints]:
    """Each has one bit of the six for age and one of the four for gender, as `_TRAITS` names them."""
    age = random.choice(6, n, p=[.05, .2, .28, .25, .15, .07])
    gender = random.choice(4, n, p=[.2, .42, .34, .04]) + 6
    near = (7 << np.maximum(1, age) >> 1) & 0b111110
    refuses = np.where((random.random(n) < .3) & (age > 0), 0b111111 & ~near, 0)
    refuses = refuses | np.where((random.random(n) < .08) & (gender > 6), 0b1111 << 6 & ~(1 << gender) | 1 << 6, 0)
    prefers = np.where(random.random(n) < .2, 1 << np.maximum(7, gender), 0)
    return (1 << age | 1 << gender).astype(np.uint32), refuses.astype(np.uint32), prefers.astype(np.uint32)


def lines(crowd: Crowd) -> Iterator[str]:
    """The crowd as a pool file."""
    for row, name in enumerate(crowd.names):
        yield json.dumps(_line(crowd, row, name))


def _line(crowd: Crowd, row: int, name: str) -> dict[str, Any]:
    mine = Columns._make(int(column[row]) for column in crowd.columns)
    net = (mine.times >> NET_SHIFT) - 16
    traits, refused = _named(_TRAITS, mine.traits), _named(_TRAITS, mine.refuses)
    limits = {key: [value for other, value in _TRAITS if other == key and value and (other, value) not in refused]
              for key in {key for key, _ in refused}}
    apart = crowd.apart[crowd.apart_start[row]:crowd.apart_start[row + 1]]
    return {"peer": name, "seeks": _named(TOPICS, mine.seeks), "offers": _named(TOPICS, mine.offers),
            "avoids": _named(TOPICS, mine.avoids), "languages": _named(LANGUAGES, mine.languages),
            "ways": _named(WAYS, mine.meeting & 15), "times": _named(TIMES_OF, mine.times),
            "area": AREAS[mine.meeting >> AREA_SHIFT],
            "age_band": dict(traits).get("age") or "", "meets_ages": limits.pop("age", []),
            "facts": {key: value for key, value in traits if value and key != "age"}, "chosen_limits": limits,
            "prefers": {key: [value] for key, value in _named(_TRAITS, mine.prefers)},
            "blocks": [crowd.names[other] for other in apart if other > row], "capacity": int(crowd.places[row]),
            "waiting_days": int(crowd.days[row]), "given": max(0, net), "received": max(0, -net),
            "newcomer": bool(mine.meeting >> 4 & 1), "welcomes_newcomers": bool(mine.meeting >> 5 & 1)}


def _named(names: list[Any], mask: int) -> list[Any]:
    return [name for bit, name in enumerate(names) if mask >> bit & 1]
