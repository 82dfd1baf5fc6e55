"""A service's state as rows, and the working set of one batch.

A service keeps its state in tables; a table is one Redis hash of a partition, a row one field of it. For each batch the
reader loads every row that the batch needs in one or two pipelines; deciding and applying then see only memory, and an entry
sees what earlier entries of its batch did; the changed rows leave in the one write. Loading may take a second round because
which rows are needed can depend on rows (an answer names its proposal, the proposal names its two requests).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from redis.asyncio import Redis

from shared.clock import packed_id, unpacked_id
from shared.events import Event, Sealed
from shared.sealing import Erased, Vault, key_id
from shared.stream.names import Partition

R = TypeVar("R")
Model = TypeVar("Model", bound=BaseModel)

LOAD_ROUNDS_MAX = 5
"""Rows that name rows that name rows: a check-in goes from a person to their pairs, the other of each and that one's account,
and one more look finds nothing missing. More rounds than this is a cycle in `needs`, not data."""


class NotLoaded(Exception):
    """A row was asked for that `needs` did not name; the reader cuts the batch here and loads again."""


@dataclass(frozen=True, eq=False)
class Table(Generic[R]):
    """One hash of rows. `derived` says whether archive + log can rebuild it; keys, indexes and secrets are not."""

    name: str
    row: type[R]
    derived: bool = True
    shared: bool = False
    """Shared tables (`keys`, `dead`) belong to the partition, not to one service."""

    def path(self, partition: Partition, service: str) -> str:
        return f"{partition.tag}:{self.name}" if self.shared else partition.of(service, self.name)

    def load(self, text: bytes) -> R:
        return text if issubclass(self.row, bytes) else self.row.model_validate_json(text)  # type: ignore

    def load_all(self, texts: Mapping[bytes, bytes]) -> dict[str, R]:
        """A whole hash as Redis gives it, by id."""
        return {self.id_of(field): self.load(text) for field, text in texts.items()}

    def field_of(self, id: str) -> bytes:
        """The hash's field under which the row of this id stands."""
        return id.encode()

    def id_of(self, field: bytes) -> str:
        return field.decode()

    def dump(self, row: R) -> bytes:
        return row if isinstance(row, bytes) else row.model_dump_json(exclude_defaults=True).encode()  # type: ignore


@dataclass(frozen=True, eq=False, kw_only=True)
class PackedTable(Table[R]):
    """A table of very many rows: in bytes of their own, under ids of 16 bytes, half of what JSON under 32 hex digits takes."""

    pack: Callable[[R], bytes]
    unpack: Callable[[bytes], R]

    def load(self, text: bytes) -> R:
        return self.unpack(text)

    def dump(self, row: R) -> bytes:
        return self.pack(row)

    def field_of(self, id: str) -> bytes:
        return packed_id(id)

    def id_of(self, field: bytes) -> str:
        return unpacked_id(field)


KEYS: Table[bytes] = Table("keys", bytes, derived=False, shared=True)
"""Each person's key, wrapped; a referral has one too. Not derived: what is destroyed stays destroyed."""

Ref = tuple[Table[Any], str]
_ABSENT = object()


