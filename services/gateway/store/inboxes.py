"""What messages told each person, sent or not: a row of its own, for it moves with every message and few pages show it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared.rows import Table

KEPT_MAX = 60
"""Items in an inbox, the latest first: at some three a week, five months of them."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Item(_Row):
    """What one message tells, by the notifier's name for it; whom or what it is about is nowhere in here."""

    message: str
    template: str
    from_ms: int
    failed: bool = False
    """The message could not be delivered."""


class InboxRow(_Row):
    items: tuple[Item, ...] = ()

    def with_item(self, item: Item) -> InboxRow:
        return InboxRow(items=(item, *self.items)[:KEPT_MAX])

    def without(self, message: str) -> InboxRow:
        return InboxRow(items=tuple(each for each in self.items if each.message != message))

    def changed(self, message: str, **changes: int | bool) -> InboxRow:
        return InboxRow(items=tuple(each.model_copy(update=changes) if each.message == message else each
                                    for each in self.items))


INBOXES = Table("inboxes", InboxRow)
