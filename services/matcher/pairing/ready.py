"""Which way an arrival is weighed by now: compiled, or the plain one until compilation is done.

A process is ready at once. Where nothing compiled was kept, compiling takes some seconds of a thread of its own, in which
people are suggested as they would be anyway, only slower.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from services.matcher.domain.bar import NO_BAR
from services.matcher.domain.weights import PUBLISHED
from services.matcher.pairing import plainly
from services.matcher.pairing.columns import Columns, Ints
from services.matcher.pairing.waits import Waits
from services.matcher.pairing.weights import Points
from shared.logs import get_logger

Scan = Callable[[Columns, Ints, Ints, int, Ints, Waits, Points], tuple[int, Ints]]
"""columns, day and ms that waits began, whose partners, rows kept apart, what waits are worth, weights -> benefit, rows."""

log = get_logger("services.matcher.pairing")


class Engine:
    """This process's. Compiling is begun by the first pool that is large enough for it."""

    def __init__(self) -> None:
        self.scan: Scan = plainly.best_partners
        self.compiled = threading.Event()
        self._begun = threading.Lock()

    def compile(self) -> None:
        """Begins; returns at once. Once is enough."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._compile, name="compiling", daemon=True).start()

    def _compile(self) -> None:
        began = time.monotonic()
        try:
            from services.matcher.pairing import scan  # with all that is compiled: half a second and 100 MB

            for word in (np.uint32, np.uint64):
                scan.best_partners(*_nobody(word))
        except Exception as error:
            # Whatever keeps a machine from compiling: the plain way is as right, and goes on.
            log.error("engine.not_compiled", service="matcher", exc_info=error)
            return
        self.scan = scan.best_partners
        self.compiled.set()
        log.info("engine.compiled", service="matcher", ms=round((time.monotonic() - began) * 1000))


ENGINE = Engine()


def _nobody(word: type[np.uint32] | type[np.uint64]) -> tuple[Columns, Ints, Ints, int, Ints, Waits, Points]:
    """Two people who ask for nothing, of the types that real ones have."""
    masks = [np.zeros(2, word)] * 7
    since, meeting = np.zeros(2, np.int32), np.zeros(2, np.uint32)
    return (Columns._make([*masks, meeting, meeting, since]), since, since, 0, np.zeros(0, np.int64),
            Waits.of(0, NO_BAR, PUBLISHED), Points.of(PUBLISHED))
