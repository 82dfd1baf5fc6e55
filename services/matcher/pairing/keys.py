"""The wrapped keys of very many people: some bytes a row, beside the columns that they are weighed by."""

from __future__ import annotations

KEY_BYTES = 60
"""Of a wrapped key: a nonce, the key, a tag (`shared/sealing.py`)."""

_NONE = bytes(KEY_BYTES)


class KeyColumn:
    """A wrapped key for each row that was given one. One of another length rests beside the others."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._odd: dict[int, bytes] = {}

    def put(self, row: int, key: bytes) -> None:
        if (short := row * KEY_BYTES - len(self._keys)) > 0:
            self._keys.extend(bytes(short))
        if len(key) == KEY_BYTES:
            self._odd.pop(row, None)
        else:
            self._odd[row], key = key, _NONE
        self._keys[row * KEY_BYTES:(row + 1) * KEY_BYTES] = key

    def key(self, row: int) -> bytes:
        return self._odd.get(row) or bytes(self._keys[row * KEY_BYTES:(row + 1) * KEY_BYTES])

    def forget(self, row: int) -> None:
        """Nothing of the key stays in memory."""
        self.put(row, _NONE)
