"""What one page needs of the store, seals opened in memory for the one who looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from services.gateway.store import PEERS, SERVICE
from services.gateway.web import Here, Web
from shared.events import Profile, Sealed
from shared.rows import KEYS, Table
from shared.sealing import Model, key_id

R = TypeVar("R")


class Look:
    """What one page needs, fetched in as few round trips as there are levels of pointing."""

    def __init__(self, web: Web, here: Here) -> None:
        self.peer = here.peer
        self._web, self._partition = web, here.partition
        self._rows: dict[tuple[str, str], Any] = {(KEYS.name, here.peer): here.key, (PEERS.name, here.peer): here.row}

    async def fetch(self, *wanted: tuple[Table[Any], Iterable[str]]) -> None:
        asked = [(table, [id for id in ids if (table.name, id) not in self._rows]) for table, ids in wanted]
        asked = [(table, ids) for table, ids in asked if ids]
        pipeline = self._web.host.redis.pipeline(transaction=False)
        for table, ids in asked:
            pipeline.hmget(table.path(self._partition, SERVICE), ids)
        for (table, ids), texts in zip(asked, await pipeline.execute(), strict=True):
            for id, text in zip(ids, texts, strict=True):
                self._rows[table.name, id] = None if text is None else table.load(text)

    def row(self, table: Table[R], id: str) -> R | None:
        return self._rows.get((table.name, id))

    def open(self, sealed: Sealed, model: type[Model]) -> Model | None:
        """None when its owner has left."""
        opened = self._web.host.vault.open(sealed, self.row(KEYS, key_id(sealed)), model)
        return opened if isinstance(opened, model) else None

    def name(self, peer: str) -> str | None:
        """None when they have left: a page shows nothing of that, and their pair just goes like any other (rule 17)."""
        row = self.row(PEERS, peer)
        profile = None if row is None else self.open(row.profile, Profile)
        return None if profile is None else profile.first_name or profile.alias
