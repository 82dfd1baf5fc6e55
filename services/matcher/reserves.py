"""How those stand who wait and may be chosen, for reserving whoever is: no `needs` could name them beforehand.

Most people who wait have never been proposed to anybody: how they stand follows from their request and its places. Of the
others it rests as it does in Redis. Whoever has no place can't be reserved, so nothing of theirs is kept.
"""

from __future__ import annotations

from services.matcher.domain.standing import Standing
from services.matcher.store import PEERS

_NOTHING_YET = vars(Standing())


class Reserves:
    """By peer."""

    def __init__(self) -> None:
        self._standings: dict[str, bytes] = {}

    def put(self, peer: str, standing: Standing) -> None:
        if not standing.places or _nothing_yet(standing):
            self._standings.pop(peer, None)
        else:
            self._standings[peer] = PEERS.dump(standing)

    def drop(self, peer: str) -> None:
        self._standings.pop(peer, None)

    def standing(self, peer: str, request: str, places: int) -> Standing:
        """Of somebody who waits under this request with so many places."""
        text = self._standings.get(peer)
        return Standing(request=request, capacity=places) if text is None else PEERS.load(text)


def _nothing_yet(standing: Standing) -> bool:
    """Whether nothing has come of the request yet: then its id and places say it all."""
    return {**vars(standing), "request": None, "capacity": 0} == _NOTHING_YET
