"""What slow work this process has been told of. A bell, not a record: that is a table of the service's, from which whoever
takes over a partition fills this."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

R = TypeVar("R")


class Due(Generic[R]):
    """In the order in which they come due. Offered twice, a thing is taken twice: whoever takes it looks whether it is done."""

    def __init__(self) -> None:
        self._refs: asyncio.Queue[R] = asyncio.Queue()

    def offer(self, ref: R, in_s: float = 0.0) -> None:
        if in_s:
            asyncio.get_running_loop().call_later(in_s, self._refs.put_nowait, ref)
        else:
            self._refs.put_nowait(ref)

    async def take(self) -> R:
        return await self._refs.get()
