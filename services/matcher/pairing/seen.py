"""Everybody of a community with a place as of one moment: copied from the columns that live, for a round to be computed on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.matcher.domain.weights import Weights
from services.matcher.pairing.columns import Columns, Crowd, Ints, neighbours
from services.matcher.pairing.ids import BYTES, key_of, names
from shared.clock import DAY_MS


@dataclass(frozen=True)
class Seen:
    """`slots` are where each one stood; `strangers` tells by slot whom somebody keeps apart."""

    slots: Ints
    keys: bytes
    requests: bytes
    texts: Mapping[bytes, str]
    """Ids that are no 32 hex digits, by their keys."""
    columns: Columns
    """`waited` is nobody's yet."""
    since_ms: Ints
    """int64."""
    places: Ints
    alone: Ints
    """bool: whether each has neither a buddy nor a proposal."""
    strangers: Mapping[int, frozenset[str]]

    def __len__(self) -> int:
        return len(self.slots)

    def in_order(self) -> Seen:
        """By their keys: the same people, wherever they stood."""
        halves = _rows(self.keys).view(">u8")
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        return Seen(self.slots[order], _rows(self.keys)[order].tobytes(), _rows(self.requests)[order].tobytes(), self.texts,
                    self.columns.take(order), self.since_ms[order], self.places[order],
                    self.alone[order], self.strangers)

    def line(self, now_ms: int, after_days: int) -> list[int]:
        """Rows of those in line, the longest wait first (`domain/line.py`). Everybody has to be in order."""
        rows = np.nonzero(self.alone & (now_ms - self.since_ms >= after_days * DAY_MS))[0]
        by_wait: list[int] = rows[np.argsort(self.since_ms[rows], kind="stable")].tolist()
        return by_wait

    def crowd(self, now_ms: int, weights: Weights) -> Crowd:
        days = np.maximum(0, (now_ms - self.since_ms) // DAY_MS)
        waited = np.minimum(weights.waited_max, weights.waited_day * days).astype(np.int32)
        return Crowd(names(self.keys, self.texts), self.columns._replace(waited=waited), self.places,
                     days.astype(np.int32), *neighbours(len(self), *self._apart()))

    def _apart(self) -> tuple[Ints, Ints]:
        """Rows that must not meet, each two once. The rows have to be in order."""
        keys = [self.keys[at:at + BYTES] for at in range(0, len(self.keys), BYTES)] if self.strangers else []
        row_of = dict(zip(self.slots.tolist(), range(len(self)), strict=True)) if self.strangers else {}
        pairs = set[tuple[int, int]]()
        for slot, others in self.strangers.items():
            row = row_of[slot]
            for key in map(key_of, others):
                other = bisect_left(keys, key)
                if other < len(keys) and keys[other] == key and other != row:
                    pairs.add((min(row, other), max(row, other)))
        both = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]


def _rows(keys: bytes) -> Ints:
    return np.frombuffer(keys, np.uint8).reshape(-1, BYTES)
