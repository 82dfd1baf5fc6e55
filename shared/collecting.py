"""How often Python looks for garbage that refers to itself: as seldom as a service can afford.

A batch lays some thousand rows and events in memory, and what is done with is freed at once, by its last reference. Python's
collector, which looks for rings of objects, begins anew after every 700 of them (10 in the older generations) and so went over
every batch several times: a fifth of the processor time of a moment in the ledger.
"""

from __future__ import annotations

import gc

EVERY = 20_000
"""New objects between two looks: a few batches' worth, some megabytes if all of them were garbage in rings."""


def collect_seldom() -> None:
    """For a process that has started: what is there by now stays until its end, so nothing of it is looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(EVERY, *gc.get_threshold()[1:])
