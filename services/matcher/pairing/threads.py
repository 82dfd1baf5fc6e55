"""Work on rows, shared out among threads. Every row is worked on alone, so the result is the same for any number of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from services.matcher.pairing.columns import Ints

SHARED_ROWS_MIN = 2_000
"""Fewer are done before a second thread has begun."""

PARTS = 4
"""For each thread, so that nobody waits long for the slowest."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def by_rows(n: int, threads: int, work: Callable[[int, int], object], parts: int = PARTS) -> None:
    """work(low, high) for parts that together are rows 0 to n, so many `parts` for each thread."""
    if threads == 1 or n < SHARED_ROWS_MIN:
        work(0, n)
        return
    cuts = np.linspace(0, n, threads * parts + 1).astype(np.int64).tolist()
    list(_pool(threads).map(work, cuts[:-1], cuts[1:]))


@lru_cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Kept, as an auction shares out its work some hundred times."""
    return ThreadPoolExecutor(threads)


os.register_at_fork(after_in_child=_pool.cache_clear)


def empty_lists(n: int, most: int) -> tuple[Ints, Ints]:
    """(other, benefit), both int32 n by `most`: what a search for candidates fills, -1 where there is nobody."""
    return np.full((n, most), -1, np.int32), np.zeros((n, most), np.int32)
