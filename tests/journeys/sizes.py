"""How large a proof is: reduced in `make test`, the full counts of the promise in `make prove`."""

from __future__ import annotations

import os

FULL = os.environ.get("TWOWAY_PROVE") == "full"


def size(reduced: int, full: int) -> int:
    return full if FULL else reduced
