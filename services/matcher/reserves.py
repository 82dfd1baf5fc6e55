"""What reserving somebody takes besides their request: how they stand, and their key, still wrapped. In few bytes each.

Most people who wait have never been proposed to anybody: how they stand follows from their request and its places. Of the
others it rests as it does in Redis. Whoever has no place can't be reserved, so nothing of theirs is kept but the key.
"""

from __future__ import annotations

from services.matcher.domain.standing import Standing
from services.matcher.pairing.ids import Ids
from services.matcher.store import PEERS

KEY_BYTES = 60
"""Of a wrapped key: a nonce, the key, a tag (`shared/sealing.py`)."""


class Reserves:
    """By peer."""

    def __init__(self) -> None:
        self._ids, self._keys = Ids(), bytearray()
        self._odd_keys: dict[str, bytes] = {}
        self._standings: dict[str, bytes] = {}

    def put(self, peer: str, standing: Standing, key: bytes) -> None:
        row = self._ids.put(peer)
        if len(key) == KEY_BYTES:
            self._keys[row * KEY_BYTES:(row + 1) * KEY_BYTES] = key
        else:
            self._keys[row * KEY_BYTES:(row + 1) * KEY_BYTES] = bytes(KEY_BYTES)
            self._odd_keys[peer] = key
        self.stand(peer, standing)

    def stand(self, peer: str, standing: Standing) -> None:
        """A standing changed."""
        if not standing.places or _says_no_more(standing):
            self._standings.pop(peer, None)
        else:
            self._standings[peer] = PEERS.dump(standing)

    def drop(self, peer: str) -> None:
        self._ids.drop(peer)
        self._odd_keys.pop(peer, None)
        self._standings.pop(peer, None)

    def key(self, peer: str) -> bytes:
        row = self._ids.find(peer)
        return self._odd_keys.get(peer) or bytes(self._keys[row * KEY_BYTES:(row + 1) * KEY_BYTES])

    def standing(self, peer: str, request: str, places: int) -> Standing:
        """Of somebody who waits under this request with so many places."""
        text = self._standings.get(peer)
        return Standing(request=request, capacity=places) if text is None else PEERS.load(text)


def _says_no_more(standing: Standing) -> bool:
    """Whether nothing has come of the request yet: then its id and places say it all."""
    return PEERS.dump(standing) == b'{"request":"%b","capacity":%d}' % ((standing.request or "").encode(), standing.places)