class Rows:
    """The working set: what was loaded, what changed. Nothing is written before the commit."""

    def __init__(self, vault: Vault, whole: bool = False) -> None:
        self._vault = vault
        self._whole = whole
        """A rebuild starts from nothing and holds all there is, so what it has not seen does not exist."""
        self._rows: dict[Ref, Any] = {}
        self._changed: dict[Ref, None] = {}
        self._looked_in_vain = False
        """`needs` looked for a row that was not loaded: it may name more once that is."""

    def get(self, table: Table[R], id: str) -> R | None:
        """The row, or None when there is none. Raises NotLoaded."""
        row = self._rows.get((table, id), _ABSENT)
        if row is _ABSENT:
            if not self._whole:
                raise NotLoaded(f"{table.name} was not loaded for this entry")
            return None
        return row  # type: ignore[no-any-return]  # a row of its table by construction

    def put(self, table: Table[R], id: str, row: R) -> None:
        self._rows[table, id] = row
        self._changed[table, id] = None

    def drop(self, table: Table[Any], id: str) -> None:
        self._rows[table, id] = None
        self._changed[table, id] = None

    def lend(self, table: Table[R], id: str, row: R) -> None:
        """Lays in a row that the service keeps in memory, equal to the stored one; one that is there already stays."""
        self._rows.setdefault((table, id), row)

    def known(self, table: Table[R], id: str) -> R | None:
        """The row if it was loaded by now and exists: for `needs`, which may look at what earlier rounds brought."""
        row = self._rows.get((table, id), _ABSENT)
        if row is _ABSENT:
            self._looked_in_vain = True
            return None
        return row  # type: ignore[no-any-return]  # a row of its table by construction

    def has(self, table: Table[Any], id: str) -> bool:
        """Whether the row was loaded, be it there or not."""
        loaded = (table, id) in self._rows
        self._looked_in_vain |= not loaded
        return loaded

    def open(self, sealed: Sealed, model: type[Model]) -> Model | Erased:
        """What a seal holds, if its owner's key was loaded and still exists. Raises NotLoaded, BrokenSeal."""
        return self._vault.open(sealed, self.get(KEYS, key_id(sealed)), model)

    def seal(self, owner: str, content: BaseModel) -> Sealed | None:
        """Sealed under `owner`'s key; None when that key is no more. Raises NotLoaded."""
        wrapped = self.get(KEYS, owner)
        return None if wrapped is None else self._vault.seal(owner, wrapped, content)

    async def load(self, redis: Redis, partition: Partition, service: str,
                   events: list[Event], needs: Callable[[Rows, Event], Iterable[Ref]]) -> None:
        """Loads what `events` need, in as many rounds as rows point to further rows. Asked again are only those of which not
        every row was there that decides about the others."""
        for _ in range(LOAD_ROUNDS_MAX):
            missing: dict[Table[Any], dict[str, None]] = {}
            again = []
            for event in events:
                self._looked_in_vain = False
                for table, id in needs(self, event):
                    if (table, id) not in self._rows:
                        missing.setdefault(table, {})[id] = None
                if self._looked_in_vain:
                    again.append(event)
            if not missing:
                return
            events = again
            pipeline = redis.pipeline(transaction=False)
            for table, ids in missing.items():
                pipeline.hmget(table.path(partition, service), [table.field_of(id) for id in ids])
            for (table, ids), texts in zip(missing.items(), await pipeline.execute(), strict=True):
                for id, text in zip(ids, texts, strict=True):
                    self._rows[table, id] = None if text is None else table.load(text)
        raise RuntimeError(f"{service} needs rows without end; look at its `needs`")

    def commands(self, partition: Partition, service: str) -> list[list[bytes | str]]:
        """The changed rows as HSET and HDEL, each below the 7,000 arguments that a Lua call can unpack."""
        puts: dict[str, list[bytes | str]] = {}
        drops: dict[str, list[bytes | str]] = {}
        for table, id in self._changed:
            path, row = table.path(partition, service), self._rows[table, id]
            if row is None:
                drops.setdefault(path, []).append(table.field_of(id))
            else:
                puts.setdefault(path, []).extend((table.field_of(id), table.dump(row)))
        return [["HSET", path, *chunk] for path, args in puts.items() for chunk in _chunks(args)] + [
            ["HDEL", path, *chunk] for path, args in drops.items() for chunk in _chunks(args)]


def _chunks(args: list[bytes | str], size: int = 5_000) -> Iterable[list[bytes | str]]:
    """Even-sized, so that a field never parts from its value."""
    return (args[i:i + size] for i in range(0, len(args), size))
