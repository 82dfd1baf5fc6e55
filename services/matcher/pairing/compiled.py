"""How functions are compiled: to machine code, without holding Python's lock, kept on disk where that is possible.

What is kept lies in a folder named after the sources it was made from: one function's machine code holds that of those
it calls, and numba looks for changes only in the file of the function itself.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent


def sources_mark() -> str:
    """Differs whenever anything that is compiled does."""
    digest = hashlib.sha256()
    for file in (*sorted(_HERE.glob("*.py")), *sorted((_HERE.parent / "domain").glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path | None:
    """Where compiled code is kept: below NUMBA_CACHE_DIR, or else the user's cache folder; None where none can be written."""
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(home) / "twoway") / f"pairing-{sources_mark()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):
        return None


_FOLDER = cache_folder()
_CONFIG: Any = numba.config


def compiled(function: Function, **more: Any) -> Function:
    """Compiles at the first call, for its argument types; in every process anew where nothing can be kept."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": _FOLDER is not None, **more}
    before, _CONFIG.CACHE_DIR = _CONFIG.CACHE_DIR, str(_FOLDER or "")
    try:
        return cast(Function, njit(**options)(function))
    finally:
        _CONFIG.CACHE_DIR = before


def within(function: Function) -> Function:
    """Compiled into each of its callers: for what is called so often that handing over its arguments counts."""
    return compiled(function, forceinline=True)


def _bits(_context: Any, word: Any) -> Any:
    return word(word), lambda _, builder, __, args: builder.ctpop(args[0])


bits = cast(Callable[[Any], Any], intrinsic(_bits))
"""bits(word): how many bits of an integer are set, in one instruction. In compiled functions only."""
