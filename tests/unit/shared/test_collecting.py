"""Garbage in rings is found seldom, and is found."""

from __future__ import annotations

import subprocess
import sys

RINGS = """
import gc
from shared.collecting import EVERY, collect_seldom
collect_seldom()
frozen, before = gc.get_freeze_count(), gc.get_stats()[0]["collections"]
for _ in range(10 * EVERY):
    ring = []
    ring.append(ring)
looks = gc.get_stats()[0]["collections"] - before
print(frozen > 0, 5 <= looks <= 11, len(gc.get_objects()) < 2 * EVERY)
"""


def test_rings_of_garbage_are_collected_after_some_thousand_objects_and_what_a_start_made_is_not_looked_at_again() -> None:
    said = subprocess.run([sys.executable, "-c", RINGS], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True", "True"]
