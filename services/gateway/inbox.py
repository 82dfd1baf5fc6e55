"""From rows to what the page of the inbox shows: what messages told, in words, newest first."""

from __future__ import annotations

from collections.abc import Iterator

from services.gateway.handlers.inboxes import IN_THE_MORNING, NUDGES
from services.gateway.look import Look
from services.gateway.store.inboxes import INBOXES, InboxRow
from services.gateway.story import Telling
from services.gateway.views import ItemView
from services.gateway.web import Here, Web


async def inbox(web: Web, here: Here) -> tuple[ItemView, ...]:
    """Raises RedisError."""
    look = Look(web, here)
    await look.fetch((INBOXES, (here.peer,)))
    telling = await Telling.begin(web, here, look)
    items = [*_gestures(telling), *_told(telling, look.row(INBOXES, here.peer) or InboxRow())]
    return tuple(sorted(items, key=lambda each: each.at_ms, reverse=True))


def _gestures(telling: Telling) -> Iterator[ItemView]:
    words = telling.all_words
    for each in telling.here.row.inbox:
        name = telling.buddies.get(each.giver, telling.earlier)
        said = words["gestures"][each.gesture] if each.gesture is not None else words["thanks"]
        yield ItemView(words["inbox"]["gesture"].format(gesture=said, buddy=name), each.at_ms)


def _told(telling: Telling, row: InboxRow) -> Iterator[ItemView]:
    """A message whose words are not known here still says that there was one; no nudge while a break lasts (rule 9)."""
    words, resting = telling.all_words["inbox"], telling.here.row.break_until_ms > telling.now_ms
    for each in row.items:
        waits = each.template in IN_THE_MORNING and each.from_ms > telling.now_ms
        if not waits and not (resting and each.template in NUDGES):
            yield ItemView(words["told"].get(each.template, words["news"]), each.from_ms, each.failed)
