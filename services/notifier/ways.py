"""Whether a message goes by e-mail or as a text message, asked when it is about to go; and a queue for each of the two.

What one way meets holds up none of the other: each has its own queue, its own workers and its own gate. Without text messages
there is one queue, and nobody sorts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from redis.exceptions import RedisError

from services.notifier.domain.messages import Template
from services.notifier.due import Due, Ref
from services.notifier.store import MessageRow, PersonRow, RecipientRow, person, ready, ready_row
from shared.events import MessageClass
from shared.host import Host
from shared.logs import get_logger

WAIT_S = 1.0
"""While Redis is away."""

log = get_logger("services.notifier.ways")


def by_text(row: MessageRow, recipient: RecipientRow | None) -> bool:
    """A number that somebody has just given is written to whatever they chose before; a link to sign in never is."""
    if row.template == Template.NEW_NUMBER:
        return True
    return isinstance(recipient, PersonRow) and row.klass in recipient.by_text and not row.by_mail


async def fetch(host: Host, due: Due) -> None:
    """Whatever may be sent and found no room in `due`: it stands in a table."""
    async def all_ready() -> AsyncIterator[Ref]:
        for partition in host.directory.partitions:
            async for message in ready(host.redis, partition):
                yield Ref(partition, message)
    while True:
        await due.missed()
        await due.fetch(all_ready())


class Sorting:
    """Puts what is due into the queue of its way."""

    def __init__(self, host: Host, due: Due, mail: Due, texts: Due) -> None:
        self._host, self._due, self._mail, self._texts = host, due, mail, texts

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fetch(self._host, self._due))
            group.create_task(self._sort_all())

    async def _sort_all(self) -> None:
        while True:
            ref = await self._due.take()
            try:
                await self._sort(ref)
            except (RedisError, OSError) as error:
                log.warning("message.waits", message_ref=ref.message, error=type(error).__name__, wait_s=WAIT_S)
                self._due.offer(ref, WAIT_S)

    async def _sort(self, ref: Ref) -> None:
        row = await ready_row(self._host.redis, ref.partition, ref.message)
        if row is not None:
            text = by_text(row, await person(self._host.redis, ref.partition, row.to))
            (self._texts if text else self._mail).offer(ref, first=row.klass is MessageClass.SIGN_IN)
