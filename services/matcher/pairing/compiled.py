"""How functions are compiled: to machine code, without holding Python's lock, kept on disk where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiles at the first call, for its argument types. NUMBA_CACHE_DIR says where the result is kept.

    Where nothing can be written the function is compiled anew in every process instead of failing.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(Function, njit(cache=True, **options)(function))
    except RuntimeError:  # numba found no folder that it may write to
        return cast(Function, njit(**options)(function))


def _bits(_context: Any, word: Any) -> Any:
    return word(word), lambda _, builder, __, args: builder.ctpop(args[0])


bits = cast(Callable[[Any], Any], intrinsic(_bits))
"""bits(word): how many bits of an integer are set, in one instruction. In compiled functions only."""
