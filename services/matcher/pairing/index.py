"""Candidates for large pools, first: an index by what people seek and offer.

An entry (language, sought, covered) lists who speaks the language, seeks exactly `sought` and offers all of `covered`.
Somebody looks up each part of what they offer as the sought, for the other would find everything, with each part of
what they seek as the covered, the largest first. Entries are hashed: a collision only adds candidates, and every
candidate is weighed. Each entry's people stand as columns of their own, so that they are read in one stream.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.pairing.columns import Columns, Ints
from services.matcher.pairing.compiled import bits, compiled

PART_TOPICS = 4
"""Parts are made of somebody's rarest topics, at most this many: 16 parts each, however much somebody offers."""


class Index(NamedTuple):
    mask: int
    """Entries less one; a power of two less one."""
    start: Ints
    """int32, entries + 1."""
    rows: Ints
    """int32: the rows of all entries, one entry after the other."""
    columns: Columns
    """Of those rows."""


@compiled
def mixed(x: np.uint64) -> np.uint64:
    """Spreads the bits of x over all of a word (Stafford's variant 13 of MurmurHash3's last step)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled
def entry(language: np.uint64, sought: np.uint64, covered: np.uint64, mask: np.uint64) -> int:
    return int(mixed(mixed(sought + language * np.uint64(0x9E3779B97F4A7C15)) ^ covered) & mask)


@compiled
def rarest(topics: np.uint64, most: int) -> np.uint64:
    """The last `most` topics of a mask: bits are given out as topics are met, so the rarest tend to be last."""
    while np.int64(bits(topics)) > most:
        topics &= topics - np.uint64(1)
    return topics


@compiled
def _count(columns: Columns, mask: np.uint64) -> Ints:
    count = np.zeros(np.int64(mask) + 2, np.int32)
    for i in range(len(columns.offers)):
        offered, sought = rarest(np.uint64(columns.offers[i]), PART_TOPICS), np.uint64(columns.seeks[i])
        languages = np.uint64(columns.languages[i])
        while languages:
            language = languages & (~languages + np.uint64(1))
            languages ^= language
            part = offered
            while True:
                count[entry(language, sought, part, mask) + 1] += 1
                if part == 0:
                    break
                part = (part - np.uint64(1)) & offered
    return count


@compiled
def _fill(columns: Columns, mask: np.uint64, start: Ints) -> Ints:
    place, rows = start[:-1].copy(), np.empty(start[-1], np.int32)
    for i in range(len(columns.offers)):
        offered, sought = rarest(np.uint64(columns.offers[i]), PART_TOPICS), np.uint64(columns.seeks[i])
        languages = np.uint64(columns.languages[i])
        while languages:
            language = languages & (~languages + np.uint64(1))
            languages ^= language
            part = offered
            while True:
                at = entry(language, sought, part, mask)
                rows[place[at]] = i
                place[at] += 1
                if part == 0:
                    break
                part = (part - np.uint64(1)) & offered
    return rows


def index_of(columns: Columns) -> Index:
    """About eight rows a person, 44 bytes each."""
    mask = (1 << max(10, (2 * len(columns.offers)).bit_length())) - 1
    start = np.cumsum(_count(columns, np.uint64(mask)), dtype=np.int32)
    rows = _fill(columns, np.uint64(mask), start)
    return Index(mask, start, rows, columns.take(rows))
