"""Ids of very many people in few bytes: a row for each id, found by it, and the id of each row.

An id is 32 hex digits (`shared/clock.py`) and rests as 16 bytes. For any other text its hash stands there, and the text
beside it.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Mapping

BYTES = 16
_EMPTY = -1
_FULL = 0.6
"""Part of the table that may be taken before it doubles: a few looks for each id, some ten bytes."""


def packed(id: str) -> bytes | None:
    """The id's 16 bytes; None when it is no such id."""
    try:
        found = bytes.fromhex(id)
    except ValueError:
        return None
    return found if len(found) == BYTES and found.hex() == id else None


def key_of(id: str) -> bytes:
    return packed(id) or hashlib.blake2b(id.encode(), digest_size=BYTES).digest()


def names(keys: bytes, texts: Mapping[bytes, str]) -> list[str]:
    """The ids of many keys in a row."""
    digits = keys.hex()
    found = [digits[at:at + 2 * BYTES] for at in range(0, len(digits), 2 * BYTES)]
    return [texts.get(bytes.fromhex(each), each) for each in found] if texts else found


class IdColumn:
    """An id for each row."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._texts: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._keys) // BYTES

    def put(self, row: int, id: str, key: bytes) -> None:
        """The row may be the next one behind the last."""
        self._keys[row * BYTES:(row + 1) * BYTES] = key
        if key.hex() != id:
            self._texts[key] = id

    def forget(self, row: int) -> None:
        """The row's id stays until another is put there, its text does not."""
        if self._texts:
            self._texts.pop(self.key(row), None)

    def key(self, row: int) -> bytes:
        return bytes(self._keys[row * BYTES:(row + 1) * BYTES])

    def name(self, row: int) -> str:
        key = self.key(row)
        return self._texts.get(key, key.hex()) if self._texts else key.hex()

    def is_at(self, row: int, key: bytes) -> bool:
        return self._keys[row * BYTES:(row + 1) * BYTES] == key

    def copy(self) -> tuple[bytes, dict[bytes, str]]:
        """(16 bytes for each row, the ids that are other texts by their keys)"""
        return bytes(self._keys), dict(self._texts)


class Ids:
    """Rows from 0. A row that was let go is the next to be given out, so there are never more than there once were ids."""

    def __init__(self) -> None:
        self.column = IdColumn()
        self._table, self._mask = array("i", [_EMPTY]) * 16, 15
        self._free = array("i")
        self._count = 0
        self._asked: str | None = None
        self._key, self._at = b"", 0
        """Who was looked for last, their key, and its place in the table: most are looked for several times in a row."""

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> int:
        """How many rows there are, those that were let go among them."""
        return len(self.column)

    def find(self, id: str) -> int:
        """The id's row; -1 when it has none."""
        return self._table[self._place_of(id)]

    def put(self, id: str) -> int:
        """The id's row, a new one when it has none."""
        place = self._place_of(id)
        if (row := self._table[place]) != _EMPTY:
            return row
        row = self._free.pop() if self._free else self.rows
        self.column.put(row, id, self._key)
        self._table[place] = row
        self._count += 1
        if self._count > _FULL * len(self._table):
            self._grow()
        return row

    def drop(self, id: str) -> int:
        """Lets the id's row go; returns it, -1 when there was none."""
        place = self._place_of(id)
        row = self._table[place]
        if row != _EMPTY:
            self.column.forget(row)
            self._free.append(row)
            self._count -= 1
            self._close_up(place)
        return row

    def name(self, row: int) -> str:
        """The id of a row that is given out."""
        return self.column.name(row)

    def __iter__(self) -> Iterator[str]:
        return (self.name(row) for row in self._table if row != _EMPTY)

    def _place_of(self, id: str) -> int:
        if id != self._asked:
            self._key = key_of(id)
            self._asked, self._at = id, self._place(self._key)
        return self._at

    def _place(self, key: bytes) -> int:
        """Where in the table the key's row is, or would be: as near behind its own place as there is room."""
        place = hash(key) & self._mask
        while (row := self._table[place]) != _EMPTY and not self.column.is_at(row, key):
            place = place + 1 & self._mask
        return place

    def _grow(self) -> None:
        rows = [row for row in self._table if row != _EMPTY]
        self._table = array("i", [_EMPTY]) * (2 * len(self._table))
        self._mask, self._asked = len(self._table) - 1, None
        for row in rows:
            self._table[self._place(self.column.key(row))] = row

    def _close_up(self, hole: int) -> None:
        """Whoever stands behind a hole moves into it, unless that is before their own place (Knuth, 6.4, algorithm R)."""
        self._table[hole], self._asked = _EMPTY, None
        place = hole + 1 & self._mask
        while (row := self._table[place]) != _EMPTY:
            own = hash(self.column.key(row)) & self._mask
            if (place - own & self._mask) >= (place - hole & self._mask):
                self._table[hole], self._table[place] = row, _EMPTY
                hole = place
            place = place + 1 & self._mask
