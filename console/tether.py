"""Child processes that never outlive the one that started them.

On Linux the kernel sends a tethered child SIGTERM when its parent ends, SIGKILL included. It is done by a small program
that ties itself and then becomes the child, because code between fork and exec (`preexec_fn`) is unsafe with threads.
Elsewhere there is no such signal: an orphan then keeps the lock on the data directory, so the next start says so.

The kernel ties a child to the *thread* that started it: start tethered children from the main thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_PROGRAM = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):  # the parent ended before the tie held
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def tethered(command: Sequence[str]) -> list[str]:
    """`command`, to be started by this process and to end with it. Its first word is an absolute path."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _PROGRAM, str(os.getpid()), *command]
